//! How many were there in the course of the last hour, and when in the last day the fewest were.
//!
//! Both look at the sessions that were there in that time, found by the moments at which they ended; older ones are not read.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

/// How many sessions were there on the average of the last 5, 15 and 60 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Course {
    pub m5: f64,
    pub m15: f64,
    pub m60: f64,
}

/// When the fewest were there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quietest {
    /// Where that stretch begins.
    pub at: DateTime<Utc>,
    /// How many were there.
    pub sessions: i64,
}

/// The averages before a moment, to one decimal. Time before the first log-in counts as time in which nobody was there.
pub async fn course(pool: &PgPool, now: DateTime<Utc>) -> Result<Course, sqlx::Error> {
    sqlx::query_as!(
        Course,
        r#"with recent as materialized (
            select since, $1::timestamptz as until from session where until is null
            union all
            select since, least(until, $1) from session where until > $1 - interval '60 minutes'),
        spent as (
            select minutes, coalesce(sum(extract(epoch from
                until - greatest(since, $1 - make_interval(mins => minutes)))), 0) / (60 * minutes) as sessions
            from (values (5), (15), (60)) as m (minutes)
            left join recent on until > $1 - make_interval(mins => minutes) and since < $1
            group by minutes)
        select (max(round(sessions, 1)) filter (where minutes = 5))::float8 as "m5!",
            (max(round(sessions, 1)) filter (where minutes = 15))::float8 as "m15!",
            (max(round(sessions, 1)) filter (where minutes = 60))::float8 as "m60!"
        from spent"#,
        now,
    )
    .fetch_one(pool)
    .await
}

/// The longest stretch of the 24 hours before a moment in which the fewest were there; of several as long the first.
///
/// The time before the first log-in of all does not count: there was nothing to be quiet.
pub async fn quietest(pool: &PgPool, now: DateTime<Utc>) -> Result<Quietest, sqlx::Error> {
    sqlx::query_as!(
        Quietest,
        r#"with clock as materialized (
            select $1::timestamptz as now, greatest($1 - interval '24 hours',
                least($1, coalesce((select min(since) from session), $1))) as begins),
        recent as materialized (
            select since, null::timestamptz as until from session where until is null
            union all
            select since, case when until <= now then until end from session, clock where until > begins),
        step as (
            select begins as at, (select count(*) from recent where since <= begins) as more from clock
            union all
            select at, sum(more)::bigint from (
                select since as at, 1 as more from recent, clock where since > begins and since <= now
                union all
                select until, -1 from recent where until is not null) edge
            group by at having sum(more) <> 0),
        stretch as (
            select at, (sum(more) over (order by at))::bigint as sessions, lead(at) over (order by at) as ends
            from step)
        select at as "at!", sessions as "sessions!" from stretch, clock
        order by sessions, coalesce(ends, now) - at desc, at limit 1"#,
        now,
    )
    .fetch_one(pool)
    .await
}
