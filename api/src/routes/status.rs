//! The status report.

use axum::extract::State;
use axum::response::Response;
use domain::command::Office;
use domain::{Accounts, NoticeState, OutageId, Right};
use eventstore::{living_starts, start_mark};
use projections::node::nodes_started;
use projections::outage::{PastOutage, past_outages, refused_in_a_day};
use projections::status::{Beside, engine, engine_then};
use projections::{DayBefore, Moment};
use serde_json::{Map, Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notices::past::past_ones;
use super::outage::{shown, shown_then};
use super::reader::Reader;
use super::schemas;
use super::when::{When, leave_out};
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::{AS_OF, READ, reading};
use crate::http::{InTime, Json as Body, NoQuery, Problem, Query};
use crate::outage::RefusedLogins;

/// How many outages that are over are told.
const OUTAGES_MAX: i64 = 10;
/// Among so many of the last starts the nodes that live are looked for.
const STARTS_MAX: i64 = 1_000;
/// How many notices of each state are told.
const NOTICES_MAX: usize = 100;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(status_report), &[READ, AS_OF]))
}

/// How the service is, who is there, what is locked, what was refused, how the ledger and its read models are, which notices there
/// are. Answered during an outage too, as long as the ledger stands. Of a moment in the past it tells what is on record.
#[utoipa::path(get, path = "/status-report", operation_id = "status_report", tag = "operations",
    responses((status = 200, description = "The report of a moment", body = schemas::StatusReport)))]
async fn status_report(
    State(app): State<App>,
    reader: Reader,
    asked: Result<InTime<Query<NoQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, _) = reader.ask_site(&app, Some(Right::Maintenance), asked).await?;
    let accounts = when.accounts(&app).await?;
    let pool = app.projections.pool();
    let day = DayBefore::of(pool, when.moment).await?;
    let service = service(&app, &accounts, when, day).await?;
    let notices = notices(&app, when).await?;
    let engine = match when.shown() {
        Some(last) => engine_then(last),
        None => {
            let head = app.desk.ledger.head().await?;
            engine(pool, head, &app.projections.status()).await?
        }
    };
    let beside = Beside {
        name_of: &|who| accounts.name_of(who),
        group_of: &|who| accounts.group_of(who).map(|group| group.name.clone()),
        session_age: app.desk.terms.session_age,
        lock_lease: app.desk.terms.lock_lease,
        engine: &engine,
        service: &service,
        notices: &notices,
    };
    let report = projections::status::status_report(pool, day, beside).await?;
    let mut report = serde_json::to_value(report).map_err(Problem::internal)?;
    if when.is_past() {
        for (list, member) in [("sessions", "last_contact_at"), ("locks", "expires_at")] {
            report[list].as_array_mut().into_iter().flatten().for_each(|it| leave_out(it, member));
        }
    }
    Ok(when.answer(Body(report)))
}

/// Version, nodes, outage, contact, refused log-ins.
async fn service(app: &App, accounts: &Accounts, when: When, day: DayBefore) -> Result<Json, Failure> {
    let pool = app.projections.pool();
    let past = past_outages(pool, when.moment, OUTAGES_MAX).await?;
    let (gated, failed) = refused_in_a_day(pool, day).await?;
    // What this node has counted since its last full minute is not in the ledger yet.
    let waiting = (!when.is_past()).then_some(&app.desk.standing.refused);
    let sum = |told: i64, here: u64| told.saturating_add(i64::try_from(here).unwrap_or(i64::MAX));
    let (gated_here, failed_here) = waiting.map_or((0, 0), RefusedLogins::all_waiting);
    let past_json = |past: &PastOutage| {
        let mut json = past.json(|who| accounts.name_of(who));
        let here = waiting.map_or(0, |waiting| waiting.waiting(OutageId(past.outage_id)));
        json["refused_logins"] = sum(past.refused_logins, here).into();
        json
    };
    let outages: Vec<Json> = past.iter().map(past_json).collect();
    let (mut json, outage) = if when.is_past() {
        let last = nodes_started(pool, when.moment, 1).await?;
        let last = last
            .first()
            .map(|it| json!({ "version": it.version, "node": it.name, "started_at": it.started_at }));
        (last.unwrap_or_else(|| json!({})), shown_then(app, when).await?)
    } else {
        let running = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "node": app.node,
            "started_at": app.started_at,
            "uptime_seconds": (app.desk.now() - app.started_at).num_seconds().max(0),
            "nodes": nodes(app).await?,
        });
        (running, shown(app).await)
    };
    json["state"] = outage["state"].clone();
    json["contact"] = outage["contact"].clone();
    json["outage"] = outage;
    json["refused_logins"] = sum(gated, gated_here).into();
    json["failed_logins"] = sum(failed, failed_here).into();
    json["outages"] = outages.into();
    Ok(json)
}

/// The nodes that live: those whose start is among the last ones and still held up by its node.
async fn nodes(app: &App) -> Result<Vec<Json>, Failure> {
    let living = living_starts(app.desk.ledger.pool(), app.desk.schema()).await?;
    let started = nodes_started(app.projections.pool(), Moment::Now, STARTS_MAX).await?;
    Ok(started
        .iter()
        .filter(|node| living.contains(&start_mark(node.start)))
        .map(|it| json!({ "node": it.name, "version": it.version, "started_at": it.started_at }))
        .collect())
}

async fn notices(app: &App, when: When) -> Result<Json, Failure> {
    let states = [NoticeState::Showing, NoticeState::Waiting, NoticeState::Over];
    let mut told = Map::new();
    if when.is_past() {
        for state in states {
            let of = past_ones(app, when, Some(state), None, NOTICES_MAX).await?;
            told.insert(state.word().to_owned(), of.into_iter().map(|(_, json)| json).collect());
        }
        return Ok(Json::Object(told));
    }
    let today = app.desk.today();
    let of = |office: &Office<'_>, state: NoticeState| -> Json {
        let all = office.site.notices().in_order().into_iter();
        all.filter(|notice| notice.content.state(today) == state)
            .take(NOTICES_MAX)
            .map(|notice| notice.json(today, Some(&office.accounts.name_of(notice.by))))
            .collect()
    };
    let all = |office: &Office<'_>| states.map(|state| (state.word().to_owned(), of(office, state)));
    told.extend(app.desk.look(None, all).await?);
    Ok(Json::Object(told))
}
