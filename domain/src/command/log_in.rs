//! Logging in, to a plan or to the site.

use super::way_in::{check_cover_begins, check_school, check_way_in};
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Kind, Mode, Plan, PlanCondition, PlanId, RecordId, Refusal, Right, School, SessionId, SessionStarted, Who,
};

/// Starts a session. Who it is has been proved by a password, a token or the token of a session that was lost.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// The plan; none for a session of the site.
    pub plan: Option<PlanId>,
    /// The new session, or the one that was lost.
    pub session: SessionId,
    /// What for; else `timetable`, or `read` without the right to edit.
    pub mode: Option<Mode>,
    /// The name of the period; else the one of today.
    pub period: Option<String>,
    /// The program, as it names itself.
    pub client: Option<String>,
    /// Whether a lost session is opened anew.
    pub resumed: bool,
    /// A session whose token was lost, which this one takes the place of.
    pub replaces: Option<SessionId>,
}

impl Command for LogIn {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    fn looks_at_site(&self) -> bool {
        true
    }

    fn school(&self) -> Option<&str> {
        self.plan.as_ref().map(|plan| plan.school.as_str())
    }

    /// The plan whose lock of the licence keeps the whole school shut.
    fn plans_beside(&self, school: &School) -> Vec<PlanId> {
        let shut = school.shut().map(|shut| shut.plan.clone());
        shut.into_iter().filter(|plan| Some(plan) != self.plan.as_ref()).collect()
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        // Whoever is in already does not come in: his old token only tells him so.
        let is_in = self.resumed && office.check_session(self.session).is_ok();
        if !is_in {
            office.site.outages().check_gate()?;
        }
        let Some(_) = &self.plan else { return self.decide_site(office, ask) };
        let plan = office.plan()?;
        // Whoever comes back goes on where he was.
        let before = plan.sessions.ended(self.session).filter(|_| self.resumed).map(|ended| &ended.session);
        let mode = self.mode_for(office, plan, ask.who, self.mode.or(before.map(|session| session.mode)))?;
        let period = match &self.period {
            None => before
                .and_then(|session| session.period)
                .filter(|period| plan.record(*period).is_some())
                .or_else(|| plan.period_of(ask.today)),
            Some(name) => Some(
                plan.named(Kind::Periods, name)
                    .ok_or_else(|| Refusal::fault("/period", format!("the plan has no period {name:?}")))?
                    .id,
            ),
        };
        if self.resumed && plan.sessions.get(self.session).is_some() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if let Some(lost) = self.replaces.filter(|lost| plan.sessions.get(*lost).is_some()) {
            events.extend(super::end_session::events(plan, lost, crate::SessionEnd::Replaced));
        }
        check_way_in(office, plan, ask.who, self.replaces)?;
        if mode == Mode::Cover {
            check_cover_begins(office, plan, ask, period)?;
        }
        events.extend(check_school(office, plan, ask.who)?);
        events.push((Stream::Plan, self.started(ask.who, mode, period).into()));
        Ok(events)
    }
}

impl LogIn {
    fn decide_site(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if self.mode.is_some() || self.period.is_some() {
            let pointer = if self.mode.is_some() { "/mode" } else { "/period" };
            return Err(
                Refusal::fault(pointer, "a session that is in no plan has neither mode nor period").into()
            );
        }
        if self.resumed && office.sessions.get(self.session).is_some() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if let Some(lost) = self.replaces.filter(|lost| office.sessions.get(*lost).is_some()) {
            let ended = crate::SessionEnded { session: lost, reason: crate::SessionEnd::Replaced };
            events.push((Stream::Sessions, ended.into()));
        }
        events.push((Stream::Sessions, self.started(ask.who, Mode::Read, None).into()));
        Ok(events)
    }

    fn started(&self, who: Who, mode: Mode, period: Option<RecordId>) -> SessionStarted {
        SessionStarted {
            session: self.session,
            who,
            mode,
            period,
            client: self.client.clone(),
            resumed: self.resumed,
        }
    }

