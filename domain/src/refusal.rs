//! Refusals: data that tells the one who is refused what stands in his way.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::{Action, ChangeRefused, Event, Kind, LockDenied, Said};

/// Why not. The words are those of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the API's table of codes describes them")]
pub enum RefusalCode {
    Unreadable,
    MediaType,
    TooLarge,
    NotLoggedIn,
    SignedOff,
    SessionExpired,
    NotPermitted,
    NotFound,
    Exists,
    InUse,
    NotAlone,
    LockRefused,
    LockMissing,
    LockEnded,
    Stale,
    Invalid,
    ImportFaults,
    Blocked,
    RevisionMissing,
    GateClosed,
    Outage,
}

/// Something that was asked for is not done.
///
/// `members` are what the outside is told beside the code, under the names of the API. `event` is how it is recorded, when it is a
/// reason of the office.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// What stood in the way.
    pub members: Map<String, Json>,
    /// The event for the refused stream; nothing when it leaves none.
    pub event: Option<Box<Event>>,
}

/// What is wrong with one field of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// A JSON pointer into the body.
    pub pointer: String,
    /// What belongs there.
    pub detail: Said,
}

impl FieldFault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<Said>) -> FieldFault {
        FieldFault { pointer: pointer.into(), detail: detail.into() }
    }
}

impl RefusalCode {
    /// The word in the problem's type.
    pub fn word(self) -> &'static str {
        match self {
            RefusalCode::Unreadable => "unreadable",
            RefusalCode::MediaType => "media-type",
            RefusalCode::TooLarge => "too-large",
            RefusalCode::NotLoggedIn => "not-logged-in",
            RefusalCode::SignedOff => "signed-off",
            RefusalCode::SessionExpired => "session-expired",
            RefusalCode::NotPermitted => "not-permitted",
            RefusalCode::NotFound => "not-found",
            RefusalCode::Exists => "exists",
            RefusalCode::InUse => "in-use",
            RefusalCode::NotAlone => "not-alone",
            RefusalCode::LockRefused => "lock-refused",
            RefusalCode::LockMissing => "lock-missing",
            RefusalCode::LockEnded => "lock-ended",
            RefusalCode::Stale => "stale",
            RefusalCode::Invalid => "invalid",
            RefusalCode::ImportFaults => "import-faults",
            RefusalCode::Blocked => "blocked",
            RefusalCode::RevisionMissing => "revision-missing",
            RefusalCode::GateClosed => "gate-closed",
            RefusalCode::Outage => "outage",
        }
    }

    /// Whether a retry under the same key gets this very answer again.
    pub fn is_kept(self) -> bool {
        matches!(
            self,
            RefusalCode::Exists
                | RefusalCode::InUse
                | RefusalCode::NotAlone
                | RefusalCode::LockRefused
                | RefusalCode::LockMissing
                | RefusalCode::LockEnded
                | RefusalCode::Stale
                | RefusalCode::Blocked
        )
    }
}

impl Refusal {
    /// A refusal without members.
    pub fn bare(code: RefusalCode) -> Refusal {
        Refusal { code, members: Map::new(), event: None }
    }

    /// A refusal with the members of a JSON object.
    pub fn with(code: RefusalCode, members: Json) -> Refusal {
        let members = match members {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        Refusal { code, members, event: None }
    }

    /// How it is recorded, unless that is said already.
    pub fn recorded(mut self, event: impl Into<Event>) -> Refusal {
        self.event.get_or_insert_with(|| Box::new(event.into()));
        self
    }

    /// Says in the record of a refused change which record it was about.
    pub fn about(mut self, kind: Kind, record: Option<crate::RecordId>) -> Refusal {
        if let Some(Event::ChangeRefused(refused)) = self.event.as_deref_mut() {
            refused.kind = Some(kind);
            refused.record = record;
        }
        self
    }

    /// `not-permitted`: the right that is missing, `plan` or `mode`.
    pub fn not_permitted(right: &str) -> Refusal {
        Refusal::with(RefusalCode::NotPermitted, json!({ "right": right }))
    }

    /// `not-found`.
    pub fn not_found() -> Refusal {
        Refusal::bare(RefusalCode::NotFound)
    }

    /// `invalid`, with what is wrong where.
    pub fn invalid(errors: &[FieldFault]) -> Refusal {
        Refusal::with(RefusalCode::Invalid, json!({ "errors": errors }))
    }

    /// `invalid`, with one fault.
    pub fn fault(pointer: &str, detail: impl Into<Said>) -> Refusal {
        Refusal::invalid(&[FieldFault::new(pointer, detail)])
    }

    /// `lock-missing` or `lock-ended`.
    pub fn lock(code: RefusalCode, action: Action) -> Refusal {
        Refusal::with(code, json!({ "action": action }))
    }
}

impl ChangeRefused {
    /// A refusal with nothing filled in but who was refused and why.
    pub fn new(who: crate::Who, session: Option<crate::SessionId>, code: RefusalCode) -> ChangeRefused {
        ChangeRefused {
            who,
            session,
            code: code.word().to_owned(),
            rule: None,
            record: None,
            kind: None,
            notice: None,
            class: None,
            action: None,
            changes: Vec::new(),
            winner: None,
            obstacles: Vec::new(),
        }
    }

    /// The kind of record it is about.
    pub fn of_kind(mut self, kind: Kind) -> ChangeRefused {
        self.kind = Some(kind);
        self
    }
}

impl LockDenied {
    /// The code under which the asker is told.
    pub fn coded(mut self, code: RefusalCode) -> LockDenied {
        code.word().clone_into(&mut self.code);
        self
    }
}
