//! What those ask who run the service: is it alive, is it ready, how is it doing, how is it described.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::figures;
use crate::http::{Json, NoQuery, Problem, Query, metrics_handler, refusing};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(refusing(routes!(livez), &[]))
        .routes(refusing(routes!(readyz), &[&[crate::http::Code::Invalid]]))
        .routes(refusing(routes!(metrics), &[]))
        .routes(refusing(routes!(description), &[]))
        .routes(refusing(routes!(docs_page), &[]))
}

/// Whether the process is alive; asks nothing of the database.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "operations",
    responses((status = 200, description = "It is", body = String, content_type = "text/plain")))]
async fn livez() -> &'static str {
    "ok\n"
}

/// How much is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verbosity {
    verbose: Option<String>,
}

/// Whether requests can be answered: the ledger is there, the read models follow, the service does not drain.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operations",
    params(("verbose" = Option<String>, Query, description = "Tell every part")),
    responses((status = 200, description = "Yes", body = serde_json::Value), (status = 503, description = "No, and why", body = serde_json::Value)))]
async fn readyz(State(app): State<App>, Query(query): Query<Verbosity>) -> Result<Response, Problem> {
    let standing = &app.desk.standing;
    let ping = async {
        let pinged = tokio::time::timeout(std::time::Duration::from_secs(1), app.desk.ledger.ping()).await;
        matches!(pinged, Ok(Ok(())))
    };
    // A ledger that is known to be gone is not waited for.
    let ledger_is_there = !standing.is_ledger_gone() && ping.await;
    let projections = app.projections.status();
    let draining = app.shutdown.has_begun();
    let caught_up = app.projections.position() >= app.desk.opened_at();
    // A node that alone has no contact serves nobody, and others do.
    let known = standing.known();
    let ready = ledger_is_there && caught_up && !draining && !known.is_cut_off_alone();
    let mut body = json!({ "ready": ready });
    if query.verbose.is_some() {
        let head = if ledger_is_there { app.desk.ledger.head().await.ok() } else { None };
        let parts: Vec<_> = projections
            .iter()
            .map(|it| {
                json!({
                    "name": it.name,
                    "position": app.desk.position(it.position).to_string(),
                    "lag_events": head.map(|head| (head.position - it.position).max(0)),
                    "state": it.word(),
                    "cause": it.words(),
                })
            })
            .collect();
        body["ledger"] = if ledger_is_there { "ok".into() } else { "lost".into() };
        body["head"] = head.map(|head| head.at().to_string()).into();
        body["caught_up"] = caught_up.into();
        body["draining"] = draining.into();
        body["contact"] = known.contact();
        body["outage"] = known.state().word().into();
        body["projections"] = parts.into();
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(body)).into_response())
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, description = "Prometheus text format", body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<App>, _query: Query<NoQuery>) -> Response {
    told(app).await
}

/// `/metrics` alone, for an address of its own.
pub fn metrics_alone(app: App) -> Router {
    Router::new().route("/metrics", get(|State(app): State<App>| told(app))).with_state(app)
}

async fn told(app: App) -> Response {
    figures::look(&app).await;
    metrics_handler().await.into_response()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
async fn description() -> Response {
    // It is the same for everybody, so it is written once.
    static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| {
        serde_json::to_vec(&super::openapi()).expect("the description is plain data").into()
    });
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, WRITTEN.clone()).into_response()
}

/// This description as a page to browse.
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "operations",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn docs_page() -> Response {
    crate::http::docs::page()
}
