//! Locks end: given back, or not renewed in time.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{ChangeRefused, LockEnd, LockEnded, LockId, PlanId, Refusal, RefusalCode, Who};

/// Ends a lock.
#[derive(Debug, Clone)]
pub struct EndLock {
    /// The plan.
    pub plan: PlanId,
    /// The lock.
    pub lock: LockId,
    /// Why. That a lease has really run out is a condition of the append, judged by the database's clock.
    pub reason: LockEnd,
}

impl Command for EndLock {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        let Some(lock) = plan.lock(self.lock) else {
            return match plan.lock_ended(self.lock) {
                _ if ask.who == Who::System => Ok(Vec::new()),
                Some((lock, _)) if Some(lock.session) == ask.session => {
                    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::LockEnded);
                    event.action = Some(lock.action);
                    Err(Refusal::lock(RefusalCode::LockEnded, lock.action).recorded(event).into())
                }
                Some(_) => Err(Refusal::not_permitted("plan").into()),
                None => Err(Refusal::not_found().into()),
            };
        };
        if ask.who != Who::System && Some(lock.session) != ask.session {
            return Err(Refusal::not_permitted("plan").into());
        }
        Ok(vec![(Stream::Plan, LockEnded { lock: self.lock, reason: self.reason }.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Action;
    use crate::command::testing::{Desk, PLAN};

    #[test]
    fn a_lock_is_given_back_once_and_only_by_its_holder() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        let lock = desk.lock(anna, Action::DataImport);
        let release = EndLock { plan: PLAN.parse().unwrap(), lock, reason: LockEnd::Released };
        desk.done_in(anna, &release);
        assert_eq!(desk.refused_in(anna, &release).code, RefusalCode::LockEnded);
        let bert = desk.log_in("bert");
        assert_eq!(desk.refused_in(bert, &release).code, RefusalCode::NotPermitted);
    }
}
