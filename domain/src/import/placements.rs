//! The hours of GPU001, and which number each has among the hours of its lesson.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::draft::{Draft, Place};
use super::lessons::{LessonFacts, grouped};
use crate::gpu::TimetableRow;
use crate::gpu::write::{as_read, rows_met};
use crate::{HourOf, Kind, ROWS_MAX, Record, RecordId, Row, Value};

/// Where in the week a placement stands.
type Slot<'a> = (u8, u32, Option<Cow<'a, str>>);

/// The rows of one lesson, day, hour and week.
struct Position<'a> {
    slot: Slot<'a>,
    rows: Vec<&'a TimetableRow>,
    /// The same as records hold them.
    met: Vec<Row>,
    /// The placements that would be written in just these rows: they stay as they are.
    kept: Vec<&'a Record>,
}

impl<'a> Draft<'a> {
    /// Says what the placements of the period are to be.
    pub fn draft_placements(&mut self, lessons: &HashMap<u32, LessonFacts>) {
        let Some(table) = &self.files.timetable else { return };
        let mut differing = 0_u64;
        for rows in grouped(&table.rows, |row| row.number) {
            let Some(lesson) = lessons.get(&rows[0].number) else {
                for row in rows {
                    self.fault_unknown_lesson(row, &table.file);
                }
                continue;
            };
            let mut positions = positions(&rows);
            for position in &mut positions {
                position.met = position.rows.iter().map(|row| self.row(row, &table.file)).collect();
                position.kept = self.kept(lesson, position);
            }
            let numbers = self.number(lesson, &positions);
            self.warn_of_too_many(lesson, &positions, &numbers, &table.file);
            for (position, (n, before)) in positions.iter().zip(numbers) {
                if !position.kept.is_empty() {
                    for placement in &position.kept {
                        self.want(Kind::Placements, placement.hour_of, Some(placement));
                    }
                    let as_coupled = same_rows(&without_rooms(&position.met), &without_rooms(&lesson.rows));
                    differing += u64::from(!as_coupled && position.kept.iter().any(|it| has_rows(it)));
                    continue;
                }
                let hour_of = HourOf { lesson: lesson.id, period: self.period, n };
                let at = self.want(Kind::Placements, Some(hour_of), before);
                differing += u64::from(self.fill_placement(at, lesson, position, &table.file));
            }
        }
        if differing > 0 {
            let file = &table.file;
            self.warn(|| {
                format!("{file}: in {differing} hours others meet than their lessons' couplings say")
            });
        }
    }

    fn fault_unknown_lesson(&mut self, row: &'a TimetableRow, file: &'a str) {
        let number = row.number;
        let detail = match self.plan.named(Kind::Lessons, &number.to_string()) {
            None => format!("lesson {number} is neither in GPU002 nor in the plan"),
            Some(_) => format!("lesson {number} would be removed, because GPU002 lacks it"),
        };
        self.fault(Place { file, line: row.line, column: 1 }, detail);
        self.row(row, file);
    }

