//! Filling empty tables with everything that happened from the beginning on: for a rebuild, and for the second fold of a verification.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use crate::generation::{analyze, indexes_set_aside, quoted, run, tables_of};
use crate::pace::Pace;
use crate::projection::{Happened, Projection, ProjectionError};

mod tables;

pub use tables::EmptyTables;

/// A fold from the beginning that keeps in memory what is true, and writes each row once, when it is known until when it is true.
///
/// While it runs, its tables lack most indexes, and nobody else reads or writes them.
#[async_trait]
pub trait Filling: Send {
    /// Takes in whole appends, in order.
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError>;

    /// Writes what is still true.
    async fn finish(self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError>;
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
    way: Way,
    all: Arc<Vec<Box<dyn Projection>>>,
    index: usize,
    at_once: bool,
    pace: Arc<Pace>,
    /// The statements that make its indexes.
    indexes: Vec<String>,
    position: i64,
}

/// How it takes events in.
enum Way {
    /// Folded, and written when they are known to be true no more.
    Folded(Box<dyn Filling>, EmptyTables),
    /// In batches, as when it follows.
    Followed(PgConnection),
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
        let pace = Arc::clone(pace);
        let way = match filling {
            Some(filling) => Way::Folded(filling, EmptyTables::begin(connection, at_once, Arc::clone(&pace))),
            None => Way::Followed(connection),
        };
        Ok(Self { way, all: Arc::clone(all), index, at_once, pace, indexes, position: 0 })
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
        match &mut self.way {
            Way::Folded(filling, tables) => filling.take(tables, batch).await?,
            Way::Followed(connection) => {
                let turn = self.pace.turn().await;
                let mut transaction = connection.begin().await?;
                self.all[self.index].apply(&mut transaction, batch).await?;
                transaction.commit().await?;
                turn.end().await;
            }
        }
        self.position = last.append_end;
        Ok(())
    }

    /// Writes what is left, makes the indexes and gives the connection back. From here on the projection takes batches in itself.
    pub(crate) async fn finish(self) -> Result<(PgConnection, i64), ProjectionError> {
        let mut connection = match self.way {
            Way::Folded(filling, mut tables) => {
                filling.finish(&mut tables).await?;
                tables.end().await?
            }
            Way::Followed(connection) => connection,
        };
        for index in self.indexes {
            let turn = self.pace.turn().await;
            run(&mut connection, index).await?;
            turn.end().await;
        }
        for table in tables_of(self.all[self.index].name()) {
            let turn = self.pace.turn().await;
            analyze(&mut connection, table).await?;
            turn.end().await;
        }
        if self.at_once {
            run(&mut connection, "commit".to_owned()).await?;
        }
        Ok((connection, self.position))
    }
}
