//! The conventions of the HTTP interface: everything in API.md's first table that is not one endpoint.
//!
//! # An endpoint
//! Extractors run from left to right, and each of them refuses with a [`Problem`]. What API.md wants judged *after* rights and
//! after the record's existence is taken as a `Result`, and opened with `?` when its turn has come:
//!
//! ```ignore
//! /// Changes the lock of a door.
//! #[utoipa::path(patch, path = "/plans/{plan}/doors/{id}", request_body = DoorPatch, responses((status = 200, body = Door)))]
//! async fn change_door(
//!     State(app): State<App>,
//!     plan: Result<PlanPath, Problem>,                             // 404; broken encoding 400
//!     path: Result<Path<(String, DoorId)>, Problem>,               // the same
//!     incoming: Incoming,                                          // 401, 503; always last
//! ) -> Result<Response, Problem> {
//!     let plan = incoming.enter_with(&app, plan, Right::Settings).await?;   // 404 plan, 403
//!     let Path((_, door)) = path?;                                 // 404 record
//!     let body: DoorPatch = incoming.json()?;                      // 413, 415/400, 422 shape
//!     let command = ChangeDoor { plan, door, lock: body.lock, precondition: incoming.precondition.clone() };
//!     incoming.execute(&app, command, Extra::default(), move |office, _| answer(office, door)).await   // 428, 409, 423, 412, 422 rule
//! }
//!
//! /// One route group: what it refuses and which shared parameters it takes is declared beside the route.
//! pub fn routes() -> OpenApiRouter<App> {
//!     OpenApiRouter::new()
//!         .routes(reading(routes!(list_doors), &[READ_LIST, AS_OF]))
//!         .routes(revising(routes!(change_door), &["Daybook-Lock"], &[HINDERED]))
//! }
//!
//! let (router, api) = OpenApiRouter::with_openapi(openapi::frame(VERSION)).nest("/v1", routes()).with_state(app).split_for_parts();
//! let router = conventions(router.merge(docs()), Settings::default());   // last, around everything
//! serve(listener, router, ServeSettings::default(), shutdown).await;
//! ```
//!
//! A GET takes a [`Reader`](crate::routes::reader::Reader) in place of `Incoming`. `routes!` takes handlers of *one* path. A list answers `page.answer(rows, |row| cursor)` with `limit + 1` rows read
//! ([`Page`]); a GET of one record [`tagged`]; a refusal is `Err(Problem::…)` or `Err(Code::….into())`.

pub mod accept;
pub mod bearer;
pub mod context;
pub mod conventions;
pub mod date;
pub mod docs;
pub mod headers;
pub mod in_time;
pub mod json;
pub mod language;
pub mod login_limit;
pub mod metrics;
mod objects;
pub mod openapi;
pub mod page;
pub mod path;
pub mod preconditions;
pub mod problem;
pub mod query;
pub mod rate;
pub mod serve;
mod strict;
pub mod texts;

pub use accept::wants_events;
pub use bearer::{Bearer, SESSION_COOKIE};
pub use context::{Peer, RequestContext, is_request_id};
pub use conventions::{Settings, conventions};
pub use date::Date;
pub use docs::docs;
pub use headers::{
    AsOf, GivenPosition, IdempotencyKey, LastEventId, LockHeader, MinPosition, OutageState, WritePosition,
};
pub use in_time::{GivenMoment, InTime, NoMoment};
pub use json::Json;
pub use language::Language;
pub use login_limit::{LoginLimiter, RetryAfter};
pub use metrics::metrics_handler;
pub use openapi::{refusing, taking};
pub use page::{Page, Paged};
pub use path::{Path, PlanPath};
pub use preconditions::{ETag, IfMatch, IfNoneMatch, tagged};
pub use problem::{Code, Fault, Problem};
pub use query::{Listing, NoQuery, Parameters, Query};
pub use rate::{Quota, RateLimiter};
pub use serve::{Drained, ServeSettings, Shutdown, serve};
