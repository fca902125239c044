//! What must hold after every command.

use std::collections::{BTreeMap, BTreeSet};

use domain::command::Stream;
use domain::{Action, At, Event, Fold, Kind, Mode, Plan, Record, Value};

use crate::desk::Desk;

pub fn check(desk: &Desk) {
    check_locks(&desk.plan);
    check_names(&desk.plan);
    check_references(&desk.plan);
}

fn check_locks(plan: &Plan) {
    let locks: Vec<_> = plan.locks().collect();
    for lock in &locks {
        assert!(plan.sessions.get(lock.session).is_some(), "a lock without its session");
        assert!(lock.granted.is_some(), "a lock without its fencing token");
        if lock.action.is_exclusive() {
            assert_eq!(locks.len(), 1, "an exclusive lock beside another lock");
            assert_eq!(plan.sessions.len(), 1, "an exclusive lock beside another session");
        }
    }
    for (index, lock) in locks.iter().enumerate().filter(|(_, lock)| lock.action == Action::Optimise) {
        let [period] = lock.periods.as_deref().unwrap() else { panic!("one period is optimised at a time") };
        let twice = locks[index + 1..].iter().any(|other| other.covers(Some(*period)));
        assert!(!twice, "a period is optimised twice");
        let holder = plan.holder(lock).unwrap().who;
        let covering = plan.sessions.iter().any(|session| {
            session.mode == Mode::Cover && session.who != holder && session.period == Some(*period)
        });
        assert!(!covering, "a period is optimised while another user covers in it");
    }
}

fn check_names(plan: &Plan) {
    let mut names = BTreeSet::new();
    for record in plan.records() {
        if let Some(name) = record.name() {
            assert!(names.insert((record.kind.word(), name.to_owned())), "{name} is there twice");
            assert_eq!(plan.named(record.kind, name).map(|it| it.id), Some(record.id));
        }
        if let Some(hour) = record.hour_of {
            assert_eq!(plan.placement(&hour).map(|it| it.id), Some(record.id));
        }
        assert!(record.name().is_some() || record.hour_of.is_some() || record.kind.is_singleton());
    }
}

fn check_references(plan: &Plan) {
    for record in plan.records() {
        if let Some(hour) = record.hour_of {
            assert_eq!(
                plan.record(hour.lesson).map(|it| it.kind),
                Some(Kind::Lessons),
                "an hour of no lesson"
            );
            assert_eq!(
                plan.record(hour.period).map(|it| it.kind),
                Some(Kind::Periods),
                "an hour in no period"
            );
        }
        for (name, value) in record.fields.iter().chain(record.by_period.values().flatten()) {
            value.references(|id| {
                assert!(plan.record(id).is_some(), "{} {name} refers to nothing", plan.subject_of(record));
            });
        }
        for period in record.by_period.keys() {
            assert!(plan.record(*period).is_some(), "{} has values for no period", plan.subject_of(record));
        }
    }
}

/// The events alone lead to the same states; revisions of a name never come twice.
pub fn check_replay(desk: &Desk) {
    let (mut plan, mut sessions) = (Plan::default(), domain::Sessions::default());
    let mut revisions: BTreeMap<(Kind, String), u64> = BTreeMap::new();
    for entry in &desk.log {
        let at = At { version: entry.stamp.position, epoch: 1, stamp: Some(entry.stamp) };
        match entry.stream {
            Stream::Plan => plan.evolve(&entry.event, &at),
            Stream::Sessions => sessions.evolve(&entry.event, &at),
            Stream::Accounts | Stream::Site | Stream::School | Stream::Messages => {}
        }
        if let Event::RecordCreated(e) = &entry.event
            && let Some(name) = e.fields.get("id").and_then(Value::text)
        {
            let last = revisions.insert((e.kind, name.to_owned()), e.revision);
            assert!(last.is_none_or(|last| last < e.revision), "{name} counts anew");
        }
        // Whatever name it has then, that name has been used up to this revision.
        if let Event::RecordChanged(domain::RecordChanged { record, revision, .. })
        | Event::RecordRemoved(domain::RecordRemoved { record, revision, .. }) = &entry.event
        {
            let named = plan.record(*record).and_then(|it| it.name().map(|name| (it.kind, name.to_owned())));
            let named = named.or_else(|| removed_name(&entry.event));
            if let Some(named) = named {
                let last = revisions.entry(named).or_default();
                *last = (*last).max(*revision);
            }
        }
    }
    assert_eq!(summary(&plan), summary(&desk.plan));
    let ids = |sessions: &domain::Sessions| sessions.iter().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&sessions), ids(&desk.sessions));
}

fn removed_name(event: &Event) -> Option<(Kind, String)> {
    let Event::RecordRemoved(e) = event else { return None };
    Some((e.kind, e.fields.get("id").and_then(Value::text)?.to_owned()))
}

#[derive(Debug, PartialEq)]
struct Summary {
    id: Option<domain::PlanId>,
    title: String,
    revision: (i64, u64),
    records: BTreeMap<domain::RecordId, Record>,
    sessions: Vec<domain::Session>,
    locks: Vec<domain::Lock>,
}

fn summary(plan: &Plan) -> Summary {
    Summary {
        id: plan.id().cloned(),
        title: plan.title().to_owned(),
        revision: plan.revision(),
        records: plan.records().map(|record| (record.id, Record::clone(record))).collect(),
        sessions: plan.sessions.iter().cloned().collect(),
        locks: plan.locks().cloned().collect(),
    }
}
