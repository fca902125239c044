//! How many were there in the course of the last hour, and when in the last day the fewest were.
//!
//! Both look at the sessions that were there in that time, found by when they ended; others are not read.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use crate::{DayBefore, Moment, moment_at_time};

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

/// Asks about `recent (since, until)`: the sessions of the 24 hours before a moment, with no end where they were still there. `$1` is
/// its time. Those of now are found by the times at which they ended, those of then by the positions between which they were
/// true: many more have ended since. `$2` is the moment, `$3` the last position before that day.
macro_rules! asked_of_recent {
    ($of:path, $pool:expr, $day:expr; $query:literal) => {
        match last_before($pool, $day).await? {
            None => {
                sqlx::query_as!(
                    $of,
                    "with recent as materialized (
                        select since, null::timestamptz as until from session where until is null
                        union all
                        select since, case when until <= $1::timestamptz then until end from session
                        where until > $1 - interval '24 hours'),"
                        + $query,
                    $day.at,
                )
                .fetch_one($pool)
                .await
            }
            Some((position, before)) => {
                sqlx::query_as!(
                    $of,
                    "with recent as materialized (
                        select since, case when valid_to <= $2::bigint then until end as until from session
                        where point(valid_from, coalesce(valid_to, 'infinity'::float8))
                            <@ box(point(0, $3::bigint + 1), point($2, 'infinity'))),"
                        + $query,
                    $day.at,
                    position,
                    before,
                )
                .fetch_one($pool)
                .await
            }
        }
    };
}

/// Of a moment in the past its position, and the last one before the day before it.
async fn last_before(pool: &PgPool, day: DayBefore) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let Moment::AsOf(position) = day.moment else { return Ok(None) };
    let before = moment_at_time(pool, day.begins()).await?;
    Ok(Some((position, before.position().unwrap_or_default())))
}

/// The averages before a moment, to one decimal. Time before the first log-in counts as time in which nobody was there.
pub async fn course(pool: &PgPool, day: DayBefore) -> Result<Course, sqlx::Error> {
    asked_of_recent!(Course, pool, day;
        r#"spent as (
            select minutes, coalesce(sum(extract(epoch from
                coalesce(until, $1) - greatest(since, $1 - make_interval(mins => minutes)))) filter (where since is not null), 0)
                / (60 * minutes) as sessions
            from (values (5), (15), (60)) as m (minutes)
            left join recent on coalesce(until, $1) > $1 - make_interval(mins => minutes) and since < $1
            group by minutes)
        select (max(round(sessions, 1)) filter (where minutes = 5))::float8 as "m5!",
            (max(round(sessions, 1)) filter (where minutes = 15))::float8 as "m15!",
            (max(round(sessions, 1)) filter (where minutes = 60))::float8 as "m60!"
        from spent"#)
}

/// The longest stretch of the 24 hours before a moment in which the fewest were there; of several as long the first.
///
/// The time before the first log-in of all does not count: there was nothing to be quiet.
pub async fn quietest(pool: &PgPool, day: DayBefore) -> Result<Quietest, sqlx::Error> {
    asked_of_recent!(Quietest, pool, day;
        r#"clock as materialized (
            select $1::timestamptz as now, greatest($1 - interval '24 hours',
                least($1, coalesce((select min(since) from session), $1))) as begins),
        step as (
            select begins as at, (select count(*) from recent where since <= begins and (until is null or until > begins)) as more
            from clock
            union all
            select at, sum(more)::bigint from (
                select since as at, 1 as more from recent, clock where since > begins and since <= now
                union all
                select until, -1 from recent, clock where until is not null and until > begins) edge
            group by at having sum(more) <> 0),
        stretch as (
            select at, (sum(more) over (order by at))::bigint as sessions, lead(at) over (order by at) as ends
            from step)
        select at as "at!", sessions as "sessions!" from stretch, clock
        order by sessions, coalesce(ends, now) - at desc, at limit 1"#)
}
