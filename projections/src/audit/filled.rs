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
                self.refusals.send_many(tables).await?;
            }
        }
        let Some(last) = batch.last() else { return Ok(()) };
        Ok(self.places.write_before(tables, last.position).await?)
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.refusals.send(tables).await?;
        Ok(self.places.write(tables).await?)
    }
}
