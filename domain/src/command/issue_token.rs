//! A token for a program.

use chrono::{DateTime, Utc};

use super::add_user::check_giving;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    FieldFault, PlanId, Refusal, RefusalCode, Right, TokenId, TokenIssued, TokenRevoked, name_fault,
};

/// Issues a token; its hash is written beside the event.
#[derive(Debug, Clone)]
pub struct IssueToken {
    /// The id that it will have.
    pub token: TokenId,
    /// What it is called.
    pub name: String,
    /// The name of its group.
    pub group: String,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// A token that was lost with its answer, which this one takes the place of.
    pub replaces: Option<TokenId>,
}

impl Command for IssueToken {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let mut faults = Vec::new();
        if let Some(fault) = name_fault(&self.name) {
            faults.push(FieldFault::new("/name", fault));
        }
        if self.expires_at.is_some_and(|end| end <= ask.now) {
            faults.push(FieldFault::new("/expires_at", "this moment is over"));
        }
        let group = office.accounts.group_named(&self.group);
        let Some(group) = group.filter(|_| faults.is_empty()) else {
            if group.is_none() {
                faults.push(FieldFault::new("/group", format!("there is no group {:?}", self.group)));
            }
            return Err(Refusal::invalid(&faults).into());
        };
        check_giving(office, ask.who, &group.rights)?;
        let mut events = Vec::new();
        if let Some(named) = office.accounts.token_named(&self.name) {
            if self.replaces != Some(named.id) {
                return Err(Refusal::bare(RefusalCode::Exists).into());
            }
            events.push((Stream::Accounts, TokenRevoked { token: named.id }.into()));
        }
        let issued = TokenIssued {
            token: self.token,
            name: self.name.clone(),
            group: group.id,
            expires_at: self.expires_at,
        };
        events.push((Stream::Accounts, issued.into()));
        Ok(events)
    }
}
