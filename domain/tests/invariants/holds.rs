//! What must hold when something happens, and after every command.

use std::collections::BTreeMap;

use domain::{Action, Event, FieldChange, Kind, Lock, Mode, Plan, PlanCondition, Record, SessionId, Value};

use crate::desk::Desk;
use crate::folded::{Entry, Folded};

/// What must hold of what the office is like when this event is decided.
pub fn check_event(desk: &Desk, entry: &Entry) {
    check_site_event(desk, entry);
    let Some(plan) = entry.plan.as_ref().and_then(|plan| desk.now.plans.get(plan)) else { return };
    let is_open = plan.condition() == PlanCondition::Open;
    match &entry.event {
        Event::SessionStarted(e) => {
            let held = plan.locks().any(|lock| lock.action.is_exclusive());
            assert!(!held, "somebody gets in beside an exclusive lock");
            assert!(
                plan.sign_offs.reservations().next().is_none(),
                "somebody gets into a plan that is kept shut"
            );
            let licence =
                desk.now.plans.values().flat_map(Plan::locks).any(|lock| lock.action == Action::Licence);
            assert!(!licence, "somebody gets into a school that is kept shut");
            assert!(is_open || e.mode == Mode::Read, "somebody works in a plan that is only read");
            if e.mode == Mode::Cover {
                check_cover_begins(plan, e.period);
            }
        }
        Event::SessionChanged(e) => {
            let before = plan.sessions.get(e.session).expect("a session that is there changes");
            let mode = e.mode.unwrap_or(before.mode);
            if mode == Mode::Cover && (e.mode.is_some() || e.period.is_some()) {
                check_cover_begins(plan, e.period.or(before.period));
            }
        }
        Event::LockGranted(e) if e.action == Action::Optimise => {
            check_nobody_covers(desk, plan, e.session, e.periods.as_deref());
        }
        Event::RecordCreated(_) | Event::ImportDone(_) | Event::OptimisationDone(_) => {
            assert!(is_open, "a plan that is only read changes");
        }
        Event::RecordChanged(e) => {
            assert!(is_open, "a plan that is only read changes");
            let before = plan.record(e.record).expect("a record that is there changes").revision;
            assert_eq!(e.revision, before + 1, "revisions count up by one");
            check_changes(&e.changes);
        }
        Event::RecordRemoved(e) => {
            assert!(is_open, "a plan that is only read changes");
            let before = plan.record(e.record).expect("a record that is there is removed").revision;
            assert_eq!(e.revision, before + 1, "revisions count up by one");
        }
        Event::PlanChanged(e) => assert_eq!(e.revision, plan.revision().1 + 1, "revisions count up by one"),
        Event::SessionEnded(e) => {
            assert!(plan.sessions.get(e.session).is_some(), "a session ends once");
            let kept = plan.locks().any(|lock| lock.session == e.session);
            assert!(!kept, "a session ends and its lock does not");
        }
        Event::LockEnded(e) => assert!(plan.lock(e.lock).is_some(), "a lock ends once"),
        _ => {}
    }
}

fn check_site_event(desk: &Desk, entry: &Entry) {
    match &entry.event {
        Event::SessionStarted(_) => {
            assert!(desk.now.site.outages().state().lets_in(), "somebody gets in behind a closed gate");
        }
        Event::NoticeChanged(e) => {
            let before = desk.now.site.notices().get(e.notice).map(|notice| notice.revision);
            assert_eq!(Some(e.revision - 1), before, "revisions count up by one");
            check_changes(&e.changes);
        }
        Event::LicenceChanged(e) => {
            assert_eq!(e.revision, desk.now.school.licence().revision + 1, "revisions count up by one");
            let held = |plan: &Plan| plan.locks().any(|lock| lock.action == Action::Licence);
            assert!(desk.now.plans.values().any(held), "the licence changes under its lock");
            check_changes(&e.changes);
        }
        Event::OutageChanged(_) | Event::OutageEnded(_) => {
            assert!(desk.now.site.outages().current().is_some(), "there is no outage");
        }
        _ => {}
    }
}

/// A change that changes nothing is none.
fn check_changes(changes: &[FieldChange]) {
    assert!(!changes.is_empty(), "a change of nothing");
    assert!(changes.iter().all(|change| change.from != change.to), "a field changes to what it is");
}

fn check_cover_begins(plan: &Plan, period: Option<domain::RecordId>) {
    let optimised = plan.locks().any(|lock| lock.action.is_optimisation() && lock.covers(period));
    assert!(!optimised, "cover mode begins in a period that is being optimised");
}

/// Cover of another user keeps a period from being optimised: the own one of each, or every one that is not over.
fn check_nobody_covers(desk: &Desk, plan: &Plan, holder: SessionId, periods: Option<&[domain::RecordId]>) {
    let holder = plan.sessions.get(holder).expect("whoever gets a lock is there").who;
    let restricted = plan
        .singleton(Kind::SchoolData)
        .is_some_and(|data| data.fields.get("cover_restricted_to_period") == Some(&Value::Flag(true)));
    for period in periods.expect("periods are optimised") {
        let is_over = plan.period_dates(*period).is_some_and(|(_, to)| to < desk.today());
        for other in plan.sessions.iter().filter(|it| it.mode == Mode::Cover && it.who != holder) {
            let blocks = if restricted { other.period == Some(*period) } else { !is_over };
            assert!(!blocks, "a period is optimised in which another user covers");
        }
    }
}

/// What must hold after every command.
pub fn check(desk: &Desk) {
    for plan in desk.now.plans.values() {
        check_locks(plan);
        check_names(plan);
        check_references(plan);
    }
    check_licence(desk);
    check_same(&desk.now, &desk.again);
}

