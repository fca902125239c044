//! Given a school with periods, absences and substitutions, when one is changed, then this does not fit.

use serde_json::{Value as Json, json};

use super::*;
use crate::command::testing::Desk;
use crate::{LockId, SessionId};

struct School {
    desk: Desk,
    clara: SessionId,
}

fn school() -> School {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    desk.done_in(anna, &new(teacher("GAUSS", json!({}))));
    desk.done_in(anna, &new(write(Target::Named(Kind::Rooms, "R1".into()), json!({}))));
    desk.done_in(anna, &new(write(Target::Named(Kind::Lessons, "7".into()), json!({"hours_per_week": 2}))));
    desk.done_in(anna, &new(write(Target::Named(Kind::AbsenceReasons, "SICK".into()), json!({}))));
    desk.log_out(anna);
    let clara = desk.log_in_with("clara", Some(Mode::Cover));
    School { desk, clara }
}

fn absence(more: &Json) -> WriteRecord {
    let mut body =
        json!({"of": "teacher", "name": "GAUSS", "from": "2026-11-23", "to": "2026-11-24", "reason": "SICK"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    write(Target::New(Kind::Absences), body)
}

fn substitution(more: &Json) -> WriteRecord {
    let mut body = json!({"date": "2026-11-23", "hour": 2, "kind": "cover", "lesson": "7"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    write(Target::New(Kind::Substitutions), body)
}

fn places(refusal: &Refusal) -> Vec<&str> {
    assert_eq!(refusal.code, RefusalCode::Invalid, "{:?}", refusal.members);
    refusal.members["errors"].as_array().unwrap().iter().map(|it| it["pointer"].as_str().unwrap()).collect()
}

#[test]
fn absences_lie_in_the_school_year_and_in_the_time_grid() {
    let School { mut desk, clara } = school();
    for (more, expected) in [
        (json!({"from": "2026-07-31"}), vec!["/from"]),
        (json!({"to": "2027-08-01"}), vec!["/to"]),
        (json!({"first_hour": 13, "last_hour": 99}), vec!["/first_hour", "/last_hour"]),
        (json!({"to": "2026-11-23", "first_hour": 5, "last_hour": 4}), vec!["/last_hour"]),
        (json!({"name": "R1"}), vec!["/name"]),
        (json!({"of": "room"}), vec!["/name"]),
    ] {
        assert_eq!(places(&desk.refused_in(clara, &absence(&more))), expected, "{more}");
    }
    // The hours are those of the first and of the last day.
    desk.done_in(clara, &absence(&json!({"first_hour": 5, "last_hour": 4})));
    desk.done_in(clara, &absence(&json!({"of": "room", "name": "R1"})));
}

#[test]
fn only_a_move_says_where_an_hour_goes_and_it_always_does() {
    let School { mut desk, clara } = school();
    for (more, expected) in [
        (json!({"date": "2030-01-01"}), vec!["/date"]),
        (json!({"hour": 13}), vec!["/hour"]),
        (json!({"to_date": "2026-11-24"}), vec!["/to_date"]),
        (json!({"kind": "move"}), vec!["/to_date", "/to_hour"]),
        (json!({"kind": "move", "to_date": "2027-08-01", "to_hour": 13}), vec!["/to_date", "/to_hour"]),
        (json!({"kind": "move", "to_date": "2026-11-23", "to_hour": 2}), vec!["/to_hour"]),
        (json!({"kind": "move", "to_date": "2026-11-24", "to_hour": 2, "lesson": null}), vec!["/lesson"]),
    ] {
        assert_eq!(places(&desk.refused_in(clara, &substitution(&more))), expected, "{more}");
    }
    desk.done_in(clara, &substitution(&json!({"kind": "move", "to_date": "2026-11-24", "to_hour": 2})));
    let there = Target::Named(Kind::Substitutions, "1".into());
    let back = based_on(1, write(there.clone(), json!({"kind": "cancel"})));
    assert_eq!(places(&desk.refused_in(clara, &back)), ["/to_date", "/to_hour"]);
    let back = write(there, json!({"kind": "cancel", "to_date": null, "to_hour": null}));
    desk.done_in(clara, &based_on(1, back));
}

#[test]
fn cover_stops_only_while_a_period_of_its_days_is_optimised() {
    let School { mut desk, clara } = school();
    desk.log_out(clara);
    let anna = desk.log_in("anna");
    let lock = desk.lock(anna, Action::Periods);
    let half = json!({"from": "2027-02-01", "to": "2027-07-31", "parent": "1"});
    let second = new(write(Target::Named(Kind::Periods, "2".into()), half));
    desk.done_in(anna, &WriteRecord { lock: Some(lock), ..second });
    desk.release(anna, lock);
    desk.lock_periods(anna, Action::Optimise, &["2"]);
    let clara = desk.log_in_with("clara", Some(Mode::Cover));
    desk.done_in(clara, &absence(&json!({})));
    desk.done_in(clara, &substitution(&json!({})));
    let blocked = desk.refused_in(clara, &absence(&json!({"to": "2027-02-01"})));
    assert_eq!((blocked.code, &blocked.members["rule"]), (RefusalCode::Blocked, &json!("optimisation")));
    let into = json!({"kind": "move", "to_date": "2027-02-02", "to_hour": 1});
    assert_eq!(desk.refused_in(clara, &substitution(&into)).code, RefusalCode::Blocked);
    let there = |body| based_on(1, write(Target::Named(Kind::Absences, "1".into()), body));
    assert_eq!(desk.refused_in(clara, &there(json!({"to": "2027-03-01"}))).code, RefusalCode::Blocked);
    desk.done_in(clara, &there(json!({"text": "longer"})));
}

fn period(name: &str, from: &str, to: &str, parent: Option<&str>) -> WriteRecord {
    let body = json!({"from": from, "to": to, "parent": parent});
    new(write(Target::Named(Kind::Periods, name.into()), body))
}

#[test]
fn periods_lie_inside_one_another_or_apart() {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let lock = Some(desk.lock(anna, Action::Periods));
    let locked = |command: WriteRecord| WriteRecord { lock, ..command };
    let year = |name, parent| locked(period(name, "2026-08-01", "2027-07-31", parent));
    assert_eq!(places(&desk.refused_in(anna, &year("2", None))), ["/from"], "which of the two would hold?");
    desk.done_in(anna, &year("2", Some("1")));
    desk.done_in(anna, &locked(period("3", "2026-09-01", "2027-01-31", Some("2"))));
    let wider = locked(period("4", "2026-08-15", "2026-12-31", Some("3")));
    assert_eq!(places(&desk.refused_in(anna, &wider)), ["/parent"]);
    let crossing = locked(period("4", "2027-01-15", "2027-06-30", None));
    assert_eq!(places(&desk.refused_in(anna, &crossing)), ["/from"]);
    let sibling = locked(period("4", "2026-10-01", "2026-10-31", Some("2")));
    assert_eq!(places(&desk.refused_in(anna, &sibling)), ["/from"]);
    desk.done_in(anna, &locked(period("4", "2026-10-01", "2026-10-31", None)));
    let of = |name: &str, body| {
        let command = write(Target::Named(Kind::Periods, name.into()), body);
        locked(WriteRecord { precondition: Precondition::Present, ..command })
    };
    let short = of("2", json!({"to": "2026-12-31"}));
    assert_eq!(places(&desk.refused_in(anna, &short)), ["/from"], "3 would lie outside");
    assert_eq!(places(&desk.refused_in(anna, &of("1", json!({"parent": "3"})))), ["/parent"]);
    desk.done_in(anna, &of("3", json!({"long_name": "Winter"})));
}

#[test]
fn holidays_may_overlap_but_lie_in_the_school_year() {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let holiday = |name: &str, body| new(write(Target::Named(Kind::Holidays, name.into()), body));
    let autumn = || holiday("Autumn", json!({"from": "2026-10-05", "to": "2026-10-16", "public": false}));
    let missing = desk.refused_in(anna, &autumn());
    assert_eq!((missing.code, &missing.members["action"]), (RefusalCode::LockMissing, &json!("holidays")));
    let lock = Some(desk.lock(anna, Action::Holidays));
    desk.done_in(anna, &WriteRecord { lock, ..autumn() });
    let day = holiday("Unity", json!({"from": "2026-10-10", "to": "2026-10-10", "public": true}));
    desk.done_in(anna, &WriteRecord { lock, ..day });
    let outside = holiday("Summer", json!({"from": "2027-07-20", "to": "2027-08-30"}));
    assert_eq!(places(&desk.refused_in(anna, &WriteRecord { lock, ..outside })), ["/to"]);
    let period = WriteRecord { lock, period: Some("1".into()), ..based_on(1, autumn()) };
    assert_eq!(places(&desk.refused_in(anna, &period)), ["/query/period"]);
}

#[test]
fn a_smaller_time_grid_leaves_nothing_outside() {
    let School { mut desk, clara } = school();
    desk.done_in(clara, &absence(&json!({"first_hour": 1, "last_hour": 12})));
    desk.log_out(clara);
    let anna = desk.log_in("anna");
    let placed = Target::Hour { lesson: "7".into(), n: 1 };
    desk.done_in(anna, &new(write(placed, json!({"day": 5, "hour": 11}))));
    let lock: Option<LockId> = Some(desk.lock(anna, Action::TimeGrid));
    let hours = |count| (1..=count).map(|hour| json!({"hour": hour})).collect::<Vec<_>>();
    let grid = |body| {
        let command = write(Target::Singleton(Kind::TimeGrid), body);
        WriteRecord { lock, precondition: Precondition::Present, ..command }
    };
    let small = desk.refused_in(anna, &grid(json!({"days": [1, 2, 3, 4], "hours": hours(10)})));
    assert_eq!(places(&small), ["/days", "/hours"]);
    let detail = small.members["errors"][1]["detail"]["with"]["text"].as_str().unwrap();
    assert!(detail.contains("absences/1") && detail.contains("lessons/7/placements/1"), "{detail}");
    desk.done_in(anna, &grid(json!({"days": [1, 2, 3, 4, 5, 6], "hours": hours(14)})));
    let times = json!({"hours": [{"hour": 1, "from": "08:00", "to": "08:45"}, {"hour": 2, "from": "08:40"}]});
    let fields = read_fields(Kind::TimeGrid, times.as_object().unwrap());
    assert_eq!(fields.unwrap_err()[0].pointer, "/hours/1");
}
