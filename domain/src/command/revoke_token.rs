//! Calling a token back.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{PlanId, Refusal, Right, TokenId, TokenRevoked};

/// Makes a token good for nothing.
#[derive(Debug, Clone, Copy)]
pub struct RevokeToken {
    /// The token.
    pub token: TokenId,
}

impl Command for RevokeToken {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, _ask: &mut Ask<'_>) -> Decision {
        match office.accounts.token(self.token) {
            Some(token) if !token.revoked => {
                Ok(vec![(Stream::Accounts, TokenRevoked { token: self.token }.into())])
            }
            _ => Err(Refusal::not_found().into()),
        }
    }
}
