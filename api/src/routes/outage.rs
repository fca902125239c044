//! The outage: shown to everybody, announced, changed, begun and ended by who keeps the service.

use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::command::Office;
use domain::command::announce_outage::AnnounceOutage;
use domain::command::end_outage::EndOutage;
use domain::{OutageId, Right};
use http::Uri;
use projections::node::nodes_started;
use projections::outage::{outages, refused_logins, users_logged_in};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::Incoming;
use super::reader::{Reader, catch_up_to};
use super::schemas;
use super::when::{When, leave_out};
use crate::app::App;
use crate::desk::{Answer, Desk, Extra, Failure};
use crate::http::openapi::{AS_OF, READ, reading, writing};
use crate::http::{InTime, Json as Body, MinPosition, NoQuery, Problem, Query};
use crate::outage::Known;

/// How long the answer waits for what is newer than what this node has in memory.
const NEWER_WITHIN: Duration = Duration::from_millis(500);

/// Every other node has heard of a write after this: it asks five times a second.
const TOLD_WITHIN: Duration = Duration::from_millis(300);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(show_outage), &[READ, AS_OF]))
        .routes(writing(routes!(announce_outage), &[], &[]))
        .routes(writing(routes!(end_outage), &[], &[]))
}

/// The outage that there is, or that there is none: needs no token, and no ledger. That of a moment in the past is for everybody who
/// is logged in.
#[utoipa::path(get, path = "/outage", operation_id = "show_outage", tag = "outage",
    responses((status = 200, description = "Message, gate and contact", body = schemas::Outage)))]
async fn show_outage(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let asked = InTime::<Query<NoQuery>>::from_request_parts(&mut parts, &app).await;
    if asked.as_ref().is_ok_and(|asked| asked.as_of.is_none()) {
        let min_position = MinPosition::in_headers(&parts.headers)?;
        if let Some(wanted) = min_position.filter(|_| !app.desk.standing.is_ledger_gone()) {
            catch_up_to(&app, wanted).await?;
        }
        return Ok(Body(shown(&app).await).into_response());
    }
    let asked = match asked {
        // A stranger is told what is wrong with what he asks, unless it is about the past.
        Err(problem) if !asks_for_past(&parts.uri) => return Err(problem),
        asked => asked,
    };
    let reader = Reader::from_request_parts(&mut parts, &app).await?;
    let (when, _) = reader.ask_site(&app, None, asked).await?;
    Ok(when.answer(Body(shown_then(&app, when).await?)))
}

/// Whether an address asks for a moment of the past.
pub fn asks_for_past(uri: &Uri) -> bool {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).any(|(name, _)| name == "as_of")
}

/// The outage as it stood. When contact was asked for is on no record, so it is left out.
pub async fn shown_then(app: &App, when: When) -> Result<Json, Failure> {
    let pool = app.projections.pool();
    let outages = outages(pool, when.moment).await?;
    let accounts = when.accounts(app).await?;
    let refused = match outages.current() {
        Some(outage) => refused_logins(pool, outage.id, when.moment).await?,
        None => 0,
    };
    let started = nodes_started(pool, when.moment, 1).await?.first().map(|node| node.started_at);
    let known = Known {
        by: outages.current().and_then(|outage| outage.by).map(|who| accounts.name_of(who)),
        users: users_logged_in(pool, when.moment).await?,
        outages,
        ..Known::new(started.unwrap_or_default())
    };
    let mut json = known.json(refused);
    leave_out(&mut json["contact"], "last_probe_at");
    if started.is_none() {
        json["contact"]["since"] = Json::Null;
    }
    Ok(json)
}

/// The outage as it is now; as it was last known when the ledger does not answer at once.
pub async fn shown(app: &App) -> Json {
    let desk = &app.desk;
    if !desk.standing.is_ledger_gone() {
        let learn = async {
            desk.refresh_site().await?;
            app.show_own_writes().await;
            desk.learn_figures().await
        };
        // What cannot be learnt in time is told as it was.
        let _ = timeout(NEWER_WITHIN, learn).await;
    }
    desk.standing.json()
}

/// What people shall read, and what comes of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutageBody {
    /// What people read.
    #[schema(min_length = 1, max_length = 2000)]
    message: String,
    /// Whether nobody new gets in from now on.
    prevent_logins: bool,
    /// When it is expected to be over; only told.
    until: Option<DateTime<Utc>>,
    /// Whether it begins for everybody at once. Leaving it out undoes nothing.
    #[serde(default)]
    begin: bool,
}

/// Announces an outage, or changes what the present one says.
#[utoipa::path(put, path = "/outage", operation_id = "announce_outage", tag = "outage", request_body = OutageBody,
    responses((status = 200, description = "The outage", body = schemas::Outage)))]
async fn announce_outage(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Maintenance).await?;
    let body: OutageBody = incoming.json()?;
    app.desk.learn_figures().await?;
    let command = AnnounceOutage {
        outage: OutageId(Uuid::now_v7()),
        message: body.message,
        prevent_logins: body.prevent_logins,
        until: body.until,
        begin: body.begin,
    };
    let (known, refused) = (app.desk.standing.known(), app.desk.standing.refused_logins());
    let render = move |office: &Office<'_>, _: &[_]| answer(office, &known, refused);
    let response = incoming.execute(&app, command, Extra::default(), render).await?;
    shown_everywhere(&app.desk).await?;
    Ok(response)
}

/// Ends the outage. Without contact it goes on as one that nobody announced.
#[utoipa::path(delete, path = "/outage", operation_id = "end_outage", tag = "outage",
    responses((status = 204, description = "It is over")))]
async fn end_outage(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Maintenance).await?;
    let response = incoming.execute(&app, EndOutage, Extra::default(), |_, _| Answer::empty(204)).await?;
    shown_everywhere(&app.desk).await?;
    Ok(response)
}

/// The outage after a decision; the moments of what has just been decided come with the commit.
fn answer(office: &Office<'_>, known: &Known, refused: i64) -> Answer {
    let outages = office.site.outages().clone();
    let outage = outages.current();
    let by = outage.and_then(|outage| outage.by).map(|who| office.accounts.name_of(who));
    let mut moments = Vec::new();
    if let Some(outage) = outage {
        let due = [
            ("/announced_at", outage.message.is_some() && outage.announced_at.is_none()),
            ("/gated_at", outage.prevent_logins && outage.gated_at.is_none()),
            ("/down_at", outage.is_down && outage.down_at.is_none()),
        ];
        moments.extend(due.into_iter().filter(|(_, is_due)| *is_due).map(|(pointer, _)| pointer));
    }
    let known = Known { outages, by, ..known.clone() };
    Answer::new(200, known.json(refused)).moment_at(&moments)
}

/// From the moment of acknowledgement it shows on every node.
async fn shown_everywhere(desk: &Desk) -> Result<(), Failure> {
    desk.learn_site().await?;
    if desk.standing.known().has_others {
        tokio::time::sleep(TOLD_WITHIN).await;
    }
    Ok(())
}
