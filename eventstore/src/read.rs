//! Reading events, commands and the head.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{CommandId, Meta, StreamName};
use futures::TryStreamExt;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::append::{APPEND_EVENTS_MAX, StoredCommand};
use crate::contact::interval;
use crate::recorded::{Batch, Head, Recorded};

pub(crate) async fn stream<'c>(
    executor: impl PgExecutor<'c>,
    stream: &StreamName,
    after_version: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where stream = $1 and version > $2 order by version limit $3",
        stream.as_str(),
        after_version,
        limit,
    )
    .try_map(recorded)
    .fetch_all(executor)
    .await
}

pub(crate) async fn subject(
    pool: &PgPool,
    subject: Uuid,
    after_position: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where subject = $1 and position > $2 order by position limit $3",
        subject,
        after_position,
        limit,
    )
    .try_map(recorded)
    .fetch_all(pool)
    .await
}

/// Subjects that are asked about at a time.
const SUBJECTS_AT_ONCE: usize = 1_000;

pub(crate) async fn subjects(
    pool: &PgPool,
    subjects: &[Uuid],
    upto: i64,
    mut each: impl FnMut(Recorded),
) -> Result<(), sqlx::Error> {
    for some in subjects.chunks(SUBJECTS_AT_ONCE) {
        let mut rows = sqlx::query_as!(
            Row,
            "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
            where subject = any ($1) and position <= $2 order by position",
            some,
            upto,
        )
        .fetch(pool);
        while let Some(row) = rows.try_next().await? {
            each(recorded(row)?);
        }
    }
    Ok(())
}

/// The events at these positions, in the order of the ledger; those that are not there are left out.
pub async fn events_at<'c>(
    executor: impl PgExecutor<'c>,
    positions: &[i64],
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position = any ($1) order by position",
        positions,
    )
    .try_map(recorded)
    .fetch_all(executor)
    .await
}

pub(crate) async fn append(pool: &PgPool, end: i64) -> Result<Vec<Recorded>, sqlx::Error> {
    let before = end.saturating_sub(i64::try_from(APPEND_EVENTS_MAX).unwrap_or(i64::MAX));
    sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position > $1 and position <= $2 and append_end = $2 order by position",
        before,
        end,
    )
    .try_map(recorded)
    .fetch_all(pool)
    .await
}

pub(crate) async fn all(pool: &PgPool, after: i64, limit: i64) -> Result<Batch, sqlx::Error> {
    let mut events = events_between(pool, after, i64::MAX, limit.max(1)).await?;
    let whole =
        events.iter().rposition(|event| event.position == event.append_end).map_or(0, |last| last + 1);
    match events.get(whole) {
        // Not one append is whole: the first is larger than the limit.
        Some(first) if whole == 0 => events = events_between(pool, after, first.append_end, i64::MAX).await?,
        _ => events.truncate(whole),
    }
    let next = events.last().map_or(after, |event| event.position);
    Ok(Batch { events, next })
}

/// The events after one position and up to another, in the order of the ledger, at most `limit`.
pub async fn events_between<'c>(
    executor: impl PgExecutor<'c>,
    after: i64,
    upto: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position > $1 and position <= $2 order by position limit $3",
        after,
        upto,
        limit,
    )
    .try_map(recorded)
    .fetch_all(executor)
    .await
}

/// A row of the table `event`.
struct Row {
    position: i64,
    append_end: i64,
    stream: String,
    version: i64,
    r#type: String,
    subject: Option<Uuid>,
    recorded_at: DateTime<Utc>,
    meta: Vec<u8>,
    data: Vec<u8>,
}

fn recorded(row: Row) -> Result<Recorded, sqlx::Error> {
    let meta: Meta = serde_json::from_slice(&row.meta).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Recorded {
        position: row.position,
        append_end: row.append_end,
        stream: StreamName::new(row.stream),
        version: row.version,
        r#type: row.r#type,
        subject: row.subject,
        recorded_at: row.recorded_at,
        meta,
        data: row.data,
    })
}

pub(crate) async fn head<'c>(executor: impl PgExecutor<'c>) -> Result<Head, sqlx::Error> {
    sqlx::query_as!(
        Head,
        r#"select epoch as "epoch!", position as "position!", recorded_at as "recorded_at!" from ledger_end()"#
    )
    .fetch_one(executor)
    .await
}

pub(crate) async fn command<'c>(
    executor: impl PgExecutor<'c>,
    command_id: CommandId,
) -> Result<Option<StoredCommand>, sqlx::Error> {
    sqlx::query_as!(
        StoredCommand,
        "select position, recorded_at, request_digest, answer from command where command_id = $1",
        command_id.0,
    )
    .fetch_optional(executor)
    .await
}

pub(crate) async fn prune_answers(pool: &PgPool, older_than: Duration) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "update command set answer = null
        where answer is not null and recorded_at < statement_timestamp() - $1::interval",
        interval(older_than),
    )
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
}
