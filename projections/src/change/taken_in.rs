//! How a batch of events goes into the feed.

use async_trait::async_trait;
use domain::{Event, Kind};
use sqlx::PgConnection;

use super::about::{self, About, AboutRow};
use super::filled::Filled;
use super::names::Names;
use super::row::ChangeRow;
use super::{Changes, refused};
use crate::fill::Filling;
use crate::places::{Key, add_places};
use crate::{Happened, Projection, ProjectionError};

/// How many rows go into a table with one statement: more at once would only take memory.
pub(super) const ROWS_AT_ONCE: usize = 2_000;

#[async_trait]
impl Projection for Changes {
    fn name(&self) -> &'static str {
        "change"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        if batch.iter().all(|happened| happened.plan.is_none()) {
            return Ok(());
        }
        add_places!(connection, "change", batch, keys).await?;
        let mut names = Names::load(connection, batch).await?;
        let mut about = About::load(connection, batch).await?;
        for some in batch.chunks(ROWS_AT_ONCE) {
            let mut told: Vec<ChangeRow> = Vec::new();
            for happened in some {
                names.take_in(happened);
                told.extend(refused::told(happened, &names));
            }
            insert(connection, &told).await?;
            let rows: Vec<AboutRow> = some.iter().filter_map(|happened| about.take_in(happened)).collect();
            about::insert(connection, &rows).await?;
        }
        names.write(connection).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
    }
}

/// By what a change is found; nothing for an event that belongs to no feed.
pub(super) fn keys(happened: &Happened) -> impl Iterator<Item = Key> + use<> {
    let keys = happened.plan.as_deref().and_then(|plan| {
        let kind = match &happened.event {
            Event::RecordCreated(e) => Some(e.kind.word()),
            Event::RecordChanged(e) => Some(e.kind.word()),
            Event::RecordRemoved(e) => Some(e.kind.word()),
            Event::ChangeRefused(e) => e.kind.map(Kind::word),
            Event::SessionStarted(_) | Event::SessionChanged(_) | Event::SessionEnded(_) => Some("sessions"),
            Event::LockGranted(_) | Event::LockEnded(_) | Event::LockDenied(_) => Some("locks"),
            Event::ImportDone(_) => Some("imports"),
            _ => return None,
        };
        Some([Some(Key::feed(plan)), kind.map(|kind| Key::feed_of(plan, kind))])
    });
    keys.into_iter().flatten().flatten()
}

async fn insert(connection: &mut PgConnection, rows: &[ChangeRow]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into change_told (position, plan, append_end, epoch, at, type, kind, subject_id, subject, who, session_id,
            mode, period, revision, changes, more, cause, request)
        select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[],
            $7::text[], $8::uuid[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::bigint[],
            $15::text[], $16::text[], $17::text[], $18::text[])",
        &rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.plan.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.append_end).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.epoch).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.r#type.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.kind.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.subject_id).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.who.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.session_id).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.mode.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.period.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.revision).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.changes.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.more.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.cause.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.request.as_deref()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
