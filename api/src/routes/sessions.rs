//! Logging in and out, and who is in a plan.

use axum::extract::State;
use axum::response::Response;
use domain::command::change_session::ChangeSession;
use domain::command::end_session::{EndSession, ended_refusal};
use domain::command::log_in::LogIn;
use domain::command::{Office, Stream};
use domain::{
    CommandId, Event, Mode, PlanId, Refusal, RefusalCode, Right, Session, SessionEnd, SessionId, Who,
};
use eventstore::{Credential, CredentialChange, CredentialKind, CredentialRow};
use projections::Moment;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::{Incoming, key_id, respond};
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::caller::token_hash;
use crate::desk::{Answer, Answered, Caller, Desk, Extra, Failure, Request};
use crate::http::openapi::{HINDERED, LOGGED_IN, READ_LIST, READING, WRITING};
use crate::http::{
    Code, IdempotencyKey, Json as Body, Listing, NoQuery, Paged, Peer, PlanPath, Problem, RequestContext,
    refusing, taking,
};
use crate::tokens::{API_PREFIX, SESSION_PREFIX, new_token};

/// As much of a program's name is kept.
const CLIENT_LENGTH_MAX: usize = 200;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let key: &[&str] = &["Idempotency-Key"];
    OpenApiRouter::new()
        .routes(refusing(taking(routes!(log_in), &[key]), &[WRITING, HINDERED, &[Code::GateClosed]]))
        .routes(refusing(routes!(own_session), &[LOGGED_IN, READING]))
        .routes(refusing(taking(routes!(change_own_session), &[key]), &[WRITING, HINDERED]))
        .routes(refusing(taking(routes!(log_out), &[key]), &[WRITING]))
        .routes(refusing(taking(routes!(who_is_here), &[READ_LIST]), &[READING]))
}

/// Who wants to log in, where to, and what for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogInBody {
    /// The user name. Not needed when a lost session is opened anew with its old token.
    user: Option<String>,
    /// The password. A program sends its API token in `Authorization` and no password.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    /// The plan, `school~year~version`; without it a session of the site, present in no plan.
    #[schema(value_type = Option<String>)]
    plan: Option<String>,
    /// What for: `timetable` (default, `read` without the right to edit), `cover` or `read`.
    #[schema(value_type = Option<schemas::Mode>)]
    mode: Option<Mode>,
    /// The name of the period; else the one of today.
    period: Option<String>,
}

/// Logs in.
///
/// A program logs in with its API token in `Authorization` and no password. A session that ended for lack of contact is opened anew
/// with its old token in `Authorization` and no password.
#[utoipa::path(post, path = "/sessions", operation_id = "log_in", tag = "sessions", request_body = LogInBody,
    responses((status = 201, description = "The session, with its token", body = schemas::StartedSession)))]
async fn log_in(
    State(app): State<App>,
    context: RequestContext,
    peer: Peer,
    bearer: Option<crate::http::Bearer>,
    key: Option<IdempotencyKey>,
    headers: http::HeaderMap,
    body: Body<LogInBody>,
) -> Result<Response, Problem> {
    let Body(body) = body;
    let proof = Proof { client: client_of(&headers), ..prove(&app, &body, bearer.as_ref(), peer).await? };
    let plan = match &body.plan {
        None => proof.plan.clone(),
        Some(plan) => {
            Some(plan.parse::<PlanId>().map_err(|error| Problem::invalid("/plan", error.to_string()))?)
        }
    };
    if proof.resumes.is_some() && plan != proof.plan {
        return Err(Problem::invalid("/plan", "the lost session was in another plan; log in anew"));
    }
    if let Some(plan) = &plan {
        app.desk.check_plan(&Caller { who: proof.who, session: None, plan: None }, plan).await?;
    }
    let request = Request {
        request_id: Some(context.request_id.to_string()),
        traceparent: context.traceparent.as_ref().map(ToString::to_string),
        ..Request::of(proof.who)
    };
    let Some(key) = key.filter(|_| proof.resumes.is_none()) else {
        let session = proof.resumes.unwrap_or_else(|| SessionId(Uuid::now_v7()));
        return respond(&app, start_session(&app, &body, plan, proof, session, None, request).await);
    };
    // Whoever sends the same key at the same moment may be quicker; then this is the repeated request.
    for _ in 0..KEYED_TRIES_MAX {
        let turn = keyed_session(&app.desk, &body, proof.who, plan.as_ref(), &key).await?;
        let request = Request { keyed: Some((turn.command, turn.digest)), ..request.clone() };
        let started =
            start_session(&app, &body, plan.clone(), proof.clone(), turn.session, turn.before, request).await;
        if !matches!(started, Err(Failure::KeyReused)) {
            return respond(&app, started);
        }
    }
    Err(Problem::new(Code::Busy).retry_after(1))
}

