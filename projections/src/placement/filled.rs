//! Placements from the beginning of the ledger on.

use async_trait::async_trait;

use super::meeting::{Meetings, Set};
use super::{PlacementRow, row, take, take_lesson};
use crate::copy::{CopyRows, ROWS_AT_ONCE};
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Version, Versions};
use crate::{Happened, ProjectionError};

/// Keeps the placements that there are, and who meets.
pub(super) struct Filled {
    rows: Versions<PlacementRow>,
    meetings: Meetings,
    placements: CopyRows,
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
        Self { rows: Versions::new(), meetings: Meetings::default(), placements, sets }
    }

    async fn write(
        &mut self,
        tables: &mut EmptyTables,
        rows: &[Version<PlacementRow>],
        sets: &[Set],
    ) -> Result<(), ProjectionError> {
        for some in rows.chunks(ROWS_AT_ONCE) {
            for version in some {
                row::copied(&mut self.placements, version);
            }
            self.placements.send(tables).await?;
        }
        for some in sets.chunks(ROWS_AT_ONCE) {
            for set in some {
                set.copied(&mut self.sets);
            }
            self.sets.send(tables).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            take_lesson(&mut self.meetings, happened)?;
            take(&mut self.rows, &mut self.meetings, happened)?;
        }
        let (rows, sets) = (self.rows.take_past(), self.meetings.take_past());
        self.write(tables, &rows, &sets).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        let (_, rows) = std::mem::replace(&mut self.rows, Versions::new()).finish();
        let sets = std::mem::take(&mut self.meetings).open();
        self.write(tables, &rows, &sets).await
    }
}
