use serde_json::Value as Json;

use super::*;
use crate::command::Precondition;
use crate::command::remove_record::RemoveRecord;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target, WriteRecord};
use crate::{HourOf, LockId, Mode, RefusalCode, SessionId, Value};

fn named(kind: Kind, name: &str) -> Target {
    Target::Named(kind, name.to_owned())
}

fn hour(n: u32) -> Target {
    Target::Hour { lesson: "7".to_owned(), n }
}

fn write(target: Target, how: How, fields: &Json) -> WriteRecord {
    let body = crate::read_fields(target.kind(), fields.as_object().unwrap());
    WriteRecord {
        plan: PLAN.parse().unwrap(),
        target,
        how,
        body: body.map_err(|faults| Refusal::invalid(&faults)),
        room: None,
        period: None,
        precondition: if how == How::Put { Precondition::Absent } else { Precondition::Present },
        lock: None,
        disjoint: false,
    }
}

fn put(target: Target, fields: &Json) -> WriteRecord {
    write(target, How::Put, fields)
}

fn patch(target: Target, fields: &Json) -> WriteRecord {
    write(target, How::Patch, fields)
}

fn remove(target: Target) -> RemoveRecord {
    let (plan, precondition) = (PLAN.parse().unwrap(), Precondition::Present);
    RemoveRecord { plan, target, period: None, precondition, lock: None, shape: Ok(()) }
}

/// A desk at which somebody plans, who remembers where each thing was written.
struct Planner {
    desk: Desk,
    anna: SessionId,
}

impl Planner {
    fn new() -> Planner {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        Planner { desk, anna }
    }

    /// A lesson of two hours with a teacher, one hour placed.
    fn furnished() -> Planner {
        let mut planner = Planner::new();
        planner.done(&put(named(Kind::Teachers, "GAUSS"), &json!({ "title": "Dr." })));
        planner.done(&put(named(Kind::Rooms, "R1"), &json!({})));
        let lesson = json!({ "hours_per_week": 2, "couplings": [{ "teacher": "GAUSS" }] });
        planner.done(&put(named(Kind::Lessons, "7"), &lesson));
        planner.done(&put(hour(1), &json!({ "day": 1, "hour": 1 })));
        planner
    }

    /// Does something, and says where it was written.
    fn done(&mut self, command: &impl Command) -> i64 {
        assert!(!self.desk.done_in(self.anna, command).is_empty());
        self.desk.position()
    }

    fn undo_of(&self, positions: &[i64], lock: Option<LockId>) -> Undo {
        let (plan, what) = (PLAN.parse().unwrap(), Ok(self.desk.undoing(positions)));
        Undo { plan, what, lock, report: UndoReport::default() }
    }

    fn undo(&mut self, positions: &[i64]) -> Vec<Event> {
        let undo = self.undo_of(positions, None);
        self.desk.done_in(self.anna, &undo)
    }

    fn refused(&mut self, positions: &[i64]) -> Refusal {
        let undo = self.undo_of(positions, None);
        self.desk.refused_in(self.anna, &undo)
    }

    fn record(&self, kind: Kind, name: &str) -> Option<Record> {
        self.desk.plan().named(kind, name).map(|record| Record::clone(record))
    }

    fn text(&self, kind: Kind, name: &str, field: &str) -> Option<String> {
        self.record(kind, name)?.fields.get(field).and_then(Value::text).map(str::to_owned)
    }

    fn placement(&self, n: u32) -> Option<Record> {
        let plan = self.desk.plan();
        let lesson = plan.named(Kind::Lessons, "7")?.id;
        let period = plan.named(Kind::Periods, "1")?.id;
        plan.placement(&HourOf { lesson, period, n }).map(|record| Record::clone(record))
    }
}

#[test]
fn what_was_made_is_gone_and_comes_again_when_that_is_taken_back() {
    let mut planner = Planner::new();
    let made = planner.done(&put(named(Kind::Teachers, "GAUSS"), &json!({ "title": "Dr." })));
    let before = planner.record(Kind::Teachers, "GAUSS").unwrap();
    planner.undo(&[made]);
    assert_eq!(planner.record(Kind::Teachers, "GAUSS"), None);
    assert_eq!(planner.undo(&[made]), [], "it is so already");
    let undone = planner.desk.position();
    planner.undo(&[undone]);
    let again = planner.record(Kind::Teachers, "GAUSS").unwrap();
    assert_eq!((again.id, &again.fields, again.revision), (before.id, &before.fields, 3));
}

