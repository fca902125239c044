//! Several processes on one ledger, and callers that go away.

use std::time::Duration;

use domain::StreamName;
use eventstore::{AppendError, Expected, Ledger};

use crate::setting::{Setting, count, event, many, one};

/// Appends one after the other to a stream that others write too; reads on after each conflict. Returns how many
/// conflicts it met.
async fn compete(ledger: Ledger, stream: &'static str, appends: u64) -> u64 {
    let name = StreamName::from(stream);
    let (mut version, mut conflicts) = (0, 0);
    for _ in 0..appends {
        loop {
            match ledger.append(one(stream, Expected::Exactly(version), "{}")).await {
                Ok(_) => break version += 1,
                Err(AppendError::Conflict) => conflicts += 1,
                Err(other) => panic!("{other}"),
            }
            let read = ledger.read_stream(&name, version, 10_000).await.unwrap();
            version = read.last().map_or(version, |event| event.version);
        }
    }
    conflicts
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_stream_both_get_on_and_lose_nothing() {
    let setting = Setting::new().await;
    let appends = count(200);
    let one = tokio::spawn(compete(setting.ledger.clone(), "plan/a", appends));
    let other = tokio::spawn(compete(setting.other_node().await, "plan/a", appends));
    let (met, met_too) = (one.await.unwrap(), other.await.unwrap());
    assert!(met + met_too > 0, "they must have met");
    assert_eq!(setting.ledger.head().await.unwrap().position, 2 * appends as i64);
    setting.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_busy_nodes_never_refuse_what_stands() {
    let setting = Setting::new().await;
    let nodes = [setting.ledger.clone(), setting.other_node().await];
    let mut tasks = Vec::new();
    for writer in 0..16 {
        let ledger = nodes[writer % 2].clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..count(50) as i64 {
                // Nobody else writes there, so no other node may make it a conflict.
                ledger.append(one(&format!("own/{writer}"), Expected::Exactly(n), "{}")).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(setting.ledger.head().await.unwrap().position, 16 * count(50) as i64);
    setting.assert_sound().await;
}

#[tokio::test]
async fn what_another_node_wrote_is_a_conflict_and_can_be_built_on() {
    let setting = Setting::new().await;
    let other = setting.other_node().await;
    setting.ledger.append(one("a", Expected::Exactly(0), "1")).await.unwrap();
    other.append(one("a", Expected::Exactly(1), "2")).await.unwrap();
    let stale = setting.ledger.append(one("a", Expected::Exactly(1), "3")).await;
    assert!(matches!(stale, Err(AppendError::Conflict)));
    other.append(one("a", Expected::Exactly(2), "3")).await.unwrap();
    setting.ledger.append(one("a", Expected::Exactly(3), "4")).await.unwrap();
    setting.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_starved_command_decides_alone() {
    let setting = Setting::new().await;
    let busy = tokio::spawn(compete(setting.ledger.clone(), "plan/a", count(300)));
    let starved = setting.other_node().await;
    for _ in 0..10 {
        let appended = starved
            .alone(|mut alone| async move {
                let read = alone.read_stream(&StreamName::from("plan/a"), 0, i64::MAX).await.unwrap();
                let version = read.last().map_or(0, |event| event.version);
                assert_eq!(read.len() as i64, version);
                alone.append(one("plan/a", Expected::Exactly(version), "{}")).await
            })
            .await
            .unwrap()
            .expect("nobody else writes meanwhile");
        assert_eq!(appended.first, appended.last);
    }
    busy.await.unwrap();
    assert_eq!(setting.ledger.head().await.unwrap().position, count(300) as i64 + 10);
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_step_alone_that_decides_nothing_writes_nothing() {
    let setting = Setting::new().await;
    let head = setting.ledger.alone(|alone| async move { alone.head().position }).await.unwrap();
    assert_eq!(head, 0);
    let append = one("a", Expected::Exactly(7), "1");
    let refused = setting.ledger.alone(|alone| async move { alone.append(append).await }).await.unwrap();
    assert!(matches!(refused, Err(AppendError::Conflict)));
    setting.ledger.append(one("a", Expected::Exactly(0), "1")).await.unwrap();
}

#[tokio::test]
async fn a_stuck_step_does_not_stop_the_others_for_long() {
    let setting = Setting::new().await;
    let stuck = setting.ledger.clone();
    tokio::spawn(async move {
        stuck
            .alone(|alone| async move {
                tokio::time::sleep(Duration::from_secs(60)).await;
                drop(alone);
            })
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let append = setting.ledger.append(one("a", Expected::Exactly(0), "1"));
    tokio::time::timeout(Duration::from_secs(10), append).await.expect("in time").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_leave_no_transaction_open() {
    let setting = Setting::new().await;
    let mut callers = Vec::new();
    for n in 0..count(300) {
        let ledger = setting.ledger.clone();
        let caller = tokio::spawn(async move {
            let mut append = one("a", Expected::Any, "1");
            append.contacts = if n % 3 == 0 { vec![append.command_id.0] } else { Vec::new() };
            if n % 7 == 0 {
                let _ = ledger.alone(|alone| async move { alone.append(append).await }).await;
            } else {
                let _ = ledger.append(append).await;
            }
        });
        tokio::time::sleep(Duration::from_micros(n * 37 % 900)).await;
        caller.abort();
        callers.push(caller);
    }
    for caller in callers {
        let _ = caller.await;
    }
    // What was handed over is written though nobody waits for it, before what comes after it.
    let last = setting.ledger.append(one("b", Expected::Exactly(0), "1")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(last.last > 1, "some were handed over");
    let mut owner = setting.as_owner().await;
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks l join pg_stat_activity a using (pid)
        where l.relation = 'head'::regclass and a.state like 'idle in transaction%'",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(open, 0);
    setting.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_and_single_events_do_not_disturb_each_other() {
    let setting = Setting::new().await;
    let other = setting.other_node().await;
    let import = tokio::spawn(async move {
        for n in 0..5 {
            let events = vec![event("{}"); 2_000];
            other.append(many("import", Expected::Exactly(n * 2_000), events)).await.unwrap();
        }
    });
    for n in 0..100 {
        setting.ledger.append(one("single", Expected::Exactly(n), "{}")).await.unwrap();
    }
    import.await.unwrap();
    assert_eq!(setting.ledger.head().await.unwrap().position, 10_100);
    setting.assert_sound().await;
}
