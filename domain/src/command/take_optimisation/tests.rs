use serde_json::{Value as Json, json};

use super::*;
use crate::SessionId;
use crate::command::Precondition;
use crate::command::give_up_optimisation::GiveUpOptimisation;
use crate::command::request_lock::RequestLock;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target, WriteRecord};

const LOCK: LockId = LockId(uuid::Uuid::from_u128(77));

fn put(target: Target, fields: &Json, precondition: Precondition) -> WriteRecord {
    WriteRecord {
        plan: PLAN.parse().unwrap(),
        how: How::Put,
        body: crate::read_fields(target.kind(), fields.as_object().unwrap())
            .map_err(|it| Refusal::invalid(&it)),
        target,
        room: None,
        period: None,
        precondition,
        lock: None,
        disjoint: false,
    }
}

fn hour(n: u32, fields: &Json) -> OptimisedHour {
    let fields = crate::read_fields(Kind::Placements, fields.as_object().unwrap()).unwrap();
    OptimisedHour { lesson: "7".to_owned(), n, period: "1".to_owned(), fields, room: None }
}

fn take(placements: Vec<OptimisedHour>) -> TakeOptimisation {
    TakeOptimisation { plan: PLAN.parse().unwrap(), optimisation: LOCK, placements: Ok(placements) }
}

/// A lesson with three hours, the first of them placed; anna optimises.
fn optimising() -> (Desk, SessionId) {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let lesson = Target::Named(Kind::Lessons, "7".to_owned());
    desk.done_in(anna, &put(lesson, &json!({ "hours_per_week": 3 }), Precondition::Absent));
    let first = Target::Hour { lesson: "7".to_owned(), n: 1 };
    desk.done_in(anna, &put(first, &json!({ "day": 1, "hour": 1, "week": "A" }), Precondition::Absent));
    let start = RequestLock {
        plan: PLAN.parse().unwrap(),
        lock: LOCK,
        action: Action::Optimise,
        periods: Some(vec!["1".to_owned()]),
    };
    desk.done_in(anna, &start);
    (desk, anna)
}

#[test]
fn the_result_comes_through_the_lock_and_ends_it() {
    let (mut desk, anna) = optimising();
    let own = put(
        Target::Hour { lesson: "7".to_owned(), n: 2 },
        &json!({ "day": 1, "hour": 2 }),
        Precondition::Absent,
    );
    assert_eq!(desk.refused_in(anna, &own).code, RefusalCode::Blocked, "the holder's own edits wait too");
    let result =
        take(vec![hour(1, &json!({ "day": 2, "hour": 1 })), hour(2, &json!({ "day": 3, "hour": 4 }))]);
    let events = desk.done_in(anna, &result);
    let types: Vec<&str> = events.iter().map(Event::r#type).collect();
    assert_eq!(types, ["RecordChanged", "RecordCreated", "OptimisationDone", "LockEnded"]);
    let Event::RecordChanged(moved) = &events[0] else { panic!("{events:?}") };
    assert_eq!(moved.changes.len(), 1, "what is not named stays as it is");
    assert!(desk.plan().locks().next().is_none());
    assert_eq!(desk.refused_in(anna, &result).code, RefusalCode::LockEnded);
    let give_up = GiveUpOptimisation { plan: PLAN.parse().unwrap(), optimisation: LOCK };
    assert!(desk.done_in(anna, &give_up).is_empty(), "there is nothing left to give up");
    desk.done_in(anna, &own_again());
}

fn own_again() -> WriteRecord {
    put(Target::Hour { lesson: "7".to_owned(), n: 3 }, &json!({ "day": 1, "hour": 2 }), Precondition::Absent)
}

#[test]
fn every_fault_is_told_with_its_place_and_nothing_is_stored() {
    let (mut desk, anna) = optimising();
    let good = json!({ "day": 1, "hour": 1 });
    let bad = [
        OptimisedHour { lesson: "8".to_owned(), ..hour(1, &good) },
        OptimisedHour { period: "2".to_owned(), ..hour(1, &good) },
        hour(4, &good),
        hour(2, &json!({ "day": 6, "hour": 13 })),
        hour(2, &json!({ "hour": 1 })),
        OptimisedHour { room: Some(Some("R9".to_owned())), ..hour(3, &good) },
        hour(3, &good),
    ];
    let all = std::iter::once(hour(1, &json!({ "day": 2, "hour": 1 }))).chain(bad).collect();
    let refusal = desk.refused_in(anna, &take(all));
    let pointers: Vec<_> =
        refusal.members["errors"].as_array().unwrap().iter().map(|it| &it["pointer"]).collect();
    let expected = [
        "/placements/1/lesson",
        "/placements/2/period",
        "/placements/3/n",
        "/placements/4/day",
        "/placements/4/hour",
        "/placements/5",
        "/placements/6/room",
        "/placements/7",
    ];
    assert_eq!(pointers, expected);
    assert!(desk.plan().locks().next().is_some(), "it goes on");
}

#[test]
fn at_most_a_thousand_faults_are_told() {
    let (mut desk, anna) = optimising();
    let wrong = OptimisedHour { lesson: "8".to_owned(), ..hour(1, &json!({ "day": 1, "hour": 1 })) };
    let refusal = desk.refused_in(anna, &take(vec![wrong; 1_500]));
    assert_eq!(refusal.members["errors"].as_array().unwrap().len(), FAULTS_MAX);
}

#[test]
fn somebody_elses_optimisation_is_not_ours() {
    let (mut desk, _) = optimising();
    let bert = desk.log_in("bert");
    assert_eq!(desk.refused_in(bert, &take(Vec::new())).code, RefusalCode::NotPermitted);
    let give_up = |optimisation| GiveUpOptimisation { plan: PLAN.parse().unwrap(), optimisation };
    assert_eq!(desk.refused_in(bert, &give_up(LOCK)).code, RefusalCode::NotPermitted);
    let unknown = give_up(LockId(uuid::Uuid::from_u128(78)));
    assert_eq!(desk.refused_in(bert, &unknown).code, RefusalCode::NotFound);
}

#[test]
fn what_is_given_up_places_nothing() {
    let (mut desk, anna) = optimising();
    let give_up = GiveUpOptimisation { plan: PLAN.parse().unwrap(), optimisation: LOCK };
    desk.done_in(anna, &give_up);
    assert_eq!(desk.refused_in(anna, &give_up).code, RefusalCode::LockEnded);
    let late = take(vec![hour(2, &json!({ "day": 1, "hour": 1 }))]);
    assert_eq!(desk.refused_in(anna, &late).code, RefusalCode::LockEnded);
}
