//! A user's password.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{PasswordChanged, PlanId, Refusal, Right, UserId, Who};

/// Records that a password has changed; the hash is written beside the event. That the old one was known is proved before.
#[derive(Debug, Clone, Copy)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// Whether it is his own; then it takes no right.
    pub own: bool,
}

impl Command for ChangePassword {
    fn needs(&self) -> Needs {
        if self.own { Needs::Nothing } else { Needs::Right(Right::Users) }
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if self.own && ask.who != Who::User(self.user) {
            return Err(Refusal::not_permitted(Right::Users.word()).into());
        }
        let user = office.accounts.user(self.user).ok_or_else(Refusal::not_found)?;
        if !self.own
            && let Some(group) = office.accounts.group(user.group)
        {
            // Whoever sets a password can log in with it.
            super::add_user::check_giving(office, ask.who, &group.rights)?;
        }
        Ok(vec![(Stream::Accounts, PasswordChanged { user: self.user }.into())])
    }
}