#[test]
fn fields_are_set_back_while_they_stand_as_the_change_left_them() {
    let mut planner = Planner::furnished();
    let gauss = || named(Kind::Teachers, "GAUSS");
    let changed = planner.done(&patch(gauss(), &json!({ "title": null, "text": "a" })));
    planner.done(&patch(gauss(), &json!({ "email": "gauss@example.org" })));
    planner.undo(&[changed]);
    let text = |planner: &Planner, field| planner.text(Kind::Teachers, "GAUSS", field);
    assert_eq!((text(&planner, "title").as_deref(), text(&planner, "text")), (Some("Dr."), None));
    assert_eq!(text(&planner, "email").as_deref(), Some("gauss@example.org"));
    assert_eq!(planner.undo(&[changed]), []);
}

#[test]
fn a_field_changed_since_is_stale_and_names_the_winner_and_the_position() {
    let mut planner = Planner::furnished();
    let gauss = || named(Kind::Teachers, "GAUSS");
    let changed = planner.done(&patch(gauss(), &json!({ "title": "Prof." })));
    let other = planner.done(&patch(named(Kind::Rooms, "R1"), &json!({ "text": "a" })));
    let bert = planner.desk.log_in("bert");
    planner.desk.done_in(bert, &patch(gauss(), &json!({ "title": "Dr. h. c." })));
    let refusal = planner.refused(&[changed, other]);
    assert_eq!(refusal.code, RefusalCode::Stale);
    let members = &refusal.members;
    assert_eq!((&members["winner"]["user"], &members["record"]), (&json!("bert"), &json!("teachers/GAUSS")));
    let change = json!({ "field": "title", "base": "Prof.", "theirs": "Dr. h. c.", "yours": "Dr." });
    assert_eq!(members["changes"], json!([change]));
    let failed = json!({ "index": 0, "position": format!("1.{changed}"), "record": "teachers/GAUSS" });
    assert_eq!(members["failed"], failed);
    assert!(refusal.event.is_some(), "it is recorded");
    assert_eq!(planner.text(Kind::Rooms, "R1", "text").as_deref(), Some("a"), "all or nothing");
}

#[test]
fn what_is_gone_or_was_changed_since_it_was_made_is_stale() {
    let mut planner = Planner::furnished();
    let made = planner.done(&put(named(Kind::Rooms, "R2"), &json!({})));
    let changed = planner.done(&patch(named(Kind::Rooms, "R2"), &json!({ "text": "a" })));
    let refusal = planner.refused(&[made]);
    assert_eq!((refusal.code, &refusal.members["changes"][0]["field"]), (RefusalCode::Stale, &json!("text")));
    planner.done(&remove(named(Kind::Rooms, "R2")));
    let refusal = planner.refused(&[changed]);
    assert_eq!((refusal.code, &refusal.members["current"]), (RefusalCode::Stale, &Json::Null));
    assert_eq!(
        (&refusal.members["record"], &refusal.members["winner"]["user"]),
        (&json!("rooms/R2"), &json!("anna"))
    );
    assert_eq!(planner.undo(&[made]), [], "what was made is gone already");
}

#[test]
fn changes_that_build_on_one_another_are_taken_back_from_the_newest_on() {
    let mut planner = Planner::new();
    let teacher = planner.done(&put(named(Kind::Teachers, "GAUSS"), &json!({})));
    let lesson = json!({ "hours_per_week": 1, "couplings": [{ "teacher": "GAUSS" }] });
    let lesson = planner.done(&put(named(Kind::Lessons, "7"), &lesson));
    let placed = planner.done(&put(hour(1), &json!({ "day": 1, "hour": 1 })));
    let moved = planner.done(&patch(hour(1), &json!({ "day": 2 })));
    let refusal = planner.refused(&[teacher]);
    assert_eq!(refusal.code, RefusalCode::InUse);
    assert_eq!(refusal.members["used_by"], json!([{ "record": "lessons/7" }]));
    assert_eq!(planner.undo(&[teacher, moved, lesson, placed]).len(), 4);
    assert_eq!(planner.record(Kind::Teachers, "GAUSS"), None);
    // All of it comes again, too.
    let last = planner.desk.position();
    planner.undo(&[last - 3, last - 2, last - 1, last]);
    assert_eq!(planner.placement(1).unwrap().number("day", None), Some(2));
}

