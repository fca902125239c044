//! What substitutions do to the rows of an hour.
//!
//! | kind | the rows that it is about | mark |
//! |---|---|---|
//! | `cancel`, `release` | do not take place: teacher, room and class are free | `cancelled` |
//! | `cover`, `partial`, `supervision`, `special-duty` | get its teacher, subject, room, classes, as far as it names them; the absent teacher is out in any case | `covered` |
//! | `room` | get its room | `room` |
//! | `plus` | stay; its teacher comes as a row more for each of their classes | `covered` (the new rows) |
//! | `move` | do not take place here, and are at its other hour, with its teacher, subject, room | `moved-away`, `moved-here` |
//!
//! It is about the rows that its lesson, its absent teacher and its classes pick, as far as it names them. One of `cover`,
//! `partial`, `supervision`, `special-duty`, `plus` that names nothing to replace is a row of its own, and so is a
//! `special-duty` whose lesson does not stand there; any other about what does not stand there does nothing. A row that an
//! earlier one has taken away is touched by none, and a second cover with a teacher adds him. What was moved here can be covered,
//! cancelled and have its room changed like any other; only moving it on means to change the move. Files tell a move as two
//! records: one that only takes away, and one that is a row of its own where the lesson came to.

use uuid::Uuid;

use super::Meets;
use super::substitution::{Does, Substitution};

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Cancelled,
    Covered,
    MovedAway,
    MovedHere,
    Room,
}

impl Mark {
    /// The word in the interface.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Covered => "covered",
            Self::MovedAway => "moved-away",
            Self::MovedHere => "moved-here",
            Self::Room => "room",
        }
    }
}

/// A row of an hour, with what a substitution did to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayRow {
    /// What the regular timetable says here, or says where it was moved from; nothing for a row that came with a substitution.
    pub before: Option<Meets>,
    /// What happens.
    pub meets: Meets,
    pub mark: Option<(Mark, Uuid)>,
}

impl DayRow {
    /// Whether it takes place here.
    pub fn takes_place(&self) -> bool {
        !matches!(self.mark, Some((Mark::Cancelled | Mark::MovedAway, _)))
    }

    /// Whether somebody or something has a part in it, or would have had.
    pub fn concerns(&self, id: Uuid) -> bool {
        let has = |meets: &Meets| [meets.class, meets.teacher, meets.room].contains(&Some(id));
        has(&self.meets) || self.before.as_ref().is_some_and(has)
    }
}

/// The rows of an hour: what stands there, what comes from elsewhere, and what becomes of it. `arriving` brings along what
/// stands where it comes from.
pub(super) fn applied(
    standing: Vec<Meets>,
    here: &[&Substitution],
    arriving: &[(&Substitution, Vec<Meets>)],
) -> Vec<DayRow> {
    let mut rows: Vec<DayRow> =
        standing.into_iter().map(|meets| DayRow { before: Some(meets.clone()), meets, mark: None }).collect();
    for (by, there) in arriving {
        rows.extend(there.iter().filter(|meets| by.picks(meets)).map(|meets| arrived(meets, by)));
    }
    for by in here {
        apply(&mut rows, by);
    }
    rows
}

fn arrived(from: &Meets, by: &Substitution) -> DayRow {
    // The week of the placement says nothing about the date that it was moved to.
    let mut meets = Meets { week: None, ..from.clone() };
    meets.teacher = by.teacher.or(meets.teacher);
    meets.subject = by.subject.or(meets.subject);
    meets.room = by.room.or(meets.room);
    DayRow { before: Some(from.clone()), meets, mark: Some((Mark::MovedHere, by.id)) }
}

fn apply(rows: &mut Vec<DayRow>, by: &Substitution) {
    if by.came_here() {
        rows.extend(own(by, Mark::MovedHere));
        return;
    }
    let picked: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| is_about(by, row)).map(|(at, _)| at).collect();
    if picked.is_empty() {
        if by.stands_alone() || by.does == Does::SpecialDuty {
            rows.extend(own(by, Mark::Covered));
        }
        return;
    }
    match by.does {
        Does::Cancel | Does::Release => mark(rows, &picked, Mark::Cancelled, by),
        Does::Move => mark(rows, &picked, Mark::MovedAway, by),
        Does::Room => {
            for at in picked {
                rows[at].meets.room = by.room.or(rows[at].meets.room);
                rows[at].mark.get_or_insert((Mark::Room, by.id));
            }
        }
        Does::Plus => add(rows, &picked, by),
        Does::Cover | Does::Supervision | Does::SpecialDuty | Does::Partial => cover(rows, &picked, by),
    }
}

