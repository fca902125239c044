//! Lessons: from the couplings of GPU002, or from the hours of GPU001.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::LessonSource;
use super::draft::{Draft, Place};
use crate::gpu::write::{LessonLine, as_read, lesson_lines};
use crate::gpu::{LESSON_COLUMNS, LessonRow, TimetableRow};
use crate::{Coupling, Kind, ROWS_MAX, RecordId, Row, Value};

/// What placing the hours of a lesson needs to know of it.
#[derive(Debug, Clone)]
pub(super) struct LessonFacts {
    pub id: RecordId,
    /// Hours a week in the period.
    pub hours_per_week: u32,
    /// Who meets where as a rule.
    pub rows: Vec<Row>,
}

impl<'a> Draft<'a> {
    /// Says what the lessons are to be, and answers with the facts of every lesson of the timetable by its number.
    pub fn draft_lessons(&mut self) -> HashMap<u32, LessonFacts> {
        let files = self.files;
        let numbers: Vec<u32> = match self.import.lessons {
            LessonSource::File => {
                files.lessons.iter().flat_map(|table| &table.rows).map(|row| row.number).collect()
            }
            LessonSource::Timetable => {
                files.timetable.iter().flat_map(|table| &table.rows).map(|row| row.number).collect()
            }
        };
        let placed = files.timetable.iter().flat_map(|table| &table.rows).map(|row| row.number);
        let names: BTreeMap<u32, String> =
            numbers.iter().copied().chain(placed).map(|number| (number, number.to_string())).collect();
        let mut known = HashMap::new();
        match self.import.lessons {
            LessonSource::File => self.lessons_of_file(&mut known),
            LessonSource::Timetable => self.lessons_of_timetable(&mut known),
        }
        for (&number, name) in &names {
            if !known.contains_key(&number)
                && let Some(record) = self.plan.named(Kind::Lessons, name)
                && !self.goes(record)
            {
                known.insert(number, self.facts(record.id, None));
            }
        }
        known
    }

    fn lessons_of_file(&mut self, known: &mut HashMap<u32, LessonFacts>) {
        let Some(table) = &self.files.lessons else { return };
        for rows in grouped(&table.rows, |row| row.number) {
            let at = self.want_lesson(rows[0].number);
            let whole_lesson: Vec<&'static str> = LESSON_COLUMNS.iter().map(|(_, name)| *name).collect();
            self.fill(at, &whole_lesson, &rows[0].filled, &table.file, rows[0].line);
            for row in &rows[1..] {
                self.fill_further(at, &rows, row, &table.file);
            }
            self.keep_as_written(at, &whole_lesson);
            let hours = rows.iter().filter_map(|row| row.hours_per_week).max();
            let mut couplings = Vec::with_capacity(rows.len());
            for row in &rows {
                couplings.extend(self.coupling(row, hours, &table.file));
            }
            if !self.is_so_already(at, &rows) {
                self.set(at, "hours_per_week", hours.map(|hours| Value::Number(i64::from(hours))));
                let place = Place { file: &table.file, line: rows[0].line, column: 0 };
                self.set_couplings(at, couplings, place);
            }
            let facts = self.facts_of(at);
            self.warn_of_hours_above(&facts, rows[0], &table.file);
            known.insert(rows[0].number, facts);
        }
    }

    /// Whether the rows are those that would be written of the lesson as it is: what they have no room for stays then.
    fn is_so_already(&mut self, at: usize, rows: &[&LessonRow]) -> bool {
        let plan = self.plan;
        let Some(before) = self.wanted(at).before else { return false };
        let lines = rows.iter().map(|row| LessonLine {
            hours: row.hours_per_week,
            parts: [&row.class, &row.teacher, &row.subject, &row.room].map(Clone::clone),
            group: row.student_group.as_deref().and_then(as_read),
        });
        lines.eq(lesson_lines(before, &|id| plan.name_of(id)))
    }

    /// Hours that are placed already and that a lesson no longer has. Where GPU001 is given, its hours are looked at.
    fn warn_of_hours_above(&mut self, lesson: &LessonFacts, row: &LessonRow, file: &str) {
        let placed = self.plan.placements(lesson.id, self.period);
        let last = placed.filter_map(|placement| placement.hour_of).map(|hour| hour.n).last().unwrap_or(0);
        if self.files.timetable.is_none() && last > lesson.hours_per_week {
            let (line, number, most) = (row.line, row.number, lesson.hours_per_week);
            self.warn(|| {
                format!("{file} line {line}: lesson {number} has {most} hours per week and more placed hours")
            });
        }
    }