    /// The placements of a position, when its rows are what would be written of them, one after the other.
    fn kept(&self, lesson: &LessonFacts, position: &Position<'a>) -> Vec<&'a Record> {
        let plan = self.plan;
        let all = plan.placements(lesson.id, self.period);
        let here: Vec<&'a Record> =
            all.map(AsRef::as_ref).filter(|record| slot_of(record) == position.slot).collect();
        let length = |record: &Record| record.number("length", None).and_then(|it| u32::try_from(it).ok());
        let written = here
            .iter()
            .flat_map(|record| rows_met(record, &lesson.rows).into_iter().map(|row| (row, length(record))));
        let read = position.met.iter().cloned().zip(position.rows.iter().map(|row| row.length));
        if written.eq(read) { here } else { Vec::new() }
    }

    /// The number of each position, with the placement that has it now.
    ///
    /// A placement that stands where the file has one keeps its number. The others take the free numbers up to the hours
    /// per week, then those of placements that the file does not hold, which move, then higher ones. Where the import
    /// replaces, moving comes first: what the file does not hold would go anyway.
    fn number(&self, lesson: &LessonFacts, positions: &[Position<'a>]) -> Vec<(u32, Option<&'a Record>)> {
        let plan = self.plan;
        let mut standing: HashMap<Slot<'a>, Vec<&'a Record>> = HashMap::new();
        let mut taken = BTreeSet::new();
        let kept: HashSet<RecordId> =
            positions.iter().flat_map(|position| &position.kept).map(|record| record.id).collect();
        for record in plan.placements(lesson.id, self.period) {
            taken.insert(number_of(record));
            if kept.contains(&record.id) {
                continue;
            }
            standing.entry(slot_of(record)).or_default().push(record);
        }
        let mut numbers: Vec<Option<(u32, Option<&'a Record>)>> = Vec::with_capacity(positions.len());
        for position in positions {
            if let Some(first) = position.kept.first() {
                numbers.push(Some((number_of(first), Some(first))));
                continue;
            }
            // The lowest number first; a second placement at the same time is one that the file does not hold.
            let here = standing.get_mut(&position.slot).filter(|records| !records.is_empty());
            numbers
                .push(here.map(|records| records.remove(0)).map(|record| (number_of(record), Some(record))));
        }
        let mut movable: Vec<&'a Record> = standing.into_values().flatten().collect();
        movable.sort_by_key(|record| number_of(record));
        let movable = movable.into_iter().map(|record| (number_of(record), Some(record)));
        let last = lesson.hours_per_week;
        let free = (1..=last).filter(|n| !taken.contains(n)).map(|n| (n, None));
        let above = (last.saturating_add(1)..).filter(|n| !taken.contains(n)).map(|n| (n, None));
        let mut next: Box<dyn Iterator<Item = (u32, Option<&'a Record>)>> = if self.replaces() {
            Box::new(movable.chain(free).chain(above))
        } else {
            Box::new(free.chain(movable).chain(above))
        };
        numbers
            .into_iter()
            .map(|number| number.or_else(|| next.next()).expect("numbers above the hours per week never end"))
            .collect()
    }

    fn warn_of_too_many(
        &mut self,
        lesson: &LessonFacts,
        positions: &[Position<'a>],
        numbers: &[(u32, Option<&Record>)],
        file: &str,
    ) {
        let most = lesson.hours_per_week;
        if numbers.iter().any(|(n, _)| *n > most)
            && let Some(row) = positions.iter().flat_map(|position| &position.rows).min_by_key(|row| row.line)
        {
            let (line, number, placed) = (row.line, row.number, positions.len());
            self.warn(|| {
                format!(
                    "{file} line {line}: lesson {number} has {most} hours per week and {placed} placed hours"
                )
            });
        }
    }

    /// Sets the fields of a placement, and tells whether others meet in it than the lesson's couplings say, rooms aside.
    fn fill_placement(
        &mut self,
        at: usize,
        lesson: &LessonFacts,
        position: &Position<'a>,
        file: &'a str,
    ) -> bool {
        let rows = position.met.clone();
        if rows.len() > ROWS_MAX {
            let place = Place { file, line: position.rows[0].line, column: 0 };
            self.fault(place, format_args!("a placement has at most {ROWS_MAX} rows"));
            return false;
        }
        let length = position.rows.iter().find_map(|row| row.length);
        self.set(at, "length", length.map(|length| Value::Number(i64::from(length))));
        let as_coupled = same_rows(&rows, &lesson.rows);
        let after = &mut self.wanted(at).after;
        let (day, hour, week) = position.slot.clone();
        after.insert("day", Value::Number(i64::from(day)));
        after.insert("hour", Value::Number(i64::from(hour)));
        match week {
            Some(week)
                if after.get("week").and_then(Value::text).and_then(as_read).as_deref() == Some(&*week) =>
            {
                None
            }
            Some(week) => after.insert("week", Value::Text(week.into())),
            None => after.remove("week"),
        };
        if as_coupled {
            after.remove("rows");
            return false;
        }
        let others_meet = !same_rows(&without_rooms(&rows), &without_rooms(&lesson.rows));
        after.insert("rows", Value::Rows(rows.into()));
        others_meet
    }
}

/// The rows of one lesson by where they stand in the week.
fn positions<'a>(rows: &[&'a TimetableRow]) -> Vec<Position<'a>> {
    let slot = |row: &&'a TimetableRow| {
        let week = row.week.as_deref().filter(|week| !week.is_empty());
        (row.day, row.hour, week.map(Cow::Borrowed))
    };
    let mut positions: Vec<Position<'a>> = grouped(rows, slot)
        .into_iter()
        .map(|rows| Position {
            slot: slot(rows[0]),
            rows: rows.into_iter().copied().collect(),
            met: Vec::new(),
            kept: Vec::new(),
        })
        .collect();
    positions.sort_by(|a, b| a.slot.cmp(&b.slot));
    positions
}

fn slot_of(placement: &Record) -> Slot<'_> {
    let number = |field| placement.number(field, None).unwrap_or(0);
    let week = placement.fields.get("week").and_then(Value::text).and_then(as_read).map(Cow::Owned);
    (u8::try_from(number("day")).unwrap_or(0), u32::try_from(number("hour")).unwrap_or(0), week)
}

fn has_rows(placement: &Record) -> bool {
    placement.fields.contains_key("rows")
}

fn number_of(placement: &Record) -> u32 {
    placement.hour_of.map_or(0, |hour| hour.n)
}

fn without_rooms(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|row| Row { room: None, ..row.clone() }).collect()
}

/// Whether two lists hold the same rows, in whatever order.
fn same_rows(these: &[Row], those: &[Row]) -> bool {
    these == those
        || these.len() == those.len() && {
            let mut counts: HashMap<&Row, i64> = HashMap::new();
            for row in these {
                *counts.entry(row).or_default() += 1;
            }
            for row in those {
                *counts.entry(row).or_default() -= 1;
            }
            counts.values().all(|count| *count == 0)
        }
}
