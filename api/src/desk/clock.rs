//! The database's clock, as near as a node knows it.

use std::sync::RwLock;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use eventstore::Ledger;

/// A reading of the database's clock, carried on by the node's own monotonic one. Used for what is shown, for dates, and to find
/// candidates; what must be safe is judged by the database itself.
pub struct Clock(RwLock<(DateTime<Utc>, Instant)>);

impl Clock {
    /// Reads the database's clock.
    pub async fn read(ledger: &Ledger) -> Result<Clock, sqlx::Error> {
        Ok(Clock(RwLock::new((database_now(ledger).await?, Instant::now()))))
    }

    /// It has just been read again.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = (now, Instant::now());
    }

    /// The moment.
    pub fn now(&self) -> DateTime<Utc> {
        let (then, read_at) = *self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        then + TimeDelta::from_std(read_at.elapsed()).unwrap_or_default()
    }
}

async fn database_now(ledger: &Ledger) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(ledger.pool()).await
}