#[test]
fn a_removed_record_is_there_again_with_its_id_and_its_values_for_periods() {
    let mut planner = Planner::furnished();
    let own = WriteRecord {
        period: Some("1".to_owned()),
        ..patch(named(Kind::Rooms, "R1"), &json!({ "text": "a" }))
    };
    planner.done(&own);
    let before = planner.record(Kind::Rooms, "R1").unwrap();
    let removed = planner.done(&remove(named(Kind::Rooms, "R1")));
    planner.undo(&[removed]);
    let again = planner.record(Kind::Rooms, "R1").unwrap();
    assert_eq!(Record { revision: before.revision, ..again }, before);
    let removed = planner.done(&remove(hour(1)));
    planner.undo(&[removed]);
    let placement = planner.placement(1).unwrap();
    assert_eq!((placement.number("day", None), placement.revision), (Some(1), 3));
}

#[test]
fn a_name_or_an_hour_that_is_taken_meanwhile_is_not_taken_away() {
    let mut planner = Planner::furnished();
    let removed = planner.done(&remove(named(Kind::Rooms, "R1")));
    planner.done(&put(named(Kind::Rooms, "R1"), &json!({})));
    let refusal = planner.refused(&[removed]);
    assert_eq!((refusal.code, &refusal.members["record"]), (RefusalCode::Exists, &json!("rooms/R1")));
    let removed = planner.done(&remove(hour(1)));
    planner.done(&put(hour(1), &json!({ "day": 5, "hour": 5 })));
    assert_eq!(planner.refused(&[removed]).code, RefusalCode::Exists);
    let renamed = planner.done(&patch(named(Kind::Teachers, "GAUSS"), &json!({ "id": "EULER" })));
    planner.done(&put(named(Kind::Teachers, "GAUSS"), &json!({})));
    assert_eq!(planner.refused(&[renamed]).code, RefusalCode::Exists);
}

#[test]
fn a_name_comes_back_and_revisions_never_come_twice() {
    let mut planner = Planner::furnished();
    let renamed = planner.done(&patch(named(Kind::Teachers, "GAUSS"), &json!({ "id": "EULER" })));
    planner.undo(&[renamed]);
    assert_eq!(planner.record(Kind::Teachers, "GAUSS").unwrap().revision, 3);
    let removed = planner.done(&remove(named(Kind::Rooms, "R1")));
    for _ in 0..3 {
        planner.done(&put(named(Kind::Rooms, "R1"), &json!({})));
        planner.done(&remove(named(Kind::Rooms, "R1")));
    }
    planner.undo(&[removed]);
    assert_eq!(planner.record(Kind::Rooms, "R1").unwrap().revision, 9);
}

#[test]
fn what_would_refer_to_nothing_is_refused() {
    let mut planner = Planner::furnished();
    let changed = planner.done(&patch(named(Kind::Lessons, "7"), &json!({ "couplings": null })));
    let gone = planner.done(&remove(named(Kind::Teachers, "GAUSS")));
    let refusal = planner.refused(&[changed]);
    assert_eq!(refusal.code, RefusalCode::Invalid);
    assert_eq!(refusal.members["errors"][0]["pointer"], "/positions/0");
    planner.undo(&[changed, gone]);
    let Some(Value::Couplings(couplings)) =
        planner.record(Kind::Lessons, "7").unwrap().fields.remove("couplings")
    else {
        panic!("the lesson is coupled again")
    };
    assert_eq!(couplings[0].teacher, planner.record(Kind::Teachers, "GAUSS").map(|it| it.id));
}

