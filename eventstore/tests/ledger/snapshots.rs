//! Snapshots: handed out only when they are what they say.

use domain::StreamName;
use eventstore::{Expected, SnapshotOf};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::setting::{Setting, count, event, many};

const STATE: &[u8] = br#"{"what":"a state of some bytes"}"#;

/// A ledger with a stream of five events and a snapshot at the third.
async fn with_snapshot() -> (Setting, StreamName) {
    let setting = Setting::new().await;
    let stream = StreamName::from("plan/x");
    let events = ["1", "2", "3", "4", "5"].map(event);
    setting.ledger.append(many("plan/x", Expected::Exactly(0), events.into())).await.unwrap();
    setting.ledger.append(many("plan/y", Expected::Exactly(0), vec![event("1")])).await.unwrap();
    assert!(setting.ledger.write_snapshot(of(&stream), 3, STATE.to_vec()).await.unwrap());
    (setting, stream)
}

fn of(stream: &StreamName) -> SnapshotOf<'_> {
    SnapshotOf { stream, epoch: 1, maker: "me" }
}

async fn rows(owner: &mut PgConnection) -> Vec<(String, i64, String)> {
    sqlx::query_as("select stream, version, maker from snapshot order by snapshot_id")
        .fetch_all(owner)
        .await
        .unwrap()
}

async fn run(owner: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(owner).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_is_handed_out_as_it_was_written() {
    let (setting, stream) = with_snapshot().await;
    let (found, refused) = setting.ledger.snapshot(of(&stream)).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.version, found.state.as_slice(), refused), (3, STATE, 0));
    assert_eq!(setting.ledger.snapshot_size(of(&stream)).await.unwrap(), (3, STATE.len() as i64));
    let other = StreamName::from("plan/y");
    assert_eq!(setting.ledger.snapshot(of(&other)).await.unwrap(), (None, 0));
}

/// A byte of the state or the digest flipped anywhere; another version, epoch, stream; a state cut short or with something after it.
#[tokio::test]
async fn a_snapshot_that_was_tampered_with_is_never_used_and_thrown_away() {
    let (setting, stream) = with_snapshot().await;
    let mut owner = setting.as_owner().await;
    let mut runner = TestRunner::default();
    let anywhere = (any::<prop::sample::Index>(), 0..8_usize, any::<bool>());
    let mut changes: Vec<String> = (0..count(60))
        .map(|_| {
            let (place, bit, of_digest) = anywhere.new_tree(&mut runner).unwrap().current();
            let (column, length) = if of_digest { ("digest", 32) } else { ("state", STATE.len()) };
            let bit = place.index(length) * 8 + bit;
            format!("{column} = set_bit({column}, {bit}, 1 - get_bit({column}, {bit}))")
        })
        .collect();
    changes.extend(
        [
            "state = substr(state, 1, length(state) - 1)",
            "state = state || '\\x20'::bytea",
            "state = ''",
            "digest = ''",
            "version = 4",
            "version = 2",
            // Ahead of its stream, as when the ledger has come back from an older copy of itself.
            "version = 6",
        ]
        .map(str::to_owned),
    );
    for change in changes {
        run(&mut owner, format!("update snapshot set {change}")).await;
        assert_eq!(setting.ledger.snapshot(of(&stream)).await.unwrap(), (None, 1), "{change}");
        assert_eq!(rows(&mut owner).await, [], "{change}");
        assert!(setting.ledger.write_snapshot(of(&stream), 3, STATE.to_vec()).await.unwrap());
        assert!(setting.ledger.snapshot(of(&stream)).await.unwrap().0.is_some(), "{change}");
    }
    run(&mut owner, "update snapshot set stream = 'plan/y', version = 1".to_owned()).await;
    assert_eq!(setting.ledger.snapshot(of(&StreamName::from("plan/y"))).await.unwrap(), (None, 1));
}

/// Somebody has got around trigger and rights: the event is another one, so the state does not come from what the ledger says.
#[tokio::test]
async fn a_snapshot_of_an_event_that_was_replaced_is_thrown_away() {
    for change in [
        "data = '7'",
        "meta = replace(convert_from(meta, 'utf8'), 'system', 'operator')::bytea",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "type = 'Undone'",
        "version = 100",
    ] {
        let (setting, stream) = with_snapshot().await;
        let mut owner = setting.as_owner().await;
        run(&mut owner, "alter table event disable trigger event_not_rewritten".to_owned()).await;
        run(&mut owner, format!("update event set {change} where stream = 'plan/x' and version = 3")).await;
        assert_eq!(setting.ledger.snapshot(of(&stream)).await.unwrap(), (None, 1), "{change}");
    }
}

