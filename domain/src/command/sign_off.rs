//! Signing others off, at once or after a grace, and keeping the plan shut for the lock that is wanted.

use serde_json::json;
use std::collections::BTreeSet;

use super::block::{reservation_holder, session_obstacle};
use super::end_session::{end_reservation, events};
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Action, FieldFault, Leaver, LockDenied, Plan, PlanId, Refusal, RefusalCode, Reservation, ReservationEnd,
    Right, Session, SessionEnd, SessionId, SignOffAnnounced, SignOffId,
};

/// The longest grace, in seconds.
pub const GRACE_SECONDS_MAX: u32 = 86_400;
/// The longest message, in characters.
pub const MESSAGE_LENGTH_MAX: usize = 2_000;
/// The most sessions that are named one by one.
pub const SESSIONS_NAMED_MAX: usize = 1_000;
/// How long a plan is kept shut for a wanted lock after everybody has had to leave, in seconds.
pub const RESERVED_SECONDS: u32 = 60;

/// Tells sessions of a plan to leave; without a grace they are gone at once.
#[derive(Debug, Clone)]
pub struct SignOffSessions {
    /// The plan.
    pub plan: PlanId,
    /// The id that the announcement will have.
    pub sign_off: SignOffId,
    /// Who has to leave.
    pub whom: Whom,
    /// What they are told.
    pub message: String,
    /// How long they may stay, in seconds.
    pub grace_seconds: u32,
    /// The lock for which nobody new is let in meanwhile.
    pub lock: Option<Action>,
}

/// Who has to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Everybody but the one who asks.
    Others,
    /// These.
    Sessions(Vec<SessionId>),
}

impl Command for SignOffSessions {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        if let Some(action) = self.lock {
            // Only a session of the plan can take the lock that the plan is kept shut for.
            office.own_session(ask)?;
            office.check_needs(Needs::Right(action.right()), ask.who)?;
        }
        self.check_shape()?;
        let leaving = self.leaving(plan, ask.session)?;
        let reservation = match self.lock {
            None => None,
            Some(action) => Some(self.reserve(office, plan, office.own_session(ask)?, action, &leaving)?),
        };
        if leaving.is_empty() && reservation.is_none() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if let Some(Reservation { session, .. }) = reservation {
            events.extend(end_reservation(plan, session, ReservationEnd::Renewed, None));
        }
        let announced = SignOffAnnounced {
            sign_off: self.sign_off,
            sessions: leaving.iter().map(|it| Leaver { session: it.id, who: it.who }).collect(),
            by: ask.who,
            message: self.message.clone(),
            grace_seconds: self.grace_seconds,
            reservation,
        };
        events.push((Stream::Plan, announced.into()));
        if self.grace_seconds == 0 {
            let reason = SessionEnd::SignedOff { by: ask.who, message: self.message.clone() };
            events.extend(leaving.iter().flat_map(|it| self::events(plan, it.id, reason.clone())));
        }
        Ok(events)
    }
}

impl SignOffSessions {
    fn check_shape(&self) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        let is_foul = |it: char| it.is_control() && it != '\n' && it != '\t';
        if self.message.trim().is_empty() {
            faults.push(FieldFault::new("/message", "say why they have to leave"));
        } else if self.message.chars().count() > MESSAGE_LENGTH_MAX || self.message.chars().any(is_foul) {
            let detail = format!("at most {MESSAGE_LENGTH_MAX} characters, none of them a control character");
            faults.push(FieldFault::new("/message", detail));
        }
        if self.grace_seconds > GRACE_SECONDS_MAX {
            let detail = format!("at most {GRACE_SECONDS_MAX} seconds");
            faults.push(FieldFault::new("/grace_seconds", detail));
        }
        if let Whom::Sessions(named) = &self.whom
            && (named.is_empty() || named.len() > SESSIONS_NAMED_MAX)
        {
            let detail = format!("name 1 to {SESSIONS_NAMED_MAX} sessions, or say \"others\"");
            faults.push(FieldFault::new("/sessions", detail));
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(&faults)) }
    }

    fn leaving<'a>(&self, plan: &'a Plan, own: Option<SessionId>) -> Result<Vec<&'a Session>, Refusal> {
        let named = match &self.whom {
            Whom::Others => return Ok(plan.sessions.iter().filter(|it| Some(it.id) != own).collect()),
            Whom::Sessions(named) => named,
        };
        let mut leaving = Vec::with_capacity(named.len());
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, id) in named.iter().enumerate() {
            let mut fault = |detail: &str| {
                faults.push(FieldFault::new(format!("/sessions/{index}"), detail));
            };
            match plan.sessions.get(*id) {
                _ if Some(*id) == own => fault("this is the session that asks; it logs out"),
                _ if !seen.insert(*id) => fault("this session is named twice"),
                Some(session) => leaving.push(session),
                None if plan.sessions.ended(*id).is_some() => fault("this session has ended"),
                None => fault("the plan has no such session"),
            }
        }
        if faults.is_empty() { Ok(leaving) } else { Err(Refusal::invalid(&faults)) }
    }

    /// The plan is kept shut for one session at a time; whoever has to leave at once keeps nothing.
    fn reserve(
        &self,
        office: &Office<'_>,
        plan: &Plan,
        session: &Session,
        action: Action,
        leaving: &[&Session],
    ) -> Result<Reservation, Refusal> {
        let leaves_now =
            |id: SessionId| self.grace_seconds == 0 && leaving.iter().any(|leaver| leaver.id == id);
        let others: Vec<_> = plan
            .sign_offs
            .reservations()
            .filter(|(_, it)| it.session != session.id && !leaves_now(it.session))
            .collect();
        if others.is_empty() {
            return Ok(Reservation { session: session.id, action });
        }
        let held: Vec<_> =
            others.iter().map(|(sign_off, it)| reservation_holder(office, plan, sign_off, it)).collect();
        let denied = LockDenied {
            who: session.who,
            session: Some(session.id),
            action,
            periods: None,
            code: String::new(),
            obstacles: others
                .iter()
                .filter_map(|(_, it)| plan.sessions.get(it.session).map(session_obstacle))
                .collect(),
        };
        Err(Refusal::with(RefusalCode::LockRefused, json!({ "held_by": held }))
            .recorded(denied.coded(RefusalCode::LockRefused)))
    }
}

#[cfg(test)]
mod tests;
