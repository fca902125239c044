//! Files whose rows are one record each: master data, holidays, absences, substitutions.

use std::collections::HashMap;

use super::LessonSource;
use super::draft::{Draft, Place};
use super::lessons::LessonFacts;
use crate::gpu::{Filled, MASTERS, RecordRow, Table};
use crate::{Form, Kind, Value, whom};

impl<'a> Draft<'a> {
    /// The name of the file that lists the records of a kind, when it is given.
    pub fn file_of(&self, kind: Kind) -> Option<&'a str> {
        let files = self.files;
        match (kind, self.import.lessons) {
            (Kind::Lessons, LessonSource::File) => files.lessons.as_ref().map(|table| table.file.as_str()),
            (Kind::Lessons, LessonSource::Timetable) | (Kind::Placements, _) => {
                files.timetable.as_ref().map(|table| table.file.as_str())
            }
            _ => files.master(kind).map(|table| table.file.as_str()),
        }
    }

    /// Makes every name of the files known, before anything refers to it.
    pub fn declare_masters(&mut self) {
        let files = self.files;
        for (master, table) in MASTERS.iter().zip(&files.masters) {
            for row in table.iter().flat_map(|table| &table.rows) {
                self.declare(master.kind, &row.name);
            }
        }
    }

    /// Says what the fields of master data and holidays are to be.
    pub fn fill_masters(&mut self) {
        self.fill_tables(false, &HashMap::new());
    }

    /// The same of absences and substitutions, which refer to lessons.
    pub fn fill_cover(&mut self, lessons: &HashMap<u32, LessonFacts>) {
        self.fill_tables(true, lessons);
    }

    fn fill_tables(&mut self, of_cover: bool, lessons: &HashMap<u32, LessonFacts>) {
        let files = self.files;
        for (master, table) in MASTERS.iter().zip(&files.masters) {
            let Some(table) = table.as_ref().filter(|_| master.kind.is_of_cover() == of_cover) else {
                continue;
            };
            let columns: Vec<&'static str> = master.columns.iter().map(|(_, name)| *name).collect();
            let mut first_rows: HashMap<&str, &RecordRow> = HashMap::with_capacity(table.rows.len());
            for row in &table.rows {
                if let Some(first) = first_rows.insert(&row.name, row) {
                    self.check_repeated(table, first, row);
                    continue;
                }
                let at = self.declare(master.kind, &row.name);
                if master.kind == Kind::Substitutions {
                    self.forget_move(at);
                }
                self.fill_with(at, &columns, &row.filled, (&table.file, row.line), lessons);
                self.check_dated(at, master.kind, row, &table.file);
            }
        }
    }

    /// Sets the fields that a row fills; an empty one is unset where the import replaces.
    pub fn fill(
        &mut self,
        at: usize,
        columns: &[&'static str],
        filled: &'a [Filled],
        file: &'a str,
        line: u32,
    ) {
        self.fill_with(at, columns, filled, (file, line), &HashMap::new());
    }

    fn fill_with(
        &mut self,
        at: usize,
        columns: &[&'static str],
        filled: &'a [Filled],
        (file, line): (&'a str, u32),
        lessons: &HashMap<u32, LessonFacts>,
    ) {
        if self.replaces() {
            let after = &mut self.wanted(at).after;
            for name in columns {
                after.remove(name);
            }
        }
        for Filled { column, field, value } in filled {
            let place = Place { file, line, column: *column };
            let value = match (value, field.form) {
                (Value::Reference(name), Form::Reference(Kind::Lessons)) => {
                    self.refer_lesson(name, place, lessons).map(Value::Reference)
                }
                (Value::Reference(name), Form::Reference(Kind::Absences)) => {
                    self.refer_absence(name, place).map(Value::Reference)
                }
                (Value::Reference(name), Form::Reference(kind)) => {
                    self.refer(kind, name, place).map(Value::Reference)
                }
                (Value::Reference(name), Form::ReferenceOf(other)) => {
                    let kind = self.wanted(at).after.get(other).and_then(Value::text).and_then(whom);
                    kind.and_then(|kind| self.refer(kind, name, place)).map(Value::Reference)
                }
                (Value::References(names), Form::References(kind)) => {
                    let ids = names.iter().filter_map(|name| self.refer(kind, name, place)).collect();
                    Some(Value::References(ids))
                }
                (value, _) => Some(plain(value)),
            };
            if let Some(value) = value {
                self.wanted(at).after.insert(field.name, value);
            }
        }
        self.check_dates(at, filled, file, line);
    }

    fn check_dates(&mut self, at: usize, filled: &[Filled], file: &str, line: u32) {
        let last = filled.iter().rfind(|filled| matches!(filled.field.name, "from" | "to"));
        let after = &self.wanted(at).after;
        if let (Some(last), Some(Value::Date(from)), Some(Value::Date(to))) =
            (last, after.get("from"), after.get("to"))
            && from > to
        {
            let detail = format!("it would end ({to}) before it begins ({from})");
            self.fault(Place { file, line, column: last.column }, detail);
        }
    }

    /// A name may stand in a file twice where both rows say the same.
    fn check_repeated(&mut self, table: &Table<RecordRow>, first: &RecordRow, again: &RecordRow) {
        let mut differing = again.filled.iter().filter(|filled| !first.filled.contains(filled));
        let mut missing = first.filled.iter().filter(|filled| !again.filled.contains(filled));
        if let Some(filled) = differing.next().or_else(|| missing.next()) {
            let place = Place { file: &table.file, line: again.line, column: filled.column };
            let (name, line) = (&again.name, first.line);
            self.fault(place, format_args!("{name:?} stands in line {line} already and says something else"));
        }
    }
}

/// A value of a file that refers to nothing.
fn plain(value: &Value<String>) -> Value {
    let none = |_: Option<Kind>, _: &String, _: &str| -> Result<_, std::convert::Infallible> {
        unreachable!("references are resolved by the caller")
    };
    let mut none = none;
    match value.map(None, &mut none) {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
