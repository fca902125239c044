use serde_json::{Value as Json, json};

use super::*;
use crate::LockEnd;
use crate::command::Precondition;
use crate::command::end_lock::EndLock;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target, WriteRecord};

#[test]
fn a_new_plan_has_one_period_over_the_school_year_and_a_time_grid() {
    let desk = Desk::with_plan();
    let period = desk.plan().named(Kind::Periods, "1").expect("the first period");
    let dates = desk.plan().period_dates(period.id).map(|(from, to)| (from.to_string(), to.to_string()));
    assert_eq!(dates, Some(("2026-08-01".to_owned(), "2027-07-31".to_owned())));
    assert!(desk.plan().singleton(Kind::TimeGrid).is_some());
    assert!(desk.plan().singleton(Kind::SchoolData).is_some());
}

#[test]
fn the_first_period_of_a_new_plan_lies_where_it_is_wanted_within_the_school_year() {
    let mut desk = Desk::with_plan();
    let date = |text: &str| Some(text.parse().unwrap());
    let plan: PlanId = "100234~2026-2027~9".parse().unwrap();
    let wanted = |from, to| CreatePlan { from, to, ..CreatePlan::empty(plan.clone(), None) };
    let refused = desk.refused(&wanted(date("2026-07-31"), None));
    assert_eq!(refused.members["errors"][0]["pointer"], "/from");
    let refused = desk.refused(&wanted(date("2027-01-02"), date("2027-01-01")));
    assert_eq!(refused.members["errors"][0]["pointer"], "/to");
}

#[test]
fn a_plan_is_made_once() {
    let mut desk = Desk::with_plan();
    let again = CreatePlan::empty(PLAN.parse().unwrap(), None);
    assert_eq!(desk.refused(&again).code, RefusalCode::Exists);
}

const COPY: &str = "100234~2026-2027~2";
const NEXT: &str = "100234~2027-2028~1";

fn from(plan: &str, how: TakeOver, lock: Option<crate::LockId>) -> CreatePlan {
    let origin = Origin { plan: PLAN.parse().unwrap(), how, lock };
    CreatePlan { origin: Some(origin), ..CreatePlan::empty(plan.parse().unwrap(), None) }
}

fn put(target: Target, period: Option<&str>, fields: &Json, lock: Option<crate::LockId>) -> WriteRecord {
    let body = crate::read_fields(target.kind(), fields.as_object().unwrap());
    WriteRecord {
        plan: PLAN.parse().unwrap(),
        target,
        how: How::Patch,
        body: body.map_err(|faults| Refusal::invalid(&faults)),
        room: None,
        period: period.map(str::to_owned),
        precondition: if period.is_some_and(|_| !fields["day"].is_number()) {
            Precondition::Present
        } else {
            Precondition::Absent
        },
        lock,
        disjoint: false,
    }
}

/// A teacher, a class with a first day, a lesson with other hours in period 2, and one hour of it placed in each period.
fn furnished() -> (Desk, crate::SessionId, crate::LockId) {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let named = |kind, name: &str| Target::Named(kind, name.to_owned());
    let lock = desk.lock(anna, Action::Periods);
    let second = json!({ "from": "2027-02-01", "to": "2027-07-31" });
    desk.done_in(anna, &put(named(Kind::Periods, "2"), None, &second, Some(lock)));
    let release = EndLock { plan: PLAN.parse().unwrap(), lock, reason: LockEnd::Released };
    desk.done_in(anna, &release);
    desk.done_in(anna, &put(named(Kind::Teachers, "GAUSS"), None, &json!({ "long_name": "Gauss" }), None));
    desk.done_in(anna, &put(named(Kind::Classes, "5a"), None, &json!({ "from": "2026-09-01" }), None));
    let lesson = json!({ "hours_per_week": 1, "couplings": [{ "class": "5a", "teacher": "GAUSS" }] });
    desk.done_in(anna, &put(named(Kind::Lessons, "7"), None, &lesson, None));
    desk.done_in(anna, &put(named(Kind::Lessons, "7"), Some("2"), &json!({ "hours_per_week": 2 }), None));
    for (period, n, day) in [("1", 1, 1), ("2", 2, 3)] {
        let hour = Target::Hour { lesson: "7".to_owned(), n };
        desk.done_in(anna, &put(hour, Some(period), &json!({ "day": day, "hour": 4 }), None));
    }
    let lock = desk.lock(anna, Action::NewSchoolYear);
    (desk, anna, lock)
}

