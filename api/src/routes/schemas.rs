//! The shapes of answers, for the description. Answers are made as JSON; these types say what is in it and are checked against real
//! answers by the tests.
#![allow(dead_code, reason = "they are there to be described")]
#![allow(missing_docs, reason = "the names are the API's own")]

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

mod audit;
mod day;
mod history;
mod messages;
mod notices;
mod office;
pub mod outage;
pub mod records;
mod status;

pub use audit::*;
pub use day::*;
pub use history::*;
pub use messages::*;
pub use notices::*;
pub use office::*;
pub use outage::Outage;
pub use status::*;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to send as `after` for the next page; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Timetable,
    Cover,
    Read,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    DataImport,
    DepartmentImport,
    Licence,
    SchoolData,
    TimeGrid,
    NewSchoolYear,
    Periods,
    Holidays,
    OptimiseMany,
    Optimise,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    Read,
    ReadAbsences,
    Data,
    Timetable,
    Optimise,
    Cover,
    Import,
    Settings,
    Plans,
    Licence,
    Users,
    Maintenance,
    Audit,
    Privacy,
}

/// `"*"`, or patterns such as `100234~*~*`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Plans {
    All(String),
    Some(Vec<String>),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanState {
    Open,
    ReadOnly,
    Archived,
}

/// Somebody who is logged in.
#[derive(Serialize, ToSchema)]
pub struct Session {
    #[schema(format = Uuid)]
    pub session: String,
    pub user: String,
    #[schema(required)]
    pub group: Option<String>,
    /// `null` for a session of the site.
    #[schema(required)]
    pub plan: Option<String>,
    #[schema(required)]
    pub mode: Option<Mode>,
    #[schema(required)]
    pub period: Option<String>,
    #[schema(required)]
    pub activity: Option<String>,
    #[schema(required)]
    pub client: Option<String>,
    #[schema(format = DateTime)]
    pub logged_in_at: String,
    /// Not there when the past is shown: contact is no event.
    #[schema(format = DateTime)]
    pub last_contact_at: Option<String>,
    /// The absolute age at which it ends.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct StartedSession {
    #[serde(flatten)]
    pub session: Session,
    /// Shown this once.
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct Plan {
    pub plan: String,
    pub title: String,
    pub state: PlanState,
    pub revision: i64,
    #[schema(required)]
    pub position: Option<String>,
    /// Records by kind.
    pub counts: BTreeMap<String, i64>,
    pub sessions: i64,
    pub locks: i64,
}

#[derive(Serialize, ToSchema)]
pub struct User {
    #[schema(format = Uuid)]
    pub id: String,
    pub revision: i64,
    pub name: String,
    #[schema(required)]
    pub group: Option<String>,
    #[schema(required)]
    pub full_name: Option<String>,
    #[schema(required)]
    pub email: Option<String>,
    #[schema(required)]
    pub language: Option<String>,
    pub disabled: bool,
    #[schema(required, format = DateTime)]
    pub last_login_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Group {
    pub id: String,
    pub revision: i64,
    pub rights: Vec<Right>,
    pub plans: Plans,
}

#[derive(Serialize, ToSchema)]
pub struct Token {
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    #[schema(required)]
    pub group: Option<String>,
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct IssuedToken {
    #[serde(flatten)]
    pub issued: Token,
    /// Shown this once.
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct ImportedFile {
    pub file: String,
    pub rows: i64,
}

#[derive(Serialize, ToSchema)]
pub struct ImportCount {
    pub created: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub removed: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Import {
    #[schema(format = Uuid)]
    pub import: String,
    pub files: Vec<ImportedFile>,
    /// By kind of record.
    pub counts: BTreeMap<String, ImportCount>,
    pub warnings: Vec<String>,
    /// Files that were not used.
    pub ignored: Vec<String>,
    /// `null` for a dry run.
    #[schema(required)]
    pub position: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FieldChange {
    pub field: String,
    pub from: Option<serde_json::Value>,
    pub to: Option<serde_json::Value>,
}

/// A CloudEvent 1.0.
#[derive(Serialize, ToSchema)]
pub struct Change {
    pub specversion: String,
    /// The position.
    pub id: String,
    pub source: String,
    pub r#type: String,
    pub subject: String,
    #[schema(format = DateTime)]
    pub time: String,
    pub sequence: String,
    pub datacontenttype: String,
    /// `{by, session, period, revision, changes[{field, from, to}]}` and what else belongs to the type.
    pub data: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub struct Changes {
    pub items: Vec<Change>,
    /// The position to read on after.
    pub next: String,
}
