//! Somebody looks at the audit.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{AuditRead, PlanId, Plans, Refusal, Right};

/// Notes that somebody looks at the audit, before he is shown anything.
///
/// Whose group covers some plans only sees the events of those: he has to ask for one of them. What belongs to no plan is not
/// for him.
#[derive(Debug, Clone)]
pub struct ReadAudit {
    /// What is noted; `by` is filled in with who asks.
    pub reading: AuditRead,
    /// The plan that all events shown belong to, if there is one.
    pub within: Option<PlanId>,
}

impl Command for ReadAudit {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Audit)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let covered = match &self.within {
            Some(plan) => office.accounts.may_enter(ask.who, plan),
            None => {
                office.accounts.group_of(ask.who).is_none_or(|group| matches!(group.plans, Plans::All(_)))
            }
        };
        if !covered {
            return Err(Refusal::not_permitted("plan").into());
        }
        Ok(vec![(Stream::Audit, AuditRead { by: ask.who, ..self.reading.clone() }.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::add_group::AddGroup;
    use crate::command::add_user::{AddUser, Person};
    use crate::command::testing::{Desk, PLAN};
    use crate::{AuditForm, Event, GroupId, UserId, Who};
    use uuid::Uuid;

    fn look(within: Option<&str>) -> ReadAudit {
        ReadAudit {
            reading: AuditRead::new(AuditForm::Page),
            within: within.map(|plan| plan.parse().unwrap()),
        }
    }

    #[test]
    fn whoever_looks_is_noted_and_needs_the_right() {
        let mut desk = Desk::with_plan();
        let adam = desk.user("adam");
        for who in [adam, Who::Operator] {
            let events = desk.done_as(who, None, &look(None));
            assert!(matches!(&events[..], [Event::AuditRead(read)] if read.by == who), "{events:?}");
        }
        let anna = desk.user("anna");
        assert_eq!(desk.try_as(anna, None, &look(Some(PLAN))).unwrap_err().members["right"], "audit");
    }

    #[test]
    fn whose_group_covers_some_plans_looks_at_one_of_those() {
        let mut desk = Desk::with_plan();
        let group = AddGroup {
            group: GroupId(Uuid::from_u128(900)),
            name: "school auditors".into(),
            rights: vec![Right::Audit],
            plans: Plans::Some(vec!["100234~*~*".into()]),
        };
        desk.done_as(Who::Operator, None, &group);
        let person = Person {
            name: "otto".into(),
            group: group.name.clone(),
            full_name: None,
            email: None,
            language: None,
        };
        let user = UserId(Uuid::from_u128(901));
        desk.done_as(Who::Operator, None, &AddUser { user, person });
        let otto = Who::User(user);
        assert_eq!(desk.done_as(otto, None, &look(Some(PLAN))).len(), 1);
        for within in [None, Some("999~2026-2027~1")] {
            assert_eq!(desk.try_as(otto, None, &look(within)).unwrap_err().members["right"], "plan");
        }
    }
}
