//! What changed in a plan, from a position on: page by page, or as it happens.

use std::time::Duration;

use axum::body::Body as Bytes;
use axum::extract::State;
use axum::response::Response;
use domain::{PlanId, Position, Right};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use projections::change::Wanted;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::{Reader, check_common};
use super::schemas;
use super::when::When;
use crate::app::App;
use crate::follow::{Begin, Follower, Interest, ask};
use crate::http::bearer::token_in;
use crate::http::openapi::{AS_OF, READ, reading};
use crate::http::{GivenPosition, InTime, Json as Body, LastEventId, PlanPath, Problem, Query, wants_events};

/// The longest wait for something to happen, in seconds.
const WAIT_MAX: u64 = 30;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(list_changes), &[READ, AS_OF]))
}

/// From where on, how long to wait, and what of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    after: Option<String>,
    wait: Option<u64>,
    kind: Option<String>,
    record: Option<String>,
    limit: Option<i64>,
}

/// What changed in the plan after a position, as CloudEvents.
///
/// `next` is a position even when nothing is there: ask again with `after=<next>`. With `wait` the answer comes as soon as something
/// has changed, at the latest after so many seconds. All changes of one write come together, also when they are more than `limit`.
///
/// With `Accept: text/event-stream` they come as they happen, as server-sent events. `event` is the type of the change
/// (`daybook.record.changed`), `data` the change in one line, and `id` its position, which `Last-Event-ID` names when the stream is
/// opened again; it goes before `after`. Further events: `position` (`{position}`: nothing up to there was for this reader),
/// `message` (a message to this user), `sign-off` (`{by, message, ends_at}`: the session has to leave), `outage` (the outage is
/// another one than before; at the beginning when there is one). A comment comes every 15 seconds. The stream ends when the session
/// ends, a right is withdrawn, the service stops or the reader does not keep up; an open one is contact of its session. `wait` and
/// `limit` mean nothing to it.
#[utoipa::path(get, path = "/plans/{plan}/changes", operation_id = "list_changes", tag = "changes",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("after" = Option<String>, Query, description = "A position, or `now`; absent, from the start"),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for something to happen", minimum = 0, maximum = 30),
        ("kind" = Option<String>, Query, description = "Only of this kind of record, such as `teachers`"),
        ("record" = Option<String>, Query, description = "Only of this record, such as `teachers/GAUSS`"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "So many at most"),
        ("Last-Event-ID" = Option<String>, Header, description = "Of a stream that is opened again: the last `id` that was got",
            pattern = r"^([0-9]{1,18}\.)?[0-9]{1,18}$")),
    responses((status = 200, description = "Changes, oldest first",
        content((schemas::Changes = "application/json"), (String = "text/event-stream")))))]
async fn list_changes(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    headers: HeaderMap,
    asked: Result<InTime<Query<ChangesQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, Query(query)) = reader.ask(&app, &plan, Right::Read, asked).await?;
    if query.wait.is_some_and(|wait| wait > WAIT_MAX) {
        return Err(Problem::invalid("/query/wait", format!("at most {WAIT_MAX} seconds")));
    }
    if query.limit.is_some_and(|limit| !(1..=1_000).contains(&limit)) {
        return Err(Problem::invalid("/query/limit", "must be a whole number from 1 to 1000"));
    }
    if wants_events(&headers) {
        if when.is_past() {
            return Err(Problem::invalid(
                "/query/as_of",
                "the past does not change: there is nothing to follow",
            ));
        }
        stream(&app, &reader, plan, &headers, query).await
    } else {
        poll(&app, &reader, &plan, when, query, shown_token(&headers)).await
    }
}

/// A page of changes, as soon as there are some.
async fn poll(
    app: &App,
    reader: &Reader,
    plan: &PlanId,
    when: When,
    query: ChangesQuery,
    token: String,
) -> Result<Response, Problem> {
    let wait = query.wait.unwrap_or(0);
    let mut after = begin(app, query.after.as_deref()).await?;
    let mut absences = reader.sees_absences(app).await?;
    let mut has_waited = false;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait);
    let mut advanced = app.projections.advanced();
    loop {
        advanced.borrow_and_update();
        let wanted = Wanted {
            after,
            // As far as the feed's own rows go, which another node may have written; of the past, up to its moment.
            upto: when.end(),
            limit: query.limit.unwrap_or(100),
            kind: query.kind.as_deref(),
            record: query.record.as_deref(),
            absences,
        };
        let names = when.accounts(app).await?;
        let feed =
            projections::change::changes(app.projections.pool(), plan, wanted, &|who| names.name_of(who))
                .await?;
        if has_waited && !feed.items.is_empty() {
            // He may have gone meanwhile, or lost a right. Looked at after this was read, as it is for streams.
            app.desk.hear(feed.next).await?;
            let asked = ask(app.clone(), token.clone(), plan.clone()).await?;
            if asked.sees_absences != absences {
                absences = asked.sees_absences;
                continue;
            }
        }
        after = feed.next;
        // Nothing more happens in the past.
        if !feed.items.is_empty() || wait == 0 || when.is_past() {
            return Ok(when.answer(answer(app, &feed.items, after)));
        }
        let moved = tokio::time::timeout_at(deadline, async {
            tokio::select! {
                moved = advanced.changed() => moved.is_ok(),
                () = app.shutdown.begun() => false,
            }
        });
        has_waited = moved.await.unwrap_or(false);
        if !has_waited {
            return Ok(when.answer(answer(app, &[], after)));
        }
    }
}

fn answer(app: &App, items: &[Json], next: i64) -> Body<Json> {
    Body(json!({ "items": items, "next": app.desk.position(next).to_string() }))
}

/// Changes as they happen.
async fn stream(
    app: &App,
    reader: &Reader,
    plan: PlanId,
    headers: &HeaderMap,
    query: ChangesQuery,
) -> Result<Response, Problem> {
    let (after, tells_position) = match LastEventId::in_headers(headers)? {
        // A browser that comes back repeats its address, so what the address says is older.
        Some(LastEventId(given)) => (common(app, given).await?, false),
        None => (begin(app, query.after.as_deref()).await?, query.after.as_deref() == Some("now")),
    };
    let begin = Begin {
        caller: reader.caller.clone(),
        token: shown_token(headers),
        plan,
        sees_absences: reader.sees_absences(app).await?,
        language: reader.language(),
        tells_position,
        interest: Interest::new(query.kind, query.record),
        after,
    };
    let told = Follower::join(app, begin)?.told();
    let mut response = Response::new(Bytes::from_stream(told));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // A proxy in between must not wait for more.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// The token; whoever has come so far has shown one.
fn shown_token(headers: &HeaderMap) -> String {
    token_in(&Method::GET, headers).unwrap_or_default().to_owned()
}

/// The position to read after.
async fn begin(app: &App, after: Option<&str>) -> Result<i64, Problem> {
    match after {
        None => Ok(0),
        Some("now") => Ok(projections::change::reached(app.projections.pool()).await?),
        Some(text) => {
            let given: GivenPosition = text.parse().map_err(|_| {
                Problem::invalid("/query/after", "a position such as 1.4711, or now, belongs here")
            })?;
            common(app, given).await
        }
    }
}

/// A position that this ledger has, without the epoch: 409.
async fn common(app: &App, given: GivenPosition) -> Result<i64, Problem> {
    let position: Position = given.in_epoch(app.desk.epoch());
    check_common(app, position).await?;
    Ok(position.number)
}
