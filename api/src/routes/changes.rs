//! What changed in a plan, from a position on.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use domain::{Position, Right};
use projections::change::Wanted;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::{Reader, check_common};
use super::schemas;
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::{AS_OF, READING};
use crate::http::{GivenPosition, InTime, Json as Body, PlanPath, Problem, Query, refusing, taking};

/// The longest wait for something to happen, in seconds.
const WAIT_MAX: u64 = 30;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(refusing(taking(routes!(list_changes), &[&["Daybook-Min-Position"], AS_OF]), &[READING]))
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
#[utoipa::path(get, path = "/plans/{plan}/changes", operation_id = "list_changes", tag = "changes",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("after" = Option<String>, Query, description = "A position, or `now`; absent, from the start"),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for something to happen", minimum = 0, maximum = 30),
        ("kind" = Option<String>, Query, description = "Only of this kind of record, such as `teachers`"),
        ("record" = Option<String>, Query, description = "Only of this record, such as `teachers/GAUSS`"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "So many at most")),
    responses((status = 200, description = "Changes, oldest first", body = schemas::Changes)))]
async fn list_changes(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Query<ChangesQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, Query(query)) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let wait = query.wait.unwrap_or(0);
    if wait > WAIT_MAX {
        return Err(Problem::invalid("/query/wait", format!("at most {WAIT_MAX} seconds")));
    }
    let limit = query.limit.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        return Err(Problem::invalid("/query/limit", "must be a whole number from 1 to 1000"));
    }
    let after = begin(&app, query.after.as_deref()).await?;
    let absences = reader.sees_absences(&app).await?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait);
    let mut advanced = app.projections.advanced();
    let mut after = after;
    loop {
        advanced.borrow_and_update();
        let wanted = Wanted {
            after,
            // As far as the feed's own rows go, which another node may have written; of the past, up to its moment.
            upto: when.end(),
            limit,
            kind: query.kind.as_deref(),
            record: query.record.as_deref(),
            absences,
        };
        let names = when.accounts(&app).await?;
        let feed =
            projections::change::changes(app.projections.pool(), &plan, wanted, &|who| names.name_of(who))
                .await
                .map_err(Failure::from)?;
        after = feed.next;
        // Nothing more happens in the past.
        if !feed.items.is_empty() || wait == 0 || when.is_past() {
            return Ok(when.answer(answer(&app, &feed.items, after)));
        }
        let moved = tokio::time::timeout_at(deadline, async {
            tokio::select! {
                moved = advanced.changed() => moved.is_ok(),
                () = app.shutdown.begun() => false,
            }
        });
        if !moved.await.unwrap_or(false) {
            return Ok(when.answer(answer(&app, &[], after)));
        }
    }
}

fn answer(app: &App, items: &[Json], next: i64) -> Body<Json> {
    Body(json!({ "items": items, "next": app.desk.position(next).to_string() }))
}

/// The position to read after.
async fn begin(app: &App, after: Option<&str>) -> Result<i64, Problem> {
    match after {
        None => Ok(0),
        Some("now") => {
            Ok(projections::change::reached(app.projections.pool()).await.map_err(Failure::from)?)
        }
        Some(text) => {
            let given: GivenPosition = text.parse().map_err(|_| {
                Problem::invalid("/query/after", "a position such as 1.4711, or now, belongs here")
            })?;
            let position: Position = given.in_epoch(app.desk.epoch());
            check_common(app, position).await?;
            Ok(position.number)
        }
    }
}