    /// Further rows of a lesson may fill what the first one leaves empty; where they say something else, the first holds.
    fn fill_further(&mut self, at: usize, rows: &[&'a LessonRow], row: &'a LessonRow, file: &'a str) {
        for filled in &row.filled {
            let mut earlier = rows.iter().take_while(|earlier| earlier.line != row.line);
            let said =
                earlier.find_map(|earlier| earlier.filled.iter().find(|other| other.column == filled.column));
            match said {
                None => self.fill(at, &[], std::slice::from_ref(filled), file, row.line),
                Some(said) if said.value != filled.value => {
                    let (line, number, field) = (row.line, row.number, filled.field.name);
                    self.warn(|| {
                        format!(
                            "{file} line {line}: {field} of lesson {number} differs from the lesson's first row, \
                             which holds"
                        )
                    });
                }
                Some(_) => {}
            }
        }
    }

    /// The coupling of a row; a row that names nobody and nothing is none.
    fn coupling(&mut self, row: &'a LessonRow, lesson_hours: Option<u32>, file: &'a str) -> Option<Coupling> {
        let place = |column| Place { file, line: row.line, column };
        let coupling = Coupling {
            class: self.refer_opt(Kind::Classes, &row.class, place(5)),
            teacher: self.refer_opt(Kind::Teachers, &row.teacher, place(6)),
            subject: self.refer_opt(Kind::Subjects, &row.subject, place(7)),
            room: self.refer_opt(Kind::Rooms, &row.room, place(8)),
            hours_per_week: row.hours_per_week.filter(|hours| Some(*hours) != lesson_hours),
            student_group: row.student_group.clone(),
        };
        let empty = coupling.row() == NOBODY && coupling.student_group.is_none();
        (!empty).then_some(coupling)
    }

    fn lessons_of_timetable(&mut self, known: &mut HashMap<u32, LessonFacts>) {
        if let Some(unused) = &self.files.lessons {
            let file = &unused.file;
            self.ignored.push(file.clone());
            self.warn(|| format!("{file} is not used: the lessons are made from the timetable"));
        }
        let Some(table) = &self.files.timetable else { return };
        for rows in grouped(&table.rows, |row| row.number) {
            let at = self.want_lesson(rows[0].number);
            let hours: HashSet<_> = rows.iter().map(|row| (row.day, row.hour, &row.week)).collect();
            self.set(at, "hours_per_week", i64::try_from(hours.len()).ok().map(Value::Number));
            let mut met = HashSet::new();
            let mut couplings = Vec::new();
            for row in rows.iter().filter(|row| met.insert((&row.class, &row.teacher, &row.subject))) {
                let Row { class, teacher, subject, room } = self.row(row, &table.file);
                let coupling =
                    Coupling { class, teacher, subject, room, hours_per_week: None, student_group: None };
                if coupling.row() != NOBODY {
                    couplings.push(coupling);
                }
            }
            self.set_couplings(at, couplings, Place { file: &table.file, line: rows[0].line, column: 0 });
            let facts = self.facts_of(at);
            known.insert(rows[0].number, facts);
        }
    }

    /// Who meets where in a row of the timetable.
    pub fn row(&mut self, row: &'a TimetableRow, file: &'a str) -> Row {
        let place = |column| Place { file, line: row.line, column };
        Row {
            class: self.refer_opt(Kind::Classes, &row.class, place(2)),
            teacher: self.refer_opt(Kind::Teachers, &row.teacher, place(3)),
            subject: self.refer_opt(Kind::Subjects, &row.subject, place(4)),
            room: self.refer_opt(Kind::Rooms, &row.room, place(5)),
        }
    }

    fn want_lesson(&mut self, number: u32) -> usize {
        let name = number.to_string();
        let before = self.plan.named(Kind::Lessons, &name).map(AsRef::as_ref);
        let at = self.want(Kind::Lessons, None, before);
        self.wanted(at).after.insert("id", Value::Text(name.into()));
        at
    }

    /// Sets a field that the files fill; what they leave empty is unset where the import replaces.
    pub fn set(&mut self, at: usize, field: &'static str, value: Option<Value>) {
        match value {
            Some(value) => {
                self.wanted(at).after.insert(field, value);
            }
            None if self.replaces() => {
                self.wanted(at).after.remove(field);
            }
            None => {}
        }
    }

    fn set_couplings(&mut self, at: usize, couplings: Vec<Coupling>, place: Place<'a>) {
        if couplings.len() > ROWS_MAX {
            self.fault(place, format_args!("a lesson has at most {ROWS_MAX} couplings"));
            return;
        }
        self.set(at, "couplings", (!couplings.is_empty()).then(|| Value::Couplings(couplings.into())));
    }

    fn facts_of(&mut self, at: usize) -> LessonFacts {
        let id = self.wanted(at).id;
        self.facts(id, Some(at))
    }

    /// The facts of a lesson in the period, as they are to be or, where the files say nothing of it, as they are.
    fn facts(&mut self, id: RecordId, at: Option<usize>) -> LessonFacts {
        let before = self.plan.record(id);
        let own = before.and_then(|record| record.by_period.get(&self.period)).cloned();
        let wide = match at {
            Some(at) => self.wanted(at).after.clone(),
            None => before.map(|record| record.fields.clone()).unwrap_or_default(),
        };
        let value = |field| own.as_ref().and_then(|own| own.get(field)).or_else(|| wide.get(field));
        let hours = value("hours_per_week").and_then(Value::number);
        let rows = match value("couplings") {
            Some(Value::Couplings(couplings)) => couplings.iter().map(Coupling::row).collect(),
            _ => Vec::new(),
        };
        LessonFacts {
            id,
            hours_per_week: hours.and_then(|hours| u32::try_from(hours).ok()).unwrap_or(0),
            rows,
        }
    }
}

/// A row in which nobody meets.
const NOBODY: Row = Row { class: None, teacher: None, subject: None, room: None };

/// The rows with one key each, in the order in which the keys come first.
pub(super) fn grouped<R, K: std::hash::Hash + Eq>(rows: &[R], key: impl Fn(&R) -> K) -> Vec<Vec<&R>> {
    let mut at = HashMap::with_capacity(rows.len());
    let mut groups: Vec<Vec<&R>> = Vec::new();
    for row in rows {
        let group = *at.entry(key(row)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(row);
    }
    groups
}
