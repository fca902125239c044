//! Filling empty tables with everything that happened from the beginning on: for a rebuild, and for the second fold of a verification.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use crate::generation::{indexes_again, indexes_set_aside, tables_of};
use crate::projection::{Happened, Projection, ProjectionError};

/// A fold from the beginning that keeps in memory what is true, and writes each row once, when it is known until when it is true.
///
/// While it runs, its tables have no index and nobody else reads or writes them.
#[async_trait]
pub trait Filling: Send {
    /// Takes in whole appends, in order.
    async fn take(
        &mut self,
        connection: &mut PgConnection,
        batch: &[Happened],
    ) -> Result<(), ProjectionError>;

    /// Writes what is still true.
    async fn finish(self: Box<Self>, connection: &mut PgConnection) -> Result<(), ProjectionError>;
}

/// One projection that is being filled through a connection of its own, whose search path leads to its tables.
pub(crate) struct Fill {
    connection: PgConnection,
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
    ) -> Result<Self, sqlx::Error> {
        let filling = all[index].filling();
        let indexes = match &filling {
            Some(_) => indexes_set_aside(&mut connection, &tables_of(all[index].name())).await?,
            None => Vec::new(),
        };
        Ok(Self { connection, all: Arc::clone(all), index, filling, indexes, position: 0 })
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
            Some(filling) => filling.take(&mut self.connection, batch).await?,
            None => {
                let mut transaction = self.connection.begin().await?;
                self.all[self.index].apply(&mut transaction, batch).await?;
                transaction.commit().await?;
            }
        }
        self.position = last.append_end;
        Ok(())
    }

    /// Writes what is left, makes the indexes and gives the connection back. From here on the projection takes batches in itself.
    pub(crate) async fn finish(mut self) -> Result<(PgConnection, i64), ProjectionError> {
        if let Some(filling) = self.filling.take() {
            filling.finish(&mut self.connection).await?;
        }
        indexes_again(&mut self.connection, &self.indexes, &tables_of(self.all[self.index].name())).await?;
        Ok((self.connection, self.position))
    }
}
