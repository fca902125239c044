//! The rows of the files: which columns are read (RULES.md, section 7), and into which field of which kind.
//! Every other column is left alone.

use super::cell::Cells;
use crate::kind::{DAY_MAX, Field, Form, HOUR_MAX, HOURS_PER_WEEK_MAX, Kind};
use crate::value::Value;

/// The highest lesson number.
const LESSON_MAX: i64 = 999_999_999;
/// Minutes of a day, the most that a placement can last.
const LENGTH_MAX: i64 = 1_440;
/// Characters of a student group and of a week.
const SHORT_LENGTH_MAX: usize = 100;

/// A file whose rows are one record each.
#[derive(Debug)]
pub struct Master {
    /// The number in its name.
    pub number: u16,
    /// What its rows are.
    pub kind: Kind,
    /// Column, from 1, and the field it fills; column 1 is the name.
    pub columns: &'static [(u32, &'static str)],
}

/// The files of master data, by number.
pub static MASTERS: [Master; 6] = [
    Master {
        number: 3,
        kind: Kind::Classes,
        columns: &[
            (2, "long_name"),
            (4, "home_room"),
            (14, "grade_level"),
            (15, "department"),
            (20, "from"),
            (21, "to"),
            (22, "text"),
            (23, "description"),
            (29, "alias"),
            (30, "class_teacher"),
            (32, "students"),
        ],
    },
    Master {
        number: 4,
        kind: Kind::Teachers,
        columns: &[
            (2, "long_name"),
            (4, "personnel_no"),
            (5, "home_room"),
            (8, "hours_per_day_min"),
            (9, "hours_per_day_max"),
            (15, "week_target"),
            (17, "department"),
            (23, "text"),
            (24, "description"),
            (29, "first_name"),
            (30, "title"),
            (33, "email"),
            (36, "alias"),
            (39, "phone"),
            (40, "mobile"),
        ],
    },
    Master {
        number: 5,
        kind: Kind::Rooms,
        columns: &[
            (2, "long_name"),
            (3, "alternative_room"),
            (7, "weight"),
            (8, "capacity"),
            (9, "department"),
            (12, "text"),
            (13, "description"),
        ],
    },
    Master {
        number: 6,
        kind: Kind::Subjects,
        columns: &[
            (2, "long_name"),
            (4, "home_room"),
            (13, "subject_group"),
            (16, "text"),
            (17, "description"),
            (21, "alias"),
        ],
    },
    Master { number: 7, kind: Kind::Departments, columns: &[(2, "long_name")] },
    Master {
        number: 10,
        kind: Kind::Students,
        columns: &[
            (2, "long_name"),
            (3, "text"),
            (8, "first_name"),
            (9, "student_no"),
            (10, "class"),
            (13, "birth_date"),
            (14, "email"),
        ],
    },
];

/// The columns of GPU002 that are said about the whole lesson, hours per week left out.
pub static LESSON_COLUMNS: &[(u32, &str)] = &[
    (10, "students"),
    (12, "group"),
    (13, "line_text"),
    (15, "from"),
    (16, "to"),
    (18, "text"),
    (20, "home_room"),
    (21, "description"),
];

/// A field of a row that holds something.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// Its column, from 1.
    pub column: u32,
    /// The field it fills.
    pub field: &'static Field,
    /// What it holds; references are names.
    pub value: Value<String>,
}

/// One record of a file of master data.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// Line of the file, from 1.
    pub line: u32,
    /// Name of the record (column 1).
    pub name: String,
    /// Its fields, without the empty ones.
    pub filled: Vec<Filled>,
}

/// One coupling of a lesson (GPU002); a lesson that several teachers or classes share has several rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LessonRow {
    /// Line of the file, from 1.
    pub line: u32,
    /// Lesson number (column 1).
    pub number: u32,
    /// Column 2.
    pub hours_per_week: Option<u32>,
    /// Column 5.
    pub class: Option<String>,
    /// Column 6.
    pub teacher: Option<String>,
    /// Column 7.
    pub subject: Option<String>,
    /// Column 8.
    pub room: Option<String>,
    /// Column 42.
    pub student_group: Option<String>,
    /// What is said about the whole lesson (see [`LESSON_COLUMNS`]), without the empty fields.
    pub filled: Vec<Filled>,
}

