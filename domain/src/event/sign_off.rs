//! Signing others off, and keeping the plan shut meanwhile.

use serde::{Deserialize, Serialize};

use crate::{Action, SessionId, SignOffId, Who};

/// Sessions are told that they will be signed off. Each of them ends with a `SessionEnded` of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignOffAnnounced {
    /// This announcement.
    pub sign_off: SignOffId,
    /// Who is to leave.
    pub sessions: Vec<Leaver>,
    /// Who signs them off.
    pub by: Who,
    /// What he tells them.
    pub message: String,
    /// They end so many seconds after the moment at which this is recorded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub grace_seconds: u32,
    /// For what the plan is kept shut meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation: Option<Reservation>,
}

fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// A session that is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    /// Which it is.
    pub session: SessionId,
    /// Whose it is.
    pub who: Who,
}

/// The plan is kept shut for a session that wants a lock: nobody new gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Who wants it.
    pub session: SessionId,
    /// What for.
    pub action: Action,
}

/// Why a plan is no longer kept shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationEnd {
    /// The lock has been granted.
    Granted,
    /// The lock was not taken in time.
    TimeOver,
    /// The session that wanted it has ended.
    SessionEnded,
    /// The same session has reserved the plan anew.
    Renewed,
}

/// A plan is no longer kept shut for the lock that somebody wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReservationEnded {
    /// The announcement with which it was reserved.
    pub sign_off: SignOffId,
    /// Why.
    pub reason: ReservationEnd,
}
