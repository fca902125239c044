//! Sessions end: by log-out, without contact, by age, with their account.

use serde_json::json;

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Accounts, Action, Ended, Event, LockEnd, LockEnded, Plan, PlanId, Refusal, RefusalCode, ReservationEnd,
    ReservationEnded, SessionEnd, SessionEnded, SessionId,
};

/// Ends a session, and with it the locks that it holds.
#[derive(Debug, Clone)]
pub struct EndSession {
    /// Its plan; none for a session of the site.
    pub plan: Option<PlanId>,
    /// The session.
    pub session: SessionId,
    /// Why. That a deadline has really passed is a condition of the append, judged by the database's clock.
    pub reason: SessionEnd,
}

impl Command for EndSession {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    fn decide(&self, office: &Office<'_>, _ask: &mut Ask<'_>) -> Decision {
        if self.plan.is_some() {
            let plan = office.plan()?;
            if plan.sessions.get(self.session).is_none() {
                return Ok(Vec::new());
            }
            // Whoever is told to leave and is then not heard of any more has left: he does not come back with his old token.
            let told_to_leave = plan.sign_offs.of(self.session).next();
            let reason = match (&self.reason, told_to_leave) {
                (SessionEnd::ContactLost, Some(sign_off)) => {
                    SessionEnd::SignedOff { by: sign_off.by, message: sign_off.message.clone() }
                }
                (reason, _) => reason.clone(),
            };
            return Ok(events(plan, self.session, reason));
        }
        if office.sessions.get(self.session).is_none() {
            return Ok(Vec::new());
        }
        let ended = SessionEnded { session: self.session, reason: self.reason.clone() };
        Ok(vec![(Stream::Sessions, ended.into())])
    }
}

/// The end of a session of a plan: its locks and reservations first, then itself.
pub(super) fn events(plan: &Plan, session: SessionId, reason: SessionEnd) -> Vec<(Stream, Event)> {
    plan.locks()
        .filter(|lock| lock.session == session)
        .map(|lock| (Stream::Plan, LockEnded { lock: lock.id, reason: LockEnd::SessionEnded }.into()))
        .chain(end_reservation(plan, session, ReservationEnd::SessionEnded, None))
        .chain(std::iter::once((Stream::Plan, SessionEnded { session, reason }.into())))
        .collect()
}

/// The plan is no longer kept shut for this session, or only no longer for this action.
pub(super) fn end_reservation(
    plan: &Plan,
    session: SessionId,
    reason: ReservationEnd,
    action: Option<Action>,
) -> impl Iterator<Item = (Stream, Event)> {
    plan.sign_offs
        .reservations()
        .filter(move |(_, it)| it.session == session && action.is_none_or(|action| it.action == action))
        .map(move |(sign_off, _)| (Stream::Plan, ReservationEnded { sign_off: sign_off.id, reason }.into()))
}

/// What a late call of a session is told.
pub fn ended_refusal(ended: &Ended, accounts: &Accounts) -> Refusal {
    match &ended.reason {
        SessionEnd::SignedOff { by, message } => Refusal::with(
            RefusalCode::SignedOff,
            json!({ "by": accounts.name_of(*by), "message": message, "at": ended.at }),
        ),
        SessionEnd::ContactLost | SessionEnd::Aged => {
            Refusal::with(RefusalCode::SessionExpired, json!({ "at": ended.at }))
        }
        SessionEnd::LoggedOut | SessionEnd::Replaced | SessionEnd::AccountClosed => {
            Refusal::bare(RefusalCode::NotLoggedIn)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing::{Desk, PLAN};

    #[test]
    fn the_locks_of_a_session_end_with_it_and_the_plan_is_open_again() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.lock(anna, Action::DataImport);
        let plan = Some(PLAN.parse().unwrap());
        desk.done(&EndSession { plan, session: anna, reason: SessionEnd::ContactLost });
        assert_eq!(desk.plan().locks().count(), 0);
        desk.log_in("bert");
    }
}