#[tokio::test]
async fn a_snapshot_of_another_maker_or_epoch_is_not_seen_and_gives_way() {
    let (setting, stream) = with_snapshot().await;
    let mut owner = setting.as_owner().await;
    let (mine, other) = (of(&stream), SnapshotOf { maker: "another", ..of(&stream) });
    assert_eq!(setting.ledger.snapshot(other).await.unwrap(), (None, 0));
    assert_eq!(
        setting.ledger.snapshots_of_others("another", 10).await.unwrap(),
        std::slice::from_ref(&stream)
    );
    assert_eq!(setting.ledger.snapshots_of_others("me", 10).await.unwrap(), []);
    assert!(setting.ledger.write_snapshot(other, 2, b"{}".to_vec()).await.unwrap());
    assert_eq!(rows(&mut owner).await, [("plan/x".to_owned(), 2, "another".to_owned())]);

    // A restore begins another epoch.
    run(&mut owner, "update head set epoch = 2".to_owned()).await;
    assert_eq!(setting.ledger.snapshot(other).await.unwrap(), (None, 0));
    assert_eq!(setting.ledger.snapshot(SnapshotOf { epoch: 2, ..mine }).await.unwrap(), (None, 0));
    assert!(!setting.ledger.write_snapshot(mine, 3, STATE.to_vec()).await.unwrap(), "of the epoch before");
    assert!(setting.ledger.write_snapshot(SnapshotOf { epoch: 2, ..mine }, 3, STATE.to_vec()).await.unwrap());
    assert_eq!(rows(&mut owner).await, [("plan/x".to_owned(), 3, "me".to_owned())]);
}

#[tokio::test]
async fn nothing_is_written_of_what_is_not_in_the_ledger() {
    let (setting, stream) = with_snapshot().await;
    assert!(!setting.ledger.write_snapshot(of(&stream), 6, STATE.to_vec()).await.unwrap());
}

#[tokio::test]
async fn the_newest_two_are_kept_and_the_older_one_is_there_when_the_newest_is_spoilt() {
    let (setting, stream) = with_snapshot().await;
    let mut owner = setting.as_owner().await;
    for version in [1, 4, 2, 5] {
        assert!(setting.ledger.write_snapshot(of(&stream), version, STATE.to_vec()).await.unwrap());
    }
    let versions: Vec<i64> = rows(&mut owner).await.into_iter().map(|(_, version, _)| version).collect();
    assert_eq!(versions, [4, 5]);
    run(&mut owner, "update snapshot set state = '' where version = 5".to_owned()).await;
    let (found, refused) = setting.ledger.snapshot(of(&stream)).await.unwrap();
    assert_eq!((found.unwrap().version, refused), (4, 1));
}

#[tokio::test]
async fn two_nodes_that_write_at_once_do_not_harm_each_other() {
    let (setting, stream) = with_snapshot().await;
    let other = setting.other_node().await;
    for _ in 0..count(20) {
        let (one, two) = tokio::join!(
            setting.ledger.write_snapshot(of(&stream), 4, STATE.to_vec()),
            other.write_snapshot(of(&stream), 5, STATE.to_vec()),
        );
        assert!(one.unwrap() && two.unwrap());
        let (found, refused) = setting.ledger.snapshot(of(&stream)).await.unwrap();
        assert_eq!((found.unwrap().version, refused), (5, 0));
    }
    let left = rows(&mut setting.as_owner().await).await.len();
    assert!(left <= 4, "{left} are left");
}

#[tokio::test]
async fn the_service_may_write_and_drop_snapshots_and_not_change_them() {
    let (setting, _) = with_snapshot().await;
    let mut service = setting.settings().connect_one().await.unwrap();
    for sql in ["update snapshot set state = ''", "truncate snapshot", "alter table snapshot add x int"] {
        let refused = sqlx::raw_sql(sql).execute(&mut service).await.expect_err(sql);
        let message = refused.as_database_error().expect(sql).message().to_owned();
        assert!(
            message.contains("permission denied") || message.contains("must be owner"),
            "{sql}: {message}"
        );
    }
}
