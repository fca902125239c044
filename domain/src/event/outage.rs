//! Outages: announced, begun, over; contact lost and back; log-ins that were refused meanwhile.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{OutageId, Who};

/// An outage has a message now: a new one is announced, or one that began without a word is explained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutageAnnounced {
    /// Which it is.
    pub outage: OutageId,
    /// What people read.
    pub message: String,
    /// Whether the gate is closed: nobody new gets in.
    pub prevent_logins: bool,
    /// When it is expected to be over; only told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Who announced it.
    pub by: Who,
}

/// An announcement reads otherwise: this is what it says now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutageChanged {
    /// Which it is.
    pub outage: OutageId,
    /// What people read.
    pub message: String,
    /// Whether the gate is closed.
    pub prevent_logins: bool,
    /// When it is expected to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Who changed it.
    pub by: Who,
}

/// An outage has begun for those who are in: by hand, or because contact is lost. One that nobody announced comes to be with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutageBegun {
    /// Which it is.
    pub outage: OutageId,
    /// Who began it; the service itself where contact is lost.
    pub by: Who,
    /// When, if not when this was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// No living node has contact any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactLost {
    /// With whom: `ledger`, or the address of a partner.
    pub contacts: Vec<String>,
    /// When, by the clock of the node that saw it last; the ledger may have been away itself.
    pub at: DateTime<Utc>,
}

/// There is contact again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactBack {
    /// When, by the clock of the node that saw it first.
    pub at: DateTime<Utc>,
}

/// Why an outage is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutageEnd {
    /// There is contact again.
    ContactBack,
    /// The service was started again.
    Restart,
    /// Somebody ended it.
    Administrator,
}

/// An outage is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutageEnded {
    /// Which it was.
    pub outage: OutageId,
    /// Why.
    pub reason: OutageEnd,
    /// Who ended it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
    /// When, if not when this was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// Log-ins that a node refused within a minute. Stands in the refused stream of the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginsRefused {
    /// The node.
    pub node: String,
    /// The beginning of the minute.
    pub minute: DateTime<Utc>,
    /// The outage whose gate was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<OutageId>,
    /// How many the gate refused.
    pub gated: u64,
    /// How many had a wrong name or password.
    pub failed: u64,
}
