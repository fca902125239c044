//! The feed from the beginning of the ledger on.

use async_trait::async_trait;
use domain::Mode;

use super::about::{About, AboutRow};
use super::names::{Name, Names};
use super::refused;
use super::row::ChangeRow;
use super::taken_in::keys;
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::places::FilledPlaces;
use crate::versions::Version;
use crate::{Happened, ProjectionError};

/// Keeps what records are called, and what is known of the sessions and locks that there are.
pub(super) struct Filled {
    places: FilledPlaces,
    names: Names,
    about: About,
    told_rows: CopyRows,
    about_rows: CopyRows,
    name_rows: CopyRows,
}

impl Filled {
    pub fn new() -> Self {
        let told_rows = CopyRows::new(
            "copy change_told (position, plan, append_end, epoch, at, type, kind, subject_id, subject, who, session_id, mode,
                period, revision, changes, more, cause, request) from stdin",
        );
        let about_rows = CopyRows::new(
            "copy change_about (subject_id, position, began, mode, period_id, activity) from stdin",
        );
        let name_rows = CopyRows::new(
            "copy change_name (record_id, plan, kind, name, lesson_id, period_id, n, valid_from, valid_to)
            from stdin",
        );
        let places = FilledPlaces::new("copy change (word, block, places) from stdin");
        let (names, about) = (Names::none(), About::default());
        Self { places, names, about, told_rows, about_rows, name_rows }
    }

    async fn write_names(
        &mut self,
        tables: &mut EmptyTables,
        names: &[Version<Name>],
    ) -> Result<(), ProjectionError> {
        for version in names {
            copied_name(&mut self.name_rows, version);
            self.name_rows.send_many(tables).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            self.places.add(happened.position, keys(happened));
            self.names.take_in(happened);
            if let Some(row) = refused::told(happened, &self.names) {
                copied(&mut self.told_rows, &row);
                self.told_rows.send_many(tables).await?;
            }
            if let Some(row) = self.about.take_in(happened) {
                copied_about(&mut self.about_rows, &row);
                self.about_rows.send_many(tables).await?;
            }
        }
        if let Some(last) = batch.last() {
            self.places.write_before(tables, last.position).await?;
        }
        let past = self.names.take_past();
        self.write_names(tables, &past).await
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.places.write(tables).await?;
        let now = std::mem::replace(&mut self.names, Names::none()).now();
        self.write_names(tables, &now).await?;
        for rows in [&mut self.name_rows, &mut self.told_rows, &mut self.about_rows] {
            rows.send(tables).await?;
        }
        Ok(())
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

fn copied_about(rows: &mut CopyRows, row: &AboutRow) {
    rows.row([
        &row.subject_id,
        &row.position,
        &row.began(),
        &row.known.mode.map(Mode::word),
        &row.known.period.map(|period| period.0),
        &row.known.activity,
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
