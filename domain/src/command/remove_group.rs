//! Removing a group.

use serde_json::{Map, json};

use super::change_group::{check_changeable, check_group_revision};
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{GroupId, GroupRemoved, PlanId, Refusal, RefusalCode, Right};

/// Removes a group that nobody is in.
#[derive(Debug, Clone)]
pub struct RemoveGroup {
    /// The group.
    pub group: GroupId,
    /// On what the removal is based.
    pub precondition: Precondition,
}

impl Command for RemoveGroup {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let group = office.accounts.group(self.group).ok_or_else(Refusal::not_found)?;
        check_group_revision(office, ask, &self.precondition, group, Map::new())?;
        check_changeable(group)?;
        let users = office.accounts.users().filter(|user| user.group == group.id);
        let tokens = office.accounts.tokens().filter(|token| token.group == group.id && !token.revoked);
        let mut members: Vec<String> = users
            .map(|user| format!("users/{}", user.id))
            .chain(tokens.map(|token| format!("tokens/{}", token.id)))
            .collect();
        members.sort_unstable();
        if !members.is_empty() {
            let used_by: Vec<_> =
                members.iter().take(100).map(|record| json!({ "record": record })).collect();
            return Err(Refusal::with(RefusalCode::InUse, json!({ "used_by": used_by })).into());
        }
        Ok(vec![(Stream::Accounts, GroupRemoved { group: group.id }.into())])
    }
}
