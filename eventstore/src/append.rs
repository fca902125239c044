//! What is asked of the ledger and what comes of it.

use chrono::{DateTime, Utc};
use domain::{CommandId, Meta, StreamName};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// The most events that one append may hold.
pub const APPEND_EVENTS_MAX: usize = 100_000;
/// The most bytes (data, answer, and a share for meta) that one append may hold.
pub const APPEND_BYTES_MAX: usize = 256 << 20;

/// An event that is not yet in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The stored name of the event's type, such as `LessonPlaced`.
    pub r#type: &'static str,
    /// The record, user or notice that it is about; `read_subject` finds it by this.
    pub subject: Option<Uuid>,
    /// JSON bytes, kept as they are.
    pub data: Vec<u8>,
}

/// Where a stream must stand for a decision to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has exactly this many events.
    Exactly(i64),
    /// The decision did not look at the stream: refusals, counters.
    Any,
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where to.
    pub stream: StreamName,
    /// What the decision saw of it. When an append names one stream twice, the second `Exactly` counts what the
    /// first write adds.
    pub expected: Expected,
    /// In order; may be empty, then only the expectation is judged.
    pub events: Vec<NewEvent>,
}

/// The append happens only when, under the lock of the head and by the database's clock, this contact has been
/// silent for at least `idle`. A contact that is not known is not due: silence cannot be proved of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// A session or a lock.
    pub contact: Uuid,
    /// How long it must have been silent.
    pub idle: Duration,
}

/// A time that the ledger gives, counted by the database's clock from the append that it comes with. Time in which nobody
/// attended to the ledger does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What it is about; together with `kind` its name.
    pub subject: Uuid,
    /// What happens then.
    pub kind: &'static str,
    /// The stream in which it happens.
    pub stream: StreamName,
    /// How long it is.
    pub wait: Duration,
}

/// The name of a [`Deadline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeadlineName {
    /// What it is about.
    pub subject: Uuid,
    /// What happens then.
    pub kind: &'static str,
}

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// The owner is a user, the hash a PHC string.
    Password,
    /// The owner is a session, the hash that of its token.
    Session,
    /// The owner is an API token.
    Token,
}

/// A hash and whose it is. Lies in a table of its own, never in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// A user, a session or an API token, as `kind` says.
    pub owner: Uuid,
    /// What it is for.
    pub kind: CredentialKind,
    /// Text of a password hash, or the bytes of a token's hash.
    pub hash: Vec<u8>,
    /// The stream in which a session lives.
    pub stream: Option<StreamName>,
}

/// A change of the credentials, made in the transaction of the append's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialChange {
    /// A new one; the append fails when a token's hash is there already.
    Insert(Credential),
    /// Takes the place of all that this owner has of this kind.
    Replace(Credential),
    /// Takes away all that this owner has.
    DeleteOwner(Uuid),
}

/// Whether an append stands, for those that are decided on top of it before it is written.
///
/// Versions alone do not tell: an append that falls may be followed by another node's, which brings the stream to the
/// version that it would have led to.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<AtomicBool>);

impl Fate {
    pub(crate) fn decide(&self, stands: bool) {
        self.0.store(stands, Ordering::Release);
    }

    pub(crate) fn stands(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// One decision: all of it is written, or nothing.
#[derive(Debug, Clone)]
pub struct Append {
    /// By this it is known whether the append has happened.
    pub command_id: CommandId,
    /// The id comes from a caller's Idempotency-Key, so it may be known already. An id that the service made is
    /// taken as new.
    pub keyed: bool,
    /// Of the request under an Idempotency-Key; stored beside the id.
    pub request_digest: Option<[u8; 32]>,
    /// The streams that are written.
    pub writes: Vec<Write>,
    /// The streams that the decision only read, with the version it read.
    pub looked_at: Vec<(StreamName, i64)>,
    /// The appends, handed over earlier by this process, whose events the decision has seen: it stands only with them.
    pub rests_on: Vec<Fate>,
    /// What becomes of this one; keep a clone for what is decided on top of it.
    pub fate: Fate,
    /// All of them must be due.
    pub due: Vec<Due>,
    /// All of them must have passed, under the lock of the head and by the database's clock. One that is not known has not.
    pub passed: Vec<DeadlineName>,
    /// Times that begin with it.
    pub deadlines: Vec<Deadline>,
    /// Hashes that come or go with it.
    pub credentials: Vec<CredentialChange>,
    /// Sessions and locks that begin with it: heard of just now, by the database's clock.
    pub contacts: Vec<Uuid>,
    /// Noted beside each event; the ledger sets `event_id` and `command_id`.
    pub meta: Meta,
    /// Stored beside the id.
    pub answer: Option<Vec<u8>>,
}

impl Append {
    /// An append of nothing, to be filled in.
    pub fn new(meta: Meta) -> Self {
        Self {
            command_id: meta.command_id,
            keyed: false,
            request_digest: None,
            writes: Vec::new(),
            looked_at: Vec::new(),
            rests_on: Vec::new(),
            fate: Fate::default(),
            due: Vec::new(),
            passed: Vec::new(),
            deadlines: Vec::new(),
            credentials: Vec::new(),
            contacts: Vec::new(),
            meta,
            answer: None,
        }
    }

    /// The number of events in all its writes.
    pub fn events(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// What it weighs in queues and batches, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let events: usize =
            self.writes.iter().flat_map(|write| &write.events).map(|event| event.data.len() + 256).sum();
        256 + events + self.answer.as_ref().map_or(0, Vec::len)
    }
}

/// What has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event.
    pub first: i64,
    /// The position of the last event; below `first` when the append held none, then it is the head it was judged at.
    pub last: i64,
    /// The epoch of both.
    pub epoch: i64,
    /// By the database's clock, never falling.
    pub recorded_at: DateTime<Utc>,
}

/// A command that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// The last position of its append, or the head when it wrote no event.
    pub position: i64,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Of its request, when it came under a key.
    pub request_digest: Option<Vec<u8>>,
    /// What was answered; gone after `prune_answers`.
    pub answer: Option<Vec<u8>>,
}

/// Why nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream has moved on since the decision looked at it: read on and decide anew.
    #[error("a stream has moved since the decision looked at it")]
    Conflict,
    /// A contact has been heard of in time, or a deadline has not passed.
    #[error("the time has not passed")]
    NotDue,
    /// The command has happened before.
    #[error("the command has happened before, at position {}", .0.position)]
    Known(StoredCommand),
    /// More than `APPEND_EVENTS_MAX` events or `APPEND_BYTES_MAX` bytes.
    #[error("the append is too large: at most {APPEND_EVENTS_MAX} events and {APPEND_BYTES_MAX} bytes")]
    TooLarge,
    /// The queue is full.
    #[error("too many appends are waiting")]
    Busy,
    /// The ledger could not be reached for some seconds. The append may have happened when the link broke just
    /// while it was written: once the ledger is back, `command` tells by the command id.
    #[error("the ledger cannot be reached")]
    Unavailable,
    /// The ledger refused it for a reason that trying again does not mend.
    #[error("the append failed: {0}")]
    Failed(String),
}
