//! The title and the state of a plan.
//!
//! In a plan that is `read-only` or `archived` nobody writes: log-ins are for reading, and the sessions that are in it go on with what
//! they read. An archived one is no more offered on the login page. While somebody holds a lock in the plan, nobody takes it out of
//! his hands.

use serde_json::{Value as Json, json};

use super::block::{lock_holder, lock_obstacle};
use super::stale_whole::{Whole, check_whole};
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{
    Action, ChangeRefused, Lock, Plan, PlanChanged, PlanCondition, PlanId, Refusal, RefusalCode, Right,
};

/// Changes what is given.
#[derive(Debug, Clone)]
pub struct ChangePlan {
    /// The plan.
    pub plan: PlanId,
    /// What people will call it.
    pub title: Option<String>,
    /// What may be done with it.
    pub state: Option<PlanCondition>,
    /// On what the change is based.
    pub precondition: Precondition,
}

impl ChangePlan {
    fn whole<'a>(&self, plan: &'a Plan) -> Whole<'a> {
        let (_, revision) = plan.revision();
        let wanted =
            [("title", self.title.clone().map(Json::from)), ("state", self.state.map(|state| json!(state)))];
        Whole {
            record: "plan".to_owned(),
            now: plan.revision(),
            trail: plan.trail(),
            current: json!({
                "plan": self.plan,
                "title": plan.title(),
                "state": plan.condition(),
                "revision": revision,
            }),
            wanted: wanted
                .into_iter()
                .filter_map(|(field, value)| Some((field.to_owned(), value?)))
                .collect(),
        }
    }
}

impl Command for ChangePlan {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Plans)
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        check_whole(office, ask, &self.precondition, || self.whole(plan))?;
        if let Some(fault) = self.title.as_deref().and_then(super::create_plan::title_fault) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        let title = self.title.clone().filter(|title| title != plan.title());
        let state = self.state.filter(|state| *state != plan.condition());
        if title.is_none() && state.is_none() {
            return Ok(Vec::new());
        }
        if state.is_some_and(|state| state != PlanCondition::Open) {
            check_nobody_acts(office, plan, ask)?;
        }
        let revision = plan.revision().1 + 1;
        Ok(vec![(Stream::Plan, PlanChanged { title, state, revision, by: Some(ask.who) }.into())])
    }
}

/// Checks that no other session holds a lock.
fn check_nobody_acts(office: &Office<'_>, plan: &Plan, ask: &Ask<'_>) -> Result<(), Refusal> {
    let locks: Vec<&Lock> = plan.locks().filter(|lock| Some(lock.session) != ask.session).collect();
    let Some(first) = locks.first() else { return Ok(()) };
    let rule = if first.action == Action::Optimise { "optimisation" } else { "exclusive-lock" };
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Blocked);
    event.rule = Some(rule.to_owned());
    event.obstacles = locks.iter().filter_map(|lock| lock_obstacle(plan, lock)).collect();
    let held: Vec<_> = locks.iter().map(|lock| lock_holder(office, plan, lock)).collect();
    let members = serde_json::json!({ "rule": rule, "held_by": held });
    Err(Refusal::with(RefusalCode::Blocked, members).recorded(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing::{Desk, PLAN};
    use crate::command::write_record::{How, Target, WriteRecord};
    use crate::{Kind, Mode, Who};

    fn put(state: PlanCondition) -> ChangePlan {
        let plan = PLAN.parse().unwrap();
        ChangePlan { plan, title: None, state: Some(state), precondition: Precondition::Present }
    }

    fn teacher() -> WriteRecord {
        WriteRecord {
            plan: PLAN.parse().unwrap(),
            target: Target::Named(Kind::Teachers, "GAUSS".to_owned()),
            how: How::Put,
            body: Ok(Vec::new()),
            room: None,
            period: None,
            precondition: Precondition::Absent,
            lock: None,
            disjoint: false,
        }
    }

    #[test]
    fn in_a_plan_that_is_not_open_one_only_reads_and_when_it_is_open_again_one_writes() {
        for state in [PlanCondition::ReadOnly, PlanCondition::Archived] {
            let mut desk = Desk::with_plan();
            let anna = desk.log_in("anna");
            desk.done_as(Who::Operator, None, &put(state));
            let refusal = desk.refused_in(anna, &teacher());
            assert_eq!(
                (refusal.code, &refusal.members["right"]),
                (RefusalCode::NotPermitted, &"mode".into())
            );
            let bert = desk.log_in("bert");
            assert_eq!(desk.plan().sessions.get(bert).map(|it| it.mode), Some(Mode::Read));
            for mode in [Mode::Timetable, Mode::Cover] {
                assert_eq!(desk.refused_log_in_with("clara", Some(mode)).code, RefusalCode::NotPermitted);
            }
            assert_eq!(desk.refused_lock(anna, Action::Periods).code, RefusalCode::NotPermitted);
            desk.done_as(Who::Operator, None, &put(PlanCondition::Open));
            desk.done_in(anna, &teacher());
        }
    }

    #[test]
    fn nobody_takes_the_plan_from_one_who_holds_a_lock() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.lock(anna, Action::DataImport);
        let refusal = desk.try_as(Who::Operator, None, &put(PlanCondition::ReadOnly)).unwrap_err();
        assert_eq!(
            (refusal.code, &refusal.members["rule"]),
            (RefusalCode::Blocked, &"exclusive-lock".into())
        );
        assert_eq!(refusal.members["held_by"][0]["user"], "anna");
        desk.done_in(anna, &put(PlanCondition::ReadOnly));
    }
}
