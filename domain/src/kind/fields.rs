//! The fields of each kind of record.

use super::Class::{Cover, Data, Exclusive, Text, Timetable};
use super::Form::{
    Couplings, Date, Days, Decimal, Flag, Hours, Name, Number, Reference, ReferenceOf, References, Rows,
    Word, Words,
};
use super::{
    Class, DAY_MAX, Field, Form, HOUR_MAX, HOURS_PER_WEEK_MAX, Kind, SUBSTITUTION_KINDS, WORDS_LENGTH_MAX,
};

const fn f(name: &'static str, class: Class, form: Form) -> Field {
    Field { name, class, form, personal: false, sensitive: false }
}

const fn p(name: &'static str, class: Class, form: Form) -> Field {
    Field { name, class, form, personal: true, sensitive: false }
}

const fn s(name: &'static str, class: Class, form: Form) -> Field {
    Field { name, class, form, personal: false, sensitive: true }
}

const W: Form = Words(WORDS_LENGTH_MAX);
const SHORT: Form = Words(100);

pub(super) static PERIODS: &[Field] = &[
    f("id", Exclusive, Name),
    f("long_name", Exclusive, W),
    f("from", Exclusive, Date),
    f("to", Exclusive, Date),
    f("parent", Exclusive, Reference(Kind::Periods)),
];
pub(super) static HOLIDAYS: &[Field] = &[
    f("id", Exclusive, Name),
    f("long_name", Exclusive, W),
    f("from", Exclusive, Date),
    f("to", Exclusive, Date),
    f("public", Exclusive, Flag),
];
pub(super) static DEPARTMENTS: &[Field] = &[f("id", Data, Name), f("long_name", Text, W), f("text", Text, W)];
pub(super) static ROOMS: &[Field] = &[
    f("id", Data, Name),
    f("long_name", Text, W),
    f("alternative_room", Data, Reference(Kind::Rooms)),
    f("weight", Data, Number(0, 9)),
    f("capacity", Data, Number(0, 100_000)),
    f("department", Data, Reference(Kind::Departments)),
    f("text", Text, W),
    f("description", Text, W),
];
pub(super) static SUBJECTS: &[Field] = &[
    f("id", Data, Name),
    f("long_name", Text, W),
    f("home_room", Data, Reference(Kind::Rooms)),
    f("subject_group", Data, SHORT),
    f("text", Text, W),
    f("description", Text, W),
    f("alias", Text, W),
];
pub(super) static TEACHERS: &[Field] = &[
    p("id", Data, Name),
    p("long_name", Text, W),
    p("first_name", Text, W),
    p("title", Text, W),
    p("personnel_no", Data, SHORT),
    f("department", Data, Reference(Kind::Departments)),
    f("home_room", Data, Reference(Kind::Rooms)),
    p("email", Text, W),
    p("phone", Text, W),
    p("mobile", Text, W),
    f("hours_per_day_min", Data, Number(0, 24)),
    f("hours_per_day_max", Data, Number(0, 24)),
    f("week_target", Data, Decimal(1_000)),
    f("text", Text, W),
    f("description", Text, W),
    p("alias", Text, W),
];
pub(super) static CLASSES: &[Field] = &[
    f("id", Data, Name),
    f("long_name", Text, W),
    f("grade_level", Data, SHORT),
    f("department", Data, Reference(Kind::Departments)),
    f("home_room", Data, Reference(Kind::Rooms)),
    f("class_teacher", Data, Reference(Kind::Teachers)),
    f("students", Data, Number(0, 100_000)),
    f("from", Data, Date),
    f("to", Data, Date),
    f("text", Text, W),
    f("description", Text, W),
    f("alias", Text, W),
];
pub(super) static STUDENTS: &[Field] = &[
    p("id", Data, Name),
    p("long_name", Text, W),
    p("first_name", Text, W),
    p("student_no", Data, SHORT),
    f("class", Data, Reference(Kind::Classes)),
    p("birth_date", Data, Date),
    p("email", Text, W),
    f("text", Text, W),
    f("description", Text, W),
];
pub(super) static LESSONS: &[Field] = &[
    f("id", Data, Name),
    f("hours_per_week", Timetable, Number(0, HOURS_PER_WEEK_MAX)),
    f("couplings", Timetable, Couplings),
    f("from", Data, Date),
    f("to", Data, Date),
    f("group", Data, SHORT),
    f("students", Data, Number(0, 100_000)),
    f("text", Text, W),
    f("line_text", Text, W),
    f("home_room", Data, Reference(Kind::Rooms)),
    f("description", Text, W),
];
pub(super) static PLACEMENTS: &[Field] = &[
    f("day", Timetable, Number(1, DAY_MAX)),
    f("hour", Timetable, Number(1, HOUR_MAX)),
    f("week", Timetable, SHORT),
    f("length", Timetable, Number(0, 1_440)),
    f("rows", Timetable, Rows),
];
pub(super) static ABSENCE_REASONS: &[Field] =
    &[f("id", Data, Name), s("long_name", Text, W), s("text", Text, W)];
pub(super) static ABSENCES: &[Field] = &[
    f("id", Cover, Name),
    s("of", Cover, Word(&["teacher", "class", "room"])),
    s("name", Cover, ReferenceOf("of")),
    s("from", Cover, Date),
    s("to", Cover, Date),
    s("first_hour", Cover, Number(1, HOUR_MAX)),
    s("last_hour", Cover, Number(1, HOUR_MAX)),
    s("reason", Cover, Reference(Kind::AbsenceReasons)),
    s("text", Text, W),
];
pub(super) static SUBSTITUTIONS: &[Field] = &[
    f("id", Cover, Name),
    f("date", Cover, Date),
    f("hour", Cover, Number(1, HOUR_MAX)),
    f("lesson", Cover, Reference(Kind::Lessons)),
    s("absence", Cover, Reference(Kind::Absences)),
    f("kind", Cover, Word(SUBSTITUTION_KINDS)),
    f("absent_teacher", Cover, Reference(Kind::Teachers)),
    f("teacher", Cover, Reference(Kind::Teachers)),
    f("subject", Cover, Reference(Kind::Subjects)),
    f("room", Cover, Reference(Kind::Rooms)),
    f("classes", Cover, References(Kind::Classes)),
    f("cover_classes", Cover, References(Kind::Classes)),
    s("reason", Cover, Reference(Kind::AbsenceReasons)),
    f("to_date", Cover, Date),
    f("to_hour", Cover, Number(1, HOUR_MAX)),
    s("text", Text, W),
];
pub(super) static TIME_GRID: &[Field] = &[f("days", Exclusive, Days), f("hours", Exclusive, Hours)];
pub(super) static SCHOOL_DATA: &[Field] = &[
    f("name", Exclusive, W),
    f("cover_restricted_to_period", Exclusive, Flag),
    f("time_zone", Exclusive, Words(64)),
];

/// The fields of a school's licence, which is no record of a plan.
pub static LICENCE: &[Field] =
    &[f("licensee", Exclusive, Words(200)), f("number", Exclusive, SHORT), f("valid_until", Exclusive, Date)];
