//! What other nodes write: which streams have moved on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Desk, Failure};

/// How often the ledger is asked. A state that is decided on needs no such hint, the ledger judges it; this is how soon a node shows
/// rights and sessions that changed on another one.
const EVERY: Duration = Duration::from_millis(200);

/// The most events looked at in one question.
const PAGE: i64 = 20_000;

/// Follows the ledger until `stop`.
pub async fn follow(desk: Arc<Desk>, mut after: i64, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        // An error means that the ledger is away; what it says then is asked for when it is back.
        while let Ok(rows) = moved(&desk, after).await {
            let all = (rows.len() as i64) < PAGE;
            let site = desk.site.stream().as_str();
            let of_site = rows.iter().any(|(stream, ..)| stream == site);
            for (stream, version, position) in rows {
                desk.note_seen(&stream, version);
                after = after.max(position);
            }
            desk.heard.fetch_max(after, Ordering::Relaxed);
            if of_site && let Err(failure) = desk.learn_site().await {
                tracing::debug!(?failure, "what happened to the site is learnt with the next look");
            }
            if all {
                break;
            }
        }
    }
}

impl Desk {
    /// Hears at once of everything up to a position, whoever wrote it: what is looked at in a state after that is no older.
    pub async fn hear(&self, until: i64) -> Result<(), Failure> {
        loop {
            let heard = self.heard.load(Ordering::Relaxed);
            if heard >= until {
                return Ok(());
            }
            let rows = moved(self, heard).await?;
            let Some((.., last)) = rows.last() else { return Ok(()) };
            let last = *last;
            for (stream, version, _) in rows {
                self.note_seen(&stream, version);
            }
            self.heard.fetch_max(last, Ordering::Relaxed);
        }
    }
}

/// The streams that have moved after a position, with the versions and positions they have come to.
async fn moved(desk: &Desk, after: i64) -> Result<Vec<(String, i64, i64)>, sqlx::Error> {
    sqlx::query!(
        "select stream, version, position from event where position > $1 order by position limit $2",
        after,
        PAGE,
    )
    .map(|row| (row.stream, row.version, row.position))
    .fetch_all(desk.ledger.pool())
    .await
}
