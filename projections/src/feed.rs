//! Gives batches of events to the projections: rows and checkpoint in one transaction.

use std::sync::Arc;
use std::time::Instant;

use eventstore::trace;
use sqlx::{Connection, PgConnection};
use tracing::{Instrument, Span};

use crate::projection::{Happened, Projection, ProjectionError};

/// How far one projection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: i64,
    pub(crate) live: bool,
    pub(crate) cause: Option<String>,
}

/// The projections, the connection they write through, and how far each has come.
///
/// Runs in the task of the follower, which nobody cancels: a transaction that is begun is ended here.
pub(crate) struct Feed {
    connection: PgConnection,
    all: Arc<Vec<Box<dyn Projection>>>,
    names: Vec<String>,
    pub(crate) marks: Vec<Mark>,
}

/// Why a batch was not taken in.
enum Failure {
    /// The database is away, or busy with somebody else: nobody's fault.
    Passing(sqlx::Error),
    /// A projection cannot.
    Fault(String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing(error)
    }
}

impl Feed {
    pub(crate) fn new(connection: PgConnection, all: Arc<Vec<Box<dyn Projection>>>) -> Self {
        let names = all.iter().map(|projection| projection.name().to_owned()).collect();
        Self { connection, all, names, marks: Vec::new() }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Makes the checkpoints that are missing, gives the stopped ones another chance, and reads where all are.
    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into checkpoint (projection) select unnest($1::text[])
            on conflict (projection) do update set state = 'live', cause = null, stopped_at = null
            where checkpoint.state = 'stopped'",
            &self.names,
        )
        .execute(&mut self.connection)
        .await?;
        let mut transaction = self.connection.begin().await?;
        let marks = lock(&mut transaction, &self.names).await?;
        transaction.rollback().await?;
        self.marks = marks;
        Ok(())
    }

    /// Gives a batch to all that have not had it. Those that fail have stopped afterwards; an error is the database's.
    pub(crate) async fn take(&mut self, batch: &[Happened]) -> Result<(), sqlx::Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let (span, began) = (span_of(batch), Instant::now());
        self.take_whole(batch).instrument(span).await?;
        metrics::histogram!("daybook_projection_batch_events").record(batch.len() as f64);
        metrics::histogram!("daybook_projection_batch_seconds").record(began.elapsed());
        Ok(())
    }

    async fn take_whole(&mut self, batch: &[Happened]) -> Result<(), sqlx::Error> {
        let everybody: Vec<usize> = (0..self.all.len()).collect();
        match self.give(&everybody, batch).await {
            Ok(()) => Ok(()),
            Err(Failure::Passing(error)) => Err(error),
            // One commit for all is cheapest; when one of them fails, each gets the batch on its own.
            Err(Failure::Fault(_)) => {
                for index in everybody {
                    self.take_alone(index, batch).await?;
                }
                Ok(())
            }
        }
    }

    /// Gives a batch to one projection; when it fails, append by append, so that the cause names the very one.
    async fn take_alone(&mut self, index: usize, batch: &[Happened]) -> Result<(), sqlx::Error> {
        match self.give(&[index], batch).await {
            Ok(()) => return Ok(()),
            Err(Failure::Passing(error)) => return Err(error),
            Err(Failure::Fault(_)) => {}
        }
        for append in batch.chunk_by(|a, b| a.append_end == b.append_end) {
            match self.give(&[index], append).await {
                Ok(()) => {}
                Err(Failure::Passing(error)) => return Err(error),
                Err(Failure::Fault(cause)) => {
                    let at = append.first().map_or(0, |event| event.position);
                    return self.stop(&[index], &format!("taking in position {at} failed: {cause}")).await;
                }
            }
        }
        Ok(())
    }

    /// One transaction: checkpoints locked, what each has not had yet given to it, checkpoints moved.
    ///
    /// The locks are why two nodes never take the same batch in twice: whoever comes second waits, and then sees that there is
    /// nothing left for him to do.
    async fn give(&mut self, to: &[usize], batch: &[Happened]) -> Result<(), Failure> {
        let Some(end) = batch.last().map(|event| event.append_end) else { return Ok(()) };
        let names: Vec<String> = to.iter().map(|index| self.names[*index].clone()).collect();
        let mut transaction = self.connection.begin().await?;
        let mut marks = lock(&mut transaction, &names).await?;
        let mut moved = Vec::with_capacity(to.len());
        for (index, mark) in to.iter().zip(&mut marks) {
            let had = batch.partition_point(|event| event.append_end <= mark.position);
            if !mark.live || had == batch.len() {
                continue;
            }
            let projection = &self.all[*index];
            let span = tracing::debug_span!(target: trace::TARGET, "apply", projection = projection.name());
            if let Err(error) = projection.apply(&mut transaction, &batch[had..]).instrument(span).await {
                let failure = judge(error);
                if matches!(failure, Failure::Fault(_)) {
                    transaction.rollback().await?;
                }
                return Err(failure);
            }
            moved.push(projection.name());
            mark.position = end;
        }
        if moved.is_empty() {
            transaction.rollback().await?;
        } else {
            sqlx::query!(
                "update checkpoint set position = $1 where projection = any ($2)",
                end,
                &moved as _,
            )
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        for (index, mark) in to.iter().zip(marks) {
            self.marks[*index] = mark;
        }
        Ok(())
    }

    /// Stops all that are live, because nobody can read what comes next.
    pub(crate) async fn stop_all(&mut self, cause: &str) -> Result<(), sqlx::Error> {
        let live: Vec<usize> = (0..self.marks.len()).filter(|index| self.marks[*index].live).collect();
        self.stop(&live, cause).await
    }

    async fn stop(&mut self, which: &[usize], cause: &str) -> Result<(), sqlx::Error> {
        let names: Vec<&str> = which.iter().map(|index| self.names[*index].as_str()).collect();
        sqlx::query!(
            "update checkpoint set state = 'stopped', cause = $2, stopped_at = clock_timestamp()
            where projection = any ($1)",
            &names as _,
            cause,
        )
        .execute(&mut self.connection)
        .await?;
        tracing::error!(projections = ?names, cause, "a read model has stopped");
        for index in which {
            self.marks[*index].live = false;
            self.marks[*index].cause = Some(cause.to_owned());
        }
        Ok(())
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        // The server notices by itself when this goes wrong.
        let _ = self.connection.close().await;
        Ok(())
    }
}

