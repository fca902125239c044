//! A second fold of one projection, into temporary tables of its own connection.

use std::sync::Arc;
use std::time::Duration;

use eventstore::{Ledger, PoolSettings, SERVICE_ROLE};
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, watch};

use super::compare::compare;
use super::{Compared, Finding, Handed, VerifyError};
use crate::decode::decode;
use crate::fill::{Fill, Transactions};
use crate::generation::{definitions_of, quoted, run, stay_in};
use crate::pace::Pace;
use crate::progress::Counted;
use crate::projection::Projection;
use crate::reading::enter_to_read;

const EVENTS_AT_ONCE: i64 = 2_000;

/// The second fold of one projection.
pub(super) struct Second {
    fill: Fill,
    all: Arc<Vec<Box<dyn Projection>>>,
    index: usize,
    /// Where the read model lies that is proved.
    generation: String,
    /// How far the read model had come at the beginning. What it has taken in since is folded last, in the snapshot.
    upto: i64,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub findings: Vec<Finding>,
    pub compared: Option<Compared>,
}

impl Second {
    pub async fn begin(
        settings: &PoolSettings,
        generation: &str,
        all: &Arc<Vec<Box<dyn Projection>>>,
        index: usize,
    ) -> Result<Self, VerifyError> {
        let mut settings = settings.clone();
        settings.idle_in_transaction_timeout = Duration::ZERO;
        settings.statement_timeout = Duration::ZERO;
        settings.sequential_scans = false;
        let mut connection = PgConnection::connect_with(&settings.connect).await?;
        enter_to_read(&settings, generation, &mut connection).await?;
        let upto = checkpoint(&mut connection, all[index].name()).await?.map_or(0, |it| it.position);
        let may = sqlx::query_scalar!(
            r#"select has_database_privilege(current_database(), 'temporary') as "may!""#
        )
        .fetch_one(&mut connection)
        .await?;
        if !may {
            return Err(VerifyError::NoTemporary { role: SERVICE_ROLE });
        }
        // Tables that are made where this leads are temporary, and found before those that are proved.
        let ledger = settings.search_path.last().cloned().unwrap_or_default();
        sqlx::raw_sql("set temp_buffers = '64MB'; set maintenance_work_mem = '128MB'; set work_mem = '64MB'")
            .execute(&mut connection)
            .await?;
        stay_in(&mut connection, &["pg_temp", &ledger]).await?;
        for definition in definitions_of(all[index].name()) {
            sqlx::raw_sql(definition).execute(&mut connection).await?;
        }
        let fill = Fill::begin(connection, all, index, Transactions::Each, &Arc::new(Pace::full())).await?;
        Ok(Self { fill, all: Arc::clone(all), index, generation: generation.to_owned(), upto })
    }

    /// Folds what is handed over, then compares. The index says whose outcome it is.
    pub async fn run(
        mut self,
        ledger: Ledger,
        mut batches: mpsc::Receiver<Handed>,
        mut ended: watch::Receiver<Option<bool>>,
        counted: Arc<Counted>,
    ) -> Result<(usize, Outcome), VerifyError> {
        let (index, name) = (self.index, self.all[self.index].name());
        let fails = |after: i64, cause: String| {
            let detail = format!("it cannot be folded anew beyond position {after}: {cause}");
            (index, Outcome { findings: vec![Finding::of(name, after, detail)], compared: None })
        };
        while let Some(batch) = batches.recv().await {
            let had = batch.partition_point(|event| event.append_end <= self.upto);
            if let Err(error) = self.fill.take(&batch[..had]).await {
                return Ok(fails(self.fill.position(), error.to_string()));
            }
            counted.taken(index, batch.last().map_or(0, |event| event.append_end));
        }
        let folded = ended.wait_for(Option::is_some).await.is_ok_and(|it| *it == Some(true));
        if !folded {
            return Ok((index, Outcome::default()));
        }
        let reached = self.fill.position();
        let (connection, reached) = match self.fill.finish().await {
            Ok(done) => done,
            Err(error) => return Ok(fails(reached, error.to_string())),
        };
        let projection = &*self.all[index];
        let proved = Proved { connection, ledger, generation: &self.generation, projection, reached };
        Ok((index, proved.compare().await?))
    }
}

/// The fold that is compared.
struct Proved<'a> {
    connection: PgConnection,
    ledger: Ledger,
    generation: &'a str,
    projection: &'a dyn Projection,
    reached: i64,
}

struct Checkpoint {
    position: i64,
    live: bool,
    cause: Option<String>,
}

/// Where a projection is, by the table that the search path leads to.
async fn checkpoint(connection: &mut PgConnection, name: &str) -> Result<Option<Checkpoint>, sqlx::Error> {
    sqlx::query_as!(
        Checkpoint,
        r#"select position, state = 'live' as "live!", cause from checkpoint where projection = $1"#,
        name,
    )
    .fetch_optional(connection)
    .await
}

impl Proved<'_> {
    /// In one snapshot: how far the read model is, the fold up to there, and the rows of both.
    async fn compare(mut self) -> Result<Outcome, VerifyError> {
        let name = self.projection.name();
        let mut snapshot = self.connection.begin_with("begin isolation level repeatable read").await?;
        let sql = format!("set local search_path = {}, pg_temp", quoted(self.generation));
        run(&mut snapshot, sql).await?;
        let known = checkpoint(&mut snapshot, name).await?;
        let back = format!("set local search_path = pg_temp, {}", quoted(self.generation));
        run(&mut snapshot, back).await?;
        let Some(known) = known else {
            let detail = "it has never begun: there is no checkpoint of it".to_owned();
            return Ok(Outcome { findings: vec![Finding::of(name, None, detail)], compared: None });
        };
        let head = self.ledger.head().await?;
        let mut findings = Vec::new();
        if !known.live {
            let detail = format!("it has stopped: {}", known.cause.unwrap_or_default());
            findings.push(Finding::of(name, known.position, detail));
        }
        if known.position > head.position {
            let detail = format!("its checkpoint is ahead of the ledger, which ends at {}", head.position);
            findings.push(Finding::of(name, known.position, detail));
            return Ok(Outcome { findings, compared: None });
        }
        while self.reached < known.position {
            let limit = EVENTS_AT_ONCE.min(known.position - self.reached);
            let batch = self.ledger.read_all(self.reached, limit).await?;
            if batch.events.is_empty() || batch.next > known.position {
                let detail = "its checkpoint lies within an append".to_owned();
                findings.push(Finding::of(name, known.position, detail));
                return Ok(Outcome { findings, compared: None });
            }
            self.reached = batch.next;
            let decoded = decode(batch.events, head.epoch).await;
            if let Err(error) = self.projection.apply(&mut snapshot, &decoded.events).await {
                let detail = format!("it cannot be folded anew up to its checkpoint: {error}");
                findings.push(Finding::of(name, known.position, detail));
                return Ok(Outcome { findings, compared: None });
            }
        }
        let (rows, different) = compare(&mut snapshot, self.generation, name).await?;
        findings.extend(different);
        snapshot.rollback().await?;
        let compared = Compared { projection: name.to_owned(), position: known.position, rows };
        self.connection.close().await?;
        Ok(Outcome { findings, compared: Some(compared) })
    }
}
