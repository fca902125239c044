//! Records from the beginning of the ledger on.

use async_trait::async_trait;

use uuid::Uuid;

use super::row::copied;
use super::{RecordRow, take};
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Past, Version, Versions};
use crate::{Happened, ProjectionError};

/// Keeps the records that there are.
pub(super) struct Filled {
    rows: Versions<RecordRow, Uuid, CopyRows>,
}

impl Filled {
    pub fn new() -> Self {
        let copy = CopyRows::new(
            "copy record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, by_period, hours_per_week,
                reference, day_from, day_to, who, changed_at, changed_position, valid_from, valid_to) from stdin",
        );
        Self { rows: Versions::with_past(copy) }
    }
}

impl Past<RecordRow> for CopyRows {
    fn note(&mut self, version: &Version<RecordRow>) {
        copied(self, version);
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            take(&mut self.rows, happened)?;
            self.rows.send_many(tables).await?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        Ok(self.rows.send_all(tables).await?)
    }
}
