//! The tasks of a rebuild: one reads and decodes, one for each projection writes, one copies what is not rebuilt.

use std::collections::VecDeque;
use std::sync::Arc;

use eventstore::{Head, Ledger};
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{RebuildError, RebuildTerms, panicked, priority};
use crate::decode::{Whole, trouble, unpack};
use crate::fill::{Fill, Transactions};
use crate::generation::{analyze, indexes_set_aside, quoted, run, stay_in, tables_of};
use crate::pace::Pace;
use crate::progress::{Counted, Phase};
use crate::projection::{Happened, Projection, ProjectionError};

/// About how many events are handed on at once.
const EVENTS_AT_ONCE: i64 = 10_000;
/// The same while somebody works on the read models: statements are short, and so is what he waits for.
const EVENTS_AT_ONCE_GENTLY: i64 = 1_000;
/// How many batches wait for each projection.
const BATCHES_WAITING: usize = 2;
/// How many batches are decoded at once.
const DECODING_MAX: usize = 2;

/// What the tasks share.
pub(super) struct Load {
    pub ledger: Ledger,
    pub terms: RebuildTerms,
    pub all: Arc<Vec<Box<dyn Projection>>>,
    /// What is folded anew, by its place among all.
    pub chosen: Vec<usize>,
    /// The schema that is filled.
    pub generation: String,
    /// The one that is read meanwhile.
    pub current: String,
    /// Where the ledger ended when it began. What comes after is taken in later, as a node does it.
    pub head: Head,
    pub pace: Arc<Pace>,
    pub counted: Arc<Counted>,
}

type Handed = Arc<Vec<Happened>>;

impl Load {
    /// Fills the tables up to where the ledger ended; answers how many events there were.
    pub async fn run(self: &Arc<Self>) -> Result<i64, RebuildError> {
        let mut tasks = JoinSet::new();
        let mut to = Vec::with_capacity(self.chosen.len());
        for place in 0..self.chosen.len() {
            let (sender, receiver) = mpsc::channel(BATCHES_WAITING);
            to.push(sender);
            let load = Arc::clone(self);
            tasks.spawn(async move { load.fill(place, receiver).await.map(|()| 0) });
        }
        if self.chosen.len() < self.all.len() {
            let load = Arc::clone(self);
            tasks.spawn(async move { load.copy().await.map(|()| 0) });
        }
        let load = Arc::clone(self);
        tasks.spawn(async move { load.read(&to).await });
        let mut events = 0;
        while let Some(done) = tasks.join_next().await {
            // The others are dropped with the set.
            events += done.map_err(panicked)??;
        }
        Ok(events)
    }

    /// Whether the server's processes that work for it have a low priority.
    pub fn lowers_backends(&self) -> bool {
        self.pace.is_gentle() && priority::is_here(&self.terms.owner)
    }