/// Whether a substitution is about a row. What its record says is about the regular timetable.
fn is_about(by: &Substitution, row: &DayRow) -> bool {
    let arrived = matches!(row.mark, Some((Mark::MovedHere, _)));
    let may = row.takes_place() && !(arrived && by.does == Does::Move);
    may && row.before.as_ref().is_some_and(|before| {
        by.picks(before) || arrived && by.picks(&Meets { teacher: row.meets.teacher, ..before.clone() })
    })
}

fn mark(rows: &mut [DayRow], picked: &[usize], mark: Mark, by: &Substitution) {
    for at in picked {
        rows[*at].mark = Some((mark, by.id));
    }
}

/// What a row becomes when it is covered.
fn covered(meets: &Meets, by: &Substitution) -> Meets {
    let keeps = if by.absent_teacher.is_some() { None } else { meets.teacher };
    Meets {
        teacher: by.teacher.or(keeps),
        subject: by.subject.or(meets.subject),
        room: by.room.or(meets.room),
        ..meets.clone()
    }
}

fn cover(rows: &mut Vec<DayRow>, picked: &[usize], by: &Substitution) {
    let mut more = Vec::new();
    for at in picked {
        let row = &mut rows[*at];
        let stays = |class: Uuid| by.cover_classes.is_empty() || by.cover_classes.contains(&class);
        if !row.meets.class.is_none_or(stays) {
            row.mark = Some((Mark::Cancelled, by.id));
            continue;
        }
        let becomes = covered(&row.meets, by);
        if matches!(row.mark, Some((Mark::Covered, _))) && by.teacher.is_some() {
            // Somebody covers it already: both come.
            more.push(DayRow {
                meets: becomes,
                mark: Some((Mark::Covered, by.id)),
                before: row.before.clone(),
            });
        } else {
            row.meets = becomes;
            row.mark = Some((Mark::Covered, by.id));
        }
    }
    // Classes that come to it for this once.
    let first = rows[picked[0]].clone();
    let there: Vec<Option<Uuid>> = picked.iter().map(|at| rows[*at].meets.class).collect();
    for class in by.cover_classes.iter().filter(|class| !there.contains(&Some(**class))) {
        let meets = Meets { class: Some(*class), ..covered(&first.meets, by) };
        more.push(DayRow { before: None, meets, mark: Some((Mark::Covered, by.id)) });
    }
    rows.extend(more);
}

/// A teacher more, with each class once.
fn add(rows: &mut Vec<DayRow>, picked: &[usize], by: &Substitution) {
    let mut classes: Vec<Option<Uuid>> = Vec::new();
    for at in picked {
        let Meets { class, .. } = rows[*at].meets;
        if classes.contains(&class) {
            continue;
        }
        classes.push(class);
        let meets = Meets { teacher: by.teacher, ..covered(&rows[*at].meets, by) };
        rows.push(DayRow { before: None, meets, mark: Some((Mark::Covered, by.id)) });
    }
}

/// What is no part of the regular timetable, as the record says it: a row for each class, or one.
fn own(by: &Substitution, mark: Mark) -> Vec<DayRow> {
    let classes = if by.cover_classes.is_empty() { &by.classes } else { &by.cover_classes };
    let each: Vec<Option<Uuid>> =
        if classes.is_empty() { vec![None] } else { classes.iter().copied().map(Some).collect() };
    // Who teaches a lesson that is moved moves with it, unless another one is named.
    let with_it = by.absent_teacher.filter(|_| mark == Mark::MovedHere);
    let row = |(ordinal, class): (i32, Option<Uuid>)| {
        let meets = Meets {
            lesson: by.lesson,
            ordinal,
            class,
            teacher: by.teacher.or(with_it),
            subject: by.subject,
            room: by.room,
            ..Meets::default()
        };
        DayRow { before: None, meets, mark: Some((mark, by.id)) }
    };
    (0..).zip(each).map(row).collect()
}

#[cfg(test)]
mod tests;
