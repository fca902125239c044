//! Writes the files that [`super::read`] reads: UTF-8, `;` between fields, texts in quotes, lines that end with CR LF.
//!
//! What a column cannot hold is left out: names of lessons, absences and substitutions that are no numbers, and names with `~` in a
//! list. Fields without a column are listed in [`FIELDS_WITHOUT_COLUMN`].

use std::collections::{BTreeMap, HashMap};

use super::columns::{LESSON_COLUMNS, MASTERS, Master};
use super::rows::{LETTERS, NUMBER_MAX};
use super::substitution::kind_bits;
use crate::kind::{Field, Form, Kind};
use crate::name::normalised;
use crate::{Coupling, Record, RecordId, Row, Value};

/// The numbers of the files that are written, in their order.
pub const FILES: [u16; 12] = [1, 2, 3, 4, 5, 6, 7, 10, 12, 13, 14, 18];

/// Fields for which the files have no column, beside values for one period, which no file holds. Of a substitution that moves an hour
/// elsewhere the files hold the place that it leaves.
pub const FIELDS_WITHOUT_COLUMN: &[(Kind, &str)] = &[
    (Kind::Departments, "text"),
    (Kind::Students, "description"),
    (Kind::AbsenceReasons, "text"),
    (Kind::Substitutions, "to_date"),
    (Kind::Substitutions, "to_hour"),
];

/// What is called how.
pub type NameOf<'a> = &'a dyn Fn(RecordId) -> Option<String>;

/// The kind of record that the rows of a file are about.
pub fn kind_of(number: u16) -> Option<Kind> {
    match number {
        1 => Some(Kind::Placements),
        2 => Some(Kind::Lessons),
        _ => MASTERS.iter().find(|master| master.number == number).map(|master| master.kind),
    }
}

/// The name of a file.
pub fn file_name(number: u16) -> String {
    format!("GPU{number:03}.TXT")
}

/// Whether a record of a kind can be called so in a file.
pub fn fits_file(kind: Kind, name: &str) -> bool {
    let numbered = matches!(kind, Kind::Lessons | Kind::Absences | Kind::Substitutions);
    !numbered || number_of(name).is_some_and(|number| number > 0 || kind == Kind::Lessons)
}

/// The number that a name is, when it is written as numbers are.
fn number_of(name: &str) -> Option<i64> {
    name.parse::<u32>()
        .ok()
        .filter(|number| number.to_string() == name)
        .map(i64::from)
        .filter(|number| *number <= NUMBER_MAX)
}

/// The rows of a file, where records of its kind are rows: every file but GPU001.
pub fn rows_of(number: u16, records: &[&Record], name_of: NameOf<'_>) -> String {
    let mut text = String::new();
    let master = MASTERS.iter().find(|master| master.number == number);
    for record in records {
        match master {
            Some(master) => push_master(&mut text, master, record, name_of),
            None => push_lesson(&mut text, record, name_of),
        }
    }
    text
}

fn push_master(text: &mut String, master: &Master, record: &Record, name_of: NameOf<'_>) {
    let Some(name) = record.name().filter(|name| fits_file(record.kind, name)) else { return };
    let mut line = Line::new(name);
    for (column, field) in master.columns {
        // Of two columns for one field the later one holds.
        let is_last = !master.columns.iter().any(|(other, name)| name == field && other > column);
        let Some(field) = record.kind.field(field).filter(|_| is_last) else { continue };
        if let Some(value) = record.fields.get(field.name) {
            line.put(*column, field, &written(field, value, name_of));
        }
    }
    if record.kind == Kind::Substitutions {
        line.bare(18, kind_bits(record).to_string());
    }
    line.end(text);
}

fn push_lesson(text: &mut String, record: &Record, name_of: NameOf<'_>) {
    let Some(name) = record.name().filter(|name| fits_file(record.kind, name)) else { return };
    for LessonLine { hours, parts, group } in lesson_lines(record, name_of) {
        let mut line = Line::new(name);
        line.bare(2, hours.map(|hours| hours.to_string()).unwrap_or_default());
        for (column, part) in (5..).zip(&parts) {
            line.text(column, part.as_deref().unwrap_or_default());
        }
        for (column, field) in LESSON_COLUMNS {
            let Some(field) = record.kind.field(field) else { continue };
            if let Some(value) = record.fields.get(field.name) {
                line.put(*column, field, &written(field, value, name_of));
            }
        }
        line.text(42, group.as_deref().unwrap_or_default());
        line.end(text);
    }
}

/// What one row of GPU002 says besides what holds for the whole lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonLine {
    /// Column 2.
    pub hours: Option<u32>,
    /// Class, teacher, subject, room.
    pub parts: [Option<String>; 4],
    /// Column 42.
    pub group: Option<String>,
}

/// The rows of a lesson: one for each coupling that names somebody or something, and one more for the hours per week where no coupling
/// has as many.
pub fn lesson_lines(record: &Record, name_of: NameOf<'_>) -> Vec<LessonLine> {
    let own = record.number("hours_per_week", None).and_then(|hours| u32::try_from(hours).ok());
    let couplings: &[Coupling] = match record.fields.get("couplings") {
        Some(Value::Couplings(couplings)) => couplings,
        _ => &[],
    };
    // Where the lesson says nothing, its rows are read as if it had the most hours that one of them has.
    let hours = own.or_else(|| couplings.iter().filter_map(|coupling| coupling.hours_per_week).max());
    let mut lines: Vec<LessonLine> = couplings
        .iter()
        .map(|coupling| {
            let Row { class, teacher, subject, room } = coupling.row();
            LessonLine {
                hours: coupling.hours_per_week.or(hours),
                parts: [class, teacher, subject, room].map(|part| part.and_then(name_of)),
                group: coupling.student_group.as_deref().and_then(as_read),
            }
        })
        .filter(|line| line.parts.iter().any(Option::is_some) || line.group.is_some())
        .collect();
    if lines.is_empty() || lines.iter().all(|line| line.hours < hours) {
        lines.push(LessonLine { hours, parts: [const { None }; 4], group: None });
    }
    lines
}