/// So often a log-in under a key tries to be the newest.
const KEYED_TRIES_MAX: usize = 5;

async fn start_session(
    app: &App,
    body: &LogInBody,
    plan: Option<PlanId>,
    proof: Proof,
    session: SessionId,
    replaces: Option<SessionId>,
    request: Request,
) -> Result<Answered, Failure> {
    let token = new_token(SESSION_PREFIX);
    let stream = plan.as_ref().map_or_else(domain::Sessions::stream, PlanId::stream);
    let credential = Credential {
        owner: session.0,
        kind: CredentialKind::Session,
        hash: token_hash(&token).to_vec(),
        stream: Some(stream),
    };
    let resumed = proof.resumes.is_some();
    let extra = Extra {
        credentials: if resumed { Vec::new() } else { vec![CredentialChange::Insert(credential)] },
        contacts: vec![session.0],
        secret: true,
        ..Extra::default()
    };
    let command = LogIn {
        plan: plan.clone(),
        session,
        mode: body.mode,
        period: body.period.clone(),
        client: proof.client,
        resumed,
        replaces,
    };
    let age = app.desk.terms.session_age;
    let shown = if resumed { proof.token } else { Some(token) };
    let render = move |office: &Office<'_>, _: &[(Stream, Event)]| {
        let mut body = session_json(office, plan.as_ref(), session);
        body["token"] = shown.clone().into();
        let since = office.check_session(session).ok().and_then(|session| session.since);
        body["expires_at"] = since.map(|since| since + age).into_json();
        let answer = Answer::new(201, body).location("/v1/sessions/current".into());
        match since {
            Some(_) => answer.moment_at(&["/last_contact_at"]),
            None => answer.moment_at(&["/logged_in_at", "/last_contact_at"]).later_at("/expires_at", age),
        }
    };
    app.desk.execute(request, command, extra, render).await
}

/// The session that a log-in under a key begins.
struct Turn {
    session: SessionId,
    /// The one that an earlier log-in under the key began: its token was lost with the answer, so the new one takes its place.
    before: Option<SessionId>,
    command: CommandId,
    digest: [u8; 32],
}

async fn keyed_session(
    desk: &Desk,
    body: &LogInBody,
    who: Who,
    plan: Option<&PlanId>,
    key: &IdempotencyKey,
) -> Result<Turn, Problem> {
    // The password is no part of it: nothing that is made of a secret is stored.
    let digest =
        Sha256::digest(format!("log-in {plan:?} {:?} {:?}", body.mode, body.period).as_bytes()).into();
    let first = key_id(who, &key.0);
    let known = desk.ledger.command(first).await.map_err(Failure::from)?;
    if known.is_some_and(|known| known.request_digest.is_none_or(|before| before != digest)) {
        return Err(Problem::new(Code::KeyReused));
    }
    let mut before = None;
    for turn in 0..1_000 {
        let id = key_id(who, &format!("log-in {turn} {}", key.0));
        let session = SessionId(id.0);
        let is_known = |all: &domain::Sessions| all.get(session).is_some() || all.ended(session).is_some();
        let known = match plan {
            Some(plan) => desk.with_plan(plan, |plan| is_known(&plan.sessions)).await?,
            None => desk.with_site_sessions(is_known).await?,
        };
        if !known {
            return Ok(Turn { session, before, command: if turn == 0 { first } else { id }, digest });
        }
        before = Some(session);
    }
    Err(Problem::new(Code::KeyReused))
}

/// The program as it names itself in `User-Agent`, so that people recognise their own sessions.
fn client_of(headers: &http::HeaderMap) -> Option<String> {
    let agent = headers.get(http::header::USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(CLIENT_LENGTH_MAX).collect()).filter(|agent: &String| !agent.is_empty())
}

/// Who it is, and the session that is opened anew.
#[derive(Clone)]
struct Proof {
    who: Who,
    resumes: Option<SessionId>,
    token: Option<String>,
    /// The program, as it names itself.
    client: Option<String>,
    /// The plan of the session that is opened anew.
    plan: Option<PlanId>,
}

