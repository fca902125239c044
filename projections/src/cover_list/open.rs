//! Which hours of a day are open because somebody or something is absent.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::day::{Absence, DayRow, Days, Place};

/// What an open hour lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lacks {
    Teacher,
    /// All its classes are absent: its teacher can be released.
    Class,
    Room,
}

impl Lacks {
    /// The word in the interface; that of the absence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Class => "class",
            Self::Room => "room",
        }
    }
}

/// An hour of a lesson, or of a duty outside lessons, that takes place although somebody or something it needs is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub hour: i32,
    pub week: Option<String>,
    pub lesson: Option<Uuid>,
    pub n: Option<i32>,
    pub lacks: Lacks,
    pub absence: Uuid,
    pub teacher: Option<Uuid>,
    pub classes: BTreeSet<Uuid>,
    pub subject: Option<Uuid>,
    pub room: Option<Uuid>,
    pub substitution: Option<Uuid>,
}

impl Open {
    /// Every record that it names.
    pub fn references(&self) -> impl Iterator<Item = Uuid> {
        let some =
            [self.lesson, Some(self.absence), self.teacher, self.subject, self.room, self.substitution];
        some.into_iter().flatten().chain(self.classes.iter().copied())
    }
}

/// What is open on a date, and who and what is taken in which hour.
pub(super) fn open_hours(
    days: &Days,
    date: NaiveDate,
    absences: &[Absence],
) -> (Vec<Open>, HashSet<(Uuid, i32)>) {
    let (mut open, mut taken) = (Vec::new(), HashSet::new());
    for hour in days.hours_of(date) {
        let rows: Vec<DayRow> = days.rows((date, hour)).into_iter().filter(DayRow::takes_place).collect();
        for row in &rows {
            taken.extend([row.meets.teacher, row.meets.room].into_iter().flatten().map(|id| (id, hour)));
        }
        open.extend(open_of_hour(&rows, (date, hour), absences));
    }
    (open, taken)
}

/// What is one hour of a lesson for one teacher, or one duty of his.
type Duty = (Option<Uuid>, Option<i32>, Option<Uuid>, Option<Uuid>);

/// What is one hour of a lesson in one room.
type InRoom = (Option<Uuid>, Option<i32>, Option<Uuid>);

fn open_of_hour(rows: &[DayRow], place: Place, absences: &[Absence]) -> Vec<Open> {
    let absence = |id: Option<Uuid>| {
        id.and_then(|id| absences.iter().find(|it| it.of == id && it.holds(place))).map(|it| it.id)
    };
    let mut duties: BTreeMap<Duty, Vec<&DayRow>> = BTreeMap::new();
    for row in rows {
        let alone = if row.meets.lesson.is_none() { row.mark.map(|(_, by)| by) } else { None };
        duties.entry((row.meets.lesson, row.meets.n, row.meets.teacher, alone)).or_default().push(row);
    }
    let mut open = Vec::new();
    let mut with_room: BTreeMap<InRoom, Vec<&DayRow>> = BTreeMap::new();
    for ((_, _, teacher, _), rows) in &duties {
        let present: Vec<&DayRow> =
            rows.iter().copied().filter(|row| absence(row.meets.class).is_none()).collect();
        if present.is_empty() {
            let by = rows.iter().find_map(|row| absence(row.meets.class));
            open.extend(by.map(|by| opened(rows, place, Lacks::Class, by)));
            continue;
        }
        if let Some(by) = absence(*teacher) {
            open.push(opened(&present, place, Lacks::Teacher, by));
        }
        for row in present {
            with_room.entry((row.meets.lesson, row.meets.n, row.meets.room)).or_default().push(row);
        }
    }
    for ((_, _, room), rows) in &with_room {
        open.extend(absence(*room).map(|by| opened(rows, place, Lacks::Room, by)));
    }
    open
}

fn opened(rows: &[&DayRow], (_, hour): Place, lacks: Lacks, absence: Uuid) -> Open {
    let first = &rows[0].meets;
    Open {
        hour,
        week: first.week.clone(),
        lesson: first.lesson,
        n: first.n,
        lacks,
        absence,
        teacher: first.teacher,
        classes: rows.iter().filter_map(|row| row.meets.class).collect(),
        subject: first.subject,
        room: first.room,
        substitution: rows.iter().find_map(|row| row.mark).map(|(_, by)| by),
    }
}
