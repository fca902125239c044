//! Commits whose answer is lost.

use std::time::Duration;

use domain::StreamName;
use eventstore::{AppendError, Expected, Ledger, PoolSettings};

use crate::proxy::Proxy;
use crate::setting::{Setting, count, one};

/// Writers that append through a line that is cut again and again; each remembers what it was told.
async fn hammer(setting: &Setting, proxy: &Proxy, writers: i64, cuts: u64, contacts: bool) {
    let ledger = Ledger::open(PoolSettings::new(proxy.options(), &setting.schema)).await.unwrap();
    proxy.cut_every(3);
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (ledger, proxy) = (ledger.clone(), proxy.clone());
        tasks.push(tokio::spawn(async move {
            let mut told = Vec::new();
            while proxy.cuts() < cuts {
                let version = i64::try_from(told.len()).unwrap();
                let mut append = one(&format!("plan/{writer}"), Expected::Exactly(version), "{}");
                append.keyed = version % 2 == 0;
                append.answer = append.keyed.then(|| format!("{writer}/{version}").into_bytes());
                if contacts {
                    append.contacts = vec![append.command_id.0];
                }
                let appended = ledger.append(append.clone()).await.unwrap();
                told.push((append, appended));
            }
            told
        }));
    }
    let mut all = 0;
    for (writer, task) in tasks.into_iter().enumerate() {
        let told = task.await.unwrap();
        let stream = StreamName::new(format!("plan/{writer}"));
        let events = setting.ledger.read_stream(&stream, 0, i64::MAX).await.unwrap();
        assert_eq!(events.len(), told.len(), "each is there once");
        for (event, (append, appended)) in events.iter().zip(&told) {
            assert_eq!(event.meta.command_id, append.command_id);
            assert_eq!((event.position, event.recorded_at), (appended.last, appended.recorded_at));
            let stored = setting.ledger.command(append.command_id).await.unwrap().unwrap();
            assert_eq!((stored.position, &stored.answer), (appended.last, &append.answer));
        }
        all += told.len();
    }
    assert!(proxy.cuts() >= cuts);
    assert_eq!(setting.ledger.head().await.unwrap().position, i64::try_from(all).unwrap());
    setting.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_happened_exactly_once() {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.owner).await.unwrap();
    hammer(&setting, &proxy, 8, count(60), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_did_one_that_was_written_under_the_lock() {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.owner).await.unwrap();
    hammer(&setting, &proxy, 8, count(60), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_alone_whose_answer_was_lost_happened_exactly_once() {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.owner).await.unwrap();
    let ledger = Ledger::open(PoolSettings::new(proxy.options(), &setting.schema)).await.unwrap();
    proxy.cut_every(2);
    let stream = StreamName::from("plan/a");
    let (mut done, mut anew) = (0, 0);
    while proxy.cuts() < count(12) {
        let version = done;
        let append = one("plan/a", Expected::Exactly(version), "{}");
        match ledger.alone(|alone| async move { alone.append(append).await }).await.unwrap() {
            Ok(_) => done += 1,
            Err(AppendError::Conflict) => anew += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(anew > 0, "some never reached the server");
    assert_eq!(setting.ledger.read_stream(&stream, 0, i64::MAX).await.unwrap().len() as i64, done);
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_ledger_that_is_away_is_said_to_be_and_comes_back() {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.owner).await.unwrap();
    let ledger = Ledger::open(PoolSettings::new(proxy.options(), &setting.schema)).await.unwrap();
    ledger.append(one("a", Expected::Exactly(0), "1")).await.unwrap();
    proxy.set_away(true);
    let lost = ledger.enqueue(one("a", Expected::Exactly(1), "2")).unwrap();
    let told = tokio::time::timeout(Duration::from_secs(9), lost).await.expect("told in time");
    assert!(matches!(told, Err(AppendError::Unavailable)), "{told:?}");
    assert!(ledger.ping().await.is_err());
    proxy.set_away(false);
    ledger.append(one("a", Expected::Exactly(1), "2")).await.unwrap();
    assert_eq!(setting.ledger.head().await.unwrap().position, 2);
}
