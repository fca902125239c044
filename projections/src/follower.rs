//! Reads the ledger once for all projections of the node, and feeds them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use eventstore::{Batch, Ledger, PoolSettings, Subscription};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::decode::{Decoded, decode};
use crate::feed::{Feed, Mark};
use crate::generation::{Building, generations};
use crate::projection::Projection;
use crate::projections::{Progress, ProjectionState, ProjectionStatus, Rebuilding};
use crate::reading::{Reading, enter_to_read};

/// About how many events are taken in at once; an append that is larger comes whole.
pub(crate) const EVENTS_AT_ONCE: i64 = 2_000;
/// The least time from one batch to the next. Who changes something alone is seen at once; under load a little more is taken in
/// with each commit, and the checkpoints are not rewritten thousands of times a second, which would leave a long tail of dead
/// rows behind them while somebody holds an old snapshot.
const PACE: Duration = Duration::from_millis(2);
/// How long to wait before the database is tried again: doubled from the first to the second. Short, because people wait for what
/// they read when the database is back.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(200));
/// How often it is looked whether another generation has become current.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The one task of a node that keeps its read models up.
pub(crate) struct Follower {
    ledger: Ledger,
    settings: PoolSettings,
    reading: Arc<Reading>,
    all: Arc<Vec<Box<dyn Projection>>>,
    progress: Arc<Progress>,
    stopping: watch::Receiver<bool>,
    retry_after: Duration,
    building: Option<Building>,
    next_batch: Instant,
    next_look: Instant,
}

/// What there is to do.
enum Next {
    Stop,
    Batch(Batch),
    /// Another generation has become current.
    Generation(String),
}

impl Follower {
    pub(crate) fn new(
        ledger: Ledger,
        mut settings: PoolSettings,
        reading: Arc<Reading>,
        all: Vec<Box<dyn Projection>>,
        progress: Arc<Progress>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        // A large import is one transaction, and folding it takes longer than a request may.
        settings.idle_in_transaction_timeout = Duration::from_secs(60);
        settings.statement_timeout = Duration::from_secs(600);
        settings.lock_timeout = Duration::from_secs(60);
        Self {
            ledger,
            settings,
            reading,
            all: Arc::new(all),
            progress,
            stopping,
            retry_after: RETRY_AFTER.0,
            building: None,
            next_batch: Instant::now(),
            next_look: Instant::now(),
        }
    }

    /// Follows until it is told to stop. A database that is away is no reason to end.
    pub(crate) async fn run(mut self) {
        while let Err(error) = self.follow().await {
            tracing::warn!(%error, "the read models cannot be kept up; trying again");
            metrics::counter!("daybook_projection_retries_total").increment(1);
            let mut stopping = self.stopping.clone();
            tokio::select! {
                () = told_to_stop(&mut stopping) => return,
                () = tokio::time::sleep(self.retry_after) => {}
            }
            self.retry_after = (self.retry_after * 2).min(RETRY_AFTER.1);
        }
    }

    async fn follow(&mut self) -> Result<(), sqlx::Error> {
        let mut feed = self.open(&self.reading.schema()).await?;
        let epoch = self.ledger.head().await?.epoch;
        match self.look(&mut feed).await? {
            Some(schema) => feed = self.turn_to(&schema, feed, epoch).await?,
            // A projection that stopped is tried again: this build may be the one that can read what the last one could not.
            None => feed.begin().await?,
        }
        while let Some(after) = self.tell(&feed.marks) {
            let mut subscription = self.ledger.subscribe(after);
            // Until another node is ahead of what is being read here.
            while self.tell(&feed.marks).is_some_and(|after| after <= subscription.position()) {
                match self.next(&mut feed, Some(&mut subscription)).await? {
                    Next::Stop => return feed.close().await,
                    Next::Batch(batch) => take(&mut feed, decode(batch.events, epoch).await).await?,
                    Next::Generation(schema) => {
                        feed = self.turn_to(&schema, feed, epoch).await?;
                        break;
                    }
                }
                self.retry_after = RETRY_AFTER.0;
            }
            // All have stopped; there is nothing to do until the next start, or until they have been rebuilt.
            while self.tell(&feed.marks).is_none() {
                match self.next(&mut feed, None).await? {
                    Next::Stop => return feed.close().await,
                    Next::Batch(_) => {}
                    Next::Generation(schema) => feed = self.turn_to(&schema, feed, epoch).await?,
                }
            }
        }
        feed.close().await
    }

