//! Records from the beginning of the ledger on.

use async_trait::async_trait;

use super::row::copied;
use super::{RecordRow, take};
use crate::copy::{CopyRows, ROWS_AT_ONCE};
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Version, Versions};
use crate::{Happened, ProjectionError};

/// Keeps the records that there are.
pub(super) struct Filled {
    rows: Versions<RecordRow>,
    copy: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let copy = CopyRows::new(
            "copy record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, by_period, reference,
                day_from, day_to, who, changed_at, changed_position, valid_from, valid_to) from stdin",
        );
        Self { rows: Versions::new(), copy }
    }

    async fn write(
        &mut self,
        tables: &mut EmptyTables,
        rows: &[Version<RecordRow>],
    ) -> Result<(), ProjectionError> {
        for some in rows.chunks(ROWS_AT_ONCE) {
            for row in some {
                copied(&mut self.copy, row);
            }
            self.copy.send(tables).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            take(&mut self.rows, happened)?;
        }
        let past = self.rows.take_past();
        self.write(tables, &past).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        let (_, rows) = std::mem::replace(&mut self.rows, Versions::new()).finish();
        self.write(tables, &rows).await
    }
}
