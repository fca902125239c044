//! Files whose rows are one record each: master data, holidays, absences, substitutions.

use std::collections::HashMap;

use super::LessonSource;
use super::draft::{Draft, Place};
use super::lessons::LessonFacts;
use crate::gpu::write::written;
use crate::gpu::{Filled, MASTERS, RecordRow, Table};
use crate::{Fields, Form, Kind, Record, Value, whom};

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
                self.keep_as_written(at, &columns);
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

    /// A field of which the file says what it would be given for the value that is there keeps that value: files have no blanks at the
    /// ends of texts, no marks for "no", and no names that hold `~` in lists.
    pub fn keep_as_written(&mut self, at: usize, columns: &[&'static str]) {
        let plan = self.plan;
        let wanted = self.wanted(at);
        let Some(before) = wanted.before else { return };
        let name_of = |id| plan.name_of(id);
        for name in columns {
            let (Some(field), was, is) =
                (before.kind.field(name), before.fields.get(name), wanted.after.get(name))
            else {
                continue;
            };
            let said =
                |value: Option<&Value>| value.map(|it| written(field, it, &name_of)).unwrap_or_default();
            let comparable = is.is_none_or(|is| matches!(is, Value::Text(_) | Value::Flag(_)));
            if was == is || !comparable || said(was) != said(is) {
                continue;
            }
            match was {
                Some(was) => wanted.after.insert(name, was.clone()),
                None => wanted.after.remove(name),
            };
        }
        if before.kind == Kind::Substitutions {
            keep_move(before, &mut wanted.after);
        }
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

/// A row has no room for where an hour went: what is known of that stays as long as the hour is gone from the same place.
fn keep_move(before: &Record, after: &mut Fields) {
    let leaves = |fields: &Fields| ["kind", "date", "hour"].map(|field| fields.get(field).cloned());
    let to = ["to_date", "to_hour"].map(|field| before.fields.get(field));
    let own = ["date", "hour"].map(|field| before.fields.get(field));
    let moved = before.fields.get("kind").and_then(Value::text) == Some("move");
    if !moved || to == own || after.contains_key("to_date") || leaves(&before.fields) != leaves(after) {
        return;
    }
    for (field, value) in ["to_date", "to_hour"].into_iter().zip(to) {
        if let Some(value) = value {
            after.insert(field, value.clone());
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
