use serde_json::Value as Json;

use super::*;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target};
use crate::{Refusal, SessionId};

fn named(kind: Kind, name: &str) -> Target {
    Target::Named(kind, name.to_owned())
}

fn hour(n: u32) -> Target {
    Target::Hour { lesson: "7".to_owned(), n }
}

fn write(how: How, target: Target, precondition: Precondition, fields: &Json) -> BatchChange {
    let body = crate::read_fields(target.kind(), fields.as_object().unwrap());
    let path = target.path();
    let write = WriteRecord {
        plan: PLAN.parse().unwrap(),
        target,
        how,
        body: body.map_err(|faults| Refusal::invalid(&faults)),
        room: None,
        period: None,
        precondition,
        lock: None,
        disjoint: false,
    };
    BatchChange { verb: "PUT".to_owned(), path, what: BatchWrite::Write(Box::new(write)) }
}

fn put(target: Target, fields: &Json) -> BatchChange {
    write(How::Put, target, Precondition::Absent, fields)
}

fn patch(target: Target, revision: u64, fields: &Json) -> BatchChange {
    write(How::Patch, target, Precondition::Revisions(vec![(1, revision)]), fields)
}

fn remove(target: Target, precondition: Precondition) -> BatchChange {
    let path = target.path();
    let plan = PLAN.parse().unwrap();
    let remove = RemoveRecord { plan, target, period: None, precondition, lock: None, shape: Ok(()) };
    BatchChange { verb: "DELETE".to_owned(), path, what: BatchWrite::Remove(Box::new(remove)) }
}

fn batch(changes: Vec<BatchChange>) -> Batch {
    Batch { plan: PLAN.parse().unwrap(), changes: Ok(changes), report: BatchReport::default() }
}

/// A lesson with two hours, placed on Monday and Tuesday.
fn furnished() -> (Desk, SessionId) {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    desk.done_in(
        anna,
        &batch(vec![
            put(named(Kind::Lessons, "7"), &json!({ "hours_per_week": 2 })),
            put(hour(1), &json!({ "day": 1, "hour": 1 })),
            put(hour(2), &json!({ "day": 2, "hour": 1 })),
        ]),
    );
    (desk, anna)
}

fn day(desk: &Desk, n: u32) -> Option<i64> {
    let plan = desk.plan();
    let lesson = plan.named(Kind::Lessons, "7").unwrap().id;
    let period = plan.named(Kind::Periods, "1").unwrap().id;
    plan.placement(&HourOf { lesson, period, n }).unwrap().number("day", None)
}

#[test]
fn two_hours_are_swapped_at_once() {
    let (mut desk, anna) = furnished();
    desk.done_in(
        anna,
        &batch(vec![patch(hour(1), 1, &json!({ "day": 2 })), patch(hour(2), 1, &json!({ "day": 1 }))]),
    );
    assert_eq!((day(&desk, 1), day(&desk, 2)), (Some(2), Some(1)));
}

#[test]
fn a_later_change_sees_what_an_earlier_one_made() {
    let (mut desk, anna) = furnished();
    let coupled = json!({ "couplings": [{ "teacher": "GAUSS" }] });
    let both = batch(vec![
        put(named(Kind::Teachers, "GAUSS"), &json!({})),
        patch(named(Kind::Lessons, "7"), 1, &coupled),
        patch(named(Kind::Lessons, "7"), 1, &json!({ "text": "revision 1 was known before the batch" })),
    ]);
    assert_eq!(desk.done_in(anna, &both).len(), 3);
    assert_eq!(desk.plan().named(Kind::Lessons, "7").unwrap().revision, 3);
    let done = both.report.lock().unwrap().clone();
    assert!(matches!(done[..], [BatchDone::Created(_), BatchDone::Changed(_), BatchDone::Changed(_)]));
}

