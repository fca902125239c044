//! Filling empty tables with everything that happened from the beginning on: for a rebuild, and for the second fold of a verification.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use crate::generation::{analyze, indexes_set_aside, quoted, run, tables_of};
use crate::pace::Pace;
use crate::projection::{Happened, Projection, ProjectionError};

/// A fold from the beginning that keeps in memory what is true, and writes each row once, when it is known until when it is true.
///
/// While it runs, its tables have no index and nobody else reads or writes them.
#[async_trait]
pub trait Filling: Send {
    /// Takes in whole appends, in order.
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError>;

    /// Writes what is still true.
    async fn finish(self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError>;
}

/// The way into tables that were empty when it began.
pub struct EmptyTables {
    pub(crate) connection: PgConnection,
    /// All of it is one transaction, which no other one has to see come to an end: rows are written as if they had been there for
    /// ever, and nobody has to mark them or tidy up after them later.
    pub(crate) at_once: bool,
    /// What is written waits for its turn.
    pub(crate) pace: Arc<Pace>,
}

/// Whether tables are filled in one transaction. As long as it lasts, nothing anywhere in the database is tidied up: rows that are
/// rewritten again and again, as the checkpoints of a node at work are, leave a tail that everybody has to walk along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transactions {
    /// One, where nobody works.
    One,
    /// One for each batch.
    Each,
}

/// One projection that is being filled through a connection of its own, whose search path leads to its tables.
pub(crate) struct Fill {
    tables: EmptyTables,
    all: Arc<Vec<Box<dyn Projection>>>,
    index: usize,
    /// None: it takes batches in as it does when it follows.
    filling: Option<Box<dyn Filling>>,
    /// The statements that make its indexes.
    indexes: Vec<String>,
    position: i64,
}

impl Fill {
    /// Begins with empty tables.
    pub(crate) async fn begin(
        mut connection: PgConnection,
        all: &Arc<Vec<Box<dyn Projection>>>,
        index: usize,
        transactions: Transactions,
        pace: &Arc<Pace>,
    ) -> Result<Self, sqlx::Error> {
        let filling = all[index].filling();
        let at_once = filling.is_some() && transactions == Transactions::One;
        let mut indexes = Vec::new();
        if filling.is_some() {
            let names = tables_of(all[index].name());
            if at_once {
                // Emptied here, so that the server knows that nobody else can see what comes.
                let tables: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                run(&mut connection, format!("begin; truncate {}", tables.join(", "))).await?;
            }
            indexes = indexes_set_aside(&mut connection, &names).await?;
        }
        let tables = EmptyTables { connection, at_once, pace: Arc::clone(pace) };
        Ok(Self { tables, all: Arc::clone(all), index, filling, indexes, position: 0 })
    }

    pub(crate) fn projection(&self) -> &dyn Projection {
        &*self.all[self.index]
    }

    /// The last position that has been taken in.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// Takes in whole appends.
    pub(crate) async fn take(&mut self, batch: &[Happened]) -> Result<(), ProjectionError> {
        let Some(last) = batch.last() else { return Ok(()) };
        match &mut self.filling {
            Some(filling) => filling.take(&mut self.tables, batch).await?,
            None => {
                let turn = self.tables.pace.turn().await;
                let mut transaction = self.tables.connection.begin().await?;
                self.all[self.index].apply(&mut transaction, batch).await?;
                transaction.commit().await?;
                turn.end().await;
            }
        }
        self.position = last.append_end;
        Ok(())
    }

    /// Writes what is left, makes the indexes and gives the connection back. From here on the projection takes batches in itself.
    pub(crate) async fn finish(mut self) -> Result<(PgConnection, i64), ProjectionError> {
        if let Some(filling) = self.filling.take() {
            filling.finish(&mut self.tables).await?;
        }
        let EmptyTables { mut connection, at_once, pace } = self.tables;
        for index in self.indexes {
            let turn = pace.turn().await;
            run(&mut connection, index).await?;
            turn.end().await;
        }
        for table in tables_of(self.all[self.index].name()) {
            let turn = pace.turn().await;
            analyze(&mut connection, table).await?;
            turn.end().await;
        }
        if at_once {
            run(&mut connection, "commit".to_owned()).await?;
        }
        Ok((connection, self.position))
    }
}