#[test]
fn a_copy_has_every_record_under_a_new_id_and_its_references_stay_inside() {
    let (mut desk, anna, lock) = furnished();
    desk.done_in(anna, &from(COPY, TakeOver::Copy, Some(lock)));
    let (old, new) = (desk.plan(), desk.plan_called(COPY));
    assert_eq!(new.records().count(), old.records().count());
    for record in new.records() {
        assert!(old.record(record.id).is_none(), "it has an id of its own");
        record.references(|id| assert!(new.record(id).is_some(), "{record:?} refers to the old plan"));
    }
    let shown = |plan: &Plan, period: &str| {
        let period = plan.named(Kind::Periods, period).map(|it| it.id);
        let mut json = plan.record_json(plan.named(Kind::Lessons, "7").unwrap(), period);
        json.remove("revision");
        json
    };
    assert_eq!(shown(old, "1"), shown(new, "1"));
    assert_eq!(shown(old, "2"), shown(new, "2"), "the values for one period come along");
    assert_eq!(new.named(Kind::Teachers, "GAUSS").unwrap().revision, 1);
}

#[test]
fn a_new_year_takes_over_what_holds_in_the_last_period() {
    let (mut desk, anna, lock) = furnished();
    desk.done_in(anna, &from(NEXT, TakeOver::NewYear, Some(lock)));
    let new = desk.plan_called(NEXT);
    let periods: Vec<_> = new.records_of(Kind::Periods).collect();
    assert_eq!(periods.len(), 1);
    let dates = new.period_dates(periods[0].id).map(|(from, to)| (from.to_string(), to.to_string()));
    assert_eq!(dates, Some(("2027-08-01".to_owned(), "2028-07-31".to_owned())));
    let lesson = new.named(Kind::Lessons, "7").unwrap();
    assert_eq!(lesson.number("hours_per_week", None), Some(2), "the value of the last period");
    let placed: Vec<_> = new.placements(lesson.id, periods[0].id).collect();
    assert_eq!(placed.len(), 1);
    assert_eq!((placed[0].hour_of.unwrap().n, placed[0].number("day", None)), (2, Some(3)));
    let class = new.named(Kind::Classes, "5a").unwrap();
    assert_eq!(new.record_json(class, None)["from"], "2027-09-01", "a year later");
}

#[test]
fn starting_from_a_plan_takes_its_lock_and_fits_its_school_and_year() {
    let (mut desk, anna, lock) = furnished();
    let asked = |desk: &mut Desk, plan, how, lock| desk.refused_in(anna, &from(plan, how, lock)).code;
    assert_eq!(asked(&mut desk, COPY, TakeOver::Copy, None), RefusalCode::LockMissing);
    assert_eq!(asked(&mut desk, NEXT, TakeOver::Copy, Some(lock)), RefusalCode::Invalid);
    assert_eq!(asked(&mut desk, COPY, TakeOver::NewYear, Some(lock)), RefusalCode::Invalid);
    assert_eq!(asked(&mut desk, "7~2026-2027~1", TakeOver::Copy, Some(lock)), RefusalCode::Invalid);
    assert_eq!(asked(&mut desk, PLAN, TakeOver::Copy, Some(lock)), RefusalCode::Exists);
    desk.done_in(anna, &from(COPY, TakeOver::Copy, Some(lock)));
    assert_eq!(asked(&mut desk, COPY, TakeOver::Copy, Some(lock)), RefusalCode::Exists);
    let of_nothing =
        Origin { plan: "100234~2026-2027~9".parse().unwrap(), how: TakeOver::Copy, lock: Some(lock) };
    let nothing = CreatePlan {
        origin: Some(of_nothing),
        ..CreatePlan::empty("100234~2026-2027~8".parse().unwrap(), None)
    };
    assert_eq!(desk.refused_in(anna, &nothing).code, RefusalCode::Invalid);
}
