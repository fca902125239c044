//! The ledger: everything that ever happened, in one order, on PostgreSQL.
//!
//! [`Ledger`] is the way in. Appends go through one committer per process that gathers what arrived while the last
//! batch was being committed (`committer`), judges each append on its own (`judge`), and writes a batch with one call.
//!
//! **Invariants.** Positions are gapless and grow in commit order, because the head row is locked until commit. An
//! append is there whole or not at all, and its command id tells which. What a decision looked at still stands when it
//! is written. No reader is shown half an append, skips a position or sees one twice. Nothing is ever rewritten.

mod alone;
mod append;
mod bulk;
mod committer;
mod contact;
mod credential;
mod deadline;
mod judge;
mod ledger;
mod locked;
mod measure;
mod migrate;
mod pool;
mod presence;
mod queue;
mod read;
mod recorded;
mod sheaf;
mod snapshot;
mod subscription;
pub mod trace;
mod trouble;

pub use alone::Alone;
pub use append::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, Append, AppendError, Appended, Credential, CredentialChange,
    CredentialKind, Deadline, DeadlineName, Due, Expected, Fate, NewEvent, StoredCommand, Write,
};
pub use bulk::{Bulk, BulkReader, Framed, Unreadable};
pub use credential::CredentialRow;
pub use deadline::PassedDeadline;
pub use ledger::Ledger;
pub use migrate::MigrateError;
pub use pool::{OpenError, PoolSettings, SERVICE_ROLE, service_pool};
pub use presence::{Former, Presence, living_starts, start_mark};
pub use queue::{PendingAppend, Unanswered};
pub use read::{events_at, events_between};
pub use recorded::{Batch, Head, Recorded};
pub use snapshot::{Snapshot, SnapshotOf};
pub use subscription::Subscription;