/// The span of a batch: it names the traces of the commands whose events are in it.
fn span_of(batch: &[Happened]) -> Span {
    let (first, last) = (batch.first().map(|event| event.position), batch.last().map(|event| event.position));
    let events = batch.len() as u64;
    let span = tracing::debug_span!(target: trace::TARGET, parent: None, "project", first, last, events);
    trace::come_of(&span, batch.iter().filter_map(|event| event.meta.traceparent.as_deref()));
    span
}

/// Locks the checkpoints of these projections, always in the same order, and reads them in the order of `names`.
async fn lock(connection: &mut PgConnection, names: &[String]) -> Result<Vec<Mark>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select projection, position, state = 'live' as "live!", cause from checkpoint where projection = any ($1)
        order by projection for update"#,
        names,
    )
    .fetch_all(connection)
    .await?;
    names
        .iter()
        .map(|name| {
            let row = found.iter().find(|row| row.projection == *name).ok_or(sqlx::Error::RowNotFound)?;
            Ok(Mark { position: row.position, live: row.live, cause: row.cause.clone() })
        })
        .collect()
}

/// Whether the projection is at fault, or the database is not well.
fn judge(error: ProjectionError) -> Failure {
    match error {
        ProjectionError::Database(error) => match &error {
            sqlx::Error::Database(cause) => match cause.code().as_deref().and_then(|code| code.get(..2)) {
                Some("08" | "25" | "40" | "53" | "55" | "57" | "58") | None => Failure::Passing(error),
                Some(_) => Failure::Fault(error.to_string()),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Failure::Passing(error),
            _ => Failure::Fault(error.to_string()),
        },
        unfit @ ProjectionError::Unfit { .. } => Failure::Fault(unfit.to_string()),
    }
}
