//! Whatever is asked for, in whatever order: the rules of the office hold.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "invariants/asked.rs"]
mod asked;
#[path = "invariants/desk.rs"]
mod desk;
#[path = "invariants/drawn.rs"]
mod drawn;
#[path = "invariants/holds.rs"]
mod holds;

use std::collections::BTreeMap;

use domain::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use asked::Asked;
use desk::Desk;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_commands_keeps_the_invariants(all in vec(Asked::any(), 1..80)) {
        let mut desk = Desk::with_plan();
        for asked in &all {
            asked.ask(&mut desk);
            holds::check(&desk);
        }
        holds::check_replay(&desk);
    }
}

fn cases() -> u32 {
    if std::env::var_os("DAYBOOK_SOAK").is_some() { 5_000 } else { 300 }
}

/// The orders of commands are not all refusals: what the law is about does happen in them.
#[test]
fn the_orders_reach_what_they_are_about() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<String, u32>::new();
    for _ in 0..200 {
        let mut desk = Desk::with_plan();
        for asked in vec(Asked::any(), 80).new_tree(&mut runner).unwrap().current() {
            if let Some(refused) = asked.ask(&mut desk) {
                *seen.entry(format!("refused {}", refused.code.word())).or_default() += 1;
            }
        }
        for entry in &desk.log {
            *seen.entry(entry.event.r#type().to_owned()).or_default() += 1;
            if let Event::RecordCreated(created) = &entry.event {
                *seen.entry(format!("made {}", created.kind)).or_default() += 1;
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
