//! Substitutions as a day needs them.

use chrono::NaiveDate;
use domain::calendar::date;
use domain::{Fields, Record, RecordId, Value};
use uuid::Uuid;

use super::{Meets, Place};

/// What a substitution does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Cancel,
    Cover,
    Supervision,
    SpecialDuty,
    Move,
    Release,
    Plus,
    Partial,
    Room,
}

impl Does {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "cancel" => Self::Cancel,
            "cover" => Self::Cover,
            "supervision" => Self::Supervision,
            "special-duty" => Self::SpecialDuty,
            "move" => Self::Move,
            "release" => Self::Release,
            "plus" => Self::Plus,
            "partial" => Self::Partial,
            "room" => Self::Room,
            _ => return None,
        })
    }

    /// Whether it can put somebody somewhere without a lesson.
    fn may_stand_alone(self) -> bool {
        matches!(self, Self::Cover | Self::Supervision | Self::SpecialDuty | Self::Plus | Self::Partial)
    }
}

/// A substitution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitution {
    pub id: Uuid,
    pub does: Does,
    pub from: Place,
    /// Where a move leads to.
    pub to: Option<Place>,
    pub lesson: Option<Uuid>,
    pub absent_teacher: Option<Uuid>,
    pub teacher: Option<Uuid>,
    pub subject: Option<Uuid>,
    pub room: Option<Uuid>,
    pub classes: Vec<Uuid>,
    pub cover_classes: Vec<Uuid>,
}

impl Substitution {
    /// The substitution that a record is; nothing when it lacks what every one has.
    pub fn of(record: &Record) -> Option<Self> {
        let fields = &record.fields;
        let does = Does::of(fields.get("kind").and_then(Value::text)?)?;
        let from: Place = (date(fields, "date")?, hour(fields, "hour")?);
        // A file may say that an hour was moved away and not where to.
        let to = date(fields, "to_date").zip(hour(fields, "to_hour"));
        Some(Self {
            id: record.id.0,
            does,
            from,
            to: to.filter(|_| does == Does::Move),
            lesson: reference(fields, "lesson"),
            absent_teacher: reference(fields, "absent_teacher"),
            teacher: reference(fields, "teacher"),
            subject: reference(fields, "subject"),
            room: reference(fields, "room"),
            classes: references(fields, "classes"),
            cover_classes: references(fields, "cover_classes"),
        })
    }

    /// Whether it only says that a lesson came to its own place: files tell a move as two records, one for each of its ends.
    pub fn came_here(&self) -> bool {
        self.to == Some(self.from)
    }

    /// Whether it is about no lesson that stands, but puts somebody somewhere beside the lessons.
    pub fn stands_alone(&self) -> bool {
        let beside = self.classes.is_empty() || !matches!(self.does, Does::Cover | Does::Partial);
        self.does.may_stand_alone() && self.lesson.is_none() && self.absent_teacher.is_none() && beside
    }

    /// Whether it is about this row: of its lesson, with the absent teacher, of one of its classes, as far as it names them.
    pub fn picks(&self, meets: &Meets) -> bool {
        let names_none = self.lesson.is_none() && self.absent_teacher.is_none() && self.classes.is_empty();
        !names_none
            && !self.stands_alone()
            && (self.lesson.is_none() || self.lesson == meets.lesson)
            && (self.absent_teacher.is_none() || self.absent_teacher == meets.teacher)
            && (self.classes.is_empty() || meets.class.is_some_and(|class| self.classes.contains(&class)))
    }
}

/// An absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absence {
    pub id: Uuid,
    /// Of whom or what.
    pub of: Uuid,
    from: (NaiveDate, Option<i32>),
    to: (NaiveDate, Option<i32>),
}

impl Absence {
    /// The absence that a record is; nothing when it lacks what every one has.
    pub fn of(record: &Record) -> Option<Self> {
        let fields = &record.fields;
        Some(Self {
            id: record.id.0,
            of: reference(fields, "name")?,
            from: (date(fields, "from")?, hour(fields, "first_hour")),
            to: (date(fields, "to")?, hour(fields, "last_hour")),
        })
    }

    /// Whether it lasts in an hour: from the first hour of its first day to the last hour of its last day, without a pause.
    pub fn holds(&self, (day, hour): Place) -> bool {
        let begun = day > self.from.0 || day == self.from.0 && self.from.1.is_none_or(|first| hour >= first);
        let over = day > self.to.0 || day == self.to.0 && self.to.1.is_some_and(|last| hour > last);
        begun && !over
    }
}

fn hour(fields: &Fields, field: &str) -> Option<i32> {
    fields.get(field).and_then(Value::number).and_then(|number| i32::try_from(number).ok())
}

fn reference(fields: &Fields, field: &str) -> Option<Uuid> {
    match fields.get(field)?.open() {
        Value::Reference(RecordId(id)) => Some(*id),
        _ => None,
    }
}

fn references(fields: &Fields, field: &str) -> Vec<Uuid> {
    match fields.get(field).map(Value::open) {
        Some(Value::References(ids)) => ids.iter().map(|RecordId(id)| *id).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")
    }

    #[test]
    fn an_absence_lasts_from_its_first_hour_to_its_last_without_a_pause() {
        let absence =
            Absence { id: Uuid::nil(), of: Uuid::nil(), from: (day(23), Some(4)), to: (day(25), Some(2)) };
        let holds = [(22, 5), (23, 3), (23, 4), (24, 1), (24, 12), (25, 2), (25, 3), (26, 1)]
            .map(|(date, hour)| absence.holds((day(date), hour)));
        assert_eq!(holds, [false, false, true, true, true, true, false, false]);
        let whole = Absence { from: (day(23), None), to: (day(23), None), ..absence };
        assert!(whole.holds((day(23), 1)) && whole.holds((day(23), 12)) && !whole.holds((day(24), 1)));
    }
}
