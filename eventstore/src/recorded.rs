//! What is read from the ledger.

use chrono::{DateTime, Utc};
use domain::{Meta, Position, StreamName};
use uuid::Uuid;

/// An event as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Gapless from 1.
    pub position: i64,
    /// The last position of its append.
    pub append_end: i64,
    /// Where it stands.
    pub stream: StreamName,
    /// Counts the events of the stream from 1.
    pub version: i64,
    /// The stored name of its type.
    pub r#type: String,
    /// The record, user or notice that it is about.
    pub subject: Option<Uuid>,
    /// By the database's clock; never falls from position to position.
    pub recorded_at: DateTime<Utc>,
    /// Who, for which command.
    pub meta: Meta,
    /// JSON bytes as they were written.
    pub data: Vec<u8>,
}

/// Whole appends, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Empty when nothing is there yet.
    pub events: Vec<Recorded>,
    /// The position to read on after: that of the last event, or the one that was asked after.
    pub next: i64,
}

/// The end of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Counts restores, from 1.
    pub epoch: i64,
    /// The last position; 0 when nothing has been written.
    pub position: i64,
    /// The moment of the last append.
    pub recorded_at: DateTime<Utc>,
}

impl Head {
    /// The head as it leaves the house.
    pub fn at(&self) -> Position {
        Position { epoch: self.epoch, number: self.position }
    }
}
