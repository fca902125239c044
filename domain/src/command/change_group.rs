//! The rights and plans of a group.

use serde_json::json;

use super::add_group::plans_faults;
use super::add_user::check_giving;
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{
    ChangeRefused, Group, GroupChanged, GroupId, PlanId, Plans, Refusal, RefusalCode, Right, name_fault,
};

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
        check_group_revision(&self.precondition, group, ask)?;
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
        let changed = GroupChanged { group: group.id, revision: group.revision + 1, name, rights, plans };
        Ok(vec![(Stream::Accounts, changed.into())])
    }
}

/// 428 or 412 for a group.
pub(super) fn check_group_revision(
    precondition: &Precondition,
    group: &Group,
    ask: &Ask<'_>,
) -> Result<(), Refusal> {
    precondition.check((group.epoch, group.revision), || {
        let event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
        let members = json!({
            "record": format!("groups/{}", group.name),
            "changes": [],
            "current": group_json(group),
            "revision": group.revision,
        });
        Refusal::with(RefusalCode::Stale, members).recorded(event)
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
