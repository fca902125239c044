//! Reading events, commands and the head.

use std::time::Duration;

use domain::{CommandId, Meta, StreamName};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row};
use uuid::Uuid;

use crate::append::StoredCommand;
use crate::contact::interval;
use crate::recorded::{Batch, Head, Recorded};

pub(crate) async fn stream<'c>(
    executor: impl PgExecutor<'c>,
    stream: &StreamName,
    after_version: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query(
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where stream = $1 and version > $2 order by version limit $3",
    )
    .bind(stream.as_str())
    .bind(after_version)
    .bind(limit)
    .try_map(|row| recorded(&row))
    .fetch_all(executor)
    .await
}

pub(crate) async fn subject(
    pool: &PgPool,
    subject: Uuid,
    after_position: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query(
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where subject = $1 and position > $2 order by position limit $3",
    )
    .bind(subject)
    .bind(after_position)
    .bind(limit)
    .try_map(|row| recorded(&row))
    .fetch_all(pool)
    .await
}

pub(crate) async fn all(pool: &PgPool, after: i64, limit: i64) -> Result<Batch, sqlx::Error> {
    let mut events = range(pool, after, i64::MAX, limit.max(1)).await?;
    let whole =
        events.iter().rposition(|event| event.position == event.append_end).map_or(0, |last| last + 1);
    match events.get(whole) {
        // Not one append is whole: the first is larger than the limit.
        Some(first) if whole == 0 => events = range(pool, after, first.append_end, i64::MAX).await?,
        _ => events.truncate(whole),
    }
    let next = events.last().map_or(after, |event| event.position);
    Ok(Batch { events, next })
}

async fn range(pool: &PgPool, after: i64, upto: i64, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query(
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position > $1 and position <= $2 order by position limit $3",
    )
    .bind(after)
    .bind(upto)
    .bind(limit)
    .try_map(|row| recorded(&row))
    .fetch_all(pool)
    .await
}

/// Columns by number: looking them up by name costs as much as reading them.
fn recorded(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    let meta: &[u8] = row.try_get(7)?;
    let meta: Meta = serde_json::from_slice(meta).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Recorded {
        position: row.try_get(0)?,
        append_end: row.try_get(1)?,
        stream: StreamName::new(row.try_get::<String, _>(2)?),
        version: row.try_get(3)?,
        r#type: row.try_get(4)?,
        subject: row.try_get(5)?,
        recorded_at: row.try_get(6)?,
        meta,
        data: row.try_get(8)?,
    })
}

pub(crate) async fn head<'c>(executor: impl PgExecutor<'c>) -> Result<Head, sqlx::Error> {
    let (epoch, position, recorded_at) =
        sqlx::query_as("select epoch, position, recorded_at from ledger_end()").fetch_one(executor).await?;
    Ok(Head { epoch, position, recorded_at })
}

pub(crate) async fn command<'c>(
    executor: impl PgExecutor<'c>,
    command_id: CommandId,
) -> Result<Option<StoredCommand>, sqlx::Error> {
    sqlx::query("select position, recorded_at, request_digest, answer from command where command_id = $1")
        .bind(command_id.0)
        .try_map(|row| stored_command(&row, 0))
        .fetch_optional(executor)
        .await
}

/// A command from four columns that begin at `column`.
pub(crate) fn stored_command(row: &PgRow, column: usize) -> Result<StoredCommand, sqlx::Error> {
    Ok(StoredCommand {
        position: row.try_get(column)?,
        recorded_at: row.try_get(column + 1)?,
        request_digest: row.try_get(column + 2)?,
        answer: row.try_get(column + 3)?,
    })
}

pub(crate) async fn prune_answers(pool: &PgPool, older_than: Duration) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "update command set answer = null
        where answer is not null and recorded_at < clock_timestamp() - $1::interval",
    )
    .bind(interval(older_than))
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
}
