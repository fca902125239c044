//! What is shown to whoever has not logged in: the notices that are public, an outage, the plans.

use axum::extract::State;
use domain::OutageState;
use serde_json::{Value as Json, json};
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::catch_up_to;
use super::schemas;
use crate::app::App;
use crate::http::openapi::READ;
use crate::http::{Code, Json as Body, MinPosition, NoQuery, Problem, Query, refusing, taking};

/// How long it waits for what this node has just acknowledged.
const OWN_WRITES_WITHIN: Duration = Duration::from_millis(200);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(refusing(
        taking(routes!(login_page), &[READ]),
        &[&[Code::Invalid, Code::EpochChanged, Code::ProjectionBehind, Code::Outage]],
    ))
}

/// What the login page shows. It comes from memory when the ledger is away. Who posted a notice is not told to strangers.
#[utoipa::path(get, path = "/login-page", operation_id = "login_page", tag = "notices",
    responses((status = 200, description = "Important notices first, then the newest", body = schemas::LoginPage)))]
async fn login_page(
    State(app): State<App>,
    min_position: Option<MinPosition>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Body<Json>, Problem> {
    query?;
    let is_gone = app.desk.standing.is_ledger_gone();
    if let Some(wanted) = min_position.filter(|_| !is_gone) {
        catch_up_to(&app, wanted).await?;
    } else if !is_gone {
        let _ = tokio::time::timeout(OWN_WRITES_WITHIN, app.show_own_writes()).await;
    }
    let (shown, today) = (app.desk.front().await, app.desk.today());
    let notices: Vec<Json> = shown
        .notices
        .in_order()
        .into_iter()
        .filter(|notice| notice.is_on_login_page(today))
        .map(|notice| notice.json(today, None))
        .collect();
    let plans: Vec<Json> =
        shown.plans.iter().map(|(plan, title)| json!({ "plan": plan, "title": title })).collect();
    let outage = super::outage::shown(&app).await;
    let state = app.desk.standing.known().state();
    let outage = if state == OutageState::Open { Json::Null } else { outage };
    Ok(Body(json!({ "notices": notices, "outage": outage, "login_open": state.lets_in(), "plans": plans })))
}
