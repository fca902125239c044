//! Where everything is found, from the beginning of the ledger on.

use async_trait::async_trait;

use super::bits::block_of;
use super::places::Blocks;
use super::taken_in::{keys, refused};
use crate::copy::{CopyRows, ROWS_AT_ONCE};
use crate::fill::{EmptyTables, Filling};
use crate::{Happened, ProjectionError};

/// Keeps the block that is being filled.
pub(super) struct Filled {
    blocks: Blocks,
    copy: CopyRows,
    refusals: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let copy = CopyRows::new("copy audit (word, block, places) from stdin");
        let refusals = CopyRows::new("copy audit_refusal (record_id, position) from stdin");
        Self { blocks: Blocks::default(), copy, refusals }
    }

    async fn write(&mut self, tables: &mut EmptyTables, whole: &Blocks) -> Result<(), ProjectionError> {
        for (index, (block, word, places)) in whole.rows().enumerate() {
            self.copy.row([&word, &block, &places.bytes()]);
            if index % ROWS_AT_ONCE == ROWS_AT_ONCE - 1 {
                self.copy.send(tables).await?;
            }
        }
        self.copy.send(tables).await?;
        self.refusals.send(tables).await?;
        Ok(())
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            self.blocks.add(happened.position, keys(happened));
            if let Some((record, position)) = refused(happened) {
                self.refusals.row([&record, &position]);
            }
        }
        let Some(last) = batch.last() else { return Ok(()) };
        let whole = self.blocks.before(block_of(last.position));
        self.write(tables, &whole).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        let rest = self.blocks.before(i32::MAX);
        self.write(tables, &rest).await
    }
}
