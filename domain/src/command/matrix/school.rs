//! The school in which the matrix is tried.

use serde_json::json;

use crate::command::Precondition;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target, WriteRecord};
use crate::{Action, Kind, read_fields};

/// Periods with their first and last days; the tests' today lies in `1`.
pub const PERIODS: [(&str, &str, &str); 4] = [
    ("past", "2026-08-01", "2026-10-31"),
    ("1", "2026-11-01", "2027-01-31"),
    ("later", "2027-02-01", "2027-06-30"),
    ("spare", "2027-07-01", "2027-07-31"),
];

/// A plan of four periods with a teacher, a room, and a lesson that is placed in each period.
pub fn school(restricted: bool) -> Desk {
    let mut desk = Desk::with_plan();
    let eve = desk.log_in("eve");
    let lock = desk.lock(eve, Action::Periods);
    for (name, from, to) in PERIODS {
        let body = json!({ "from": from, "to": to });
        desk.done_in(
            eve,
            &WriteRecord {
                lock: Some(lock),
                ..write(Target::Named(Kind::Periods, name.into()), &body, name != "1")
            },
        );
    }
    let out = crate::command::end_lock::EndLock {
        plan: PLAN.parse().unwrap(),
        lock,
        reason: crate::LockEnd::Released,
    };
    desk.done_in(eve, &out);
    if restricted {
        let lock = desk.lock(eve, Action::SchoolData);
        let body = json!({ "cover_restricted_to_period": true });
        let change = write(Target::Singleton(Kind::SchoolData), &body, false);
        desk.done_in(eve, &WriteRecord { lock: Some(lock), ..change });
    }
    for (kind, name, body) in [
        (Kind::Rooms, "R1", json!({})),
        (Kind::Teachers, "GAUSS", json!({})),
        (Kind::Lessons, "1", json!({ "hours_per_week": 1, "couplings": [{ "teacher": "GAUSS" }] })),
    ] {
        desk.done_in(eve, &write(Target::Named(kind, name.into()), &body, true));
    }
    for (name, ..) in PERIODS {
        let hour = Target::Hour { lesson: "1".into(), n: 1 };
        let place = write(hour, &json!({ "day": 1, "hour": 1 }), true);
        desk.done_in(eve, &WriteRecord { period: Some(name.into()), ..place });
    }
    let plan = Some(PLAN.parse().unwrap());
    let gone =
        crate::command::end_session::EndSession { plan, session: eve, reason: crate::SessionEnd::LoggedOut };
    desk.done(&gone);
    desk
}

pub fn write(target: Target, body: &serde_json::Value, new: bool) -> WriteRecord {
    WriteRecord {
        plan: PLAN.parse().unwrap(),
        how: if new { How::Put } else { How::Patch },
        body: Ok(read_fields(target.kind(), body.as_object().unwrap()).unwrap()),
        target,
        room: None,
        period: None,
        precondition: if new { Precondition::Absent } else { Precondition::Present },
        lock: None,
        disjoint: false,
    }
}
