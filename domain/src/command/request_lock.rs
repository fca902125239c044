//! The right to a critical action.

use serde_json::json;

use super::block::{cover_holder, covering, lock_holder, lock_obstacle, present, session_obstacle};
use super::end_session::end_reservation;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Action, FieldFault, Kind, Lock, LockDenied, LockGranted, LockId, Mode, Obstacle, Plan, PlanCondition,
    PlanId, RecordId, Refusal, RefusalCode, ReservationEnd, School, SchoolShut, Session,
};

/// Asks for a lock; grant and denial are both recorded.
#[derive(Debug, Clone)]
pub struct RequestLock {
    /// The plan.
    pub plan: PlanId,
    /// The id that the lock will have.
    pub lock: LockId,
    /// What for.
    pub action: Action,
    /// The names of the periods, for optimising.
    pub periods: Option<Vec<String>>,
}

impl Command for RequestLock {
    fn needs(&self) -> Needs {
        Needs::Right(self.action.right())
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn school(&self) -> Option<&str> {
        (self.action == Action::Licence).then_some(self.plan.school.as_str())
    }

    /// The licence takes being alone in every plan of the school.
    fn plans_beside(&self, school: &School) -> Vec<PlanId> {
        school.plans().filter(|plan| **plan != self.plan).cloned().collect()
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.own_session(ask)?;
        let plan = office.plan()?;
        self.check_mode(plan, session)?;
        let periods = self.periods(plan)?;
        if self.action.is_exclusive() {
            self.check_alone(office, plan, session, periods.as_ref())?;
        } else {
            self.check_optimise(office, plan, session, periods.as_deref().unwrap_or(&[]), ask)?;
        }
        let granted = LockGranted { lock: self.lock, session: session.id, action: self.action, periods };
        let shut = office.school.filter(|_| self.action == Action::Licence).map(|_| {
            let shut = SchoolShut { plan: self.plan.clone(), lock: self.lock, session: session.id };
            (Stream::School, shut.into())
        });
        let kept_shut = end_reservation(plan, session.id, ReservationEnd::Granted, Some(self.action));
        Ok(std::iter::once((Stream::Plan, granted.into())).chain(kept_shut).chain(shut).collect())
    }
}

impl RequestLock {
    /// Whoever only reads takes no lock. Where the plan itself is only read, a session that reads may take those that change nothing
    /// in it: for a new year from an old plan, and for the licence.
    fn check_mode(&self, plan: &Plan, session: &Session) -> Result<(), Refusal> {
        let open = plan.condition() == PlanCondition::Open;
        let changes_plan = !matches!(self.action, Action::NewSchoolYear | Action::Licence);
        if (open && session.mode == Mode::Read) || (!open && changes_plan) {
            return Err(Refusal::not_permitted("mode"));
        }
        Ok(())
    }

    fn periods(&self, plan: &Plan) -> Result<Option<Vec<RecordId>>, Refusal> {
        let takes_periods = matches!(self.action, Action::Optimise | Action::OptimiseMany);
        let Some(names) = &self.periods else {
            if takes_periods {
                return Err(Refusal::fault("/periods", "name the periods that are to be optimised"));
            }
            return Ok(None);
        };
        if !takes_periods {
            return Err(Refusal::fault(
                "/periods",
                "only optimising takes periods; this action is for the whole plan",
            ));
        }
        if names.is_empty() || (self.action == Action::Optimise && names.len() > 1) {
            let detail = "one period for optimise, several for optimise-many";
            return Err(Refusal::fault("/periods", detail));
        }
        let mut periods = Vec::with_capacity(names.len());
        let mut faults = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match plan.named(Kind::Periods, name) {
                Some(period) if periods.contains(&period.id) => {
                    faults.push(FieldFault::new(format!("/periods/{index}"), "this period is named twice"));
                }
                Some(period) => periods.push(period.id),
                None => faults.push(FieldFault::new(
                    format!("/periods/{index}"),
                    format!("the plan has no period {name:?}"),
                )),
            }
        }
        if faults.is_empty() { Ok(Some(periods)) } else { Err(Refusal::invalid(&faults)) }
    }

