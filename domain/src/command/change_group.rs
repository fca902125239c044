//! The rights and plans of a group.

use serde_json::{Map, Value as Json, json};

use super::add_group::plans_faults;
use super::add_user::check_giving;
use super::stale_whole::{Whole, check_whole};
use super::{Ask, Command, Decision, Needs, Obstruction, Office, Precondition, Stream};
use crate::{Group, GroupChanged, GroupId, PlanId, Plans, Refusal, RefusalCode, Right, name_fault};

/// Changes what is given.
#[derive(Debug, Clone)]
pub struct ChangeGroup {
    /// The group.
    pub group: GroupId,
    /// What it is called.
    pub name: Option<String>,
    /// What its members may do.
    pub rights: Option<Vec<Right>>,
    /// In which plans.
    pub plans: Option<Plans>,
    /// On what the change is based.
    pub precondition: Precondition,
}

impl Command for ChangeGroup {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let group = office.accounts.group(self.group).ok_or_else(Refusal::not_found)?;
        check_group_revision(office, ask, &self.precondition, group, self.wanted())?;
        check_changeable(group)?;
        let name = self.name.clone().unwrap_or_else(|| group.name.clone());
        let mut rights = self.rights.clone().unwrap_or_else(|| group.rights.iter().copied().collect());
        rights.sort_unstable();
        rights.dedup();
        let plans = self.plans.clone().unwrap_or_else(|| group.plans.clone());
        let faults = plans_faults(&plans);
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        if let Some(fault) = name_fault(&name) {
            return Err(Refusal::fault("/id", fault).into());
        }
        if office.accounts.group_named(&name).is_some_and(|other| other.id != group.id) {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        check_giving(office, ask.who, &rights)?;
        if name == group.name && plans == group.plans && rights.iter().eq(group.rights.iter()) {
            return Ok(Vec::new());
        }
        let changed = GroupChanged {
            group: group.id,
            revision: group.revision + 1,
            name,
            rights,
            plans,
            by: Some(ask.who),
        };
        Ok(vec![(Stream::Accounts, changed.into())])
    }
}

impl ChangeGroup {
    fn wanted(&self) -> Map<String, Json> {
        let named = [
            ("id", self.name.clone().map(Json::from)),
            ("rights", self.rights.as_ref().map(|rights| json!(rights))),
            ("plans", self.plans.as_ref().map(|plans| json!(plans))),
        ];
        named.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect()
    }
}

/// 428 or 412 for a group.
pub(super) fn check_group_revision(
    office: &Office<'_>,
    ask: &Ask<'_>,
    precondition: &Precondition,
    group: &Group,
    wanted: Map<String, Json>,
) -> Result<(), Obstruction> {
    check_whole(office, ask, precondition, || Whole {
        record: format!("groups/{}", group.name),
        now: (group.epoch, group.revision),
        trail: &group.trail,
        current: group_json(group),
        wanted,
    })
}

/// The administrators' group stays as it is.
pub(super) fn check_changeable(group: &Group) -> Result<(), Refusal> {
    if group.name == "administrators" {
        return Err(Refusal::fault("", "the group administrators cannot be changed"));
    }
    Ok(())
}

/// A group as the API shows it.
pub fn group_json(group: &Group) -> serde_json::Value {
    json!({ "id": group.name, "revision": group.revision, "rights": group.rights, "plans": group.plans })
}
