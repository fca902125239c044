//! Holidays, absences and substitutions: what the files say of them must fit the school year, the lessons and each other.

use std::collections::HashMap;

use super::draft::{Draft, Place};
use super::lessons::LessonFacts;
use crate::calendar::{date, spans};
use crate::gpu::{Filled, RecordRow};
use crate::{Kind, RecordId, Value};

impl<'a> Draft<'a> {
    /// The lesson that a number names. A lesson is no name: it is never made because it is missing.
    pub fn refer_lesson(
        &mut self,
        number: &'a str,
        place: Place<'a>,
        lessons: &HashMap<u32, LessonFacts>,
    ) -> Option<RecordId> {
        let of_files = number.parse().ok().and_then(|number: u32| lessons.get(&number)).map(|it| it.id);
        let of_plan = || self.plan.named(Kind::Lessons, number).filter(|record| !self.goes(record));
        let found = of_files.or_else(|| of_plan().map(|record| record.id));
        if found.is_none() {
            self.fault(place, format_args!("lesson {number} is neither in the files nor in the plan"));
        }
        found
    }

    /// The absence that a number names. One that is missing cannot be made from its number alone: where unknown names become
    /// records it is left out, with a warning.
    pub fn refer_absence(&mut self, number: &'a str, place: Place<'a>) -> Option<RecordId> {
        let known = self.is_declared(Kind::Absences, number)
            || self.plan.named(Kind::Absences, number).is_some_and(|record| !self.goes(record));
        if known || !self.import.create_missing {
            return self.refer(Kind::Absences, number, place);
        }
        let Place { file, line, .. } = place;
        self.warn(|| format!("{file} line {line}: absence {number} is not known and is left out"));
        None
    }

    /// Checks a record of a dated kind as it is to be: what it needs, and that it lies in the school year.
    pub fn check_dated(&mut self, at: usize, kind: Kind, row: &'a RecordRow, file: &'a str) {
        let needed: &[(&str, u32)] = match kind {
            Kind::Holidays => &[("from", 3), ("to", 4)],
            Kind::Absences => &[("of", 2), ("name", 3), ("from", 4), ("to", 5)],
            Kind::Substitutions => &[("date", 2), ("hour", 3)],
            _ => return,
        };
        let place = |column| Place { file, line: row.line, column };
        for (field, column) in needed {
            // A field that cannot be read is told already; who is absent cannot be known before what he is.
            let of_is_missing = *field == "name" && !self.wanted(at).after.contains_key("of");
            if !of_is_missing && !self.wanted(at).after.contains_key(field) && !self.is_told(place(*column)) {
                self.fault(place(*column), format_args!("{kind} need a value for {field}"));
            }
        }
        let column =
            |field: &str| needed.iter().find(|(it, _)| *it == field).map_or(0, |(_, column)| *column);
        if kind == Kind::Absences {
            self.check_hours_of_one_day(at, place(7));
        }
        let Some((first, last)) = self.plan.id().and_then(|id| id.year.dates()) else { return };
        let after = &self.wanted(at).after;
        if kind == Kind::Substitutions {
            if date(after, "date").is_some_and(|day| day < first || day > last) {
                let detail = format!("the date lies outside the school year ({first} to {last})");
                self.fault(place(column("date")), detail);
            }
            return;
        }
        let Some((from, to)) = spans(kind, after).pop() else { return };
        if to < first || from > last {
            let field = if to < first { "to" } else { "from" };
            let detail = format!("it lies outside the school year ({first} to {last})");
            self.fault(place(column(field)), detail);
        } else if from < first || to > last {
            let line = row.line;
            self.warn(|| {
                format!("{file} line {line}: it reaches beyond the school year ({first} to {last})")
            });
        }
    }

    fn is_told(&self, place: Place<'_>) -> bool {
        let same =
            |line, column, file: &str| line == place.line && column == place.column && file == place.file;
        self.faults.items.iter().any(|fault| same(fault.line, fault.column, &fault.file))
    }

    fn check_hours_of_one_day(&mut self, at: usize, place: Place<'a>) {
        let after = &self.wanted(at).after;
        let one_day = spans(Kind::Absences, after).pop().is_some_and(|(from, to)| from == to);
        let number = |field| after.get(field).and_then(Value::number);
        if let (true, Some(first), Some(last)) = (one_day, number("first_hour"), number("last_hour"))
            && last < first
        {
            self.fault(
                place,
                format_args!("on one day the last hour ({last}) is not before the first ({first})"),
            );
        }
    }

    /// Where an hour is moved to is said by the row that is read, and by nothing else: what was said before does not stay.
    pub fn forget_move(&mut self, at: usize) {
        let after = &mut self.wanted(at).after;
        after.remove("to_date");
        after.remove("to_hour");
    }

    /// The last hour that absences and substitutions name, with the file.
    pub fn last_hour_of_cover(&self) -> Option<(&'a str, u32)> {
        let files = self.files;
        let tables = [Kind::Absences, Kind::Substitutions].into_iter().filter_map(|kind| files.master(kind));
        let hours = tables.flat_map(|table| {
            table
                .rows
                .iter()
                .flat_map(|row| &row.filled)
                .filter_map(move |filled| Some((table, hour(filled)?)))
        });
        hours.max_by_key(|(_, hour)| *hour).map(|(table, hour)| (table.file.as_str(), hour))
    }
}

fn hour(filled: &Filled) -> Option<u32> {
    let is_hour = matches!(filled.field.name, "hour" | "to_hour" | "first_hour" | "last_hour");
    is_hour.then(|| filled.value.number()).flatten()?.try_into().ok()
}