async fn prove(
    app: &App,
    body: &LogInBody,
    bearer: Option<&crate::http::Bearer>,
    peer: Peer,
) -> Result<Proof, Problem> {
    match (&body.password, bearer) {
        (Some(password), _) => prove_password(app, body.user.as_deref(), password, peer).await,
        (None, Some(bearer)) => prove_token(app, bearer).await,
        (None, None) => {
            Err(Problem::invalid("/password", "send user and password, or a token in Authorization"))
        }
    }
}

/// Wrong password, unknown user and disabled user take the same time and get the same answer.
async fn prove_password(
    app: &App,
    name: Option<&str>,
    password: &SecretString,
    peer: Peer,
) -> Result<Proof, Problem> {
    let Some(name) = name else { return Err(Problem::invalid("/user", "whose password is it?")) };
    app.logins.check(name, peer.ip())?;
    let user = app.desk.user_named(name).await?;
    // The hash is asked for in both cases, so that the database does not tell them apart either.
    let owner = user.map_or(Uuid::nil(), |user| user.0);
    let hash = app.desk.ledger.password_of(owner).await.map_err(Failure::from)?;
    let too_long = password.expose_secret().len() > crate::passwords::PASSWORD_BYTES_MAX;
    let given = if too_long { SecretString::from("") } else { password.clone() };
    let fits = app.passwords.fits(given, hash).await.map_err(|_| Problem::new(Code::Busy).retry_after(1))?;
    match user {
        Some(user) if fits && !too_long => {
            Ok(Proof { who: Who::User(user), resumes: None, token: None, client: None, plan: None })
        }
        _ => {
            app.logins.failed(name, peer.ip());
            metrics::counter!("daybook_log_ins_failed_total").increment(1);
            Err(Problem::new(Code::NotLoggedIn))
        }
    }
}

async fn prove_token(app: &App, bearer: &crate::http::Bearer) -> Result<Proof, Problem> {
    if bearer.token.starts_with(API_PREFIX) {
        let caller = app.desk.caller(&bearer.token).await?;
        return Ok(Proof { who: caller.who, resumes: None, token: None, client: None, plan: None });
    }
    let not_logged_in = || Problem::new(Code::NotLoggedIn);
    let credential = app.desk.credential(&bearer.token).await?.ok_or_else(not_logged_in)?;
    let CredentialRow { owner, kind: CredentialKind::Session, stream } = credential else {
        return Err(not_logged_in());
    };
    let session = SessionId(owner);
    let plan = stream.and_then(|stream| PlanId::of_stream(stream.as_str()));
    let who = lost_session(&app.desk, session, plan.as_ref()).await?;
    Ok(Proof { who, resumes: Some(session), token: Some(bearer.token.clone()), client: None, plan })
}

/// Whose a session is that is there or ended for lack of contact; one that ended otherwise, or is too old, is told so.
async fn lost_session(desk: &Desk, session: SessionId, plan: Option<&PlanId>) -> Result<Who, Failure> {
    let (now, age) = (desk.now(), desk.terms.session_age);
    let look = |office: &Office<'_>| {
        if let Ok(there) = office.check_session(session) {
            return Ok(there.who);
        }
        let of_plan = office.plan.and_then(|plan| plan.sessions.ended(session));
        match of_plan.or_else(|| office.sessions.ended(session)) {
            Some(ended) if ended.reason != SessionEnd::ContactLost => {
                Err(ended_refusal(ended, office.accounts))
            }
            Some(ended) if ended.session.since.is_some_and(|since| now >= since + age) => {
                Err(ended_refusal(ended, office.accounts))
            }
            Some(ended) => Ok(ended.session.who),
            None => Err(Refusal::bare(RefusalCode::NotLoggedIn)),
        }
    };
    Ok(desk.look(plan, look).await??)
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
    let plan = reader.caller.plan.clone();
    let mut body = app.desk.session_json(plan.as_ref(), session).await?;
    let contact = app.desk.ledger.contacts(&[session.0]).await.map_err(Failure::from)?;
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
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    reader.enter(&app, &plan, Right::Read).await?;
    let list = list?;
    let after: Option<Uuid> = list.page.after()?;
    let limit = i64::from(list.page.limit) + 1;
    let rows = projections::session::sessions(app.projections.pool(), &plan, Moment::Now, after, limit)
        .await
        .map_err(Failure::from)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (user, group) = app.desk.names_of(row.who()).await?;
        items.push(row.json(&user, group.as_deref(), app.desk.terms.session_age));
    }
    Ok(list.page.answer(items, |item| item["session"].clone()))
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
