//! The shapes of answers, for the description. Answers are made as JSON; these types say what is in it and are checked against real
//! answers by the tests.
#![allow(dead_code, reason = "they are there to be described")]
#![allow(missing_docs, reason = "the names are the API's own")]

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

mod history;
mod messages;
mod notices;
pub mod outage;
pub mod records;
mod status;

pub use history::*;
pub use messages::*;
pub use notices::*;
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
pub struct SignOffs {
    pub items: Vec<SignOff>,
}

#[derive(Serialize, ToSchema)]
pub struct SignOff {
    #[schema(format = Uuid)]
    pub session: String,
    pub user: String,
    /// When the session ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Lock {
    #[schema(format = Uuid)]
    pub lock: String,
    pub action: Action,
    /// `null`: the whole plan.
    #[schema(required)]
    pub periods: Option<Vec<String>>,
    /// The fencing token: the position of the grant.
    #[schema(required)]
    pub token: Option<String>,
    #[schema(format = Uuid)]
    pub session: String,
    #[schema(required)]
    pub user: Option<String>,
    #[schema(required, format = DateTime)]
    pub since: Option<String>,
    /// Not there when the past is shown: renewing is no event.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// An optimisation: its lock, whose id it has.
#[derive(Serialize, ToSchema)]
pub struct Optimisation {
    #[schema(format = Uuid)]
    pub optimisation: String,
    #[serde(flatten)]
    pub lock: Lock,
}

/// One hour of a lesson where an optimisation puts it.
#[derive(Serialize, ToSchema)]
pub struct OptimisedPlacement {
    #[schema(min_length = 1, max_length = 50)]
    pub lesson: String,
    /// The hour of the lesson, from 1.
    #[schema(minimum = 1)]
    pub n: u32,
    #[schema(min_length = 1, max_length = 50)]
    pub period: String,
    #[schema(minimum = 1, maximum = 7)]
    pub day: u32,
    #[schema(minimum = 1, maximum = 100)]
    pub hour: u32,
    #[schema(max_length = 100)]
    pub week: Option<String>,
    /// A room for all rows.
    pub room: Option<String>,
    /// Who meets where: `[{class, teacher, subject, room}]`.
    pub rows: Option<Vec<serde_json::Value>>,
}

#[derive(Serialize, ToSchema)]
pub struct OptimisationTaken {
    pub placed: i64,
    #[schema(required)]
    pub position: Option<String>,
}

/// What became of one change of a batch.
#[derive(Serialize, ToSchema)]
pub struct BatchItem {
    /// 201 made, 200 changed or so already, 204 removed.
    pub status: i64,
    /// Of the record after the whole batch.
    #[schema(required)]
    pub etag: Option<String>,
    /// The record after the whole batch; `null` when it is removed. `changed` is left out where the batch did not change it.
    #[schema(required)]
    pub body: Option<serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
pub struct Batch {
    pub items: Vec<BatchItem>,
    #[schema(required)]
    pub position: Option<String>,
}

/// The licence of a school.
#[derive(Serialize, ToSchema)]
pub struct Licence {
    pub id: String,
    pub revision: i64,
    pub licensee: Option<String>,
    pub number: Option<String>,
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    /// `{by, at, position}`
    pub changed: serde_json::Value,
    /// `{value, why, held_by}`
    pub editable: Option<serde_json::Value>,
}

/// What changes of a licence; `null` unsets.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceFields {
    #[schema(max_length = 200)]
    pub licensee: Option<String>,
    #[schema(max_length = 100)]
    pub number: Option<String>,
    #[schema(format = Date)]
    pub valid_until: Option<String>,
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

/// What a substitution did to a row: `cancel` and `release` cancel it; `cover`, `partial`, `supervision` and `special-duty` give it
/// another teacher, subject, room or classes, and such a row is also made where somebody is on duty outside lessons, and for who
/// comes with a `plus`; `move` takes it away here and brings it elsewhere; `room` gives it another room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    Cancelled,
    Covered,
    MovedAway,
    MovedHere,
    Room,
}

/// One row of a placement. `period` is absent on a date that is in none, `lesson` and `n` where a duty outside lessons is shown.
#[derive(Serialize, ToSchema)]
pub struct TimetableItem {
    pub period: Option<String>,
    pub day: i64,
    pub hour: i64,
    pub week: Option<String>,
    pub lesson: Option<String>,
    pub n: Option<i64>,
    pub class: Option<String>,
    pub teacher: Option<String>,
    pub subject: Option<String>,
    pub room: Option<String>,
    /// Of a date: what a substitution did to it.
    pub mark: Option<Mark>,
    /// Of a date: which substitution.
    pub substitution: Option<String>,
}

/// A teacher who could take an hour.
#[derive(Serialize, ToSchema)]
pub struct FreeTeacher {
    pub teacher: String,
    /// In how many hours of that day he is already.
    pub hours: i64,
}

/// What an hour lacks: a teacher, a class (all of them are absent, so the teacher can be released), a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lacks {
    Teacher,
    Class,
    Room,
}

/// An hour that nobody has dealt with yet.
#[derive(Serialize, ToSchema)]
pub struct OpenHour {
    #[schema(format = Date)]
    pub date: String,
    pub hour: i64,
    pub week: Option<String>,
    pub lesson: Option<String>,
    pub n: Option<i64>,
    pub of: Lacks,
    /// The absence that opens it.
    pub absence: String,
    pub teacher: Option<String>,
    pub classes: Vec<String>,
    pub subject: Option<String>,
    pub room: Option<String>,
    /// The substitution that made it what it is, when there is one.
    pub substitution: Option<String>,
    /// The teachers who are neither absent nor anywhere else in that hour; empty when it lacks no teacher.
    pub free: Vec<FreeTeacher>,
    /// When it lacks a room: the ones that nobody is in.
    pub free_rooms: Option<Vec<String>>,
}

fn substitutions() -> utoipa::openapi::schema::Array {
    let item = utoipa::openapi::Ref::from_schema_name("Substitution");
    utoipa::openapi::schema::ArrayBuilder::new().items(item).build()
}

/// What there is to cover on a day. Pages run through the substitutions, then through the open hours.
#[derive(Serialize, ToSchema)]
pub struct CoverList {
    /// The substitutions of the day, those that move something here too, by number.
    #[schema(schema_with = substitutions)]
    pub items: Vec<serde_json::Value>,
    /// By hour and lesson.
    pub open: Vec<OpenHour>,
    /// What to send as `after` for the next page; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CollisionKind {
    Class,
    Teacher,
    Room,
}

#[derive(Serialize, ToSchema)]
pub struct Collision {
    pub kind: CollisionKind,
    pub name: String,
    /// Absent on a date that is in no period.
    pub period: Option<String>,
    pub day: i64,
    pub hour: i64,
    pub week: Option<String>,
    pub lessons: Vec<String>,
    /// Of a collision on one date only.
    #[schema(format = Date)]
    pub date: Option<String>,
    /// The substitution that takes part in it.
    pub substitution: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Unplaced {
    pub lesson: String,
    pub period: String,
    pub missing: i64,
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