    fn mode_for(
        &self,
        office: &Office<'_>,
        plan: &Plan,
        who: Who,
        wish: Option<Mode>,
    ) -> Result<Mode, Refusal> {
        let edits = edits(office, who);
        // Coming back to a plan that is only read meanwhile, one reads.
        let wish = wish.filter(|_| !(self.mode.is_none() && plan.condition() != PlanCondition::Open));
        if plan.condition() != PlanCondition::Open && wish.is_some_and(|mode| mode != Mode::Read) {
            return Err(Refusal::not_permitted("mode"));
        }
        match wish {
            None if edits && plan.condition() == PlanCondition::Open => Ok(Mode::Timetable),
            Some(Mode::Timetable) if !edits => Err(Refusal::not_permitted(Right::Timetable.word())),
            mode => check_mode(office, mode.unwrap_or(Mode::Read), who),
        }
    }
}

/// Whether somebody may change anything but cover: then he is in timetable mode unless he wishes otherwise.
pub(super) fn edits(office: &Office<'_>, who: Who) -> bool {
    const RIGHTS: [Right; 7] = [
        Right::Data,
        Right::Timetable,
        Right::Optimise,
        Right::Import,
        Right::Settings,
        Right::Plans,
        Right::Licence,
    ];
    RIGHTS.iter().any(|right| office.accounts.may(who, *right))
}

/// Checks that somebody may be in a mode at all.
pub(super) fn check_mode(office: &Office<'_>, mode: Mode, who: Who) -> Result<Mode, Refusal> {
    let right = match mode {
        Mode::Timetable => return Ok(mode),
        Mode::Cover => Right::Cover,
        Mode::Read => Right::Read,
    };
    office.check_needs(Needs::Right(right), who).map(|()| mode)
}

#[cfg(test)]
mod tests {
    use super::LogIn;
    use crate::command::announce_outage::tests::announcement;
    use crate::command::end_session::EndSession;
    use crate::command::testing::{Desk, PLAN};
    use crate::{Action, Mode, RefusalCode, SessionEnd, Who};

    #[test]
    fn nobody_gets_in_while_an_exclusive_lock_is_held() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.lock(anna, Action::DataImport);
        let refusal = desk.refused_log_in("bert");
        assert_eq!(refusal.code, RefusalCode::Blocked);
        assert_eq!(refusal.members["rule"], "exclusive-lock");
        assert_eq!(refusal.members["held_by"][0]["user"], "anna");
        assert_eq!(refusal.members["held_by"][0]["action"], "data-import");
    }

    #[test]
    fn nobody_gets_in_through_a_closed_gate_not_even_with_his_old_token() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        let bert = desk.log_in("bert");
        let plan = Some(PLAN.parse().unwrap());
        desk.done(&EndSession { plan: plan.clone(), session: anna, reason: SessionEnd::ContactLost });
        desk.done_as(Who::Operator, None, &announcement(true));
        let refusal = desk.refused_log_in("clara");
        assert_eq!(refusal.code, RefusalCode::GateClosed);
        assert_eq!(refusal.members["message"], "At noon the service rests.");
        let back = |session| LogIn {
            plan: plan.clone(),
            session,
            mode: None,
            period: None,
            client: None,
            resumed: true,
            replaces: None,
        };
        let (who, other) = (desk.user("anna"), desk.user("bert"));
        assert_eq!(desk.try_as(who, None, &back(anna)).unwrap_err().code, RefusalCode::GateClosed);
        assert_eq!(desk.try_as(other, None, &back(bert)), Ok(Vec::new()), "he is in already");
        desk.done_as(Who::Operator, None, &announcement(false));
        desk.log_in("clara");
    }

    #[test]
    fn without_a_wish_the_mode_follows_the_rights() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        let victor = desk.log_in("victor");
        assert_eq!(desk.plan().sessions.get(anna).map(|it| it.mode), Some(Mode::Timetable));
        assert_eq!(desk.plan().sessions.get(victor).map(|it| it.mode), Some(Mode::Read));
    }
}
