//! Events of a plan itself.

use serde::{Deserialize, Serialize};

use crate::{PlanId, Who};

/// A plan has been made, with its first period, time grid and school data in the events after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCreated {
    /// The plan.
    pub plan: PlanId,
    /// What people call it.
    pub title: String,
    /// The plan of which it is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<PlanId>,
    /// The plan of the year before, from which it takes over what still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_year_of: Option<PlanId>,
}

/// What may be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PlanCondition {
    /// It is worked on.
    #[default]
    Open,
    /// It is only read.
    ReadOnly,
    /// It is kept.
    Archived,
}

/// Title or state of a plan has been changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanChanged {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PlanCondition>,
    /// Counts the changes of the plan's own data.
    pub revision: u64,
    /// Who changed it; older events do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
}
