//! Locks.

use axum::extract::State;
use axum::response::Response;
use domain::command::end_lock::EndLock;
use domain::command::request_lock::RequestLock;
use domain::{Accounts, Action, LockEnd, LockId, Plan, PlanId, Refusal, RefusalCode, SessionId};
use projections::lock::LockRow;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use super::when::{When, leave_out};
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{AS_OF, READ, READ_LIST, reading, writing};
use crate::http::{Code, InTime, Listing, NoQuery, Path, PlanPath, Problem, Query, WritePosition};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let refused = &[Code::NotAlone, Code::LockRefused, Code::Blocked];
    OpenApiRouter::new()
        .routes(reading(routes!(list_locks), &[READ_LIST, AS_OF]))
        .routes(writing(routes!(request_lock), &[], &[refused]))
        .routes(reading(routes!(show_lock), &[READ, AS_OF]))
        .routes(writing(routes!(renew_lock), &[], &[&[Code::LockEnded]]))
        .routes(writing(routes!(release_lock), &[], &[&[Code::LockEnded]]))
}

/// The locks of a plan.
#[utoipa::path(get, path = "/plans/{plan}/locks", operation_id = "list_locks", tag = "locks",
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "The locks that are held", body = schemas::Page<schemas::Lock>)))]
async fn list_locks(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, domain::Right::Read, asked).await?;
    let after: Option<Uuid> = list.page.after()?;
    let limit = i64::from(list.page.limit) + 1;
    let rows = projections::lock::locks(app.projections.pool(), &plan, when.moment, after, limit).await?;
    let accounts = when.accounts(&app).await?;
    let items = rows.iter().map(|row| shown(row, &accounts, &app, when)).collect();
    Ok(when.answer(list.page.answer(items, |item: &Json| item["lock"].clone())))
}

/// A lock with who holds it; when its lease ends is known of now only.
fn shown(row: &LockRow, accounts: &Accounts, app: &App, when: When) -> Json {
    let mut item = row.json(&accounts.name_of(row.who()), app.desk.terms.lock_lease);
    if when.is_past() {
        leave_out(&mut item, "expires_at");
    }
    item
}

/// What a lock is wanted for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LockRequest {
    /// The critical action.
    #[schema(value_type = schemas::Action)]
    action: Action,
    /// The names of the periods, for optimising.
    periods: Option<Vec<String>>,
}

/// Asks for the right to a critical action.
#[utoipa::path(post, path = "/plans/{plan}/locks", operation_id = "request_lock", tag = "locks", request_body = LockRequest,
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 201, description = "The lock", body = schemas::Lock)))]
async fn request_lock(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let body: LockRequest = incoming.json()?;
    let wanted = WantedLock { plan, action: body.action, periods: body.periods, below: "locks", also: None };
    wanted.grant(&app, incoming).await
}

/// A lock that is wanted, and how it is answered when it is granted.
pub(super) struct WantedLock {
    /// The plan.
    pub plan: PlanId,
    /// What for.
    pub action: Action,
    /// The names of the periods.
    pub periods: Option<Vec<String>>,
    /// Below which path of the plan it is found.
    pub below: &'static str,
    /// A member of the answer that names it too.
    pub also: Option<&'static str>,
}

impl WantedLock {
    /// Asks for it: 201 with the lock.
    pub async fn grant(self, app: &App, incoming: Incoming) -> Result<Response, Problem> {
        let WantedLock { plan, action, periods, below, also } = self;
        let id = LockId(Uuid::now_v7());
        let command = RequestLock { plan: plan.clone(), lock: id, action, periods };
        let extra = Extra { contacts: vec![id.0], ..Extra::default() };
        let lease = app.desk.terms.lock_lease;
        incoming
            .execute(app, command, extra, move |office, _| {
                let mut body = office.plan.map_or(Json::Null, |plan| lock_json(plan, office.accounts, id));
                if let Some(also) = also {
                    body[also] = json!(id);
                }
                let location = format!("/v1/plans/{}/{below}/{id}", super::plans::encoded(&plan.to_string()));
                let answer = Answer::new(201, body).position_at(&["/token"]).moment_at(&["/since"]);
                answer.later_at("/expires_at", lease).location(location)
            })
            .await
    }
}

