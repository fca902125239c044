//! Who it is that logs in.

use domain::command::Office;
use domain::command::end_session::ended_refusal;
use domain::{PlanId, Refusal, RefusalCode, SessionEnd, SessionId, Who};
use eventstore::{CredentialKind, CredentialRow};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::app::App;
use crate::desk::{Desk, Failure};
use crate::http::{Bearer, Code, Peer, Problem};
use crate::tokens::API_PREFIX;

/// Who it is, and the session that is opened anew.
#[derive(Clone)]
pub(super) struct Proof {
    pub who: Who,
    pub resumes: Option<SessionId>,
    pub token: Option<String>,
    /// The program, as it names itself.
    pub client: Option<String>,
    /// The plan of the session that is opened anew.
    pub plan: Option<PlanId>,
}

/// Proves who it is, by password, API token, or the token of a session that was lost.
pub(super) async fn prove(
    app: &App,
    (name, password): (Option<&str>, Option<&SecretString>),
    bearer: Option<&Bearer>,
    peer: Peer,
) -> Result<Proof, Problem> {
    match (password, bearer) {
        (Some(password), _) => prove_password(app, name, password, peer).await,
        (None, Some(bearer)) => {
            let proof = prove_token(app, bearer).await?;
            // A token proves whose it is; who says that he is somebody else is not who he says.
            let (own, _) = app.desk.names_of(proof.who).await?;
            let fits = |said: &str| said == own || own.strip_prefix("token:") == Some(said);
            if name.is_none_or(fits) { Ok(proof) } else { Err(Problem::new(Code::NotLoggedIn)) }
        }
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
    let hash = app.desk.ledger.password_of(owner).await?;
    let too_long = password.expose_secret().len() > crate::passwords::PASSWORD_BYTES_MAX;
    let given = if too_long { SecretString::from("") } else { password.clone() };
    let fits = app.passwords.fits(given, hash).await.map_err(|_| Problem::new(Code::Busy).retry_after(1))?;
    match user {
        Some(user) if fits && !too_long => {
            Ok(Proof { who: Who::User(user), resumes: None, token: None, client: None, plan: None })
        }
        _ => {
            app.logins.failed(name, peer.ip());
            app.desk.standing.refused.failed(app.desk.now());
            metrics::counter!("daybook_log_ins_failed_total").increment(1);
            Err(Problem::new(Code::NotLoggedIn))
        }
    }
}

async fn prove_token(app: &App, bearer: &Bearer) -> Result<Proof, Problem> {
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
