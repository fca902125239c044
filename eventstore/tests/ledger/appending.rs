//! What an append promises.

use domain::{CommandId, StreamName};
use eventstore::{APPEND_EVENTS_MAX, AppendError, Expected, Write};
use uuid::Uuid;

use crate::setting::{Setting, command, event, many, one};

#[tokio::test]
async fn an_event_is_read_back_as_it_was_written() {
    let setting = Setting::new().await;
    let subject = Uuid::now_v7();
    let mut append = one("plan/a", Expected::Exactly(0), "{\"b\" : 1,\"a\":2}");
    append.writes[0].events[0].subject = Some(subject);
    append.meta.session = Some(Uuid::now_v7());
    append.meta.request_id = Some("r-1".to_owned());
    let appended = setting.ledger.append(append.clone()).await.unwrap();
    assert_eq!((appended.first, appended.last, appended.epoch), (1, 1, 1));

    let events = setting.ledger.read_stream(&StreamName::from("plan/a"), 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    let read = &events[0];
    assert_eq!((read.position, read.append_end, read.version), (1, 1, 1));
    assert_eq!((read.r#type.as_str(), read.subject), ("Happened", Some(subject)));
    assert_eq!(read.data, b"{\"b\" : 1,\"a\":2}");
    assert_eq!(read.recorded_at, appended.recorded_at);
    assert_eq!(read.meta.session, append.meta.session);
    assert_eq!(read.meta.request_id, append.meta.request_id);
    assert_eq!(read.meta.command_id, append.command_id);
    assert_ne!(read.meta.event_id, Uuid::nil());

    assert_eq!(setting.ledger.read_subject(subject, 0, 10).await.unwrap(), events);
    assert!(setting.ledger.read_subject(subject, 1, 10).await.unwrap().is_empty());
    assert_eq!(setting.ledger.read_all(0, 10).await.unwrap().events, events);
    assert_eq!(setting.ledger.head().await.unwrap().at().to_string(), "1.1");
    assert_eq!(setting.ledger.command(append.command_id).await.unwrap().unwrap().position, 1);
    assert_eq!(setting.ledger.command(CommandId(Uuid::now_v7())).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_gapless_whoever_writes_and_whoever_is_refused() {
    let setting = Setting::new().await;
    let mut writers = Vec::new();
    for writer in 0..32 {
        let ledger = setting.ledger.clone();
        writers.push(tokio::spawn(async move {
            let mut refused = 0;
            for n in 0..40 {
                let stream = format!("plan/{}", writer % 8);
                let outcome = ledger.append(one(&stream, Expected::Exactly(n), "{}")).await;
                match outcome {
                    Ok(_) => {}
                    Err(AppendError::Conflict) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
                ledger.append(one(&format!("own/{writer}"), Expected::Exactly(n), "{}")).await.unwrap();
            }
            refused
        }));
    }
    let mut refused = 0;
    for writer in writers {
        refused += writer.await.unwrap();
    }
    assert_eq!(setting.ledger.head().await.unwrap().position, 32 * 80 - refused);
    assert!(refused > 0, "four writers on one stream must have met");
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_refused_append_spoils_nothing_for_its_neighbours() {
    let setting = Setting::new().await;
    let ledger = &setting.ledger;
    let first = ledger.enqueue(one("a", Expected::Exactly(0), "1")).unwrap();
    let stale = ledger.enqueue(one("a", Expected::Exactly(0), "2")).unwrap();
    let next = ledger.enqueue(one("a", Expected::Exactly(1), "3")).unwrap();
    assert_eq!(first.await.unwrap().last, 1);
    assert!(matches!(stale.await, Err(AppendError::Conflict)));
    assert_eq!(next.await.unwrap().last, 2);
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_decision_holds_only_while_all_it_looked_at_stands() {
    let setting = Setting::new().await;
    let ledger = &setting.ledger;
    ledger.append(one("site", Expected::Exactly(0), "1")).await.unwrap();
    let both = |site: i64, a: i64, b: i64| {
        let mut append = command();
        append.looked_at = vec![(StreamName::from("site"), site)];
        for (stream, version) in [("a", a), ("b", b)] {
            append.writes.push(Write {
                stream: StreamName::from(stream),
                expected: Expected::Exactly(version),
                events: vec![event("{}")],
            });
        }
        append
    };
    assert!(matches!(ledger.append(both(0, 0, 0)).await, Err(AppendError::Conflict)));
    assert!(matches!(ledger.append(both(1, 0, 1)).await, Err(AppendError::Conflict)));
    assert_eq!(ledger.head().await.unwrap().position, 1);
    let appended = ledger.append(both(1, 0, 0)).await.unwrap();
    assert_eq!((appended.first, appended.last), (2, 3));
    assert!(matches!(ledger.append(both(1, 0, 0)).await, Err(AppendError::Conflict)));
}

#[tokio::test]
async fn an_append_without_events_is_a_barrier() {
    let setting = Setting::new().await;
    let ledger = &setting.ledger;
    ledger.append(one("a", Expected::Exactly(0), "1")).await.unwrap();
    let mut barrier = command();
    barrier.looked_at = vec![(StreamName::from("a"), 1)];
    let appended = ledger.append(barrier.clone()).await.unwrap();
    assert_eq!((appended.first, appended.last), (2, 1));
    assert_eq!(ledger.command(barrier.command_id).await.unwrap(), None, "it has no key to come back under");
    barrier.looked_at[0].1 = 0;
    assert!(matches!(ledger.append(barrier).await, Err(AppendError::Conflict)));

    let mut keyed = command();
    keyed.keyed = true;
    keyed.answer = Some(b"unchanged".to_vec());
    ledger.append(keyed.clone()).await.unwrap();
    match ledger.append(keyed).await {
        Err(AppendError::Known(stored)) => assert_eq!(stored.answer.as_deref(), Some(&b"unchanged"[..])),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_under_a_key_happens_once_however_stale_it_comes_back() {
    let setting = Setting::new().await;
    let mut keyed = one("a", Expected::Exactly(0), "1");
    keyed.keyed = true;
    keyed.request_digest = Some([7; 32]);
    keyed.answer = Some(b"201".to_vec());
    let appended = setting.ledger.append(keyed.clone()).await.unwrap();
    setting.ledger.append(one("a", Expected::Exactly(1), "2")).await.unwrap();
    let other_node = setting.other_node().await;
    for ledger in [&setting.ledger, &other_node] {
        match ledger.append(keyed.clone()).await {
            Err(AppendError::Known(stored)) => {
                assert_eq!((stored.position, stored.recorded_at), (appended.last, appended.recorded_at));
                assert_eq!(stored.request_digest.as_deref(), Some(&[7; 32][..]));
                assert_eq!(stored.answer.as_deref(), Some(&b"201"[..]));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(setting.ledger.head().await.unwrap().position, 2);
}

#[tokio::test]
async fn two_appends_under_one_key_at_once_are_one() {
    let setting = Setting::new().await;
    let mut keyed = one("a", Expected::Any, "1");
    keyed.keyed = true;
    let first = setting.ledger.enqueue(keyed.clone()).unwrap();
    let second = setting.ledger.enqueue(keyed.clone()).unwrap();
    let beside = setting.ledger.enqueue(one("b", Expected::Exactly(0), "1")).unwrap();
    assert_eq!(first.await.unwrap().last, 1);
    assert!(matches!(second.await, Err(AppendError::Known(_))));
    assert_eq!(beside.await.unwrap().last, 2);
}

#[tokio::test]
async fn an_id_that_is_used_twice_without_a_key_is_known_too() {
    let setting = Setting::new().await;
    let append = one("a", Expected::Any, "1");
    setting.ledger.append(append.clone()).await.unwrap();
    let neighbour = setting.ledger.enqueue(one("b", Expected::Exactly(0), "1")).unwrap();
    let again = setting.ledger.enqueue(append).unwrap();
    assert_eq!(neighbour.await.unwrap().last, 2);
    assert!(again.await.is_err());
    setting.assert_sound().await;
}

#[tokio::test]
async fn an_import_is_one_append() {
    let setting = Setting::new().await;
    let events: Vec<_> = (0..5_000).map(|n| event(&n.to_string())).collect();
    let appended = setting.ledger.append(many("a", Expected::Exactly(0), events)).await.unwrap();
    assert_eq!((appended.first, appended.last), (1, 5_000));
    setting.ledger.append(one("b", Expected::Any, "1")).await.unwrap();
    let read = setting.ledger.read_all(0, 10).await.unwrap();
    assert_eq!((read.events.len(), read.next), (5_000, 5_000), "never half of it");
    let read = setting.ledger.read_all(read.next, 10).await.unwrap();
    assert_eq!((read.events.len(), read.next), (1, 5_001));
    setting.assert_sound().await;
}

#[tokio::test]
async fn an_append_that_is_too_large_is_refused_at_the_door() {
    let setting = Setting::new().await;
    let events = vec![event("1"); APPEND_EVENTS_MAX + 1];
    let refused = setting.ledger.append(many("a", Expected::Any, events)).await;
    assert!(matches!(refused, Err(AppendError::TooLarge)));
}

#[tokio::test]
async fn an_append_that_the_database_cannot_store_fails_alone() {
    let setting = Setting::new().await;
    let mut bad = one("a", Expected::Any, "1");
    bad.writes[0].stream = StreamName::from("a\0b");
    let before = setting.ledger.enqueue(one("b", Expected::Exactly(0), "1")).unwrap();
    let failed = setting.ledger.enqueue(bad).unwrap();
    let after = setting.ledger.enqueue(one("b", Expected::Exactly(1), "1")).unwrap();
    assert!(before.await.is_ok());
    assert!(matches!(failed.await, Err(AppendError::Failed(_))));
    assert!(after.await.is_ok());
    setting.assert_sound().await;
}