    /// What there is to do next.
    async fn next(
        &mut self,
        feed: &mut Feed,
        subscription: Option<&mut Subscription>,
    ) -> Result<Next, sqlx::Error> {
        let mut stopping = self.stopping.clone();
        tokio::time::sleep_until(self.next_batch).await;
        let mut batch = pin!(async {
            match subscription {
                Some(subscription) => subscription.next_of(EVENTS_AT_ONCE).await,
                None => std::future::pending().await,
            }
        });
        loop {
            tokio::select! {
                () = told_to_stop(&mut stopping) => return Ok(Next::Stop),
                batch = &mut batch => {
                    self.next_batch = Instant::now() + PACE;
                    return Ok(Next::Batch(batch?));
                }
                () = tokio::time::sleep_until(self.next_look) => {
                    if let Some(schema) = self.look(feed).await? {
                        return Ok(Next::Generation(schema));
                    }
                    self.tell(&feed.marks);
                }
            }
        }
    }

    /// Sees which generation is current, when it is another one than that which is read here, and whether one is being made.
    async fn look(&mut self, feed: &mut Feed) -> Result<Option<String>, sqlx::Error> {
        let known = generations(feed.connection()).await?;
        self.building = known.building;
        self.next_look = Instant::now() + LOOK_EVERY;
        Ok(known.current.filter(|current| *current != self.reading.schema()))
    }

    /// From one generation to another: it is read from the moment on at which it has what was shown before.
    async fn turn_to(&mut self, schema: &str, old: Feed, epoch: i64) -> Result<Feed, sqlx::Error> {
        let mut feed = self.open(schema).await?;
        feed.begin().await?;
        let shown = self.progress.reached();
        while let Some(after) = least(&feed.marks).filter(|after| *after < shown && !*self.stopping.borrow())
        {
            let batch = self.ledger.read_all(after, EVENTS_AT_ONCE).await?;
            take(&mut feed, decode(batch.events, epoch).await).await?;
        }
        self.reading.turn_to(schema);
        tracing::info!(schema, "reading another generation of the read models");
        old.close().await?;
        Ok(feed)
    }

    /// Tells how far all are; answers where the first of the live ones is.
    fn tell(&self, marks: &[Mark]) -> Option<i64> {
        let statuses = self.all.iter().zip(marks).map(|(projection, mark)| ProjectionStatus {
            name: projection.name(),
            position: mark.position,
            state: if mark.live { ProjectionState::Live } else { ProjectionState::Stopped },
            cause: mark.cause.clone(),
            rebuilding: self
                .building
                .as_ref()
                .filter(|it| it.projections.iter().any(|name| name == projection.name()))
                .map(|it| Rebuilding { position: it.position, head: it.head }),
        });
        self.progress.tell(statuses.collect());
        least(marks)
    }

    /// A feed with a connection of its own: what it prepares stays prepared, and no transaction of it is ever handed to somebody else.
    async fn open(&self, schema: &str) -> Result<Feed, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.settings.connect).await?;
        enter_to_read(&self.settings, schema, &mut connection).await?;
        // A crash of the server may lose the last fractions of a second of rows. It loses their checkpoint with them, in the
        // same transaction, so that the batch is simply taken in again; the ledger itself waits for its disk.
        sqlx::raw_sql("set synchronous_commit = off").execute(&mut connection).await?;
        Ok(Feed::new(connection, Arc::clone(&self.all)))
    }
}

/// Comes back when the task is to end; an error means that nobody is left who could tell.
async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await.map(|_| ());
}

/// Where the first of the live ones is.
pub(crate) fn least(marks: &[Mark]) -> Option<i64> {
    marks.iter().filter(|mark| mark.live).map(|mark| mark.position).min()
}

/// Gives what was read to all; when something could not be read, all stop before it.
pub(crate) async fn take(feed: &mut Feed, decoded: Decoded) -> Result<(), sqlx::Error> {
    feed.take(&decoded.events).await?;
    match decoded.trouble() {
        Some(cause) => feed.stop_all(&cause).await,
        None => Ok(()),
    }
}
