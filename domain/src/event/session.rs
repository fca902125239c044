//! Log-ins and locks.

use serde::{Deserialize, Serialize};

use crate::{Action, LockId, Mode, RecordId, SessionId, TokenId, UserId};

/// Somebody has logged in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The session.
    pub session: SessionId,
    /// Who.
    pub who: Who,
    /// What for.
    pub mode: Mode,
    /// The period worked on; none in a site session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RecordId>,
    /// The program, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Whether a session that was lost is opened anew with its old token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
}

/// Who logs in, changes and asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// A person.
    User(UserId),
    /// A program with its API token.
    Token(TokenId),
    /// Whoever uses the command line on the host.
    Operator,
    /// The service itself.
    System,
}

/// Mode, period or activity of a session has changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionChanged {
    /// The session.
    pub session: SessionId,
    /// The new mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The new period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RecordId>,
    /// What the person does, in his words; empty for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// By its own wish.
    LoggedOut,
    /// By somebody else.
    SignedOff {
        /// Who. A user is stored as his bare id: at first only users could do it.
        #[serde(with = "super::older::signed_off_by")]
        by: Who,
        /// What he told.
        message: String,
    },
    /// No contact for too long.
    ContactLost,
    /// Too old.
    Aged,
    /// The log-in was asked for again under the same key, and this one's token was lost.
    Replaced,
    /// The user was disabled or his token revoked.
    AccountClosed,
}

/// A session has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// The session.
    pub session: SessionId,
    /// Why.
    pub reason: SessionEnd,
}

/// A session has the right to a critical action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockGranted {
    /// The lock.
    pub lock: LockId,
    /// The session that holds it.
    pub session: SessionId,
    /// What for.
    pub action: Action,
    /// The periods it covers; none for the whole plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<Vec<RecordId>>,
}

/// Why a lock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockEnd {
    /// Its holder gave it back.
    Released,
    /// It was not renewed in time.
    NotRenewed,
    /// Its session ended.
    SessionEnded,
    /// What it was for is done: the result of an optimisation has been taken.
    Done,
}

/// The result of an optimisation has been taken; the record events of the same append are what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimisationDone {
    /// The optimisation, which is its lock.
    pub optimisation: LockId,
    /// How many hours its result placed, moved or left where they were.
    pub placed: u64,
}

/// A lock has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockEnded {
    /// The lock.
    pub lock: LockId,
    /// Why.
    pub reason: LockEnd,
}