/// Who meets in one placed hour (GPU001); the rows of one lesson, day, hour and week are one placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimetableRow {
    /// Line of the file, from 1.
    pub line: u32,
    /// Lesson number (column 1).
    pub number: u32,
    /// Column 2.
    pub class: Option<String>,
    /// Column 3.
    pub teacher: Option<String>,
    /// Column 4.
    pub subject: Option<String>,
    /// Column 5.
    pub room: Option<String>,
    /// Column 6, 1 = Monday.
    pub day: u8,
    /// Column 7, from 1.
    pub hour: u32,
    /// Column 8, in minutes.
    pub length: Option<u32>,
    /// Column 9.
    pub week: Option<String>,
}

/// The fields of `kind` with the columns that fill them.
pub(super) fn columns_of(kind: Kind, columns: &[(u32, &'static str)]) -> Vec<(u32, &'static Field)> {
    let field =
        |name| kind.field(name).expect("the columns name fields of the kind; a test reads all of them");
    columns.iter().map(|&(column, name)| (column, field(name))).collect()
}

/// Reads the fields of a row, each as what the table of kinds says that it holds.
fn read_filled(cells: &mut Cells, columns: &[(u32, &'static Field)]) -> Vec<Filled> {
    let mut filled = Vec::new();
    for &(column, field) in columns {
        let value = match field.form {
            Form::Reference(_) => cells.name(column).map(Value::Reference),
            Form::Number(least, most) => cells.whole(column, least, most).map(Value::Number),
            Form::Decimal(most) => cells.decimal(column, most).map(Value::Decimal),
            Form::Date => cells.date(column).map(Value::Date),
            Form::Words(length_max) => cells.text(column, length_max).map(|text| Value::Text(text.into())),
            form => unreachable!("no column of the files holds {form:?}"),
        };
        filled.extend(value.map(|value| Filled { column, field, value }));
    }
    filled
}

impl RecordRow {
    pub(super) fn read(cells: &mut Cells, columns: &[(u32, &'static Field)]) -> Option<Self> {
        let name = cells.own_name();
        let filled = read_filled(cells, columns);
        Some(RecordRow { line: cells.line, name: name?, filled })
    }
}

impl LessonRow {
    pub(super) fn read(cells: &mut Cells, columns: &[(u32, &'static Field)]) -> Option<Self> {
        let number = cells.needed(1, 0, LESSON_MAX, "lesson number");
        let row = LessonRow {
            line: cells.line,
            number: 0,
            hours_per_week: cells.whole(2, 0, HOURS_PER_WEEK_MAX).and_then(|hours| hours.try_into().ok()),
            class: cells.name(5),
            teacher: cells.name(6),
            subject: cells.name(7),
            room: cells.name(8),
            student_group: cells.text(42, SHORT_LENGTH_MAX),
            filled: read_filled(cells, columns),
        };
        Some(LessonRow { number: number?, ..row })
    }
}

impl TimetableRow {
    pub(super) fn read(cells: &mut Cells) -> Option<Self> {
        let number = cells.needed(1, 0, LESSON_MAX, "lesson number");
        let (class, teacher, subject, room) = (cells.name(2), cells.name(3), cells.name(4), cells.name(5));
        let day = cells.needed(6, 1, DAY_MAX, "day");
        let hour = cells.needed(7, 1, HOUR_MAX, "hour");
        let length = cells.whole(8, 0, LENGTH_MAX).and_then(|length| length.try_into().ok());
        let week = cells.text(9, SHORT_LENGTH_MAX);
        let (number, day, hour) = (number?, day?.try_into().ok()?, hour?);
        Some(TimetableRow {
            line: cells.line,
            number,
            class,
            teacher,
            subject,
            room,
            day,
            hour,
            length,
            week,
        })
    }
}
