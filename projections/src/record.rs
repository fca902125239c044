//! Planning records of all kinds but placements: what they are and were.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, FieldName, Fields, Kind, Record, RecordId, Value, Who};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

use crate::fill::Filling;
use crate::versions::{Edge, Past, Versions};
use crate::who::who_acted;
use crate::{Happened, Projection, ProjectionError};

mod filled;
mod period;
mod question;
mod row;

pub use period::{is_period, period_then};
pub use question::{RecordFilter, RecordView, record, records, singleton};
pub(crate) use question::{records_by_id, records_on};
use row::{load, write};

/// The read model of records: table `record`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Records;

/// A record with what is said about its last change.
#[derive(Debug, Clone)]
pub(crate) struct RecordRow {
    pub plan: Arc<str>,
    pub record: Record,
    pub who: Who,
    pub at: DateTime<Utc>,
    pub position: i64,
    /// The end of the append by which it came to its name; 0 of a row that was read.
    pub named_at: i64,
}

#[async_trait]
impl Projection for Records {
    fn name(&self) -> &'static str {
        "record"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let mut rows = Versions::new();
        for (id, row, from) in load(connection, &touched(batch)).await? {
            rows.load(id, row, Edge { position: from, at: DateTime::UNIX_EPOCH });
        }
        for happened in batch {
            take(&mut rows, happened)?;
        }
        let (closed, new) = rows.finish();
        write(connection, &closed, &new).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(filled::Filled::new()))
    }
}

/// The records that were there before the batch and are changed by it.
fn touched(batch: &[Happened]) -> Vec<Uuid> {
    let mut touched: Vec<Uuid> = batch
        .iter()
        .filter_map(|happened| match &happened.event {
            Event::RecordChanged(e) if e.kind != Kind::Placements => Some(e.record.0),
            Event::RecordRemoved(e) if e.kind != Kind::Placements => Some(e.record.0),
            _ => None,
        })
        .collect();
    touched.sort_unstable();
    touched.dedup();
    touched
}

fn take<P: Past<RecordRow>>(
    rows: &mut Versions<RecordRow, Uuid, P>,
    happened: &Happened,
) -> Result<(), ProjectionError> {
    let edge = Edge { position: happened.append_end, at: happened.at };
    match &happened.event {
        Event::RecordCreated(e) if e.kind != Kind::Placements => {
            let Some(plan) = &happened.plan else { return Err(outside(happened)) };
            let row = RecordRow {
                plan: Arc::clone(plan),
                record: Record::made(e, happened.epoch),
                who: who_acted(happened.meta.actor),
                at: happened.at,
                position: happened.position,
                named_at: edge.position,
            };
            rows.put(e.record.0, row, edge);
        }
        Event::RecordChanged(e) if e.kind != Kind::Placements => {
            let Some(row) = rows.change(e.record.0, edge) else { return Err(unknown(happened, e.record)) };
            let may_be_renamed = e.changes.iter().any(|change| change.field == "id");
            let name = may_be_renamed.then(|| row.record.name().map(str::to_owned));
            row.record.change(e, happened.epoch);
            if name.is_some_and(|name| name.as_deref() != row.record.name()) {
                row.named_at = edge.position;
            }
            row.who = who_acted(happened.meta.actor);
            row.at = happened.at;
            row.position = happened.position;
        }
        Event::RecordRemoved(e) if e.kind != Kind::Placements => rows.end(e.record.0, edge),
        _ => {}
    }
    Ok(())
}

/// Fields as events hold them, by the table of fields.
pub(crate) fn opened(kind: Kind, fields: &BTreeMap<FieldName, Value>) -> Fields {
    fields.iter().filter_map(|(name, value)| Some((kind.field(name)?.name, value.open().clone()))).collect()
}

pub(crate) fn outside(happened: &Happened) -> ProjectionError {
    ProjectionError::Unfit {
        position: happened.position,
        cause: format!("a record in the stream {}, which belongs to no plan", happened.stream),
    }
}

pub(crate) fn unknown(happened: &Happened, record: RecordId) -> ProjectionError {
    ProjectionError::Unfit { position: happened.position, cause: format!("there is no record {record}") }
}
