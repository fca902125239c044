//! The hours of a lesson, placed.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, put};
use domain::command::write_record::{How, Target};
use domain::{Kind, Right};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::incoming::Incoming;
use super::reader::Reader;
use super::records::{editable_when, period_or_own};
use super::schemas::records as described;
use super::writing::{WriteQuery, remove, write};
use crate::app::App;
use crate::http::openapi::{AS_OF, READ_LIST, READ_ONE, reading, revising};
use crate::http::{Code, ETag, InTime, Listing, Path, PlanPath, Problem, Query};

const COLLECTION: &str = "/plans/{plan}/lessons/{id}/placements";
const SINGLE: &str = "/plans/{plan}/lessons/{id}/placements/{n}";

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    use described::Operation;
    let blocked: &[&[Code]] = &[&[Code::Blocked]];
    let route = |path, operation, method: MethodRouter<App>| -> UtoipaMethodRouter<App> {
        described::route(path, Kind::Placements, operation, method)
    };
    let [put_one, patch_one] = [How::Put, How::Patch]
        .map(|how| move |app, plan, path, query, incoming| change(how, app, plan, path, query, incoming));
    OpenApiRouter::new()
        .routes(reading(route(COLLECTION, Operation::List, get(list_placements)), &[READ_LIST, AS_OF]))
        .routes(reading(route(SINGLE, Operation::Show, get(show)), &[READ_ONE, AS_OF]))
        .routes(revising(route(SINGLE, Operation::Put, put(put_one)), &["If-None-Match"], blocked))
        .routes(revising(route(SINGLE, Operation::Patch, patch(patch_one)), &[], blocked))
        .routes(revising(route(SINGLE, Operation::Remove, delete(unplace)), &[], blocked))
}

/// The period of a placement; else the session's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InPeriod {
    period: Option<String>,
}

async fn list_placements(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    Path((_, lesson)): Path<(String, String)>,
    asked: Result<InTime<Listing<InPeriod>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let period = period_or_own(&app, &reader, &plan, list.filter.period, when).await?;
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let found = projections::placement::placements(
        app.projections.pool(),
        &plan,
        &lesson,
        &period,
        when.moment,
        &page,
    )
    .await?;
    let Some(found) = found else { return Err(Problem::new(Code::NotFound)) };
    let editable = editable_when(&app, &reader, &plan, Kind::Placements, Some(&period), when).await?;
    let with = |view: projections::placement::PlacementView| {
        let mut json = view.json;
        json.insert("editable".into(), editable.clone());
        Json::Object(json)
    };
    let items: Vec<Json> = found.items.into_iter().map(with).collect();
    Ok(when.answer(list.page.answer_next(items, found.next.as_deref()).editable(editable)))
}

async fn show(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    Path((_, lesson, n)): Path<(String, String, u32)>,
    asked: Result<InTime<Query<InPeriod>>, Problem>,
) -> Result<Response, Problem> {
    let (when, Query(query)) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let period = period_or_own(&app, &reader, &plan, query.period, when).await?;
    let found =
        projections::placement::placement(app.projections.pool(), &plan, &lesson, &period, n, when.moment)
            .await?;
    let Some(view) = found else { return Err(Problem::new(Code::NotFound)) };
    let etag = ETag { epoch: view.epoch, revision: view.revision };
    Ok(when.tagged(etag, reader.known.as_ref(), view.json))
}

async fn change(
    how: How,
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, String, u32)>, Problem>,
    query: Result<Query<WriteQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, lesson, n)) = path?;
    let query = incoming.parameters(query);
    write(&app, plan, Target::Hour { lesson, n }, how, query, incoming).await
}

async fn unplace(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, String, u32)>, Problem>,
    query: Result<Query<InPeriod>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, lesson, n)) = path?;
    let query = incoming.parameters(query);
    remove(&app, plan, Target::Hour { lesson, n }, query.period, incoming).await
}
