//! Reads the ledger once for all projections of the node, and feeds them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Event, PlanId};
use eventstore::{Ledger, PoolSettings, Recorded};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::feed::{Feed, Mark};
use crate::projection::{Happened, Projection};
use crate::projections::{Progress, ProjectionState, ProjectionStatus};

/// About how many events are taken in at once; an append that is larger comes whole.
const EVENTS_AT_ONCE: i64 = 2_000;
/// Decoding more than this many events would keep a thread of the runtime from its other work for too long.
const DECODED_INLINE_MAX: usize = 200;
/// The least time from one batch to the next. Who changes something alone is seen at once; under load a little more is taken in
/// with each commit, and the checkpoints are not rewritten thousands of times a second, which would leave a long tail of dead
/// rows behind them while somebody holds an old snapshot.
const PACE: Duration = Duration::from_millis(2);
/// How long to wait before the database is tried again: doubled from the first to the second.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The one task of a node that keeps its read models up.
pub(crate) struct Follower {
    ledger: Ledger,
    settings: PoolSettings,
    all: Arc<Vec<Box<dyn Projection>>>,
    progress: Arc<Progress>,
    stopping: watch::Receiver<bool>,
    retry_after: Duration,
}

impl Follower {
    pub(crate) fn new(
        ledger: Ledger,
        mut settings: PoolSettings,
        all: Vec<Box<dyn Projection>>,
        progress: Arc<Progress>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        // A large import is one transaction, and folding it takes longer than a request may.
        settings.idle_in_transaction_timeout = Duration::from_secs(60);
        settings.statement_timeout = Duration::from_secs(600);
        settings.lock_timeout = Duration::from_secs(60);
        Self { ledger, settings, all: Arc::new(all), progress, stopping, retry_after: RETRY_AFTER.0 }
    }

    /// Follows until it is told to stop. A database that is away is no reason to end.
    pub(crate) async fn run(mut self) {
        while let Err(error) = self.follow().await {
            tracing::warn!(%error, "the read models cannot be kept up; trying again");
            let mut stopping = self.stopping.clone();
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(self.retry_after) => {}
            }
            self.retry_after = (self.retry_after * 2).min(RETRY_AFTER.1);
        }
    }

    async fn follow(&mut self) -> Result<(), sqlx::Error> {
        let mut stopping = self.stopping.clone();
        let mut feed = Feed::new(self.connection().await?, Arc::clone(&self.all));
        // A projection that stopped is tried again: this build may be the one that can read what the last one could not.
        feed.begin().await?;
        let epoch = self.ledger.head().await?.epoch;
        let mut next_batch = Instant::now();
        while let Some(after) = self.tell(&feed.marks) {
            let mut subscription = self.ledger.subscribe(after);
            // Until another node is ahead of what is being read here.
            while self.tell(&feed.marks).is_some_and(|after| after <= subscription.position()) {
                tokio::time::sleep_until(next_batch).await;
                let next = tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => None,
                    batch = subscription.next_of(EVENTS_AT_ONCE) => Some(batch?),
                };
                let Some(batch) = next else { return feed.close().await };
                next_batch = Instant::now() + PACE;
                let decoded = decode(batch.events, epoch).await;
                feed.take(&decoded.events).await?;
                if let Some((position, cause)) = decoded.unreadable {
                    feed.stop_all(&format!("the event at position {position} cannot be read: {cause}"))
                        .await?;
                }
                self.retry_after = RETRY_AFTER.0;
            }
        }
        // All have stopped; there is nothing to do until the next start.
        let _ = stopping.wait_for(|stop| *stop).await.map(|_| ());
        feed.close().await
    }

    /// Tells how far all are; answers where the first of the live ones is.
    fn tell(&self, marks: &[Mark]) -> Option<i64> {
        let statuses = self.all.iter().zip(marks).map(|(projection, mark)| ProjectionStatus {
            name: projection.name(),
            position: mark.position,
            state: if mark.live { ProjectionState::Live } else { ProjectionState::Stopped },
            cause: mark.cause.clone(),
        });
        self.progress.tell(statuses.collect());
        marks.iter().filter(|mark| mark.live).map(|mark| mark.position).min()
    }

    /// A connection of its own: what it prepares stays prepared, and no transaction of it is ever handed to somebody else.
    async fn connection(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.settings.connect_one().await?;
        // A crash of the server may lose the last fractions of a second of rows. It loses their checkpoint with them, in the
        // same transaction, so that the batch is simply taken in again; the ledger itself waits for its disk.
        sqlx::raw_sql("set synchronous_commit = off").execute(&mut connection).await?;
        connection.ping().await?;
        Ok(connection)
    }
}

/// Events up to the first append that this build cannot read.
struct Decoded {
    events: Vec<Happened>,
    unreadable: Option<(i64, String)>,
}

async fn decode(events: Vec<Recorded>, epoch: i64) -> Decoded {
    if events.len() <= DECODED_INLINE_MAX {
        return decode_all(events, epoch);
    }
    tokio::task::spawn_blocking(move || decode_all(events, epoch)).await.expect("reading JSON does not panic")
}

fn decode_all(recorded: Vec<Recorded>, epoch: i64) -> Decoded {
    let mut events: Vec<Happened> = Vec::with_capacity(recorded.len());
    let mut plans: HashMap<String, Option<PlanId>> = HashMap::new();
    for recorded in recorded {
        let event = match Event::decode(&recorded.r#type, &recorded.data) {
            Ok(event) => event,
            Err(error) => {
                events.retain(|event| event.append_end < recorded.append_end);
                return Decoded { events, unreadable: Some((recorded.position, error.to_string())) };
            }
        };
        let stream = recorded.stream.as_str();
        let plan = match plans.get(stream) {
            Some(plan) => plan.clone(),
            None => plans.entry(stream.to_owned()).or_insert_with(|| PlanId::of_stream(stream)).clone(),
        };
        events.push(Happened {
            position: recorded.position,
            append_end: recorded.append_end,
            epoch,
            stream: recorded.stream,
            plan,
            version: recorded.version,
            at: recorded.recorded_at,
            meta: recorded.meta,
            event,
        });
    }
    Decoded { events, unreadable: None }
}
