//! Readers that follow the ledger while it is written.

use std::time::Duration;

use domain::StreamName;
use eventstore::{Expected, Ledger};

use crate::setting::{Setting, count, event, many, one};

/// Reads up to a position; every position once, in order, whole appends.
async fn follow(ledger: Ledger, upto: i64) {
    let mut subscription = ledger.subscribe(0);
    let mut at = 0;
    while at < upto {
        let batch = subscription.next().await.unwrap();
        for event in &batch.events {
            at += 1;
            assert_eq!(event.position, at);
        }
        let last = batch.events.last().expect("never an empty batch");
        assert_eq!(last.position, last.append_end, "half an append was shown");
        assert_eq!(subscription.position(), at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_see_every_position_once_in_order_and_whole_appends() {
    let setting = Setting::new().await;
    let other = setting.other_node().await;
    let (singles, imports) = (count(100) as i64, 10);
    let total = 64 * singles + imports * 777;
    let mut followers = Vec::new();
    for n in 0..5 {
        let ledger = if n % 2 == 0 { setting.ledger.clone() } else { other.clone() };
        followers.push(tokio::spawn(follow(ledger, total)));
    }
    let mut writers = Vec::new();
    for writer in 0..64 {
        let ledger = setting.ledger.clone();
        writers.push(tokio::spawn(async move {
            for n in 0..singles {
                ledger.append(one(&format!("single/{writer}"), Expected::Exactly(n), "{}")).await.unwrap();
            }
        }));
    }
    for n in 0..imports {
        let events = vec![event("{}"); 777];
        setting.ledger.append(many("import", Expected::Exactly(n * 777), events)).await.unwrap();
    }
    for task in writers.into_iter().chain(followers) {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("in time").unwrap();
    }
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_subscriber_waits_for_what_comes_from_here_and_from_elsewhere() {
    let setting = Setting::new().await;
    let other = setting.other_node().await;
    let mut subscription = setting.ledger.subscribe(0);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), subscription.next()).await.is_err(),
        "nothing yet"
    );
    setting.ledger.append(one("a", Expected::Any, "1")).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().next, 1);
    let second = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.append(one("a", Expected::Any, "2")).await.unwrap();
    };
    let (batch, ()) =
        tokio::join!(tokio::time::timeout(Duration::from_secs(10), subscription.next()), second);
    assert_eq!(batch.expect("in time").unwrap().next, 2);
}

#[tokio::test]
async fn what_this_process_has_committed_is_told() {
    let setting = Setting::new().await;
    let mut committed = setting.ledger.committed();
    assert_eq!(*committed.borrow(), 0);
    setting.ledger.append(many("a", Expected::Any, vec![event("1"), event("2")])).await.unwrap();
    committed.wait_for(|position| *position == 2).await.unwrap();
    let alone = one("a", Expected::Any, "3");
    setting.ledger.alone(|step| async move { step.append(alone).await }).await.unwrap().unwrap();
    assert_eq!(*committed.borrow(), 3);
}

#[tokio::test]
async fn a_stream_is_read_in_pages() {
    let setting = Setting::new().await;
    let events: Vec<_> = (0..25).map(|n| event(&n.to_string())).collect();
    setting.ledger.append(many("a", Expected::Any, events)).await.unwrap();
    let stream = StreamName::from("a");
    let mut versions = Vec::new();
    loop {
        let after = versions.last().copied().unwrap_or(0);
        let page = setting.ledger.read_stream(&stream, after, 10).await.unwrap();
        if page.is_empty() {
            break;
        }
        versions.extend(page.iter().map(|event| event.version));
    }
    assert_eq!(versions, (1..=25).collect::<Vec<_>>());
}
