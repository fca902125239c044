//! The conventions of the HTTP interface: everything in API.md's first table that is not one endpoint.
//!
//! # An endpoint
//! Extractors run from left to right, and each of them refuses with a [`Problem`]. What API.md wants judged *after* rights and
//! after the record's existence is taken as a `Result`, and opened with `?` when its turn has come:
//!
//! ```ignore
//! /// Changes a teacher.
//! #[utoipa::path(patch, path = "/plans/{plan}/teachers/{id}", request_body = TeacherPatch, responses((status = 200, body = Teacher)))]
//! async fn change_teacher(
//!     State(app): State<App>,
//!     bearer: Bearer,                                    // 401
//!     PlanPath(plan): PlanPath,                          // 404; broken encoding 400
//!     Path((_, name)): Path<(String, String)>,
//!     context: RequestContext,                           // never refuses
//!     query: Result<Query<InPeriod>, Problem>,           // 400, 422
//!     key: Result<Option<IdempotencyKey>, Problem>,      // 400
//!     if_match: Result<IfMatch, Problem>,                // 400, 428
//!     body: Result<Json<TeacherPatch>, Problem>,         // 413, 415, 400, 422; always last
//! ) -> Result<(ETag, WritePosition<Position>, Json<Teacher>), Problem> {
//!     let actor = app.actor(&bearer, &plan).await?;      // 401, 503, 404 plan, 403
//!     let teacher = app.teacher(&plan, &name).await?;    // 404 record
//!     let Json(patch) = body?;                           // 415/400, 422 shape
//!     let if_match = if_match?;                          // 428
//!     …
//! }
//!
//! /// One route group: what it refuses and which shared parameters it takes is declared beside the route.
//! pub fn routes() -> OpenApiRouter<App> {
//!     OpenApiRouter::new()
//!         .routes(refusing(taking(routes!(list_teachers), &[openapi::READ_LIST]), &[openapi::READING]))
//!         .routes(refusing(routes!(change_teacher), &[openapi::WRITING, openapi::REVISED, openapi::HINDERED]))
//! }
//!
//! let (router, api) = OpenApiRouter::with_openapi(openapi::frame(VERSION)).nest("/v1", routes()).with_state(app).split_for_parts();
//! let router = conventions(router.merge(docs()), Settings::default());   // last, around everything
//! serve(listener, router, ServeSettings::default(), shutdown).await;
//! ```
//!
//! `routes!` takes handlers of *one* path. A list answers `page.answer(rows, |row| cursor)` with `limit + 1` rows read
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
