//! The timetable, the day with its substitutions, and what is wrong with them.

use serde::Serialize;
use utoipa::ToSchema;

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
