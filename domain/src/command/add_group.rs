//! A new group.

use super::add_user::check_giving;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    FieldFault, GroupAdded, GroupId, PlanId, Plans, Refusal, RefusalCode, Right, SchoolYear, name_fault,
};

/// Adds a group.
#[derive(Debug, Clone)]
pub struct AddGroup {
    /// The id that it will have.
    pub group: GroupId,
    /// What it is called.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
    /// In which plans.
    pub plans: Plans,
}

impl Command for AddGroup {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let mut faults = plans_faults(&self.plans);
        if let Some(fault) = name_fault(&self.name) {
            faults.push(FieldFault::new("/id", fault));
        }
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        check_giving(office, ask.who, &self.rights)?;
        if office.accounts.group_named(&self.name).is_some() {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        let mut rights = self.rights.clone();
        rights.sort_unstable();
        rights.dedup();
        let added =
            GroupAdded { group: self.group, name: self.name.clone(), rights, plans: self.plans.clone() };
        Ok(vec![(Stream::Accounts, added.into())])
    }
}

/// What is wrong with patterns of plans.
pub(super) fn plans_faults(plans: &Plans) -> Vec<FieldFault> {
    let Plans::Some(patterns) = plans else { return Vec::new() };
    if patterns.len() > 1_000 {
        return vec![FieldFault::new("/plans", "a group has at most 1000 patterns")];
    }
    let good = |pattern: &str| match pattern.split('~').collect::<Vec<_>>()[..] {
        [school, year, version] => {
            (school == "*" || name_fault(school).is_none())
                && (year == "*" || year.parse::<SchoolYear>().is_ok())
                && (version == "*" || version.parse::<u8>().is_ok_and(|version| version > 0))
        }
        _ => false,
    };
    patterns
        .iter()
        .enumerate()
        .filter(|(_, pattern)| !good(pattern))
        .map(|(index, _)| {
            FieldFault::new(
                format!("/plans/{index}"),
                "a pattern is written like 100234~*~* or 100234~2026-2027~1",
            )
        })
        .collect()
}