    /// Any other session is in the way, the user's own second one too; then any other lock.
    fn check_alone(
        &self,
        office: &Office<'_>,
        plan: &Plan,
        session: &Session,
        periods: Option<&Vec<RecordId>>,
    ) -> Result<(), Refusal> {
        let beside = office.plans_beside.iter().flat_map(|plan| plan.sessions.iter());
        let others: Vec<&Session> =
            plan.sessions.iter().filter(|other| other.id != session.id).chain(beside).collect();
        if !others.is_empty() {
            let sessions: Vec<_> = others.iter().map(|other| present(office, other)).collect();
            let obstacles = others.iter().map(|other| session_obstacle(other)).collect();
            let denied = self.denied(session, periods, obstacles).coded(RefusalCode::NotAlone);
            return Err(
                Refusal::with(RefusalCode::NotAlone, json!({ "sessions": sessions })).recorded(denied)
            );
        }
        self.check_locks(office, plan, session, periods, |_| true)
    }

    fn check_optimise(
        &self,
        office: &Office<'_>,
        plan: &Plan,
        session: &Session,
        periods: &[RecordId],
        ask: &Ask<'_>,
    ) -> Result<(), Refusal> {
        // Beside an exclusive lock there is no other, its holder's neither.
        let in_the_way = |lock: &Lock| {
            lock.action.is_exclusive() || periods.iter().any(|period| lock.covers(Some(*period)))
        };
        self.check_locks(office, plan, session, Some(&periods.to_vec()), in_the_way)?;
        for period in periods {
            let covering: Vec<&Session> = covering(plan, session, Some(*period), ask.today).collect();
            if covering.is_empty() {
                continue;
            }
            let held: Vec<_> = covering.iter().map(|other| cover_holder(office, plan, other)).collect();
            let obstacles = covering.iter().map(|other| session_obstacle(other)).collect();
            let denied = self.denied(session, Some(&periods.to_vec()), obstacles).coded(RefusalCode::Blocked);
            let members = json!({ "rule": "cover", "held_by": held });
            return Err(Refusal::with(RefusalCode::Blocked, members).recorded(denied));
        }
        Ok(())
    }

    fn check_locks(
        &self,
        office: &Office<'_>,
        plan: &Plan,
        session: &Session,
        periods: Option<&Vec<RecordId>>,
        in_the_way: impl Fn(&Lock) -> bool,
    ) -> Result<(), Refusal> {
        let locks: Vec<&Lock> = plan.locks().filter(|lock| in_the_way(lock)).collect();
        if locks.is_empty() {
            return Ok(());
        }
        let held: Vec<_> = locks.iter().map(|lock| lock_holder(office, plan, lock)).collect();
        let obstacles = locks.iter().filter_map(|lock| lock_obstacle(plan, lock)).collect();
        let denied = self.denied(session, periods, obstacles).coded(RefusalCode::LockRefused);
        Err(Refusal::with(RefusalCode::LockRefused, json!({ "held_by": held })).recorded(denied))
    }

    fn denied(
        &self,
        session: &Session,
        periods: Option<&Vec<RecordId>>,
        obstacles: Vec<Obstacle>,
    ) -> LockDenied {
        LockDenied {
            who: session.who,
            session: Some(session.id),
            action: self.action,
            periods: periods.cloned(),
            code: String::new(),
            obstacles,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing::Desk;

    #[test]
    fn whoever_is_not_alone_is_told_who_else_is_there() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.log_in("victor");
        let refusal = desk.refused_lock(anna, Action::DataImport);
        assert_eq!(refusal.code, RefusalCode::NotAlone);
        assert_eq!(refusal.members["sessions"][0]["user"], "victor");
        assert_eq!(refusal.members["sessions"][0]["mode"], "read");
        assert!(refusal.event.is_some(), "a denied request is recorded");
    }

    #[test]
    fn the_own_second_session_is_in_the_way_too() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.log_in("anna");
        assert_eq!(desk.refused_lock(anna, Action::DataImport).code, RefusalCode::NotAlone);
    }

    #[test]
    fn a_second_lock_of_the_same_session_is_refused() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.lock(anna, Action::DataImport);
        assert_eq!(desk.refused_lock(anna, Action::TimeGrid).code, RefusalCode::LockRefused);
    }

    #[test]
    fn the_right_is_asked_before_anything_else() {
        let mut desk = Desk::with_plan();
        let victor = desk.log_in("victor");
        let refusal = desk.refused_lock(victor, Action::DataImport);
        assert_eq!(refusal.code, RefusalCode::NotPermitted);
        assert_eq!(refusal.members["right"], "import");
    }
}
