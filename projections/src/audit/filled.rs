//! Where everything is found, from the beginning of the ledger on.

use async_trait::async_trait;

use super::taken_in::{keys, refused};
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::places::FilledPlaces;
use crate::{Happened, ProjectionError};

/// Keeps the block that is being filled.
pub(super) struct Filled {
    places: FilledPlaces,
    refusals: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        Self {
            places: FilledPlaces::new("copy audit (word, block, places) from stdin"),
            refusals: CopyRows::new("copy audit_refusal (record_id, position) from stdin"),
        }
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            self.places.add(happened.position, keys(happened));
            if let Some((record, position)) = refused(happened) {
                self.refusals.row([&record, &position]);
            }
        }
        let Some(last) = batch.last() else { return Ok(()) };
        self.places.write_before(tables, last.position).await?;
        self.refusals.send(tables).await?;
        Ok(())
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.places.write(tables).await?;
        Ok(())
    }
}
