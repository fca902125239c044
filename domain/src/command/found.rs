//! The first thing that happens in a ledger: the groups from the start.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{GROUPS_FROM_THE_START, GroupAdded, GroupId, PlanId, Plans};

/// Makes the groups from the start, where there are none.
#[derive(Debug, Clone, Copy)]
pub struct FoundLedger;

impl Command for FoundLedger {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if !office.accounts.is_empty() {
            return Ok(Vec::new());
        }
        Ok(GROUPS_FROM_THE_START
            .iter()
            .map(|(name, rights)| {
                let added = GroupAdded {
                    group: GroupId((ask.new_id)()),
                    name: (*name).to_owned(),
                    rights: rights.to_vec(),
                    plans: Plans::ALL,
                };
                (Stream::Accounts, added.into())
            })
            .collect())
    }
}
