//! Placements from the beginning of the ledger on.

use async_trait::async_trait;

use uuid::Uuid;

use super::meeting::{Meetings, Set};
use super::{PlacementRow, row, take, take_lesson};
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Past, Version, Versions};
use crate::{Happened, ProjectionError};

/// Keeps the placements that there are, and who meets.
pub(super) struct Filled {
    rows: Versions<PlacementRow, Uuid, CopyRows>,
    meetings: Meetings,
    sets: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let placements = CopyRows::new(
            "copy placement (placement_id, plan, lesson_id, period_id, n, day, hour, week, length, meeting_of, revision, epoch,
                who, changed_at, changed_position, valid_from, valid_to) from stdin",
        );
        let sets = CopyRows::new(
            "copy meeting (owner_id, plan, period_id, ordinal, class_id, teacher_id, subject_id, room_id, valid_from, valid_to)
            from stdin",
        );
        Self { rows: Versions::with_past(placements), meetings: Meetings::default(), sets }
    }
}

impl Past<PlacementRow> for CopyRows {
    fn note(&mut self, version: &Version<PlacementRow>) {
        row::copied(self, version);
    }
}

async fn write(rows: &mut CopyRows, tables: &mut EmptyTables, sets: &[Set]) -> Result<(), sqlx::Error> {
    for set in sets {
        set.copied(rows);
        rows.send_many(tables).await?;
    }
    Ok(())
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            take_lesson(&mut self.meetings, happened)?;
            take(&mut self.rows, &mut self.meetings, happened)?;
            self.rows.send_many(tables).await?;
        }
        let sets = self.meetings.take_past();
        Ok(write(&mut self.sets, tables, &sets).await?)
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.rows.send_all(tables).await?;
        write(&mut self.sets, tables, &self.meetings.open()).await?;
        Ok(self.sets.send(tables).await?)
    }
}
