//! What was refused, and because of whom.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Action, Class, FieldChange, Kind, LockId, NoticeId, RecordId, SessionId, Who};

/// Who stood in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The session that stood in the way.
    pub session: SessionId,
    /// Whose it was.
    pub who: Who,
    /// The lock, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockId>,
}

/// A change has been refused for a reason of the office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRefused {
    /// Who was refused.
    pub who: Who,
    /// His session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The code of refusal.
    pub code: String,
    /// The rule, if the code has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The record that was to be changed, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The notice that was to be changed, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// The class of the change, if it was one of a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The critical action that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// What was wanted: `from` is what stands, `to` what was not saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Who won, and where in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<Winner>,
    /// Who stood in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

/// Whose change was written first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// Who.
    pub who: Who,
    /// When.
    pub at: DateTime<Utc>,
    /// Where, without the epoch.
    pub position: i64,
}

/// A lock has been refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockDenied {
    /// Who asked.
    pub who: Who,
    /// In which session.
    pub session: Option<SessionId>,
    /// What for.
    pub action: Action,
    /// For which periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<Vec<RecordId>>,
    /// `not-alone`, `lock-refused` or `blocked`.
    pub code: String,
    /// Who stood in the way.
    pub obstacles: Vec<Obstacle>,
}
