//! Identities. Names can be changed; these cannot, so events and references hold them and nothing else.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map($name)
            }
        }
    )+};
}

id! {
    /// One record of a plan, of whatever kind.
    RecordId,
    /// One person with an account.
    UserId,
    /// One group of users, which carries their rights.
    GroupId,
    /// One API token of a program.
    TokenId,
    /// One log-in, until it ends.
    SessionId,
    /// One granted lock.
    LockId,
    /// One notice.
    NoticeId,
    /// One import of files.
    ImportId,
    /// One announcement that sessions will be signed off.
    SignOffId,
    /// One outage, from its announcement or beginning to its end.
    OutageId,
}
