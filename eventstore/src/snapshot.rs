//! States of streams, written aside. The ledger knows their bytes only.
//!
//! A snapshot is never trusted: it is handed out only when its digest is the one of its bytes and of the very event that it says it
//! ends with, as that event stands in the ledger now, in the present epoch. Any other one is thrown away.

use chrono::{DateTime, Utc};
use domain::StreamName;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

/// So many of a stream are kept: the newest, and one in case something is wrong with it.
const KEPT: i64 = 2;

/// A state as it was after the event of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it stands.
    pub id: i64,
    /// The version of the last event that is in it.
    pub version: i64,
    /// The bytes of the state.
    pub state: Vec<u8>,
}

/// What a snapshot is of.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotOf<'a> {
    /// The stream.
    pub stream: &'a StreamName,
    /// The epoch of the fold.
    pub epoch: i64,
    /// What folds and writes states; one of another maker is not seen.
    pub maker: &'a str,
}

/// The event that a snapshot ends with, as it stands in the ledger.
struct Last {
    position: i64,
    r#type: String,
    recorded_at: DateTime<Utc>,
    meta: Vec<u8>,
    data: Vec<u8>,
}

/// The newest snapshot that is what it says. Those that are newer and are not are thrown away and counted.
pub(crate) async fn newest(
    pool: &PgPool,
    of: SnapshotOf<'_>,
) -> Result<(Option<Snapshot>, u64), sqlx::Error> {
    let mut refused = 0;
    loop {
        let found = sqlx::query!(
            r#"select snapshot_id, snapshot.version, digest, state,
                event.position as "position?", event.type as "type?", event.recorded_at as "recorded_at?",
                event.meta as "meta?", event.data as "data?"
            from snapshot join head using (epoch)
                left join event on event.stream = snapshot.stream and event.version = snapshot.version
            where snapshot.stream = $1 and epoch = $2 and maker = $3
            order by snapshot.version desc, snapshot_id desc limit 1"#,
            of.stream.as_str(),
            of.epoch,
            of.maker,
        )
        .fetch_optional(pool)
        .await?;
        let Some(row) = found else { return Ok((None, refused)) };
        let snapshot = Snapshot { id: row.snapshot_id, version: row.version, state: row.state };
        let last = match (row.position, row.r#type, row.recorded_at, row.meta, row.data) {
            (Some(position), Some(r#type), Some(recorded_at), Some(meta), Some(data)) => {
                Some(Last { position, r#type, recorded_at, meta, data })
            }
            // It is ahead of its stream.
            _ => None,
        };
        let id = snapshot.id;
        let (stream, maker) = (of.stream.clone(), of.maker.to_owned());
        // A large one takes some time, which the other tasks of the thread do not have.
        let judging = tokio::task::spawn_blocking(move || {
            let of = SnapshotOf { stream: &stream, maker: &maker, epoch: of.epoch };
            let last = last?;
            (digest(of, snapshot.version, &last, &snapshot.state) == row.digest).then_some(snapshot)
        });
        if let Ok(Some(snapshot)) = judging.await {
            return Ok((Some(snapshot), refused));
        }
        drop(pool, id).await?;
        refused += 1;
    }
}

/// The version of the newest one, whether or not it is good, and how many bytes it has; (0, 0) when there is none.
pub(crate) async fn newest_size(pool: &PgPool, of: SnapshotOf<'_>) -> Result<(i64, i64), sqlx::Error> {
    let found = sqlx::query!(
        r#"select version, octet_length(state)::bigint as "bytes!" from snapshot
        where stream = $1 and epoch = $2 and maker = $3 order by version desc limit 1"#,
        of.stream.as_str(),
        of.epoch,
        of.maker,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map_or((0, 0), |found| (found.version, found.bytes)))
}

/// Writes one, and throws away those that are no longer wanted. Nothing is written when the epoch is another one by now, or the
/// ledger has no such event.
pub(crate) async fn write(
    pool: &PgPool,
    of: SnapshotOf<'_>,
    version: i64,
    state: Vec<u8>,
) -> Result<bool, sqlx::Error> {
    let last = sqlx::query_as!(
        Last,
        "select position, type, recorded_at, meta, data from event where stream = $1 and version = $2",
        of.stream.as_str(),
        version,
    )
    .fetch_optional(pool)
    .await?;
    let Some(last) = last else { return Ok(false) };
    let (stream, maker, epoch) = (of.stream.clone(), of.maker.to_owned(), of.epoch);
    let digesting = tokio::task::spawn_blocking(move || {
        let of = SnapshotOf { stream: &stream, maker: &maker, epoch };
        (digest(of, version, &last, &state), state)
    });
    let Ok((digest, state)) = digesting.await else { return Ok(false) };
    let written = sqlx::query!(
        "insert into snapshot (stream, version, epoch, maker, digest, state)
        select $1, $2, epoch, $4, $5, $6 from head where epoch = $3",
        of.stream.as_str(),
        version,
        of.epoch,
        of.maker,
        &digest[..],
        state,
    )
    .execute(pool)
    .await?
    .rows_affected();
    // Those of other makers and epochs too. What another node has written meanwhile, of a later version, stays.
    sqlx::query!(
        "delete from snapshot where stream = $1 and (maker <> $2 or epoch <> $3 or version <= $4)
            and snapshot_id not in (
                select snapshot_id from snapshot
                where stream = $1 and maker = $2 and epoch = $3 and version <= $4
                order by version desc, snapshot_id desc limit $5)",
        of.stream.as_str(),
        of.maker,
        of.epoch,
        version,
        KEPT,
    )
    .execute(pool)
    .await?;
    Ok(written > 0)
}

/// Throws one away.
pub(crate) async fn drop(pool: &PgPool, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from snapshot where snapshot_id = $1", id).execute(pool).await.map(|_| ())
}

/// Streams of which another maker has left snapshots, at most `limit`, in order.
pub(crate) async fn of_others(
    pool: &PgPool,
    maker: &str,
    limit: i64,
) -> Result<Vec<StreamName>, sqlx::Error> {
    let streams = sqlx::query_scalar!(
        "select distinct stream from snapshot where maker <> $1 order by stream limit $2",
        maker,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(streams.into_iter().map(StreamName::new).collect())
}

/// Every part with its length before it, so that no two snapshots have the same parts otherwise divided.
fn digest(of: SnapshotOf<'_>, version: i64, last: &Last, state: &[u8]) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(of.stream.as_str().as_bytes());
    part(of.maker.as_bytes());
    part(&of.epoch.to_be_bytes());
    part(&version.to_be_bytes());
    part(&last.position.to_be_bytes());
    part(last.r#type.as_bytes());
    part(&last.recorded_at.timestamp_micros().to_be_bytes());
    part(&last.meta);
    part(&last.data);
    part(state);
    digest.finalize().to_vec()
}
