//! From what a reader writes as `as_of` to a moment between two appends.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::Moment;

/// As things stood after the append that a position belongs to; nothing when the ledger has not come so far.
pub async fn moment_at_position(pool: &PgPool, position: i64) -> Result<Option<Moment>, sqlx::Error> {
    if position == 0 {
        return Ok(Some(Moment::AsOf(0)));
    }
    Ok(event(pool, position).await?.map(|(append_end, _)| Moment::AsOf(append_end)))
}

/// As things stood at a time, by the database's clock: after the last append that was recorded by then.
///
/// Times never fall from position to position and positions have no gaps, so it is found in a few steps without an index.
pub async fn moment_at_time(pool: &PgPool, time: DateTime<Utc>) -> Result<Moment, sqlx::Error> {
    let last = sqlx::query_scalar!("select max(position) from event").fetch_one(pool).await?;
    // Everything up to `before` was recorded by then, nothing from `after` on.
    let (mut before, mut after) = (0, last.unwrap_or(0) + 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match event(pool, middle).await? {
            // The events of an append were recorded at one moment.
            Some((append_end, at)) if at <= time => before = append_end,
            _ => after = middle,
        }
    }
    Ok(Moment::AsOf(before))
}

/// When the event at a position was recorded; nothing when there is none.
pub async fn recorded_at(pool: &PgPool, position: i64) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    Ok(event(pool, position).await?.map(|(_, at)| at))
}

/// The day before a moment: what reports tell the course of.
#[derive(Debug, Clone, Copy)]
pub struct DayBefore {
    /// The moment.
    pub moment: Moment,
    /// When it is or was, by the database's clock.
    pub at: DateTime<Utc>,
}

impl DayBefore {
    /// Of the past it is the time of the last write up to the moment; before the first one, that of the first.
    pub async fn of(pool: &PgPool, moment: Moment) -> Result<Self, sqlx::Error> {
        let recorded = match moment {
            Moment::Now => None,
            Moment::AsOf(position) => recorded_at(pool, position.max(1)).await?,
        };
        let at = match recorded {
            Some(at) => at,
            None => sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(pool).await?,
        };
        Ok(Self { moment, at })
    }

    /// When the day began.
    pub fn begins(self) -> DateTime<Utc> {
        self.at - TimeDelta::hours(24)
    }

    /// The time after which nothing is told: so the index by time leads to that day and no further. What is recorded now may be
    /// ahead of a clock that was put back.
    pub fn ends(self) -> DateTime<Utc> {
        if self.moment == Moment::Now { DateTime::<Utc>::MAX_UTC } else { self.at }
    }
}

async fn event(pool: &PgPool, position: i64) -> Result<Option<(i64, DateTime<Utc>)>, sqlx::Error> {
    let found = sqlx::query!("select append_end, recorded_at from event where position = $1", position)
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|event| (event.append_end, event.recorded_at)))
}
