//! Decisions on top of appends that are still on their way.

use domain::StreamName;
use eventstore::{Append, AppendError, Expected};

use crate::setting::{Setting, one};

/// A decision that has seen the events of another append.
fn on_top_of(below: &Append, version: i64) -> Append {
    Append { rests_on: vec![below.fate.clone()], ..one("plan/a", Expected::Exactly(version), "{}") }
}

#[tokio::test]
async fn what_was_decided_on_an_append_that_falls_falls_with_it() {
    let setting = Setting::new().await;
    let other = setting.other_node().await;
    other.append(one("plan/a", Expected::Exactly(0), "somebody logs in")).await.unwrap();
    // This node does not know of it yet: it decides that the last one logs out, and on top of that that somebody is alone.
    let fallen = one("plan/a", Expected::Exactly(0), "the last one logs out");
    let on_top = on_top_of(&fallen, 1);
    let topmost = on_top_of(&on_top, 2);
    let waiting = [fallen, on_top, topmost].map(|append| setting.ledger.enqueue(append).unwrap());
    for pending in waiting {
        let told = pending.await;
        assert!(matches!(told, Err(AppendError::Conflict)), "{told:?}");
    }
    assert_eq!(setting.ledger.read_stream(&StreamName::from("plan/a"), 0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_decided_on_an_append_that_stands_stands() {
    let setting = Setting::new().await;
    let below = one("plan/a", Expected::Exactly(0), "{}");
    let on_top = on_top_of(&below, 1);
    let topmost = on_top_of(&on_top, 2);
    let waiting = [below, on_top, topmost].map(|append| setting.ledger.enqueue(append).unwrap());
    for pending in waiting {
        pending.await.unwrap();
    }
    // The same when the one below was decided alone.
    let below = one("plan/a", Expected::Exactly(3), "{}");
    let on_top = on_top_of(&below, 4);
    setting.ledger.alone(|alone| alone.append(below)).await.unwrap().unwrap();
    setting.ledger.append(on_top).await.unwrap();
    setting.assert_sound().await;
}
