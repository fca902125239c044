mod dated;

use serde_json::json;

use super::*;
use crate::command::remove_record::RemoveRecord;
use crate::command::testing::{Desk, PLAN};
use crate::{Action, Mode, read_fields};

#[allow(clippy::needless_pass_by_value, reason = "so that a test reads as the request does")]
fn write(target: Target, body: serde_json::Value) -> WriteRecord {
    let fields = read_fields(target.kind(), body.as_object().unwrap());
    WriteRecord {
        plan: PLAN.parse().unwrap(),
        target,
        how: How::Patch,
        body: fields.map_err(|faults| Refusal::invalid(&faults)),
        room: None,
        period: None,
        precondition: Precondition::None,
        lock: None,
        disjoint: false,
    }
}

fn teacher(name: &str, body: serde_json::Value) -> WriteRecord {
    write(Target::Named(Kind::Teachers, name.to_owned()), body)
}

fn based_on(revision: u64, command: WriteRecord) -> WriteRecord {
    WriteRecord { precondition: Precondition::Revisions(vec![(1, revision)]), ..command }
}

fn new(command: WriteRecord) -> WriteRecord {
    WriteRecord { precondition: Precondition::Absent, how: How::Put, ..command }
}

fn office_with_gauss() -> (Desk, crate::SessionId, crate::SessionId) {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let bert = desk.log_in("bert");
    desk.done_in(anna, &new(teacher("GAUSS", json!({"long_name": "Gauss"}))));
    (desk, anna, bert)
}

#[test]
fn a_stale_change_names_the_winner_and_both_values() {
    let (mut desk, anna, bert) = office_with_gauss();
    desk.done_in(anna, &based_on(1, teacher("GAUSS", json!({"long_name": "Gauß"}))));
    let refusal = desk.refused_in(bert, &based_on(1, teacher("GAUSS", json!({"long_name": "Gaus"}))));
    assert_eq!(refusal.code, RefusalCode::Stale);
    assert_eq!(refusal.members["record"], "teachers/GAUSS");
    assert_eq!(refusal.members["winner"]["user"], "anna");
    let change = json!({"field": "long_name", "base": "Gauss", "theirs": "Gauß", "yours": "Gaus"});
    assert_eq!(refusal.members["changes"], json!([change]));
    assert_eq!(refusal.members["current"]["long_name"], "Gauß");
    assert_eq!(refusal.members["revision"], 2);
    assert!(refusal.event.is_some());
}

#[test]
fn a_stale_change_of_other_fields_passes_when_asked_to_be_disjoint() {
    let (mut desk, anna, bert) = office_with_gauss();
    desk.done_in(anna, &based_on(1, teacher("GAUSS", json!({"long_name": "Gauß"}))));
    let title = || based_on(1, teacher("GAUSS", json!({"title": "Dr."})));
    assert_eq!(desk.refused_in(bert, &title()).code, RefusalCode::Stale);
    desk.done_in(bert, &WriteRecord { disjoint: true, ..title() });
    assert_eq!(desk.plan().named(Kind::Teachers, "GAUSS").map(|it| it.revision), Some(3));
}

#[test]
fn a_change_that_changes_nothing_writes_nothing() {
    let (mut desk, anna, _) = office_with_gauss();
    let same = based_on(1, teacher("GAUSS", json!({"long_name": "Gauss"})));
    assert_eq!(desk.done_in(anna, &same), Vec::new());
}

#[test]
fn without_a_revision_nothing_is_changed() {
    let (mut desk, anna, _) = office_with_gauss();
    let blind = teacher("GAUSS", json!({"long_name": "x"}));
    assert_eq!(desk.refused_in(anna, &blind).code, RefusalCode::RevisionMissing);
}

#[test]
fn a_put_unsets_what_it_does_not_name_and_a_patch_keeps_it() {
    let (mut desk, anna, _) = office_with_gauss();
    desk.done_in(anna, &based_on(1, teacher("GAUSS", json!({"title": "Dr."}))));
    let put = WriteRecord { how: How::Put, ..based_on(2, teacher("GAUSS", json!({"title": "Prof."}))) };
    desk.done_in(anna, &put);
    let gauss = desk.plan().named(Kind::Teachers, "GAUSS").unwrap();
    assert_eq!(gauss.fields.get("long_name"), None);
    assert_eq!(gauss.fields.get("title").and_then(Value::text), Some("Prof."));
}

#[test]
fn references_follow_a_new_name() {
    let (mut desk, anna, _) = office_with_gauss();
    let body = json!({"class_teacher": "GAUSS"});
    desk.done_in(anna, &new(write(Target::Named(Kind::Classes, "5a".into()), body)));
    desk.done_in(anna, &based_on(1, teacher("GAUSS", json!({"id": "GAU"}))));
    let class = desk.plan().named(Kind::Classes, "5a").unwrap();
    assert_eq!(desk.plan().record_json(class, None)["class_teacher"], "GAU");
    assert!(desk.plan().named(Kind::Teachers, "GAUSS").is_none());
}

