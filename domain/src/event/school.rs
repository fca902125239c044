//! Events of a school: which plans it has, its licence, and who keeps all its plans shut.

use serde::{Deserialize, Serialize};

use crate::{FieldChange, LockId, PlanId, SessionId, Who};

/// A plan of the school is there; written in the append that makes the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchoolPlanAdded {
    /// The plan.
    pub plan: PlanId,
    /// Who made it.
    pub who: Who,
}

/// Fields of the licence have other values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LicenceChanged {
    /// Who did it.
    pub who: Who,
    /// The revision it has now.
    pub revision: u64,
    /// What has changed.
    pub changes: Vec<FieldChange>,
}

/// A lock of the licence was granted in one of the plans: as long as it is held there, nobody gets into any plan of the school.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchoolShut {
    /// The plan in whose stream the lock is.
    pub plan: PlanId,
    /// The lock.
    pub lock: LockId,
    /// The session that holds it.
    pub session: SessionId,
}

/// Somebody logged in and found that the lock is over: nobody need look at its plan any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchoolOpened {
    /// The lock.
    pub lock: LockId,
}