fn check_locks(plan: &Plan) {
    let locks: Vec<_> = plan.locks().collect();
    for lock in &locks {
        assert!(plan.sessions.get(lock.session).is_some(), "a lock without its session");
        assert!(lock.granted.is_some(), "a lock without its fencing token");
        for period in lock.periods.iter().flatten() {
            assert!(plan.record(*period).is_some(), "a lock of no period");
        }
        if lock.action.is_exclusive() {
            assert_eq!(locks.len(), 1, "an exclusive lock beside another lock");
            assert_eq!(plan.sessions.len(), 1, "an exclusive lock beside another session");
        }
    }
    let optimising: Vec<&&Lock> = locks.iter().filter(|lock| lock.action == Action::Optimise).collect();
    for (index, lock) in optimising.iter().enumerate() {
        let [period] = lock.periods.as_deref().unwrap() else { panic!("one period is optimised at a time") };
        let twice = optimising[index + 1..].iter().any(|other| other.covers(Some(*period)));
        assert!(!twice, "a period is optimised twice");
    }
    for session in plan.sessions.iter() {
        if let Some(period) = session.period {
            assert!(plan.record(period).is_some(), "somebody works in no period");
        }
    }
    let reserved: Vec<_> = plan.sign_offs.reservations().collect();
    assert!(reserved.len() < 2, "a plan is kept shut for two");
    for (_, reservation) in reserved {
        assert!(plan.sessions.get(reservation.session).is_some(), "a plan is kept shut for nobody");
    }
    for leaver in plan.sign_offs.iter().flat_map(|sign_off| &sign_off.leaving) {
        assert!(plan.sessions.get(leaver.session).is_some(), "somebody has to leave who is not there");
    }
}

/// Whoever has the lock of the licence is alone in every plan of the school.
fn check_licence(desk: &Desk) {
    let plans = || desk.now.plans.values();
    if plans().flat_map(Plan::locks).any(|lock| lock.action == Action::Licence) {
        let present: usize = plans().map(|plan| plan.sessions.len()).sum();
        assert_eq!(present, 1, "the licence is locked beside another session");
    }
}

fn check_names(plan: &Plan) {
    let mut names = std::collections::BTreeSet::new();
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
            let is = |id, kind| plan.record(id).is_some_and(|it| it.kind == kind);
            assert!(is(hour.lesson, Kind::Lessons), "an hour of no lesson");
            assert!(is(hour.period, Kind::Periods), "an hour in no period");
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

/// The ledger, read again from the start, leads to the same states; revisions of a name never come twice.
pub fn check_replay(desk: &Desk) {
    check_same(&desk.now, &Folded::of(&desk.log));
    for plan in desk.now.plans.keys() {
        check_revisions(desk.log.iter().filter(|entry| entry.plan.as_ref() == Some(plan)));
    }
}

fn check_revisions<'a>(log: impl Iterator<Item = &'a Entry>) {
    let mut names: BTreeMap<domain::RecordId, String> = BTreeMap::new();
    let mut revisions: BTreeMap<(Kind, String), u64> = BTreeMap::new();
    for entry in log {
        match &entry.event {
            Event::RecordCreated(e) => {
                let Some(name) = e.fields.get("id").and_then(Value::text) else { continue };
                let last = revisions.insert((e.kind, name.to_owned()), e.revision);
                assert!(last.is_none_or(|last| last < e.revision), "{name} counts anew");
                names.insert(e.record, name.to_owned());
            }
            // Whatever name it has then, that name has been used up to this revision.
            Event::RecordChanged(e) => {
                let Some(name) = names.get_mut(&e.record) else { continue };
                let renamed = e.changes.iter().find(|change| change.field == "id");
                if let Some(to) = renamed.and_then(|change| change.to.as_ref()?.text()) {
                    to.clone_into(name);
                }
                let last = revisions.entry((e.kind, name.clone())).or_default();
                *last = (*last).max(e.revision);
            }
            Event::RecordRemoved(e) => {
                let Some(name) = names.remove(&e.record) else { continue };
                let last = revisions.entry((e.kind, name)).or_default();
                *last = (*last).max(e.revision);
            }
            _ => {}
        }
    }
}

fn check_same(one: &Folded, other: &Folded) {
    assert!(one.plans.keys().eq(other.plans.keys()));
    for (one, other) in one.plans.values().zip(other.plans.values()) {
        check_same_plan(one, other);
    }
    assert!(one.sessions.iter().eq(other.sessions.iter()));
    assert_eq!(one.site.outages(), other.site.outages());
    assert_eq!(one.site.notices().in_order(), other.site.notices().in_order());
    assert!(one.school.plans().eq(other.school.plans()));
    assert_eq!((one.school.licence(), one.school.shut()), (other.school.licence(), other.school.shut()));
}

fn check_same_plan(one: &Plan, other: &Plan) {
    let facts =
        |plan: &Plan| (plan.id().cloned(), plan.title().to_owned(), plan.condition(), plan.revision());
    assert_eq!(facts(one), facts(other));
    assert_eq!(one.records().count(), other.records().count());
    for record in one.records() {
        assert_eq!(Some(Record::clone(record)), other.record(record.id).map(|it| Record::clone(it)));
    }
    assert!(one.sessions.iter().eq(other.sessions.iter()));
    assert!(
        one.locks().eq(other.locks()),
        "{:?}, {:?}",
        one.locks().collect::<Vec<_>>(),
        other.locks().collect::<Vec<_>>()
    );
    assert_eq!(one.sign_offs, other.sign_offs);
}
