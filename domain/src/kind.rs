//! The table of all kinds of records with their fields: what a field holds, and which class of action changing it belongs to.
//!
//! This is the one place that says it. The rules, the HTTP interface, the read models and the description of the API read it here.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use Class::{Cover, Data, Exclusive, Room, Text, Timetable};

use crate::Right;
pub use fields::LICENCE;
use fields::{
    ABSENCE_REASONS, ABSENCES, CLASSES, DEPARTMENTS, HOLIDAYS, LESSONS, PERIODS, PLACEMENTS, ROOMS,
    SCHOOL_DATA, STUDENTS, SUBJECTS, SUBSTITUTIONS, TEACHERS, TIME_GRID,
};

mod fields;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the school's own words")]
pub enum Kind {
    Periods,
    Holidays,
    Departments,
    Rooms,
    Subjects,
    Teachers,
    Classes,
    Students,
    Lessons,
    Placements,
    AbsenceReasons,
    Absences,
    Substitutions,
    TimeGrid,
    SchoolData,
}

/// The class of action that changing a field belongs to; later ones are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Text fields: refused only while a period they touch is being optimised.
    Text,
    /// New records and other fields of master data and lessons.
    Data,
    /// Only the rooms of a placement: allowed beside cover.
    Room,
    /// What the timetable is made of: refused also while another user is in cover mode.
    Timetable,
    /// Absences and substitutions: only in cover mode.
    Cover,
    /// Only with an exclusive lock.
    Exclusive,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name of the record itself.
    Name,
    /// A text of at most so many characters.
    Words(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number between two bounds.
    Number(i64, i64),
    /// A number with decimals between 0 and a bound.
    Decimal(i64),
    /// A date.
    Date,
    /// Yes or no.
    Flag,
    /// A record of a kind.
    Reference(Kind),
    /// A record of the kind that the word in another field says (see [`whom`]).
    ReferenceOf(&'static str),
    /// Several records of a kind, each once.
    References(Kind),
    /// The couplings of a lesson.
    Couplings,
    /// The rows of a placement.
    Rows,
    /// The days of the time grid.
    Days,
    /// The hours of the time grid.
    Hours,
}

/// A field of a kind of record.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, in events and in JSON.
    pub name: &'static str,
    /// The class of action that changing it belongs to.
    pub class: Class,
    /// What it holds.
    pub form: Form,
    /// Whether it is said about a person, and therefore stored as [`crate::Personal`].
    pub personal: bool,
    /// Whether it says who is absent or why: shown only to whoever has the right `read-absences`.
    pub sensitive: bool,
}

/// The longest text of a field, in characters.
pub const WORDS_LENGTH_MAX: usize = 2_000;

/// What a substitution may be.
///
/// A `move` leaves a cancellation behind: one record says both where the hour is gone from (`date`, `hour`) and where it is now
/// (`to_date`, `to_hour`). Files say that in two rows, which become two records: one without `to_date` and `to_hour`, whose hour is
/// gone from its place, nobody says where to; and one whose `to_date` and `to_hour` are its own `date` and `hour`, whose hour has
/// come there and is missed nowhere.
pub const SUBSTITUTION_KINDS: &[&str] =
    &["cancel", "cover", "supervision", "special-duty", "move", "release", "plus", "partial", "room"];

/// The kind of record that is absent, by the word in the field `of` of an absence.
pub fn whom(word: &str) -> Option<Kind> {
    match word {
        "teacher" => Some(Kind::Teachers),
        "class" => Some(Kind::Classes),
        "room" => Some(Kind::Rooms),
        _ => None,
    }
}

/// The most hours a week of one lesson.
pub const HOURS_PER_WEEK_MAX: i64 = 1_000;
/// The last day of the week, Sunday.
pub const DAY_MAX: i64 = 7;
/// The most hours in a day of the time grid.
pub const HOUR_MAX: i64 = 100;
/// The most couplings of a lesson, rows of a placement, and classes of a substitution.
pub const ROWS_MAX: usize = 500;

impl Kind {
    /// Every kind, in an order in which each comes after those that it mostly refers to.
    pub const ALL: [Kind; 15] = [
        Kind::Periods,
        Kind::Holidays,
        Kind::Departments,
        Kind::Rooms,
        Kind::Subjects,
        Kind::Teachers,
        Kind::Classes,
        Kind::Students,
        Kind::Lessons,
        Kind::Placements,
        Kind::AbsenceReasons,
        Kind::Absences,
        Kind::Substitutions,
        Kind::TimeGrid,
        Kind::SchoolData,
    ];

