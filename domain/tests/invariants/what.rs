//! The records that are written, and on which revision.

use domain::Kind;
use domain::command::Precondition;
use domain::command::write_record::{How, Target};
use serde_json::{Value as Json, json};

use crate::desk::Desk;
use crate::drawn::NAMES;

/// A record that is written, as kind, name and body.
#[derive(Debug, Clone)]
pub enum What {
    Named(Kind, &'static str, usize),
    Renamed(Kind, &'static str, &'static str),
    Hour(&'static str, u32, i64, i64),
}

/// On which revision.
#[derive(Debug, Clone, Copy)]
pub enum Based {
    Present,
    Absent,
    /// So many revisions ago.
    Revision(u64),
}

impl What {
    pub fn body(&self) -> (Target, How, Json) {
        match self {
            What::Renamed(kind, from, to) => {
                (Target::Named(*kind, (*from).to_owned()), How::Patch, json!({ "id": to }))
            }
            What::Hour(lesson, n, day, hour) => {
                let target = Target::Hour { lesson: (*lesson).to_owned(), n: *n };
                (target, How::Put, json!({ "day": day, "hour": hour }))
            }
            What::Named(kind, name, body) => {
                let target = Target::Named(*kind, (*name).to_owned());
                let how = if body % 2 == 0 { How::Put } else { How::Patch };
                (target, how, body_of(*kind, *body))
            }
        }
    }
}

fn body_of(kind: Kind, body: usize) -> Json {
    let referred = NAMES[body % 3];
    match kind {
        Kind::Lessons => json!({
            "hours_per_week": body,
            "couplings": [{ "class": referred, "teacher": NAMES[body / 2], "subject": "A" }],
        }),
        Kind::Periods if body.is_multiple_of(2) => {
            json!({ "from": "2026-08-01", "to": format!("2027-01-0{}", body + 1) })
        }
        Kind::Periods => json!({ "from": "2027-02-01", "to": format!("2027-07-0{}", body + 1) }),
        Kind::Classes => json!({ "class_teacher": referred, "long_name": format!("class {body}") }),
        Kind::Teachers if body > 3 => json!({ "department": referred }),
        Kind::Rooms if body > 3 => json!({ "alternative_room": referred }),
        Kind::Students => json!({ "class": referred }),
        Kind::Absences => json!({
            "of": (["teacher", "class", "room"][body % 3]), "name": referred, "from": "2026-11-23",
            "to": format!("2026-11-2{}", body + 2), "reason": (body > 3).then_some("1"),
        }),
        Kind::Substitutions => json!({
            "date": format!("2027-0{}-01", body + 1), "hour": body + 1, "kind": "cover",
            "absence": (body > 2).then_some("1"), "teacher": (body > 1).then_some(NAMES[body / 2]),
            "lesson": (body > 4).then_some("1"),
        }),
        _ => json!({ "long_name": format!("called {body}") }),
    }
}

impl Based {
    pub fn of(self, desk: &Desk, target: &Target) -> Precondition {
        let ago = match self {
            Based::Present => return Precondition::Present,
            Based::Absent => return Precondition::Absent,
            Based::Revision(ago) => ago,
        };
        let record = match target {
            Target::Named(kind, name) => desk.plan().named(*kind, name),
            Target::Hour { lesson, n } => desk.plan().named(Kind::Lessons, lesson).and_then(|lesson| {
                let period = desk.plan().named(Kind::Periods, "1")?;
                desk.plan().placement(&domain::HourOf { lesson: lesson.id, period: period.id, n: *n })
            }),
            Target::New(_) | Target::Singleton(_) => None,
        };
        match record {
            Some(record) => Precondition::Revisions(vec![(1, record.revision.saturating_sub(ago).max(1))]),
            None if ago < 2 => Precondition::Absent,
            None => Precondition::Revisions(vec![(1, ago)]),
        }
    }
}
