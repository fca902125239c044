//! The status report.

use axum::extract::State;
use domain::Right;
use projections::status::Beside;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::READING;
use crate::http::{Json as Body, NoQuery, Problem, Query, refusing};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(refusing(routes!(status_report), &[READING]))
}

/// Who is there, what is locked, what was refused, and how the ledger and its read models are.
#[utoipa::path(get, path = "/status-report", operation_id = "status_report", tag = "operations",
    responses((status = 200, description = "The report of this moment", body = schemas::StatusReport)))]
async fn status_report(
    State(app): State<App>,
    reader: Reader,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Body<Json>, Problem> {
    reader.permit(&app, Right::Maintenance).await?;
    query?;
    let accounts = app.desk.with_accounts(|accounts| Arc::new(accounts.clone())).await?;
    let projections = app.projections.status();
    let now = app.desk.now();
    let service = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "node": app.node,
        "started_at": app.started_at,
        "uptime_seconds": (now - app.started_at).num_seconds().max(0),
    });
    let head = app.desk.ledger.head().await.map_err(Failure::from)?;
    let beside = Beside {
        head,
        name_of: &|who| accounts.name_of(who),
        group_of: &|who| accounts.group_of(who).map(|group| group.name.clone()),
        session_age: app.desk.terms.session_age,
        lock_lease: app.desk.terms.lock_lease,
        projections: &projections,
        service: &service,
    };
    let report =
        projections::status::status_report(app.projections.pool(), beside).await.map_err(Failure::from)?;
    serde_json::to_value(report).map(Body).map_err(Problem::internal)
}