#[test]
fn the_first_that_fails_is_named_and_nothing_is_done() {
    let (mut desk, anna) = furnished();
    let refusal = desk.refused_in(
        anna,
        &batch(vec![
            put(named(Kind::Teachers, "GAUSS"), &json!({})),
            patch(named(Kind::Lessons, "7"), 1, &json!({ "couplings": [{ "teacher": "NOBODY" }] })),
        ]),
    );
    assert_eq!(refusal.code, RefusalCode::Invalid);
    assert_eq!(refusal.members["failed"], json!({ "index": 1, "verb": "PUT", "path": "lessons/7" }));
    assert_eq!(refusal.members["errors"][0]["pointer"], "/changes/1/body/couplings/0/teacher");
    assert!(desk.plan().named(Kind::Teachers, "GAUSS").is_none());
}

#[test]
fn a_stale_change_names_the_winner_and_its_place() {
    let (mut desk, anna) = furnished();
    desk.done_in(anna, &batch(vec![patch(named(Kind::Lessons, "7"), 1, &json!({ "text": "a" }))]));
    // Also when an earlier change of the same batch has touched the record.
    for first in [hour(1), named(Kind::Lessons, "7")] {
        let known = if first == hour(1) { 1 } else { 2 };
        let fields = if first == hour(1) { json!({ "day": 3 }) } else { json!({ "text": "b" }) };
        let late = patch(named(Kind::Lessons, "7"), 1, &json!({ "text": "c" }));
        let refusal = desk.refused_in(anna, &batch(vec![patch(first, known, &fields), late]));
        assert_eq!(refusal.code, RefusalCode::Stale);
        assert_eq!(
            (&refusal.members["winner"]["user"], &refusal.members["failed"]["index"]),
            (&json!("anna"), &json!(1))
        );
        assert!(refusal.event.is_some());
    }
}

#[test]
fn what_the_batch_made_has_no_revision_to_name_yet() {
    let (mut desk, anna) = furnished();
    let made = put(named(Kind::Teachers, "GAUSS"), &json!({}));
    let change = patch(named(Kind::Teachers, "GAUSS"), 1, &json!({ "title": "Dr." }));
    let refusal = desk.refused_in(anna, &batch(vec![made.clone(), change]));
    assert_eq!(refusal.members["errors"][0]["pointer"], "/changes/1/if_match");
    let twice = desk.refused_in(anna, &batch(vec![made.clone(), made.clone()]));
    assert_eq!(twice.code, RefusalCode::Exists);
    let any =
        write(How::Patch, named(Kind::Teachers, "GAUSS"), Precondition::Present, &json!({ "title": "Dr." }));
    assert_eq!(desk.done_in(anna, &batch(vec![made, any])).len(), 2);
}

#[test]
fn a_record_is_removed_after_those_that_refer_to_it() {
    let (mut desk, anna) = furnished();
    let lesson = remove(named(Kind::Lessons, "7"), Precondition::Revisions(vec![(1, 1)]));
    assert_eq!(desk.refused_in(anna, &batch(vec![lesson.clone()])).code, RefusalCode::InUse);
    let hours = [1, 2].map(|n| remove(hour(n), Precondition::Present));
    let gone = batch(hours.into_iter().chain([lesson]).collect());
    assert_eq!(desk.done_in(anna, &gone).len(), 3);
    assert!(desk.plan().named(Kind::Lessons, "7").is_none());
    // Put back after its removal, in one batch: revisions count on.
    let made = put(named(Kind::Lessons, "7"), &json!({ "hours_per_week": 1 }));
    let back = batch(vec![made.clone(), remove(named(Kind::Lessons, "7"), Precondition::Present), made]);
    desk.done_in(anna, &back);
    assert_eq!(desk.plan().named(Kind::Lessons, "7").unwrap().revision, 5);
}

#[test]
fn each_change_takes_its_own_right() {
    let mut desk = Desk::with_plan();
    let clara = desk.log_in_with("clara", Some(crate::Mode::Cover));
    let refusal = desk.refused_in(clara, &batch(vec![put(named(Kind::Teachers, "GAUSS"), &json!({}))]));
    assert_eq!((refusal.code, &refusal.members["right"]), (RefusalCode::NotPermitted, &json!("data")));
}
