//! The feed from the beginning of the ledger on.

use async_trait::async_trait;
use std::collections::HashMap;

use super::names::{Name, Names};
use super::row::ChangeRow;
use super::shown::Shown;
use super::taken_in::keys;
use crate::copy::{CopyRows, ROWS_AT_ONCE};
use crate::fill::{EmptyTables, Filling};
use crate::places::FilledPlaces;
use crate::versions::Version;
use crate::{Happened, ProjectionError};

/// Keeps what records are called, and what was last shown of the sessions and locks that there are.
pub(super) struct Filled {
    places: FilledPlaces,
    shown: Shown,
    told: CopyRows,
    names: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let told = CopyRows::new(
            "copy change_told (position, plan, append_end, epoch, at, type, kind, subject_id, subject, who, session_id, mode,
                period, revision, changes, more, cause, request) from stdin",
        );
        let names = CopyRows::new(
            "copy change_name (record_id, plan, kind, name, lesson_id, period_id, n, valid_from, valid_to)
            from stdin",
        );
        let places = FilledPlaces::new("copy change (word, block, places) from stdin");
        Self { places, shown: Shown { names: Names::none(), last: HashMap::new() }, told, names }
    }

    async fn write_names(
        &mut self,
        tables: &mut EmptyTables,
        names: &[Version<Name>],
    ) -> Result<(), ProjectionError> {
        for some in names.chunks(ROWS_AT_ONCE) {
            for version in some {
                copied_name(&mut self.names, version);
            }
            self.names.send(tables).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for some in batch.chunks(ROWS_AT_ONCE) {
            for happened in some {
                self.places.add(happened.position, keys(happened));
                if let Some(row) = self.shown.show(happened) {
                    copied(&mut self.told, &row);
                }
            }
            self.told.send(tables).await?;
        }
        if let Some(last) = batch.last() {
            self.places.write_before(tables, last.position).await?;
        }
        let past = self.shown.names.take_past();
        self.write_names(tables, &past).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.places.write(tables).await?;
        let now = std::mem::replace(&mut self.shown.names, Names::none()).now();
        self.write_names(tables, &now).await
    }
}

fn copied(rows: &mut CopyRows, row: &ChangeRow) {
    rows.row([
        &row.position,
        &row.plan,
        &row.append_end,
        &row.epoch,
        &row.at,
        &row.r#type,
        &row.kind,
        &row.subject_id,
        &row.subject,
        &row.who,
        &row.session_id,
        &row.mode,
        &row.period,
        &row.revision,
        &row.changes,
        &row.more,
        &row.cause,
        &row.request,
    ]);
}

fn copied_name(rows: &mut CopyRows, version: &Version<Name>) {
    let hour = version.row.hour_of;
    rows.row([
        &version.id,
        &version.row.plan.as_ref(),
        &version.row.kind.word(),
        &version.row.name,
        &hour.map(|hour| hour.lesson.0),
        &hour.map(|hour| hour.period.0),
        &hour.and_then(|hour| i32::try_from(hour.n).ok()),
        &version.from.position,
        &version.to.map(|to| to.position),
    ]);
}
