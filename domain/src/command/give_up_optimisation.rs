//! An optimisation is given up: its lock ends, and what it would have placed is not.

use super::end_lock::EndLock;
use super::take_optimisation::check_own;
use super::{Ask, Command, Decision, Needs, Office};
use crate::{LockEnd, LockId, PlanId, Refusal};

/// Gives an optimisation up. Of one whose result has been taken there is nothing left to give up, which is no refusal.
#[derive(Debug, Clone)]
pub struct GiveUpOptimisation {
    /// The plan.
    pub plan: PlanId,
    /// The optimisation, which is its lock.
    pub optimisation: LockId,
}

impl Command for GiveUpOptimisation {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        let session = ask.session.ok_or_else(|| Refusal::not_permitted("plan"))?;
        check_own(plan, session, self.optimisation)?;
        if plan.lock_ended(self.optimisation).is_some_and(|(_, reason)| *reason == LockEnd::Done) {
            return Ok(Vec::new());
        }
        let end = EndLock { plan: self.plan.clone(), lock: self.optimisation, reason: LockEnd::Released };
        end.decide(office, ask)
    }
}
