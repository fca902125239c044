//! A batch on its way to the ledger and back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use crate::locked::Locked;
use crate::queue::Member;
use crate::sheaf::{Judged, Sheaf, call};
use crate::trace;
use crate::trouble::Trouble;

/// A batch that has come back.
pub(super) struct Landed {
    /// `None` when it is no longer fit for use.
    pub(super) connection: Option<PgConnection>,
    pub(super) cargo: Cargo,
    /// The time that was recorded; `None` when nothing was written because somebody else has been there.
    pub(super) result: Result<Option<DateTime<Utc>>, Trouble>,
    pub(super) took: Duration,
}

pub(super) enum Cargo {
    Sheaf(Sheaf),
    Locked(Locked),
}

impl Cargo {
    /// Everybody aboard, in order, as somebody whose outcome is not known.
    pub(super) fn in_doubt(self) -> Vec<Member> {
        match self {
            Self::Sheaf(sheaf) => sheaf.judged.into_iter().map(Judged::in_doubt).collect(),
            Self::Locked(locked) => {
                let judged = locked.sheaf.map(|sheaf| sheaf.judged).unwrap_or_default();
                judged.into_iter().map(Judged::in_doubt).chain(locked.members).collect()
            }
        }
    }

    /// Everybody aboard, in order; certainly not written.
    pub(super) fn not_written(self) -> Vec<Member> {
        match self {
            Self::Sheaf(sheaf) => sheaf.judged.into_iter().map(|judged| judged.member).collect(),
            Self::Locked(locked) => {
                let judged = locked.sheaf.map(|sheaf| sheaf.judged).unwrap_or_default();
                judged.into_iter().map(|judged| judged.member).chain(locked.members).collect()
            }
        }
    }
}

/// More than any batch takes on a ledger that is well; what hangs longer is looked after on another connection.
fn flight_limit(events: usize) -> Duration {
    Duration::from_secs(10) + Duration::from_millis(u64::try_from(events).unwrap_or(u64::MAX))
}

pub(super) async fn fly(mut connection: PgConnection, sheaf: Sheaf) -> Landed {
    let start = Instant::now();
    let span = trace::commit_of(sheaf.judged.iter().map(|judged| &judged.member));
    let called = call(&mut connection, &sheaf, true).instrument(span);
    let result = timeout(flight_limit(sheaf.events()), called).await;
    let result = result.map_or_else(|_| Err(Trouble::timed_out()), |result| result.map_err(Trouble::of));
    let connection = result.is_ok().then_some(connection);
    Landed { connection, cargo: Cargo::Sheaf(sheaf), result, took: start.elapsed() }
}

pub(super) async fn fly_locked(mut connection: PgConnection, mut locked: Locked) -> Landed {
    let start = Instant::now();
    let events = locked.members.iter().map(|member| member.append.events()).sum();
    let span = trace::commit_of(locked.members.iter());
    let result = timeout(flight_limit(events), locked.run(&mut connection).instrument(span)).await;
    let result = result.unwrap_or_else(|_| Err(Trouble::timed_out()));
    // Dropping a connection ends its transaction.
    let connection = result.is_ok().then_some(connection);
    Landed { connection, cargo: Cargo::Locked(locked), result, took: start.elapsed() }
}
