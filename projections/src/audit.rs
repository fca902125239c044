//! Everything that happened, by whatever leads to it: plan, record, actor, type, request, time.

use chrono::{DateTime, Utc};
use domain::{Meta, PlanId, Who};
use uuid::Uuid;

mod about;
mod asked;
mod conditions;
mod filled;
mod named;
mod range;
mod read;
mod taken_in;

pub use asked::{AuditPage, audit_page, reached};
pub use named::{bearers, records_named};
pub use read::audit_event;

/// The read model of the audit: tables `audit`, `audit_refusal`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit;

/// An event as the audit shows it. Its position is without the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Where it stands.
    pub position: i64,
    /// The last position of its append.
    pub append_end: i64,
    /// Its stream.
    pub stream: String,
    /// Counts the events of the stream from 1.
    pub version: i64,
    /// The stored name of its type.
    pub r#type: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it, for which request.
    pub meta: Meta,
    /// The plan whose stream, or whose stream of refusals, it stands in.
    pub plan: Option<String>,
    /// The record that it is about, by the name that it bore then: `teachers/GAUSS`.
    pub record: Option<String>,
    /// JSON bytes, as they were written.
    pub data: Vec<u8>,
}

impl AuditEvent {
    /// Who did it.
    pub fn who(&self) -> Who {
        crate::who::who_acted(self.meta.actor)
    }
}

/// Somebody or something that bears or bore a name, and the positions between which what concerns it belongs to that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer<I> {
    /// Whom or what.
    pub id: I,
    /// After this position,
    pub after: i64,
    /// up to this one.
    pub upto: i64,
}

/// What is asked of the audit. Conditions that are absent let everything through; all that are there must hold.
#[derive(Debug, Clone)]
pub struct AuditWanted {
    /// Only events of this plan.
    pub plan: Option<PlanId>,
    /// Only what is about one of these records.
    pub records: Option<Vec<Bearer<Uuid>>>,
    /// Only what one of these did.
    pub actors: Option<Vec<Bearer<Who>>>,
    /// Only events of this type, by its stored name.
    pub r#type: Option<String>,
    /// Only what the request with this id did.
    pub request: Option<String>,
    /// Only what stands after this position,
    pub after: i64,
    /// and up to this one.
    pub upto: i64,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// The most events.
    pub limit: usize,
}
