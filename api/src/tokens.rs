//! Opaque tokens: 256 random bits, of which only the hash is kept.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::TokenId;
use eventstore::{Credential, CredentialChange, CredentialKind};

use crate::desk::caller::token_hash;

/// Tokens of sessions begin with this.
pub const SESSION_PREFIX: &str = "dbs_";
/// Tokens of programs begin with this.
pub const API_PREFIX: &str = "dbk_";

/// A new token.
///
/// # Panics
/// When the system has no randomness; then nothing can be safe.
pub fn new_token(prefix: &str) -> String {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).expect("the system gives random bytes");
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bits))
}

/// Whose a new API token is, by its hash.
pub fn issued_to(id: TokenId, token: &str) -> CredentialChange {
    CredentialChange::Insert(Credential {
        owner: id.0,
        kind: CredentialKind::Token,
        hash: token_hash(token).to_vec(),
        stream: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_comes_twice() {
        assert_ne!(new_token(SESSION_PREFIX), new_token(SESSION_PREFIX));
        assert!(new_token(API_PREFIX).starts_with("dbk_"));
    }
}
