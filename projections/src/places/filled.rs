//! Places on their way into an empty table.

use super::bits::block_of;
use super::blocks::Blocks;
use super::key::Key;
use crate::copy::CopyRows;
use crate::fill::EmptyTables;

/// Keeps the block that is being filled, and writes those before it.
pub(crate) struct FilledPlaces {
    blocks: Blocks,
    copy: CopyRows,
}

impl FilledPlaces {
    /// With what writes them: `copy … (word, block, places) from stdin`.
    pub fn new(copy: &'static str) -> Self {
        Self { blocks: Blocks::default(), copy: CopyRows::new(copy) }
    }

    /// An event is found by this; events come in order.
    pub fn add(&mut self, position: i64, keys: impl IntoIterator<Item = Key>) {
        self.blocks.add(position, keys);
    }

    /// Writes the blocks that lie before that of a position: nothing is added to them any more.
    pub async fn write_before(&mut self, tables: &mut EmptyTables, position: i64) -> Result<(), sqlx::Error> {
        let whole = self.blocks.before(block_of(position));
        for (block, word, places) in whole.rows() {
            self.copy.row([&word, &block, &places.bytes()]);
            self.copy.send_many(tables).await?;
        }
        Ok(())
    }

    /// Writes the rest.
    pub async fn write(&mut self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        self.write_before(tables, i64::MAX).await?;
        self.copy.send(tables).await
    }
}
