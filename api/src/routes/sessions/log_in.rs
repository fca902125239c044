//! Logging in: by password, by API token, or with the token of a session that was lost.

use axum::extract::State;
use axum::response::Response;
use domain::command::log_in::LogIn;
use domain::command::{Office, Stream};
use domain::{CommandId, Event, Mode, PlanId, SessionId, Who};
use eventstore::{Credential, CredentialChange, CredentialKind};
use secrecy::SecretString;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{IntoJson, schemas, session_json};
use crate::app::App;
use crate::desk::caller::token_hash;
use crate::desk::{Answer, Answered, Caller, Desk, Extra, Failure, Request};
use crate::http::{Code, IdempotencyKey, Json as Body, Peer, Problem, RequestContext};
use crate::routes::incoming::{key_id, respond};
use crate::tokens::{SESSION_PREFIX, new_token};

mod proof;

use proof::{Proof, prove};

/// As much of a program's name is kept.
const CLIENT_LENGTH_MAX: usize = 200;

/// Who wants to log in, where to, and what for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogInBody {
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
pub(super) async fn log_in(
    State(app): State<App>,
    context: RequestContext,
    peer: Peer,
    bearer: Option<crate::http::Bearer>,
    key: Option<IdempotencyKey>,
    headers: http::HeaderMap,
    body: Body<LogInBody>,
) -> Result<Response, Problem> {
    let Body(body) = body;
    let answered = prove_and_start(&app, context, peer, bearer, key, &headers, body).await;
    if answered.as_ref().is_err_and(|problem| matches!(problem.code, Code::GateClosed | Code::Outage)) {
        let outage = app.desk.standing.known().outages.current().map(|outage| outage.id);
        app.desk.standing.refused.gated(app.desk.now(), outage);
    }
    answered
}

/// The log-in itself: 401, then 503 where nobody gets in, then what its plan and its rules say.
async fn prove_and_start(
    app: &App,
    context: RequestContext,
    peer: Peer,
    bearer: Option<crate::http::Bearer>,
    key: Option<IdempotencyKey>,
    headers: &http::HeaderMap,
    body: LogInBody,
) -> Result<Response, Problem> {
    let said = (body.user.as_deref(), body.password.as_ref());
    let proof = Proof { client: client_of(headers), ..prove(app, said, bearer.as_ref(), peer).await? };
    super::super::reader::speak_with(app, &context, proof.who).await?;
    // Whoever is still in does not come in; whether he is, the rules know.
    let known = app.desk.standing.known();
    if proof.resumes.is_none() && !known.state().lets_in() {
        return Err(known.problem());
    }
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
        return respond(app, start_session(app, &body, plan, proof, session, None, request).await);
    };
    // Whoever sends the same key at the same moment may be quicker; then this is the repeated request.
    for _ in 0..KEYED_TRIES_MAX {
        let turn = keyed_session(&app.desk, &body, proof.who, plan.as_ref(), &key).await?;
        let request = Request { keyed: Some((turn.command, turn.digest)), ..request.clone() };
        let started =
            start_session(app, &body, plan.clone(), proof.clone(), turn.session, turn.before, request).await;
        if !matches!(started, Err(Failure::KeyReused)) {
            return respond(app, started);
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
    let known = desk.ledger.command(first).await?;
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
