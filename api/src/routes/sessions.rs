//! Logging in and out, and who is in a plan.

use axum::extract::State;
use axum::response::Response;
use domain::command::Office;
use domain::command::change_session::ChangeSession;
use domain::command::end_session::EndSession;
use domain::{Mode, PlanId, Refusal, Right, Session, SessionEnd, SessionId};
use projections::session::SessionRow;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use super::when::leave_out;
use crate::app::App;
use crate::desk::{Answer, Desk, Extra, Failure};
use crate::http::openapi::{AS_OF, HINDERED, READ, READ_LIST, reading, writing};
use crate::http::{Code, InTime, Json as Body, Listing, NoQuery, PlanPath, Problem};

mod log_in;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(writing(routes!(log_in::log_in), &[], &[HINDERED, &[Code::GateClosed]]))
        .routes(reading(routes!(own_session), &[READ]))
        .routes(writing(routes!(change_own_session), &[], &[HINDERED]))
        .routes(writing(routes!(log_out), &[], &[]))
        .routes(reading(routes!(who_is_here), &[READ_LIST, AS_OF]))
}

/// The own session.
#[utoipa::path(get, path = "/sessions/current", operation_id = "own_session", tag = "sessions",
    responses((status = 200, description = "The session of the token", body = schemas::Session)))]
async fn own_session(
    State(app): State<App>,
    reader: Reader,
    _query: crate::http::Query<NoQuery>,
) -> Result<Response, Problem> {
    let Some(session) = reader.caller.session else { return Err(Problem::new(Code::NotFound)) };
    reader.catch_up(&app).await?;
    let plan = reader.caller.plan.clone();
    let mut body = app.desk.session_json(plan.as_ref(), session).await?;
    let contact = app.desk.ledger.contacts(&[session.0]).await?;
    body["last_contact_at"] = contact.first().map(|(_, at)| *at).into_json();
    Ok(axum::response::IntoResponse::into_response(Body(body)))
}

/// What changes of the own session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionPatch {
    /// What for.
    #[schema(value_type = Option<schemas::Mode>)]
    mode: Option<Mode>,
    /// The name of the period.
    period: Option<String>,
    /// What the person does; `null` for nothing.
    #[serde(default, deserialize_with = "super::double_option::deserialize")]
    #[schema(value_type = Option<String>)]
    activity: Option<Option<String>>,
}

/// Changes mode, period or activity of the own session.
#[utoipa::path(patch, path = "/sessions/current", operation_id = "change_own_session", tag = "sessions", request_body = SessionPatch,
    responses((status = 200, description = "The session", body = schemas::Session)))]
async fn change_own_session(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    let Some(session) = incoming.caller.session else { return Err(Problem::new(Code::NotFound)) };
    let patch: SessionPatch = incoming.json()?;
    let plan = incoming.caller.plan.clone();
    let command = ChangeSession {
        plan: plan.clone(),
        mode: patch.mode,
        period: patch.period,
        activity: patch.activity.map(Option::unwrap_or_default),
    };
    let age = app.desk.terms.session_age;
    incoming
        .execute(&app, command, Extra::default(), move |office, _| {
            let mut body = session_json(office, plan.as_ref(), session);
            let since = body["logged_in_at"]
                .as_str()
                .and_then(|text| text.parse::<chrono::DateTime<chrono::Utc>>().ok());
            body["expires_at"] = since.map(|since| since + age).into_json();
            Answer::new(200, body).moment_at(&["/last_contact_at"])
        })
        .await
}

/// Logs out.
#[utoipa::path(delete, path = "/sessions/current", operation_id = "log_out", tag = "sessions",
    responses((status = 204, description = "The session has ended")))]
async fn log_out(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    let Some(session) = incoming.caller.session else { return Err(Problem::new(Code::NotFound)) };
    let plan = incoming.caller.plan.clone();
    let command = EndSession { plan, session, reason: SessionEnd::LoggedOut };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// Who is in the plan, since when, in which mode and doing what.
#[utoipa::path(get, path = "/plans/{plan}/sessions", operation_id = "who_is_here", tag = "sessions",
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "The sessions, in the order of their log-ins", body = schemas::Page<schemas::Session>)))]
async fn who_is_here(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let after: Option<Uuid> = list.page.after()?;
    let limit = i64::from(list.page.limit) + 1;
    let rows =
        projections::session::sessions(app.projections.pool(), &plan, when.moment, after, limit).await?;
    let accounts = when.accounts(&app).await?;
    let shown = |row: &SessionRow| {
        let group = accounts.group_of(row.who()).map(|group| group.name.as_str());
        let mut item = row.json(&accounts.name_of(row.who()), group, app.desk.terms.session_age);
        if when.is_past() {
            leave_out(&mut item, "last_contact_at");
        }
        item
    };
    let items = rows.iter().map(shown).collect();
    Ok(when.answer(list.page.answer(items, |item: &Json| item["session"].clone())))
}

/// A session as API.md shows it; `expires_at` and the times of one that is not yet committed are for the caller to fill in.
fn session_json(office: &Office<'_>, plan: Option<&PlanId>, id: SessionId) -> Json {
    let Ok(session) = office.check_session(id) else { return json!({ "session": id }) };
    shown(office, plan, session)
}

fn shown(office: &Office<'_>, plan: Option<&PlanId>, session: &Session) -> Json {
    let is_of_plan = plan.is_some();
    json!({
        "session": session.id,
        "user": office.accounts.name_of(session.who),
        "group": office.accounts.group_of(session.who).map(|group| group.name.clone()),
        "plan": plan,
        "mode": is_of_plan.then_some(session.mode),
        "period": session.period.and_then(|period| office.plan?.name_of(period)),
        "activity": session.activity,
        "client": session.client,
        "logged_in_at": session.since,
        "last_contact_at": session.since,
        "expires_at": null,
    })
}

impl Desk {
    /// A session as API.md shows it, from the states.
    async fn session_json(&self, plan: Option<&PlanId>, id: SessionId) -> Result<Json, Failure> {
        let age = self.terms.session_age;
        self.look(plan, |office| {
            let session = office.check_session(id)?;
            let mut body = shown(office, plan, session);
            body["expires_at"] = session.since.map(|since| since + age).into_json();
            Ok(body)
        })
        .await?
        .map_err(|refusal: Refusal| refusal.into())
    }
}

/// A value as JSON, for members that are filled in one by one.
trait IntoJson {
    fn into_json(self) -> Json;
}

impl<T: serde::Serialize> IntoJson for T {
    fn into_json(self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }
}
