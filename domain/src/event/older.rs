//! The one place where shapes of older builds are read. Bytes are never rewritten, so what was once written is read for ever.
//!
//! - A member that came later is optional where it is declared (`#[serde(default)]`), and says there what its absence means.
//! - A member whose form has changed has a module here, which reads every form that it ever had.
//! - A type that is no longer written stays in the list of events, with everything that folds it.
//! - What older builds did not write at all is made up for by a decision that finds it missing, as new events: a plan that its school
//!   does not know tells it at the first log-in (`command/way_in.rs`).
//!
//! A small ledger of every release, with what was answered about it, lies in `tests/ledgers`; what is read wrongly shows there.

/// Who signed somebody off: at first a user's bare id, because only users could do it. It is still written so.
pub(super) mod signed_off_by {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::{UserId, Who};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum By {
        User(UserId),
        Other(Who),
    }

    pub fn serialize<S: Serializer>(by: &Who, serializer: S) -> Result<S::Ok, S::Error> {
        match by {
            Who::User(user) => user.serialize(serializer),
            other => other.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Who, D::Error> {
        By::deserialize(deserializer).map(|by| match by {
            By::User(user) => Who::User(user),
            By::Other(who) => who,
        })
    }
}