#[test]
fn a_reference_to_something_unknown_is_refused_with_its_place() {
    let (mut desk, anna, _) = office_with_gauss();
    let body = json!({"couplings": [{"teacher": "GAUSS"}, {"class": "9z"}]});
    let refusal = desk.refused_in(anna, &write(Target::New(Kind::Lessons), body));
    assert_eq!(refusal.code, RefusalCode::Invalid);
    assert_eq!(refusal.members["errors"][0]["pointer"], "/couplings/1/class");
}

#[test]
fn what_others_refer_to_is_not_removed() {
    let (mut desk, anna, _) = office_with_gauss();
    let body = json!({"class_teacher": "GAUSS"});
    desk.done_in(anna, &new(write(Target::Named(Kind::Classes, "5a".into()), body)));
    let remove = RemoveRecord {
        plan: PLAN.parse().unwrap(),
        target: Target::Named(Kind::Teachers, "GAUSS".into()),
        period: None,
        precondition: Precondition::Revisions(vec![(1, 1)]),
        lock: None,
        shape: Ok(()),
    };
    let refusal = desk.refused_in(anna, &remove);
    assert_eq!(refusal.code, RefusalCode::InUse);
    assert_eq!(refusal.members["used_by"], json!([{"record": "classes/5a"}]));
}

#[test]
fn revisions_count_on_through_deletion() {
    let (mut desk, anna, _) = office_with_gauss();
    let remove = RemoveRecord {
        plan: PLAN.parse().unwrap(),
        target: Target::Named(Kind::Teachers, "GAUSS".into()),
        period: None,
        precondition: Precondition::Revisions(vec![(1, 1)]),
        lock: None,
        shape: Ok(()),
    };
    desk.done_in(anna, &remove);
    desk.done_in(anna, &new(teacher("GAUSS", json!({}))));
    assert_eq!(desk.plan().named(Kind::Teachers, "GAUSS").map(|it| it.revision), Some(3));
}

#[test]
fn an_hour_is_placed_within_the_hours_of_its_lesson_and_the_time_grid() {
    let (mut desk, anna, _) = office_with_gauss();
    desk.done_in(anna, &write(Target::New(Kind::Lessons), json!({"hours_per_week": 1})));
    let place = |n, day| {
        let target = Target::Hour { lesson: "1".into(), n };
        new(write(target, json!({"day": day, "hour": 3})))
    };
    assert_eq!(desk.refused_in(anna, &place(2, 1)).members["errors"][0]["pointer"], "/n");
    assert_eq!(desk.refused_in(anna, &place(1, 6)).members["errors"][0]["pointer"], "/day");
    desk.done_in(anna, &place(1, 5));
}

#[test]
fn cover_blocks_the_timetable_but_not_texts_and_rooms() {
    let (mut desk, anna, _) = office_with_gauss();
    desk.done_in(anna, &new(write(Target::Named(Kind::Rooms, "R1".into()), json!({}))));
    let lesson = json!({"hours_per_week": 2, "couplings": [{"teacher": "GAUSS"}]});
    desk.done_in(anna, &write(Target::New(Kind::Lessons), lesson));
    let hour = || Target::Hour { lesson: "1".into(), n: 1 };
    desk.done_in(anna, &new(write(hour(), json!({"day": 1, "hour": 1}))));
    desk.log_in_with("clara", Some(Mode::Cover));
    let refusal = desk.refused_in(anna, &based_on(1, write(hour(), json!({"hour": 2}))));
    assert_eq!(refusal.code, RefusalCode::Blocked);
    assert_eq!(refusal.members["rule"], "cover");
    let room = WriteRecord { room: Some(Some("R1".into())), ..based_on(1, write(hour(), json!({}))) };
    desk.done_in(anna, &room);
    desk.done_in(anna, &based_on(1, teacher("GAUSS", json!({"long_name": "G."}))));
}

#[test]
fn a_period_is_changed_with_its_lock_only() {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let change = |lock| {
        let body = json!({"long_name": "Autumn"});
        WriteRecord { lock, ..based_on(1, write(Target::Named(Kind::Periods, "1".into()), body)) }
    };
    assert_eq!(desk.refused_in(anna, &change(None)).code, RefusalCode::LockMissing);
    let lock = desk.lock(anna, Action::Periods);
    desk.done_in(anna, &change(Some(lock)));
}

#[test]
fn a_viewer_and_a_session_that_reads_write_nothing() {
    let (mut desk, _, _) = office_with_gauss();
    let victor = desk.log_in("victor");
    let change = || based_on(1, teacher("GAUSS", json!({"long_name": "x"})));
    assert_eq!(desk.refused_in(victor, &change()).members["right"], "data");
    let reader = desk.log_in_with("anna", Some(Mode::Read));
    assert_eq!(desk.refused_in(reader, &change()).members["right"], "mode");
}
