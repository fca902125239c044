//! Whatever is asked for, in whatever order, by whichever clock: the rules of the office hold.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "invariants/aside.rs"]
mod aside;
#[path = "invariants/asked.rs"]
mod asked;
#[path = "invariants/beside.rs"]
mod beside;
#[path = "invariants/desk.rs"]
mod desk;
#[path = "invariants/drawn.rs"]
mod drawn;
#[path = "invariants/drawn_beside.rs"]
mod drawn_beside;
#[path = "invariants/folded.rs"]
mod folded;
#[path = "invariants/holds.rs"]
mod holds;
#[path = "invariants/places.rs"]
mod places;
#[path = "invariants/what.rs"]
mod what;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use desk::Desk;
use drawn_beside::Step;

/// The most commands of one order.
const LENGTH_MAX: usize = 160;

/// So many commands in all, and for how long at most: a few thousand, and a million with `DAYBOOK_SOAK`; `DAYBOOK_SOAK_MINUTES` bounds
/// the latter.
fn commands() -> (u64, Duration) {
    if std::env::var_os("DAYBOOK_SOAK").is_none() {
        return (12_000, Duration::MAX);
    }
    let minutes = std::env::var("DAYBOOK_SOAK_MINUTES").ok().and_then(|text| text.parse::<f64>().ok());
    (1_000_000, minutes.map_or(Duration::MAX, |minutes| Duration::from_secs_f64(minutes * 60.0)))
}

/// Six people in two plans and those that they make of them, with wrong clocks, lost contacts and restarts.
#[test]
fn any_order_of_commands_keeps_the_invariants() {
    let (wanted, at_most) = commands();
    let (began, done) = (Instant::now(), AtomicU64::new(0));
    // They are half as long as the longest on average; a few more are drawn, so that they are enough.
    let cases = u32::try_from(wanted / (LENGTH_MAX as u64 / 2) * 6 / 5).unwrap();
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let orders = vec(Step::any(), 1..=LENGTH_MAX);
    let ran = runner.run(&orders, |steps| {
        if done.load(Ordering::Relaxed) >= wanted || began.elapsed() >= at_most {
            return Ok(());
        }
        let mut desk = Desk::furnished();
        for step in &steps {
            step.ask(&mut desk);
            holds::check(&desk);
            done.fetch_add(1, Ordering::Relaxed);
        }
        holds::check_replay(&desk);
        Ok(())
    });
    eprintln!("{} commands in {:.0} s", done.into_inner(), began.elapsed().as_secs_f64());
    if let Err(error) = ran {
        panic!("{error}");
    }
}

/// Whatever has happened, and wherever it is cut: what was written aside is what was there, and leads on to the same.
#[test]
fn a_snapshot_and_what_came_after_it_are_the_whole_stream() {
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let orders = (vec(Step::any(), 1..=LENGTH_MAX), vec(any::<prop::sample::Index>(), 6));
    let ran = TestRunner::new(config).run(&orders, |(steps, cuts)| {
        let mut desk = Desk::furnished();
        for step in &steps {
            step.ask(&mut desk);
        }
        for cut in cuts {
            aside::check(&desk, cut.index(desk.log.len() + 1));
        }
        aside::check(&desk, desk.log.len());
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}

/// The orders of commands are not all refusals: what the law is about does happen in them.
#[test]
fn the_orders_reach_what_they_are_about() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<String, u32>::new();
    for _ in 0..400 {
        let mut desk = Desk::furnished();
        for step in vec(Step::any(), LENGTH_MAX).new_tree(&mut runner).unwrap().current() {
            if let Some(refused) = step.ask(&mut desk) {
                *seen.entry(format!("refused {}", refused.code.word())).or_default() += 1;
            }
        }
        for entry in &desk.log {
            *seen.entry(entry.event.r#type().to_owned()).or_default() += 1;
            if let Event::RecordCreated(created) = &entry.event {
                *seen.entry(format!("made {}", created.kind)).or_default() += 1;
            }
            if let Event::LockGranted(granted) = &entry.event {
                *seen.entry(format!("lock {}", granted.action.word())).or_default() += 1;
            }
        }
    }
    let happened = [
        "SessionStarted",
        "SessionEnded",
        "SessionChanged",
        "LockGranted",
        "LockEnded",
        "RecordCreated",
        "RecordChanged",
        "RecordRemoved",
        "made substitutions",
        "ImportDone",
        "OptimisationDone",
        "SignOffAnnounced",
        "ReservationEnded",
        "PlanChanged",
        "LicenceChanged",
        "SchoolShut",
        "SchoolOpened",
        "NoticeChanged",
        "NoticeWithdrawn",
        "MessageSent",
        "OutageAnnounced",
        "OutageChanged",
        "OutageBegun",
        "OutageEnded",
        "ContactLost",
        "ContactBack",
        "lock optimise-many",
        "lock licence",
        "refused gate-closed",
        "refused outage",
        "refused signed-off",
        "refused exists",
        "refused not-alone",
        "refused lock-refused",
        "refused blocked",
        "refused stale",
        "refused lock-missing",
        "refused lock-ended",
        "refused in-use",
        "refused invalid",
        "refused import-faults",
    ];
    for wanted in happened {
        assert!(seen.get(wanted).is_some_and(|count| *count >= 5), "{wanted} is too rare: {seen:#?}");
    }
}
