//! What has happened. Variants are added, never changed: the bytes of an event are kept for ever and read for ever.

use serde::Serialize;

mod accounts;
mod audit;
mod message;
mod notice;
mod older;
mod outage;
mod plan;
mod record;
mod refusal;
mod school;
mod session;
mod sign_off;
mod site;

pub use accounts::*;
pub use audit::*;
pub use message::*;
pub use notice::*;
pub use outage::*;
pub use plan::*;
pub use record::*;
pub use refusal::*;
pub use school::*;
pub use session::*;
pub use sign_off::*;
pub use site::*;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One event of whatever stream.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Event { $($(#[$doc])* $name($name)),+ }

        impl Event {
            /// The type that is stored beside the bytes.
            pub fn r#type(&self) -> &'static str {
                match self { $(Event::$name(_) => stringify!($name)),+ }
            }

            /// Reads the bytes of an event of that type.
            pub fn decode(r#type: &str, data: &[u8]) -> Result<Event, EventUnreadable> {
                let unreadable = |error: serde_json::Error| EventUnreadable {
                    r#type: r#type.to_owned(),
                    cause: error.to_string(),
                };
                match r#type {
                    $(stringify!($name) => serde_json::from_slice(data).map(Event::$name).map_err(unreadable),)+
                    _ => Err(EventUnreadable {
                        r#type: r#type.to_owned(),
                        cause: "this build knows no such type; a newer one wrote it".to_owned(),
                    }),
                }
            }

            /// All types there are.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($name)),+];
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Event { Event::$name(event) }
        })+
    };
}

events! {
    /// Plan.
    PlanCreated,
    /// Plan.
    PlanChanged,
    /// Plan, or `sessions` for a site session.
    SessionStarted,
    /// Plan, or `sessions`.
    SessionChanged,
    /// Plan, or `sessions`.
    SessionEnded,
    /// Plan.
    LockGranted,
    /// Plan.
    LockEnded,
    /// Plan.
    OptimisationDone,
    /// Plan.
    SignOffAnnounced,
    /// Plan.
    ReservationEnded,
    /// Plan.
    RecordCreated,
    /// Plan.
    RecordChanged,
    /// Plan.
    RecordRemoved,
    /// Plan.
    ImportDone,
    /// The refused stream of a plan.
    ChangeRefused,
    /// The refused stream of a plan.
    LockDenied,
    /// Accounts.
    UserAdded,
    /// Accounts.
    UserChanged,
    /// Accounts.
    PasswordChanged,
    /// Accounts.
    GroupAdded,
    /// Accounts.
    GroupChanged,
    /// Accounts.
    GroupRemoved,
    /// Accounts.
    TokenIssued,
    /// Accounts.
    TokenRevoked,
    /// Site.
    NodeStarted,
    /// Site.
    NoticePosted,
    /// Site.
    NoticeChanged,
    /// Site.
    NoticeWithdrawn,
    /// The stream of messages, which no decision reads.
    MessageSent,
    /// The stream of messages.
    MessageRead,
    /// Site.
    OutageAnnounced,
    /// Site.
    OutageChanged,
    /// Site.
    OutageBegun,
    /// Site.
    OutageEnded,
    /// Site.
    ContactLost,
    /// Site.
    ContactBack,
    /// The refused stream of the site.
    LoginsRefused,
    /// School.
    SchoolPlanAdded,
    /// School.
    LicenceChanged,
    /// School.
    SchoolShut,
    /// School.
    SchoolOpened,
    /// The stream of the audit, which no decision reads.
    AuditRead,
}

/// An event that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an event of type {type} cannot be read: {cause}")]
pub struct EventUnreadable {
    /// The stored type.
    pub r#type: String,
    /// What is wrong.
    pub cause: String,
}

impl Event {
    /// The bytes that are kept.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an event has only text keys and finite numbers")
    }

    /// What the event is about, for the index by which its history is found.
    pub fn subject(&self) -> Option<uuid::Uuid> {
        match self {
            Event::RecordCreated(e) => Some(e.record.0),
            Event::RecordChanged(e) => Some(e.record.0),
            Event::RecordRemoved(e) => Some(e.record.0),
            Event::SignOffAnnounced(e) => Some(e.sign_off.0),
            Event::UserAdded(e) => Some(e.user.0),
            Event::UserChanged(e) => Some(e.user.0),
            Event::NoticePosted(e) => Some(e.notice.0),
            Event::NoticeChanged(e) => Some(e.notice.0),
            Event::NoticeWithdrawn(e) => Some(e.notice.0),
            Event::MessageRead(e) => Some(crate::message::reading(e.message, e.by)),
            _ => None,
        }
    }
}
