//! The title and the state of a plan.

use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{ChangeRefused, PlanChanged, PlanCondition, PlanId, Refusal, RefusalCode, Right};

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

impl Command for ChangePlan {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Plans)
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        self.precondition.check(plan.revision(), || {
            let event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
            let (_, revision) = plan.revision();
            Refusal::with(
                RefusalCode::Stale,
                serde_json::json!({
                    "record": "plan",
                    "changes": [],
                    "revision": revision,
                    "current": { "plan": self.plan, "title": plan.title(), "state": plan.condition(), "revision": revision },
                }),
            )
            .recorded(event)
        })?;
        if let Some(fault) = self.title.as_deref().and_then(super::create_plan::title_fault) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        let title = self.title.clone().filter(|title| title != plan.title());
        let state = self.state.filter(|state| *state != plan.condition());
        if title.is_none() && state.is_none() {
            return Ok(Vec::new());
        }
        let revision = plan.revision().1 + 1;
        Ok(vec![(Stream::Plan, PlanChanged { title, state, revision }.into())])
    }
}
