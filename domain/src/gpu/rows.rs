//! The rows of the files, read by the table of columns.

use super::cell::Cells;
use super::columns::Master;
use super::substitution;
use crate::kind::{DAY_MAX, Field, Form, HOUR_MAX, HOURS_PER_WEEK_MAX, Kind};
use crate::value::Value;

/// The highest number of a lesson, an absence, a substitution.
pub(super) const NUMBER_MAX: i64 = 999_999_999;
/// Who is absent, by the letter in GPU013.
pub(super) const LETTERS: &[(&str, &str)] = &[("L", "teacher"), ("K", "class"), ("R", "room")];
/// The mark in GPU018.
const MARKS: &[(&str, &str)] = &[("F", PUBLIC)];
const PUBLIC: &str = "public";
/// Minutes of a day, the most that a placement can last.
const LENGTH_MAX: i64 = 1_440;
/// Characters of a student group and of a week.
const SHORT_LENGTH_MAX: usize = 100;

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
    /// Name of the record (column 1); that of an absence or a substitution is a number.
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

/// Reads the fields of a row, each as what the table of kinds says that it holds.
fn read_filled(cells: &mut Cells, columns: &[(u32, &'static Field)]) -> Vec<Filled> {
    let mut filled = Vec::new();
    for &(column, field) in columns {
        let value = match field.form {
            // Lessons and absences are called by numbers, and 0 is none of them.
            Form::Reference(Kind::Lessons | Kind::Absences) => {
                let number = cells.whole(column, 0, NUMBER_MAX).filter(|number| *number > 0);
                number.map(|number| Value::Reference(number.to_string()))
            }
            Form::Reference(_) | Form::ReferenceOf(_) => cells.name(column).map(Value::Reference),
            Form::References(_) => cells.names(column).map(Value::References),
            Form::Word(_) => cells.letter(column, LETTERS).map(|word| Value::Text(word.into())),
            Form::Flag => cells.letter(column, MARKS).map(|mark| Value::Flag(mark == PUBLIC)),
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
    pub(super) fn read(
        cells: &mut Cells,
        master: &Master,
        columns: &[(u32, &'static Field)],
    ) -> Option<Self> {
        let name = if master.kind.is_of_cover() {
            cells.needed(1, 1, NUMBER_MAX, "the number is missing").map(|number| number.to_string())
        } else {
            cells.own_name()
        };
        let mut filled = read_filled(cells, columns);
        if master.kind == Kind::Substitutions {
            substitution::read_kind(cells, &mut filled);
        }
        Some(RecordRow { line: cells.line, name: name?, filled })
    }
}

impl LessonRow {
    pub(super) fn read(cells: &mut Cells, columns: &[(u32, &'static Field)]) -> Option<Self> {
        let number = cells.needed(1, 0, NUMBER_MAX, "the lesson number is missing");
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
        let number = cells.needed(1, 0, NUMBER_MAX, "the lesson number is missing");
        let (class, teacher, subject, room) = (cells.name(2), cells.name(3), cells.name(4), cells.name(5));
        let day = cells.needed(6, 1, DAY_MAX, "the day is missing");
        let hour = cells.needed(7, 1, HOUR_MAX, "the hour is missing");
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