/// A lock, as long as it is held.
#[utoipa::path(get, path = "/plans/{plan}/locks/{lock}", operation_id = "show_lock", tag = "locks",
    params(("plan" = String, Path, description = "`school~year~version`"), ("lock" = String, Path)),
    responses((status = 200, description = "The lock", body = schemas::Lock)))]
async fn show_lock(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    Path((_, lock)): Path<(String, String)>,
    asked: Result<InTime<Query<NoQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, _) = reader.ask(&app, &plan, domain::Right::Read, asked).await?;
    let id: Uuid = lock.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let row = projections::lock::lock(app.projections.pool(), &plan, id, when.moment).await?;
    let row = row.filter(|row| row.ended_at.is_none()).ok_or_else(|| Problem::new(Code::NotFound))?;
    let accounts = when.accounts(&app).await?;
    Ok(when.answer(crate::http::Json(shown(&row, &accounts, &app, when))))
}

/// Renews a lock, so that it lives for another lease.
#[utoipa::path(patch, path = "/plans/{plan}/locks/{lock}", operation_id = "renew_lock", tag = "locks",
    params(("plan" = String, Path, description = "`school~year~version`"), ("lock" = String, Path)),
    responses((status = 200, description = "The lock", body = schemas::Lock)))]
async fn renew_lock(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, LockId)>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, id)) = path?;
    // Only a lock that is one's own is heard of; and whether it is held is asked again once it has been: what was over a moment
    // before stays over, and what is held then is held for another lease.
    app.desk.refresh_plan(&plan).await?;
    held(&app, &plan, id, incoming.caller.session).await?;
    app.desk.ledger.touch_contacts(&[id.0]).await?;
    app.desk.refresh_plan(&plan).await?;
    let mut body = held(&app, &plan, id, incoming.caller.session).await?;
    body["expires_at"] = serde_json::to_value(app.desk.now() + app.desk.terms.lock_lease).unwrap_or_default();
    let position = app.desk.position(app.projections.position());
    Ok(axum::response::IntoResponse::into_response((WritePosition(position), crate::http::Json(body))))
}

/// A lock of one's own as API.md shows it: 409 when it has ended, 403 when it is somebody else's, 404 when there is none.
async fn held(app: &App, plan: &PlanId, id: LockId, own: Option<SessionId>) -> Result<Json, Problem> {
    let look = |state: &Plan, accounts: &Accounts| match (state.lock(id), state.lock_ended(id)) {
        (Some(lock), _) if Some(lock.session) == own => Ok(lock_json(state, accounts, id)),
        (None, Some((lock, _))) if Some(lock.session) == own => {
            Err(Refusal::lock(RefusalCode::LockEnded, lock.action))
        }
        (None, None) => Err(Refusal::not_found()),
        _ => Err(Refusal::not_permitted("plan")),
    };
    app.desk.with_committed_plan(plan, look).await?.map_err(|refusal| Problem::from(&refusal))
}

/// Gives a lock back.
#[utoipa::path(delete, path = "/plans/{plan}/locks/{lock}", operation_id = "release_lock", tag = "locks",
    params(("plan" = String, Path, description = "`school~year~version`"), ("lock" = String, Path)),
    responses((status = 204, description = "It is released")))]
async fn release_lock(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, LockId)>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, lock)) = path?;
    let command = EndLock { plan, lock, reason: LockEnd::Released };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// A lock as API.md shows it, from the state; the end of its lease is for the caller to fill in.
fn lock_json(plan: &Plan, accounts: &Accounts, id: LockId) -> Json {
    let Some(lock) = plan.lock(id) else { return json!({ "lock": id }) };
    let periods: Option<Vec<String>> = lock
        .periods
        .as_ref()
        .map(|periods| periods.iter().filter_map(|period| plan.name_of(*period)).collect());
    json!({
        "lock": lock.id,
        "action": lock.action,
        "periods": periods,
        "token": lock.granted.map(|stamp| domain::Position { epoch: plan.revision().0, number: stamp.position }.to_string()),
        "session": lock.session,
        "user": plan.holder(lock).map(|session| accounts.name_of(session.who)),
        "since": lock.since(),
        "expires_at": null,
    })
}
