//! When sessions and locks were last heard of, by the database's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

/// Rows are locked in the order of their ids everywhere, so that two nodes never wait for each other.
pub(crate) async fn touch(pool: &PgPool, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into contact (contact_id, seen_at)
        select contact_id, clock_timestamp() from unnest($1::uuid[]) as c (contact_id)
        group by contact_id order by contact_id
        on conflict (contact_id) do update set seen_at = greatest(contact.seen_at, excluded.seen_at)",
        contacts,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

pub(crate) async fn seen(
    pool: &PgPool,
    contacts: &[Uuid],
) -> Result<Vec<(Uuid, DateTime<Utc>)>, sqlx::Error> {
    sqlx::query!("select contact_id, seen_at from contact where contact_id = any ($1)", contacts)
        .map(|row| (row.contact_id, row.seen_at))
        .fetch_all(pool)
        .await
}

pub(crate) async fn drop(pool: &PgPool, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with gone as (select contact_id from contact where contact_id = any ($1) order by contact_id for update)
        delete from contact using gone where contact.contact_id = gone.contact_id",
        contacts,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

pub(crate) async fn due(pool: &PgPool, idle: Duration, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select contact_id from contact where seen_at <= statement_timestamp() - $1::interval order by seen_at limit $2",
        interval(idle),
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Microseconds, beyond three hundred thousand years the longest there is.
pub(crate) fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