    /// A connection of the owner, in the new generation.
    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.terms.owner).await?;
        stay_in(&mut connection, &[&self.generation, &self.terms.ledger_schema]).await?;
        // A crash loses the whole generation, so nothing waits for the disk. A statement whose client is gone ends. Half of the usual
        // sample tells the planner as much of these tables: their questions go by keys.
        let settings = "set synchronous_commit = off; set maintenance_work_mem = '256MB'; set enable_seqscan = off;
            set jit = off; set default_statistics_target = 50; set client_connection_check_interval = '1s'; set idle_in_transaction_session_timeout = '60s'";
        sqlx::raw_sql(settings).execute(&mut connection).await?;
        // Several tables are indexed side by side already, on as many cores as there are. Gently it is one table after the other, by
        // the one process of the server whose priority is known.
        let workers = if self.pace.is_gentle() { 0 } else { 1 };
        run(&mut connection, format!("set max_parallel_maintenance_workers = {workers}")).await?;
        if self.lowers_backends() {
            priority::lower_backend(priority::backend_of(&mut connection).await?);
        }
        // A quarter of the server's time goes into compressing its log otherwise. Only an administrator of the server may ask for
        // it, and only a server that was built with it has it.
        if let Err(error) = sqlx::raw_sql("set wal_compression = lz4").execute(&mut connection).await {
            tracing::debug!(%error, "the server's log is compressed as it always is");
        }
        Ok(connection)
    }

    /// Reads the ledger from its beginning and hands it to all; answers how many events there were.
    async fn read(&self, to: &[mpsc::Sender<Handed>]) -> Result<i64, RebuildError> {
        let head = self.head;
        let mut reader = self.ledger.read_bulk(0, head.position).await?;
        if self.lowers_backends() {
            priority::lower_backend(reader.backend().await?);
        }
        let (mut whole, mut decoding) = (Whole::default(), VecDeque::new());
        loop {
            // Some batches are decoded while the next one is read and the last one is written.
            let at_once = if self.pace.is_slow() { EVENTS_AT_ONCE_GENTLY } else { EVENTS_AT_ONCE };
            let more = reader.next(at_once).await?;
            let last = more.is_none();
            decoding.extend(more.map(|bulk| tokio::spawn(unpack(bulk, head.epoch))));
            while decoding.len() > if last { 0 } else { DECODING_MAX } {
                let Some(next) = decoding.pop_front() else { break };
                let parted = next.await.map_err(panicked)?;
                if let Some(unreadable) = &parted.unreadable {
                    return Err(RebuildError::Unreadable(trouble(unreadable)));
                }
                let handed: Handed = Arc::new(whole.with(parted.events));
                for projection in to {
                    if projection.send(Arc::clone(&handed)).await.is_err() {
                        // It has failed, and says why itself.
                        return Ok(head.position);
                    }
                }
            }
            if last {
                self.counted.enter(Phase::Indexing);
                return Ok(head.position);
            }
        }
    }

    /// Folds the projection that has this place among the chosen ones.
    async fn fill(&self, place: usize, mut batches: mpsc::Receiver<Handed>) -> Result<(), RebuildError> {
        let transactions = if self.pace.is_gentle() { Transactions::Each } else { Transactions::One };
        let connection = self.connect().await?;
        let mut fill =
            Fill::begin(connection, &self.all, self.chosen[place], transactions, &self.pace).await?;
        while let Some(batch) = batches.recv().await {
            if let Err(error) = fill.take(&batch).await {
                return Err(fault(fill.projection(), fill.position(), error));
            }
            self.counted.taken(place, fill.position());
        }
        let (name, position) = (fill.projection().name(), fill.position());
        let (mut connection, end) = match fill.finish().await {
            Ok(done) => done,
            Err(ProjectionError::Database(error)) if !is_fault(&error) => return Err(error.into()),
            Err(error) => {
                return Err(RebuildError::Fault {
                    projection: name.to_owned(),
                    cause: format!("after position {position}: {error}"),
                });
            }
        };
        sqlx::query!("insert into checkpoint (projection, position) values ($1, $2)", name, end)
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(())
    }

    /// Copies the tables of the projections that are not rebuilt, with how far they have come, as of one moment.
    async fn copy(&self) -> Result<(), RebuildError> {
        let others = (0..self.all.len()).filter(|index| !self.chosen.contains(index));
        let projections: Vec<&str> = others.map(|index| self.all[index].name()).collect();
        let mut connection = self.connect().await?;
        let (from, pace) = (&self.current, &self.pace);
        let tables: Vec<&str> = projections.iter().flat_map(|projection| tables_of(projection)).collect();
        let indexes = indexes_set_aside(&mut connection, &tables).await?;
        let mut transaction = connection.begin_with("begin isolation level repeatable read").await?;
        for table in &tables {
            let (from, table) = (quoted(from), quoted(table));
            run(&mut transaction, format!("insert into {table} select * from {from}.{table}")).await?;
        }
        let names: Vec<String> =
            projections.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
        let checkpoints = format!(
            "insert into checkpoint select * from {}.checkpoint where projection in ({})",
            quoted(from),
            names.join(", ")
        );
        run(&mut transaction, checkpoints).await?;
        transaction.commit().await?;
        for index in indexes {
            let turn = pace.turn().await;
            run(&mut connection, index).await?;
            turn.end().await;
        }
        for table in tables {
            let turn = pace.turn().await;
            analyze(&mut connection, table).await?;
            turn.end().await;
        }
        connection.close().await?;
        Ok(())
    }
}

fn fault(projection: &dyn Projection, after: i64, error: ProjectionError) -> RebuildError {
    match error {
        ProjectionError::Database(error) if !is_fault(&error) => error.into(),
        ProjectionError::Unfit { .. } => {
            RebuildError::Fault { projection: projection.name().to_owned(), cause: error.to_string() }
        }
        ProjectionError::Database(_) => RebuildError::Fault {
            projection: projection.name().to_owned(),
            cause: format!("taking in what comes after position {after} failed: {error}"),
        },
    }
}

/// Whether it is the statement that is at fault, and not the database that is away or busy.
fn is_fault(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| {
        !matches!(code.get(..2), Some("08" | "25" | "40" | "53" | "55" | "57" | "58") | None)
    })
}
