//! Logging in, to a plan or to the site.

use super::block::{lock_holder, lock_obstacle};
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Action, ChangeRefused, Event, Kind, Lock, Mode, Plan, PlanCondition, PlanId, Refusal, RefusalCode, Right,
    School, SchoolOpened, SchoolPlanAdded, SessionId, SessionStarted, Who,
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
            None => before.and_then(|session| session.period).or_else(|| plan.period_of(ask.today)),
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
        check_way_in(office, plan, ask.who, mode, period, self.replaces)?;
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

    fn started(&self, who: Who, mode: Mode, period: Option<crate::RecordId>) -> SessionStarted {
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
        let edits = office.accounts.may(who, Right::Data)
            || office.accounts.may(who, Right::Timetable)
            || office.accounts.may(who, Right::Import)
            || office.accounts.may(who, Right::Settings);
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

/// Checks that somebody may be in a mode at all.
pub(super) fn check_mode(office: &Office<'_>, mode: Mode, who: Who) -> Result<Mode, Refusal> {
    let right = match mode {
        Mode::Timetable => return Ok(mode),
        Mode::Cover => Right::Cover,
        Mode::Read => Right::Read,
    };
    office.check_needs(Needs::Right(right), who).map(|()| mode)
}

/// Checks that no lock keeps the plan shut, and that cover mode does not begin in a period that is being optimised.
pub(super) fn check_way_in(
    office: &Office<'_>,
    plan: &Plan,
    who: Who,
    mode: Mode,
    period: Option<crate::RecordId>,
    replaces: Option<SessionId>,
) -> Result<(), Refusal> {
    let shut = |lock: &&Lock| lock.action.is_exclusive() && Some(lock.session) != replaces;
    if let Some(lock) = plan.locks().find(shut) {
        return Err(blocked(office, plan, who, "exclusive-lock", lock));
    }
    let optimising = |lock: &&Lock| lock.action == Action::Optimise && lock.covers(period);
    if mode == Mode::Cover
        && let Some(lock) = plan.locks().find(optimising)
    {
        return Err(blocked(office, plan, who, "optimisation", lock));
    }
    Ok(())
}

/// Checks that no lock of the licence, held in another plan, keeps all plans of the school shut; what there is to tell the school.
///
/// Why of "log in to plan B" and "take the lock of the licence in plan A" exactly one succeeds: the log-in looks at the stream of the
/// school and writes that of B; the lock looks at the streams of all plans of the school, B among them, and writes that of the school.
/// Whichever is written first moves a stream that the other has looked at, so the other is decided anew, and refused. Making plan C
/// writes the stream of the school too, so a lock that has not looked at C is decided anew as well.
fn check_school(office: &Office<'_>, plan: &Plan, who: Who) -> Result<Vec<(Stream, Event)>, Refusal> {
    let (Some(school), Some(id)) = (office.school, plan.id()) else { return Ok(Vec::new()) };
    let mut news = Vec::new();
    // A plan of a ledger that knew nothing of schools tells its own that it is there.
    if !school.has(id) {
        news.push((Stream::School, SchoolPlanAdded { plan: id.clone(), who }.into()));
    }
    let Some(shut) = school.shut() else { return Ok(news) };
    let holder = if shut.plan == *id { Some(plan) } else { office.plan_beside(&shut.plan) };
    match holder.and_then(|holder| Some((holder, holder.lock(shut.lock)?))) {
        Some((holder, lock)) if shut.plan != *id => Err(blocked(office, holder, who, "exclusive-lock", lock)),
        Some(_) => Ok(news),
        None => {
            news.push((Stream::School, SchoolOpened { lock: shut.lock }.into()));
            Ok(news)
        }
    }
}

fn blocked(office: &Office<'_>, plan: &Plan, who: Who, rule: &str, lock: &Lock) -> Refusal {
    let mut event = ChangeRefused::new(who, None, RefusalCode::Blocked);
    event.rule = Some(rule.to_owned());
    event.obstacles = lock_obstacle(plan, lock).into_iter().collect();
    let members = serde_json::json!({ "rule": rule, "held_by": [lock_holder(office, plan, lock)] });
    Refusal::with(RefusalCode::Blocked, members).recorded(event)
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
