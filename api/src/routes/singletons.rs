//! The time grid and the school data of a plan.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, patch};
use domain::command::write_record::{How, Target};
use domain::{Kind, Right};
use utoipa_axum::router::OpenApiRouter;

use super::incoming::Incoming;
use super::reader::Reader;
use super::records::editable_when;
use super::schemas::records::{self as described, Operation};
use super::writing::{WriteQuery, write};
use crate::app::App;
use crate::http::openapi::{AS_OF, HINDERED, READ_ONE, reading, revising};
use crate::http::{Code, ETag, InTime, NoQuery, PlanPath, Problem, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new();
    for kind in [Kind::TimeGrid, Kind::SchoolData] {
        let path = format!("/plans/{{plan}}/{kind}");
        let one = get(move |app, reader, plan, query| show(kind, app, reader, plan, query));
        let patch_one = patch(move |app, plan, query, incoming| change(kind, app, plan, query, incoming));
        let one = described::route(&path, kind, Operation::Show, one);
        let patch_one = described::route(&path, kind, Operation::Patch, patch_one);
        router = router.routes(reading(one, &[READ_ONE, AS_OF])).routes(revising(
            patch_one,
            &["Daybook-Lock"],
            &[HINDERED],
        ));
    }
    router
}

async fn show(
    kind: Kind,
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Query<NoQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, _) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let found = projections::record::singleton(app.projections.pool(), &plan, kind, when.moment).await?;
    let Some(view) = found else { return Err(Problem::new(Code::NotFound)) };
    let mut json = view.json;
    json.insert("editable".into(), editable_when(&app, &reader, &plan, kind, None, when).await?);
    Ok(when.tagged(ETag { epoch: view.epoch, revision: view.revision }, reader.known.as_ref(), json))
}

async fn change(
    kind: Kind,
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    query: Result<Query<NoQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    incoming.parameters(query);
    write(&app, plan, Target::Singleton(kind), How::Patch, WriteQuery::default(), incoming).await
}
