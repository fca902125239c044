//! Following the ledger from a position on.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;

use crate::ledger::Ledger;
use crate::read;
use crate::recorded::Batch;

/// How many events a subscriber is handed at once, about.
const EVENTS_AT_ONCE: i64 = 2_000;
/// How often a process asks whether another one has written, while somebody waits for that.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Everything after a position, as it comes; whole appends, none skipped, none twice.
pub struct Subscription {
    ledger: Ledger,
    after: i64,
}

impl Subscription {
    pub(crate) fn new(ledger: Ledger, after: i64) -> Self {
        Self { ledger, after }
    }

    /// The position up to which everything has been handed out.
    pub fn position(&self) -> i64 {
        self.after
    }

    /// The next appends, waiting until there are some. May be dropped while it waits: nothing is lost. After an error
    /// it may be called again.
    pub async fn next(&mut self) -> Result<Batch, sqlx::Error> {
        self.next_of(EVENTS_AT_ONCE).await
    }

    /// The same with about `limit` events at once.
    pub async fn next_of(&mut self, limit: i64) -> Result<Batch, sqlx::Error> {
        loop {
            let batch = self.ledger.read_all(self.after, limit).await?;
            if !batch.events.is_empty() {
                self.after = batch.next;
                return Ok(batch);
            }
            self.ledger.follower.beyond(self.after).await;
        }
    }
}

/// Knows whether it is worth asking for more: what this process has committed, and, while somebody waits, what others
/// have. It is a hint only; what can be read is asked of the ledger.
#[derive(Clone)]
pub(crate) struct Follower {
    committed: watch::Receiver<i64>,
    seen: Arc<watch::Sender<i64>>,
}

impl Follower {
    /// Asks for as long as a clone of it is there.
    pub(crate) fn new(pool: PgPool, committed: watch::Receiver<i64>) -> Self {
        let seen = Arc::new(watch::Sender::new(0));
        let asking = Arc::downgrade(&seen);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ASK_EVERY).await;
                let Some(seen) = asking.upgrade() else { return };
                if seen.receiver_count() == 0 {
                    continue;
                }
                // A ledger that is away answers later; whoever reads from it is told then.
                if let Ok(head) = read::head(&pool).await {
                    seen.send_if_modified(|position| {
                        let moved = head.position > *position;
                        *position = head.position;
                        moved
                    });
                }
            }
        });
        Self { committed, seen }
    }

    /// The furthest that it has heard of.
    pub(crate) fn known_end(&self) -> i64 {
        (*self.committed.borrow()).max(*self.seen.borrow())
    }

    /// Waits until the ledger is likely to hold something after the position.
    async fn beyond(&self, position: i64) {
        let mut committed = self.committed.clone();
        let mut seen = self.seen.subscribe();
        tokio::select! {
            // An error means that the committer has ended with its runtime; the other arm goes on.
            Ok(_) = committed.wait_for(|at| *at > position) => {}
            Ok(_) = seen.wait_for(|at| *at > position) => {}
            else => {}
        }
    }
}