#[test]
fn an_hour_comes_back_only_while_the_lesson_and_the_time_grid_have_it() {
    let mut planner = Planner::furnished();
    planner.done(&put(hour(2), &json!({ "day": 2, "hour": 2 })));
    let removed = planner.done(&remove(hour(2)));
    let fewer = planner.done(&patch(named(Kind::Lessons, "7"), &json!({ "hours_per_week": 1 })));
    assert_eq!(planner.refused(&[removed]).code, RefusalCode::Invalid);
    planner.undo(&[removed, fewer]);
    assert!(planner.placement(2).is_some());
}

#[test]
fn each_change_takes_its_own_right_mode_and_lock() {
    let mut planner = Planner::furnished();
    let text = planner.done(&patch(named(Kind::Rooms, "R1"), &json!({ "text": "a" })));
    let lock = planner.desk.lock(planner.anna, Action::Holidays);
    let holiday = json!({ "from": "2026-12-24", "to": "2026-12-31" });
    let holiday = WriteRecord { lock: Some(lock), ..put(named(Kind::Holidays, "X"), &holiday) };
    let holiday = planner.done(&holiday);
    planner.desk.release(planner.anna, lock);
    let refusal = planner.refused(&[text, holiday]);
    assert_eq!((refusal.code, &refusal.members["action"]), (RefusalCode::LockMissing, &json!("holidays")));
    let lock = planner.desk.lock(planner.anna, Action::Holidays);
    let undo = planner.undo_of(&[holiday], Some(lock));
    planner.desk.done_in(planner.anna, &undo);
    planner.desk.release(planner.anna, lock);
    let clara = planner.desk.log_in_with("clara", Some(Mode::Cover));
    let undo = planner.undo_of(&[text], None);
    let refusal = planner.desk.refused_in(clara, &undo);
    assert_eq!((refusal.code, &refusal.members["right"]), (RefusalCode::NotPermitted, &json!("data")));
    // Who covers stands in the way of the timetable, and of nothing else.
    let moved = planner.done(&patch(named(Kind::Rooms, "R1"), &json!({ "text": "b" })));
    let lesson = json!({ "date": "2026-11-23", "hour": 1, "kind": "cancel", "lesson": "7" });
    planner.desk.done_in(clara, &put(named(Kind::Substitutions, "1"), &lesson));
    let cancelled = planner.desk.position();
    assert_eq!(planner.refused(&[cancelled]).members["right"], json!("cover"));
    planner.undo(&[moved]);
    let undo = planner.undo_of(&[cancelled], None);
    assert_eq!(planner.desk.done_in(clara, &undo).len(), 1);
    let placed = planner.desk.position();
    assert!(placed > 0 && planner.record(Kind::Substitutions, "1").is_none());
    planner.desk.log_out(clara);
}

#[test]
fn cover_stands_in_the_way_of_an_hour_that_is_to_go_back() {
    let mut planner = Planner::furnished();
    let moved = planner.done(&patch(hour(1), &json!({ "day": 3 })));
    let clara = planner.desk.log_in_with("clara", Some(Mode::Cover));
    let refusal = planner.refused(&[moved]);
    assert_eq!((refusal.code, &refusal.members["rule"]), (RefusalCode::Blocked, &json!("cover")));
    planner.desk.log_out(clara);
    planner.undo(&[moved]);
    assert_eq!(planner.placement(1).unwrap().number("day", None), Some(1));
}

#[test]
fn a_plan_keeps_its_time_grid_and_its_last_period() {
    let mut planner = Planner::new();
    let lock = planner.desk.lock(planner.anna, Action::Periods);
    let of_plan: Vec<i64> = (1..=planner.desk.position())
        .filter(|position| {
            let kinds = [Kind::TimeGrid, Kind::SchoolData, Kind::Periods];
            planner.desk.made_at(*position).is_some_and(|kind| kinds.contains(&kind))
        })
        .collect();
    assert_eq!(of_plan.len(), 3);
    for position in of_plan {
        let undo = planner.undo_of(&[position], Some(lock));
        assert_eq!(planner.desk.refused_in(planner.anna, &undo).code, RefusalCode::Invalid);
    }
}
