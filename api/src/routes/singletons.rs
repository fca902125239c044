//! The time grid and the school data of a plan.

use axum::extract::State;
use axum::response::Response;
use domain::command::write_record::{How, Target};
use domain::{Kind, Right};
use utoipa_axum::router::OpenApiRouter;

use super::incoming::Incoming;
use super::reader::Reader;
use super::records::editable_when;
use super::schemas::records::{self as described, Operation};
use super::writing::{WriteQuery, write};
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::{AS_OF, HINDERED, READ_ONE, READING, REVISED, WRITE_REVISED, WRITING};
use crate::http::{Code, ETag, InTime, NoQuery, PlanPath, Problem, Query, refusing, taking};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new();
    for kind in [Kind::TimeGrid, Kind::SchoolData] {
        let path = format!("/plans/{{plan}}/{kind}");
        let show = axum::routing::get(move |app, reader, plan, query| show(kind, app, reader, plan, query));
        let change =
            axum::routing::patch(move |app, plan, query, incoming| change(kind, app, plan, query, incoming));
        router = router
            .routes(refusing(
                taking(described::route(&path, kind, Operation::Show, show), &[READ_ONE, AS_OF]),
                &[READING],
            ))
            .routes(refusing(
                taking(
                    described::route(&path, kind, Operation::Patch, change),
                    &[WRITE_REVISED, &["Daybook-Lock"]],
                ),
                &[WRITING, REVISED, HINDERED],
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
    let found = projections::record::singleton(app.projections.pool(), &plan, kind, when.moment)
        .await
        .map_err(Failure::from)?;
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
    let PlanPath(plan) = plan?;
    app.desk.check_plan(&incoming.caller, &plan).await?;
    incoming.parameters(query);
    write(&app, plan, Target::Singleton(kind), How::Patch, WriteQuery::default(), incoming).await
}
