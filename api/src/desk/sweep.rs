//! Ends sessions and locks whose time has passed.
//!
//! A sweep only finds candidates. A lost contact is judged by the ledger under the lock of its head, by the database's clock, as a
//! condition of the append. Age needs no such condition: a moment that has passed by the database's clock stays passed.

use std::sync::Arc;
use std::time::Duration;

use domain::command::end_lock::EndLock;
use domain::command::end_session::EndSession;
use domain::command::end_sign_off::{EndSignOff, Over};
use domain::{LockEnd, LockId, PlanId, SessionEnd, SessionId, SignOffId, Who};
use eventstore::{DeadlineName, Due, PassedDeadline};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Answer, Desk, Extra, Failure, Request, contact};

/// The most candidates of one sweep; the next one is soon.
const CANDIDATES_MAX: i64 = 500;

/// Sweeps until `stop`.
pub async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let shortest = desk.terms.session_idle.min(desk.terms.lock_lease);
    let every = (shortest / 4).clamp(Duration::from_millis(100), Duration::from_secs(1));
    loop {
        // Time in which the service or the ledger was away counts towards no deadline.
        if let Ok(now) = desk.ledger.attend(every * 3).await {
            desk.clock.set(now);
            contact::write_due(&desk).await;
            if let Err(failure) = sweep(&desk).await {
                tracing::debug!(?failure, "a sweep for ended sessions and locks was broken off");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn sweep(desk: &Arc<Desk>) -> Result<(), Failure> {
    for passed in desk.ledger.passed_deadlines(CANDIDATES_MAX).await? {
        end_deadline(desk, &passed).await?;
    }
    let idle = desk.terms.session_idle + desk.contacts.slack();
    let lease = desk.terms.lock_lease + desk.contacts.slack();
    let silent = desk.ledger.due_contacts(idle.min(lease), CANDIDATES_MAX).await?;
    if !silent.is_empty() {
        for (lock, plan) in locks_among(desk, &silent).await? {
            end_lock(desk, lock, plan, lease).await?;
        }
        for (session, plan) in sessions_among(desk, &silent).await? {
            end_session(desk, session, plan, SessionEnd::ContactLost, Some(idle)).await?;
        }
        forget_ended(desk, &silent).await?;
    }
    for (session, plan) in aged_sessions(desk).await? {
        end_session(desk, session, plan, SessionEnd::Aged, None).await?;
    }
    Ok(())
}

async fn end_session(
    desk: &Arc<Desk>,
    session: SessionId,
    plan: Option<PlanId>,
    reason: SessionEnd,
    idle: Option<Duration>,
) -> Result<(), Failure> {
    let due = idle.map(|idle| Due { contact: session.0, idle }).into_iter().collect();
    let command = EndSession { plan, session, reason };
    end(desk, command, due).await
}

async fn end_lock(desk: &Arc<Desk>, lock: LockId, plan: PlanId, lease: Duration) -> Result<(), Failure> {
    let due = vec![Due { contact: lock.0, idle: lease }];
    end(desk, EndLock { plan, lock, reason: LockEnd::NotRenewed }, due).await
}

async fn end_deadline(desk: &Arc<Desk>, passed: &PassedDeadline) -> Result<(), Failure> {
    let over = [Over::Grace, Over::Reservation].into_iter().find(|over| over.word() == passed.kind);
    let (Some(over), Some(plan)) = (over, PlanId::of_stream(passed.stream.as_str())) else {
        tracing::warn!(?passed, "a deadline that this build does not know; a newer one gave it");
        return Ok(());
    };
    end_sign_off(desk, plan, SignOffId(passed.subject), over).await
}

/// Ends what a sign-off gave time for, if that has passed.
pub(super) async fn end_sign_off(
    desk: &Arc<Desk>,
    plan: PlanId,
    sign_off: SignOffId,
    over: Over,
) -> Result<(), Failure> {
    let passed = vec![DeadlineName { subject: sign_off.0, kind: over.word() }];
    end_with(desk, EndSignOff { plan, sign_off, over }, Extra { passed, ..Extra::default() }).await
}

async fn end<C>(desk: &Arc<Desk>, command: C, due: Vec<Due>) -> Result<(), Failure>
where
    C: domain::command::Command + Send + Sync + 'static,
{
    end_with(desk, command, Extra { due, ..Extra::default() }).await
}

async fn end_with<C>(desk: &Arc<Desk>, command: C, extra: Extra) -> Result<(), Failure>
where
    C: domain::command::Command + Send + Sync + 'static,
{
    match desk.execute(Request::of(Who::System), command, extra, |_, _| Answer::empty(204)).await {
        // The plan may have been opened on a read model that knows less than the ledger; the next sweep sees more.
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn locks_among(desk: &Desk, contacts: &[Uuid]) -> Result<Vec<(LockId, PlanId)>, Failure> {
    let held =
        sqlx::query!("select lock_id, plan from lock where lock_id = any($1) and valid_to is null", contacts)
            .fetch_all(desk.projections.pool())
            .await?;
    Ok(held.into_iter().filter_map(|lock| Some((LockId(lock.lock_id), lock.plan.parse().ok()?))).collect())
}

type Home = Option<PlanId>;

async fn sessions_among(desk: &Desk, contacts: &[Uuid]) -> Result<Vec<(SessionId, Home)>, Failure> {
    let found = sqlx::query!(
        "select session_id, plan from session where session_id = any($1) and valid_to is null",
        contacts,
    )
    .map(|session| at_home(session.session_id, session.plan))
    .fetch_all(desk.projections.pool())
    .await?;
    Ok(found)
}

async fn aged_sessions(desk: &Desk) -> Result<Vec<(SessionId, Home)>, Failure> {
    let found = sqlx::query!(
        "select session_id, plan from session
        where valid_to is null and logged_in_at < statement_timestamp() - make_interval(secs => $1)
        limit $2",
        desk.terms.session_age.as_secs_f64(),
        CANDIDATES_MAX,
    )
    .map(|session| at_home(session.session_id, session.plan))
    .fetch_all(desk.projections.pool())
    .await?;
    Ok(found)
}

fn at_home(session: Uuid, plan: Option<String>) -> (SessionId, Home) {
    (SessionId(session), plan.and_then(|plan| plan.parse().ok()))
}

/// Contacts of what has ended are dropped, so that no sweep finds them again.
///
/// Only what is silent and not there any more; a log-in whose read model is still behind has a fresh contact and is not among them.
async fn forget_ended(desk: &Desk, silent: &[Uuid]) -> Result<(), Failure> {
    let live = sqlx::query_scalar!(
        r#"select session_id as "contact_id!" from session where session_id = any($1) and valid_to is null
        union all select lock_id from lock where lock_id = any($1) and valid_to is null"#,
        silent,
    )
    .fetch_all(desk.projections.pool())
    .await?;
    let ended: Vec<Uuid> = silent.iter().filter(|contact| !live.contains(contact)).copied().collect();
    if ended.is_empty() {
        return Ok(());
    }
    Ok(desk.ledger.drop_contacts(&ended).await?)
}
