//! The feed from the beginning of the ledger on.

use async_trait::async_trait;
use std::collections::HashMap;

use super::names::{Name, Names};
use super::shown::{Row, Shown};
use crate::copy::{CopyRows, ROWS_AT_ONCE};
use crate::fill::{EmptyTables, Filling};
use crate::versions::Version;
use crate::{Happened, ProjectionError};

/// Keeps what records are called, and what was last shown of the sessions and locks that there are.
pub(super) struct Filled {
    shown: Shown,
    changes: CopyRows,
    names: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let changes = CopyRows::new(
            "copy change (plan, position, append_end, epoch, at, type, kind, subject_id, subject, who, session_id, mode, period,
                revision, changes, more, cause, request) from stdin",
        );
        let names = CopyRows::new(
            "copy change_name (record_id, plan, kind, name, lesson_id, period_id, n, valid_from, valid_to)
            from stdin",
        );
        Self { shown: Shown { names: Names::none(), last: HashMap::new() }, changes, names }
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
                if let Some(row) = self.shown.show(happened) {
                    copied(&mut self.changes, &row);
                }
            }
            self.changes.send(tables).await?;
        }
        let past = self.shown.names.take_past();
        self.write_names(tables, &past).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        let now = std::mem::replace(&mut self.shown.names, Names::none()).now();
        self.write_names(tables, &now).await
    }
}

fn copied(rows: &mut CopyRows, row: &Row) {
    rows.row([
        &row.plan.as_ref(),
        &row.position,
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
        &row.changes.text(),
        &row.more_text(),
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