/// The rows of GPU001: every placed hour of these lessons, which are in their order, in one period.
pub fn timetable(
    lessons: &[&Record],
    placements: &HashMap<RecordId, Vec<&Record>>,
    period: RecordId,
    name_of: NameOf<'_>,
) -> String {
    let mut text = String::new();
    for lesson in lessons {
        let Some(number) = lesson.name().filter(|name| fits_file(Kind::Lessons, name)) else { continue };
        let mut placed: Vec<&Record> = placements.get(&lesson.id).cloned().unwrap_or_default();
        placed.sort_by_key(|it| (slot_of(it), it.hour_of));
        let coupled: Vec<Row> = match lesson.value("couplings", Some(period)) {
            Some(Value::Couplings(couplings)) => couplings.iter().map(Coupling::row).collect(),
            _ => Vec::new(),
        };
        for placement in placed {
            for row in rows_met(placement, &coupled) {
                let mut line = Line::new(number);
                let parts = [row.class, row.teacher, row.subject, row.room];
                for (column, part) in (2..).zip(parts) {
                    line.text(column, &part.and_then(name_of).unwrap_or_default());
                }
                let number =
                    |field| placement.number(field, None).map(|it| it.to_string()).unwrap_or_default();
                line.bare(6, number("day"));
                line.bare(7, number("hour"));
                line.bare(8, number("length"));
                line.text(9, slot_of(placement).2.as_deref().unwrap_or_default());
                line.end(&mut text);
            }
        }
    }
    text
}

/// Where in the week a placement stands, as a file says it.
pub fn slot_of(placement: &Record) -> (i64, i64, Option<String>) {
    let number = |field| placement.number(field, None).unwrap_or(0);
    let week = placement.fields.get("week").and_then(Value::text).and_then(as_read);
    (number("day"), number("hour"), week)
}

/// The rows of a placement as a file has them: its own, else those of its lesson; one without anybody where there are none.
pub fn rows_met(placement: &Record, coupled: &[Row]) -> Vec<Row> {
    let rows = match placement.fields.get("rows") {
        Some(Value::Rows(rows)) => rows.to_vec(),
        _ => coupled.to_vec(),
    };
    if rows.is_empty() { vec![Row { class: None, teacher: None, subject: None, room: None }] } else { rows }
}

/// A text as it is read again: in NFC and without blanks at its ends; nothing when nothing is left.
pub fn as_read(text: &str) -> Option<String> {
    let text = normalised(text.trim());
    (!text.is_empty()).then_some(text)
}

/// What a column says of a value; nothing where it cannot hold it.
pub fn written(field: &Field, value: &Value, name_of: NameOf<'_>) -> String {
    match (value.open(), field.form) {
        (Value::Text(word), Form::Word(_)) => {
            let letter = LETTERS.iter().find(|(_, of)| **of == **word).map(|(letter, _)| *letter);
            letter.unwrap_or_default().to_owned()
        }
        (Value::Text(text), _) => as_read(text).unwrap_or_default(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Decimal(text), _) => text.to_string(),
        (Value::Date(date), _) => date.format("%Y%m%d").to_string(),
        (Value::Flag(flag), _) => if *flag { "F" } else { "" }.to_owned(),
        (Value::Reference(id), Form::Reference(kind @ (Kind::Lessons | Kind::Absences))) => {
            // 0 stands for none.
            let name = name_of(*id).filter(|name| name != "0" && fits_file(kind, name));
            name.unwrap_or_default()
        }
        (Value::Reference(id), _) => name_of(*id).unwrap_or_default(),
        (Value::References(ids), _) => {
            let names: Option<Vec<String>> =
                ids.iter().map(|id| name_of(*id).filter(|name| !name.contains('~'))).collect();
            names.unwrap_or_default().join("~")
        }
        _ => String::new(),
    }
}

/// One row that is being written: its fields by their columns.
struct Line {
    cells: BTreeMap<u32, String>,
}

impl Line {
    fn new(name: &str) -> Line {
        let mut line = Line { cells: BTreeMap::new() };
        line.text(1, name);
        line
    }

    fn put(&mut self, column: u32, field: &Field, text: &str) {
        match field.form {
            Form::Number(..) | Form::Decimal(_) | Form::Date => self.bare(column, text.to_owned()),
            _ => self.text(column, text),
        }
    }

    /// A text in quotes; nothing where it is empty.
    fn text(&mut self, column: u32, text: &str) {
        if !text.is_empty() {
            self.bare(column, format!("\"{}\"", text.replace('"', "\"\"")));
        }
    }

    fn bare(&mut self, column: u32, text: String) {
        if !text.is_empty() {
            self.cells.insert(column, text);
        }
    }

    fn end(self, text: &mut String) {
        let mut at = 1;
        for (column, cell) in self.cells {
            (at..column).for_each(|_| text.push(';'));
            text.push_str(&cell);
            at = column;
        }
        text.push_str("\r\n");
    }
}
