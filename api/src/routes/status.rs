//! The status report.

use std::sync::Arc;

use axum::extract::State;
use chrono::TimeDelta;
use domain::command::Office;
use domain::{Accounts, NoticeState, OutageId, Right};
use eventstore::{living_starts, start_mark};
use projections::node::nodes_started;
use projections::outage::{PastOutage, past_outages, refused_since};
use projections::status::Beside;
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::READING;
use crate::http::{Json as Body, NoQuery, Problem, Query, refusing};

/// How many outages that are over are told.
const OUTAGES_MAX: i64 = 10;
/// Among so many of the last starts the nodes that live are looked for.
const STARTS_MAX: i64 = 1_000;
/// How many notices of each state are told.
const NOTICES_MAX: usize = 100;
/// For how long refused log-ins are counted.
const DAY: TimeDelta = TimeDelta::hours(24);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(refusing(routes!(status_report), &[READING]))
}

/// How the service is, who is there, what is locked, what was refused, how the ledger and its read models are, which notices there
/// are. Answered during an outage too, as long as the ledger stands.
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
    let service = service(&app, &accounts).await?;
    let notices = notices(&app).await?;
    let projections = app.projections.status();
    let head = app.desk.ledger.head().await.map_err(Failure::from)?;
    let beside = Beside {
        head,
        name_of: &|who| accounts.name_of(who),
        group_of: &|who| accounts.group_of(who).map(|group| group.name.clone()),
        session_age: app.desk.terms.session_age,
        lock_lease: app.desk.terms.lock_lease,
        projections: &projections,
        service: &service,
        notices: &notices,
    };
    let report =
        projections::status::status_report(app.projections.pool(), beside).await.map_err(Failure::from)?;
    serde_json::to_value(report).map(Body).map_err(Problem::internal)
}

/// Version, nodes, outage, contact, refused log-ins.
async fn service(app: &App, accounts: &Accounts) -> Result<Json, Failure> {
    let outage = super::outage::shown(app).await;
    let (pool, now) = (app.projections.pool(), app.desk.now());
    let past = past_outages(pool, OUTAGES_MAX).await?;
    let (gated, failed) = refused_since(pool, now - DAY).await?;
    // What this node has counted since its last full minute is not in the ledger yet.
    let waiting = &app.desk.standing.refused;
    let sum = |told: i64, here: u64| told.saturating_add(i64::try_from(here).unwrap_or(i64::MAX));
    let (gated_here, failed_here) = waiting.all_waiting();
    let past_json = |past: &PastOutage| {
        let mut json = past.json(|who| accounts.name_of(who));
        let here = waiting.waiting(OutageId(past.outage_id));
        json["refused_logins"] = sum(past.refused_logins, here).into();
        json
    };
    let outages: Vec<Json> = past.iter().map(past_json).collect();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "node": app.node,
        "started_at": app.started_at,
        "uptime_seconds": (now - app.started_at).num_seconds().max(0),
        "nodes": nodes(app).await?,
        "state": outage["state"],
        "contact": outage["contact"],
        "outage": outage,
        "refused_logins": sum(gated, gated_here),
        "failed_logins": sum(failed, failed_here),
        "outages": outages,
    }))
}

/// The nodes that live: those whose start is among the last ones and still held up by its node.
async fn nodes(app: &App) -> Result<Vec<Json>, Failure> {
    let living = living_starts(app.desk.ledger.pool(), app.desk.schema()).await?;
    let started = nodes_started(app.projections.pool(), STARTS_MAX).await?;
    Ok(started
        .iter()
        .filter(|node| living.contains(&start_mark(node.start)))
        .map(|it| json!({ "node": it.name, "version": it.version, "started_at": it.started_at }))
        .collect())
}

async fn notices(app: &App) -> Result<Json, Failure> {
    let today = app.desk.today();
    let of = |office: &Office<'_>, state: NoticeState| -> Vec<Json> {
        let all = office.site.notices().in_order().into_iter();
        all.filter(|notice| notice.content.state(today) == state)
            .take(NOTICES_MAX)
            .map(|notice| notice.json(today, Some(&office.accounts.name_of(notice.by))))
            .collect()
    };
    let told = |office: &Office<'_>| {
        json!({
            "showing": of(office, NoticeState::Showing),
            "waiting": of(office, NoticeState::Waiting),
            "over": of(office, NoticeState::Over),
        })
    };
    app.desk.look(None, told).await
}
