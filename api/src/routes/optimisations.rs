//! Optimisations: begun with a lock, ended by their result or given up.

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use domain::command::give_up_optimisation::GiveUpOptimisation;
use domain::command::take_optimisation::{OptimisedHour, PLACEMENTS_MAX, TakeOptimisation};
use domain::{Action, FieldFault, LockId, Refusal, Right, name_fault};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::incoming::{Incoming, refusal};
use super::locks::WantedLock;
use super::schemas;
use super::writing::placement_fields;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::writing;
use crate::http::{Code, Path, PlanPath, Problem};

/// The most bytes of a result.
const RESULT_BYTES_MAX: usize = 32 << 20;
/// The most faults that are told.
const FAULTS_MAX: usize = 1_000;
/// The members of a placement that are fields of it.
const FIELDS: &[&str] = &["day", "hour", "week", "rows"];

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let refused = &[Code::NotAlone, Code::LockRefused, Code::Blocked];
    OpenApiRouter::new()
        .routes(writing(routes!(start_optimisation), &[], &[refused]))
        .routes(writing(routes!(take_result), &[], &[&[Code::LockEnded]]))
        .routes(writing(routes!(give_up_optimisation), &[], &[&[Code::LockEnded]]))
        .layer(DefaultBodyLimit::max(RESULT_BYTES_MAX))
}

/// What is to be optimised.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOptimisation {
    /// One period, which takes a lock `optimise`, or several, which take being alone in the plan (`optimise-many`).
    #[schema(min_items = 1)]
    periods: Vec<String>,
}

/// Begins to optimise: grants the lock, whose id is that of the optimisation. While it runs nobody edits in these periods, whoever
/// optimises neither; it ends with its result, when it is given up, and as every lock does: renew it.
#[utoipa::path(post, path = "/plans/{plan}/optimisations", operation_id = "start_optimisation", tag = "optimisations",
    request_body = NewOptimisation, params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 201, description = "The optimisation with its lock", body = schemas::Optimisation)))]
async fn start_optimisation(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter_with(&app, plan, Right::Optimise).await?;
    let body: NewOptimisation = incoming.json()?;
    let action = if body.periods.len() > 1 { Action::OptimiseMany } else { Action::Optimise };
    let also = Some("optimisation");
    let wanted = WantedLock { plan, action, periods: Some(body.periods), below: "optimisations", also };
    wanted.grant(&app, incoming).await
}

/// Where hours of lessons are to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OptimisationResult {
    /// Up to 50,000; hours that are not named stay where they are.
    #[schema(max_items = 50000, value_type = Vec<schemas::OptimisedPlacement>)]
    placements: Vec<Map<String, Json>>,
}

/// Takes the result of an optimisation, all or nothing, and ends it. What a placement does not name (`week`, `room`, `rows`) stays as it
/// is.
#[utoipa::path(post, path = "/plans/{plan}/optimisations/{id}/result", operation_id = "take_result", tag = "optimisations",
    request_body = OptimisationResult,
    params(("plan" = String, Path, description = "`school~year~version`"), ("id" = String, Path, description = "The optimisation")),
    responses((status = 200, description = "How many hours stand as the result says", body = schemas::OptimisationTaken)))]
async fn take_result(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, LockId)>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter_with(&app, plan, Right::Optimise).await?;
    let Path((_, optimisation)) = path?;
    let body = incoming.body().json::<OptimisationResult>().map_err(refusal);
    let placements = body.and_then(|body| read_placements(body.placements));
    let placed = placements.as_ref().map_or(0, Vec::len);
    let command = TakeOptimisation { plan, optimisation, placements };
    incoming
        .execute(&app, command, Extra::default(), move |_, _| {
            Answer::new(200, json!({ "placed": placed, "position": null })).position_at(&["/position"])
        })
        .await
}

/// Gives an optimisation up; nothing of it is stored. One whose result has been taken is over already, which is no refusal.
#[utoipa::path(delete, path = "/plans/{plan}/optimisations/{id}", operation_id = "give_up_optimisation", tag = "optimisations",
    params(("plan" = String, Path, description = "`school~year~version`"), ("id" = String, Path, description = "The optimisation")),
    responses((status = 204, description = "It is given up")))]
async fn give_up_optimisation(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, LockId)>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, optimisation)) = path?;
    let command = GiveUpOptimisation { plan, optimisation };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

fn read_placements(placements: Vec<Map<String, Json>>) -> Result<Vec<OptimisedHour>, Refusal> {
    if placements.len() > PLACEMENTS_MAX {
        return Err(Refusal::fault(
            "/placements",
            format!("a result has at most {PLACEMENTS_MAX} placements"),
        ));
    }
    let mut hours = Vec::with_capacity(placements.len());
    let mut faults = Vec::new();
    for (index, object) in placements.into_iter().enumerate() {
        match read_placement(object) {
            Ok(hour) => hours.push(hour),
            Err(own) => faults.extend(own.into_iter().map(|fault| FieldFault {
                pointer: format!("/placements/{index}{}", fault.pointer),
                ..fault
            })),
        }
        if faults.len() >= FAULTS_MAX {
            faults.truncate(FAULTS_MAX);
            break;
        }
    }
    if faults.is_empty() { Ok(hours) } else { Err(Refusal::invalid(&faults)) }
}

fn read_placement(mut object: Map<String, Json>) -> Result<OptimisedHour, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut name = |member: &str| match object.shift_remove(member) {
        Some(Json::String(name)) if name_fault(&name).is_none() => name,
        _ => {
            faults.push(FieldFault::new(format!("/{member}"), "a name belongs here"));
            String::new()
        }
    };
    let (lesson, period) = (name("lesson"), name("period"));
    let n = object.shift_remove("n").and_then(|n| u32::try_from(n.as_u64()?).ok()).filter(|n| *n > 0);
    if n.is_none() {
        faults.push(FieldFault::new("/n", "the number of the hour, from 1, belongs here"));
    }
    for member in ["day", "hour"] {
        if !object.contains_key(member) {
            faults.push(FieldFault::new(format!("/{member}"), "a placement has a day and an hour"));
        }
    }
    for unknown in object.keys().filter(|it| *it != "room" && !FIELDS.contains(&it.as_str())) {
        let pointer = format!("/{}", unknown.replace('~', "~0").replace('/', "~1"));
        faults.push(FieldFault::new(pointer, "a placement of a result has no field of this name"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut room = None;
    let fields = placement_fields(object, &mut room)?;
    Ok(OptimisedHour { lesson, n: n.unwrap_or_default(), period, fields, room })
}