    /// The kinds whose records have a path of their own below the plan: `/plans/{plan}/{kind}/{id}`.
    pub const NAMED: [Kind; 12] = [
        Kind::Classes,
        Kind::Teachers,
        Kind::Rooms,
        Kind::Subjects,
        Kind::Departments,
        Kind::Students,
        Kind::Lessons,
        Kind::Periods,
        Kind::Holidays,
        Kind::AbsenceReasons,
        Kind::Absences,
        Kind::Substitutions,
    ];

    /// The word in paths, subjects of changes and counts.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Periods => "periods",
            Kind::Holidays => "holidays",
            Kind::Departments => "departments",
            Kind::Rooms => "rooms",
            Kind::Subjects => "subjects",
            Kind::Teachers => "teachers",
            Kind::Classes => "classes",
            Kind::Students => "students",
            Kind::Lessons => "lessons",
            Kind::Placements => "placements",
            Kind::AbsenceReasons => "absence-reasons",
            Kind::Absences => "absences",
            Kind::Substitutions => "substitutions",
            Kind::TimeGrid => "time-grid",
            Kind::SchoolData => "school-data",
        }
    }

    /// Its fields, in the order in which they are shown. The name comes first where there is one.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Kind::Periods => PERIODS,
            Kind::Holidays => HOLIDAYS,
            Kind::Departments => DEPARTMENTS,
            Kind::Rooms => ROOMS,
            Kind::Subjects => SUBJECTS,
            Kind::Teachers => TEACHERS,
            Kind::Classes => CLASSES,
            Kind::Students => STUDENTS,
            Kind::Lessons => LESSONS,
            Kind::Placements => PLACEMENTS,
            Kind::AbsenceReasons => ABSENCE_REASONS,
            Kind::Absences => ABSENCES,
            Kind::Substitutions => SUBSTITUTIONS,
            Kind::TimeGrid => TIME_GRID,
            Kind::SchoolData => SCHOOL_DATA,
        }
    }

    /// The field of that name.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// Whether there is exactly one record of this kind in a plan, without a name.
    pub fn is_singleton(self) -> bool {
        matches!(self, Kind::TimeGrid | Kind::SchoolData)
    }

    /// Whether such records are what cover planning writes.
    pub fn is_of_cover(self) -> bool {
        matches!(self, Kind::Absences | Kind::Substitutions)
    }

    /// Whether such a record may have values of its own for one period. A period is none itself, and what has a date lies in one.
    pub fn has_period_values(self) -> bool {
        !self.is_singleton()
            && !self.is_of_cover()
            && !matches!(self, Kind::Periods | Kind::Holidays | Kind::Placements)
    }

    /// The right that reading such records takes. Absences and their reasons are sensitive (RULES.md, section 2).
    pub fn reading_right(self) -> Right {
        match self {
            Kind::Absences | Kind::AbsenceReasons => Right::ReadAbsences,
            _ => Right::Read,
        }
    }

    /// The names of the fields that only those with the right `read-absences` are shown.
    pub fn sensitive_fields(self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().filter(|field| field.sensitive).map(|field| field.name)
    }

    /// Whether the name of such a record says who a person is.
    pub fn is_person(self) -> bool {
        matches!(self, Kind::Teachers | Kind::Students)
    }

    /// The class of making such a record.
    pub fn creation_class(self) -> Class {
        match self {
            Kind::Placements => Timetable,
            Kind::Absences | Kind::Substitutions => Cover,
            Kind::Periods | Kind::Holidays | Kind::TimeGrid | Kind::SchoolData => Exclusive,
            _ => Data,
        }
    }

    /// The class of removing such a record.
    pub fn removal_class(self) -> Class {
        match self {
            Kind::Absences | Kind::Substitutions => Cover,
            Kind::Periods | Kind::Holidays | Kind::TimeGrid | Kind::SchoolData => Exclusive,
            _ => Timetable,
        }
    }

    /// The most restrictive class among the fields named; what names no field belongs to [`Class::Text`].
    ///
    /// A change of a placement that touches only rooms belongs to [`Class::Room`]; that is for the caller to see, because it takes
    /// the rows before and after.
    pub fn class_of<'a>(self, fields: impl Iterator<Item = &'a str>) -> Class {
        fields.filter_map(|name| self.field(name)).map(|field| field.class).max().unwrap_or(Text)
    }
}

impl Class {
    /// Whether records of this class are written in cover mode.
    pub fn needs_cover_mode(self) -> bool {
        self == Cover
    }

    /// Whether it is one of the classes that touch who meets when and where.
    pub fn is_timetable(self) -> bool {
        matches!(self, Room | Timetable)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// There is no such kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of record")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word).ok_or(UnknownKind)
    }
}
