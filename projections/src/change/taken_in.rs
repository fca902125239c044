//! How a batch of events goes into the feed.

use async_trait::async_trait;
use domain::{Event, Kind};
use serde_json::{Map, Value as Json};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

use super::Changes;
use super::filled::Filled;
use super::names::Names;
use super::row::ChangeRow;
use super::shown::Shown;
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
        let names = Names::load(connection, batch).await?;
        let last = last_shown(connection, batch).await?;
        let mut shown = Shown { names, last };
        for some in batch.chunks(ROWS_AT_ONCE) {
            let rows: Vec<ChangeRow> = some.iter().filter_map(|happened| shown.show(happened)).collect();
            insert(connection, &rows).await?;
        }
        shown.names.write(connection).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
    }
}

/// What the feed last said of the sessions and locks that change or end in the batch.
async fn last_shown(
    connection: &mut PgConnection,
    batch: &[Happened],
) -> Result<HashMap<Uuid, Map<String, Json>>, sqlx::Error> {
    let ids: Vec<Uuid> = batch
        .iter()
        .filter_map(|happened| match &happened.event {
            Event::SessionChanged(e) => Some(e.session.0),
            Event::SessionEnded(e) => Some(e.session.0),
            Event::LockEnded(e) => Some(e.lock.0),
            _ => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select distinct on (subject_id) subject_id as "subject_id!", more from change_told where subject_id = any ($1)
        order by subject_id, position desc"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.subject_id, serde_json::from_str(row.more.as_deref()?).ok()?)))
        .collect())
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
