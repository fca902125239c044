//! What has happened. Variants are added, never changed: the bytes of an event are kept for ever and read for ever.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{
    Action, Class, GroupId, ImportId, Kind, LockId, Mode, Personal, PlanId, Plans, RecordId, Right,
    SessionId, TokenId, UserId, Value,
};

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
            Event::UserAdded(e) => Some(e.user.0),
            Event::UserChanged(e) => Some(e.user.0),
            _ => None,
        }
    }
}

/// A plan has been made, with its first period, time grid and school data in the events after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCreated {
    /// The plan.
    pub plan: PlanId,
    /// What people call it.
    pub title: String,
}

/// What may be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PlanCondition {
    /// It is worked on.
    #[default]
    Open,
    /// It is only read.
    ReadOnly,
    /// It is kept.
    Archived,
}

/// Title or state of a plan has been changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanChanged {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PlanCondition>,
    /// Counts the changes of the plan's own data.
    pub revision: u64,
}

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
        /// Who.
        by: UserId,
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
}

/// A lock has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockEnded {
    /// The lock.
    pub lock: LockId,
    /// Why.
    pub reason: LockEnd,
}

/// A field and the value it has.
pub type FieldName = Cow<'static, str>;

/// A record is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordCreated {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Revisions count on when a name is used again.
    pub revision: u64,
    /// Which hour of which lesson, if it is a placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour_of: Option<HourOf>,
    /// Its fields, its name as `id` among them.
    pub fields: BTreeMap<FieldName, Value>,
    /// The import it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// One of the hours of a lesson in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HourOf {
    /// The lesson.
    pub lesson: RecordId,
    /// The period.
    pub period: RecordId,
    /// From 1.
    pub n: u32,
}

/// One field of a record has another value; nothing stands for "unset".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: FieldName,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Fields of a record have other values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordChanged {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The revision it has now.
    pub revision: u64,
    /// The period whose own values have changed; none for the values of all periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RecordId>,
    /// What has changed.
    pub changes: Vec<FieldChange>,
    /// The import it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// A record is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRemoved {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The revision it ended with.
    pub revision: u64,
    /// What it was, so that it can be told and taken back without reading further.
    pub fields: BTreeMap<FieldName, Value>,
    /// The import that removed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// How many records of a kind an import touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCount {
    /// New ones.
    pub created: u64,
    /// Those with other values.
    pub changed: u64,
    /// Those that were so already.
    pub unchanged: u64,
    /// Those that are gone.
    pub removed: u64,
}

/// A file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFile {
    /// Its name.
    pub file: String,
    /// How many rows it had.
    pub rows: u64,
}

/// Files have been imported; the record events of the same append are what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportDone {
    /// The import.
    pub import: ImportId,
    /// The files.
    pub files: Vec<ImportFile>,
    /// What it did, by kind.
    pub counts: BTreeMap<Kind, ImportCount>,
    /// How many warnings it gave. They quote names, so they are in the answer and not here.
    pub warnings: u64,
}

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

/// There is a new user. His password's hash lies elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserAdded {
    /// The user.
    pub user: UserId,
    /// What he logs in with.
    pub name: Personal<String>,
    /// His group.
    pub group: GroupId,
    /// His full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Personal<String>>,
    /// His mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// The language he is spoken to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A user has changed: this is what he is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserChanged {
    /// The user.
    pub user: UserId,
    /// The revision he has now.
    pub revision: u64,
    /// What he logs in with.
    pub name: Personal<String>,
    /// His group.
    pub group: GroupId,
    /// His full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Personal<String>>,
    /// His mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// The language he is spoken to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether he can no longer log in.
    pub disabled: bool,
}

/// A user has another password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// The user.
    pub user: UserId,
}

/// There is a new group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupAdded {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
    /// In which plans.
    pub plans: Plans,
}

/// A group has changed: this is what it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupChanged {
    /// The group.
    pub group: GroupId,
    /// The revision it has now.
    pub revision: u64,
    /// Its name.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
    /// In which plans.
    pub plans: Plans,
}

/// A group is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupRemoved {
    /// The group.
    pub group: GroupId,
}

/// A program has a token. Its hash lies elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenIssued {
    /// The token.
    pub token: TokenId,
    /// What it is called; the program bears the user name `token:NAME`.
    pub name: String,
    /// Its group.
    pub group: GroupId,
    /// The last day on which it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token is good for nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRevoked {
    /// The token.
    pub token: TokenId,
}

/// A node of the service has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeStarted {
    /// Its name on the host.
    pub node: String,
    /// What it runs.
    pub version: String,
    /// The day by the site's clock, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
}
