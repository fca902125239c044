//! Taking changes back.

use std::collections::HashSet;
use std::sync::PoisonError;

use axum::extract::State;
use axum::response::Response;
use domain::command::undo::{POSITIONS_MAX, Undo, UndoReport};
use domain::{FieldFault, Refusal, Right};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::{Incoming, refusal, respond};
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra, Named, undo_cause};
use crate::http::openapi::{HINDERED, writing};
use crate::http::{Code, GivenPosition, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(writing(
        routes!(take_back),
        &["Daybook-Lock"],
        &[HINDERED, &[Code::Stale, Code::Exists, Code::InUse, Code::EpochChanged]],
    ))
}

/// What is to be taken back: either `positions` or `import`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    /// Positions of changes of records, as the history and the changes of the plan tell them, in any order, each once. Up to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    positions: Option<Vec<String>>,
    /// The id of an import: everything that it did.
    #[schema(format = Uuid)]
    import: Option<String>,
}

/// Takes back changes, or a whole import, as new changes: all or nothing, the newest first.
///
/// What was made goes, what was removed comes again with its id, fields are set back to what they said before. A field that has been
/// changed since is 412 `stale` with the winner; what has been taken back already is left alone. Each change takes the right, the
/// mode and the lock that its class takes; the lock of an import serves for all that imports did. `failed` names the change that
/// stands in the way.
#[utoipa::path(post, path = "/plans/{plan}/undo", operation_id = "take_back", tag = "undo", request_body = UndoBody,
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "What it led to", body = schemas::Undone)))]
async fn take_back(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let rights = [Right::Data, Right::Timetable, Right::Cover, Right::Settings, Right::Import];
    app.desk.check_any_right(&incoming.caller, &rights).await?;
    let named = match incoming.body().json::<UndoBody>().map_err(refusal) {
        Ok(body) => named(&app, body).await?,
        Err(refusal) => Err(refusal),
    };
    let what = match named {
        Ok(named) => {
            // An import that this node has just acknowledged is found by its id.
            app.show_own_writes().await;
            app.desk.undoing(&plan, &named).await?
        }
        Err(refusal) => Err(refusal),
    };
    let cause = what.as_ref().ok().map(undo_cause);
    let lock = incoming.lock;
    // A protected write that runs renews its lock.
    if let Some(lock) = lock.filter(|_| what.is_ok()) {
        app.desk.ledger.touch_contacts(&[lock.0]).await?;
    }
    let report = UndoReport::default();
    let command = Undo { plan, what, lock, report: report.clone() };
    let extra = Extra { cause, ..Extra::default() };
    let answered = app.desk.execute(incoming.request(), command, extra, move |_, _| {
        let counts = report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let undone: u64 = counts.values().map(|it| it.created + it.changed + it.removed).sum();
        let body = json!({ "undone": undone, "counts": counts, "position": null });
        Answer::new(200, body).position_at(&["/position"])
    });
    respond(&app, answered.await)
}

/// What a body names; a position of another epoch is 409.
async fn named(app: &App, body: UndoBody) -> Result<Result<Named, Refusal>, Problem> {
    let positions = match (body.positions, body.import) {
        (Some(positions), None) => positions,
        (None, Some(import)) => {
            // What is no id is the id of no import.
            return Ok(Ok(Named::Import(import.parse().unwrap_or(Uuid::nil()))));
        }
        _ => return Ok(Err(Refusal::fault("", "either positions or import belongs here"))),
    };
    if positions.is_empty() || positions.len() > POSITIONS_MAX {
        let detail = format!("from 1 to {POSITIONS_MAX} positions belong here");
        return Ok(Err(Refusal::fault("/positions", detail)));
    }
    let mut numbers = Vec::with_capacity(positions.len());
    let (mut seen, mut faults) = (HashSet::new(), Vec::new());
    for (index, text) in positions.iter().enumerate() {
        let fault = |detail: String| FieldFault::new(format!("/positions/{index}"), detail);
        match text.parse::<GivenPosition>() {
            Err(why) => faults.push(fault(why.to_string())),
            Ok(given) => {
                check_epoch(app, given).await?;
                if !seen.insert(given.number) {
                    faults.push(fault("each position once".to_owned()));
                }
                numbers.push(given.number);
            }
        }
    }
    Ok(if faults.is_empty() { Ok(Named::Positions(numbers)) } else { Err(Refusal::invalid(&faults)) })
}

/// 409 `epoch-changed` for a position of another epoch.
async fn check_epoch(app: &App, given: GivenPosition) -> Result<(), Problem> {
    if given.epoch.is_none_or(|epoch| epoch == app.desk.epoch()) {
        return Ok(());
    }
    let head = app.desk.ledger.head().await?;
    if given.epoch == Some(head.epoch) { Ok(()) } else { Err(Problem::epoch_changed(head.at().to_string())) }
}
