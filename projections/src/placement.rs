//! Hours of lessons on day and hour, and who meets then.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Coupling, Event, FieldChange, Fields, HourOf, Kind, RecordId, Row, Value, Who};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

use crate::fill::Filling;
use crate::record::{opened, outside, unknown};
use crate::versions::{Edge, Past, Versions};
use crate::who::who_acted;
use crate::{Happened, Projection, ProjectionError};

mod filled;
mod meeting;
mod question;
mod row;
mod timetable;

use meeting::Meetings;
pub use question::{PlacementView, placement, placements};
pub(crate) use question::{placements_by_id, placements_in};
pub use timetable::{TimetableOf, timetable};

/// The read model of placements: tables `placement` and `meeting`.
///
/// It reads the couplings of lessons from the events itself, so that it depends on no other read model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Placements;

/// One placement.
#[derive(Debug, Clone)]
pub(crate) struct PlacementRow {
    pub plan: Arc<str>,
    pub hour_of: HourOf,
    pub day: Option<i32>,
    pub hour: Option<i32>,
    pub week: Option<Arc<str>>,
    pub length: Option<i32>,
    pub own_rows: bool,
    pub revision: i64,
    pub epoch: i64,
    pub who: Who,
    pub at: DateTime<Utc>,
    pub position: i64,
}

#[async_trait]
impl Projection for Placements {
    fn name(&self) -> &'static str {
        "placement"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let mut rows = Versions::new();
        let mut meetings = Meetings::default();
        for (id, row, from) in row::load(connection, &touched(batch)).await? {
            rows.load(id, row, Edge { position: from, at: DateTime::UNIX_EPOCH });
        }
        for happened in batch {
            take_lesson(&mut meetings, happened)?;
            take(&mut rows, &mut meetings, happened)?;
        }
        let (closed, new) = rows.finish();
        row::write(connection, &closed, &new).await?;
        meetings.write(connection).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(filled::Filled::new()))
    }
}

/// The placements that were there before the batch and are changed by it.
fn touched(batch: &[Happened]) -> Vec<Uuid> {
    let mut touched: Vec<Uuid> = batch
        .iter()
        .filter_map(|happened| match &happened.event {
            Event::RecordChanged(e) if e.kind == Kind::Placements => Some(e.record.0),
            Event::RecordRemoved(e) if e.kind == Kind::Placements => Some(e.record.0),
            _ => None,
        })
        .collect();
    touched.sort_unstable();
    touched.dedup();
    touched
}

fn take_lesson(meetings: &mut Meetings, happened: &Happened) -> Result<(), ProjectionError> {
    let from = happened.append_end;
    let plan = || happened.plan.clone().ok_or_else(|| outside(happened));
    match &happened.event {
        Event::RecordCreated(e) if e.kind == Kind::Lessons => {
            let rows = e.fields.get("couplings").map(coupled).unwrap_or_default();
            meetings.begin(plan()?, e.record.0, rows, from);
        }
        Event::RecordChanged(e) if e.kind == Kind::Lessons => {
            if let Some(change) = e.changes.iter().find(|change| change.field == "couplings") {
                let period = e.period.map_or(Uuid::nil(), |period| period.0);
                let rows = change.to.as_ref().map(coupled).unwrap_or_default();
                meetings.put(plan()?, (e.record.0, period), rows, from);
            }
        }
        Event::RecordRemoved(e) if e.kind == Kind::Lessons => meetings.end_all(e.record.0, from),
        _ => {}
    }
    Ok(())
}

fn coupled(value: &Value) -> Vec<Row> {
    match value.open() {
        Value::Couplings(couplings) => couplings.iter().map(Coupling::row).collect(),
        _ => Vec::new(),
    }
}

fn own(value: &Value) -> Vec<Row> {
    match value.open() {
        Value::Rows(rows) => rows.to_vec(),
        _ => Vec::new(),
    }
}

fn take<P: Past<PlacementRow>>(
    rows: &mut Versions<PlacementRow, Uuid, P>,
    meetings: &mut Meetings,
    happened: &Happened,
) -> Result<(), ProjectionError> {
    let edge = Edge { position: happened.append_end, at: happened.at };
    match &happened.event {
        Event::RecordCreated(e) if e.kind == Kind::Placements => {
            let (Some(plan), Some(hour_of)) = (&happened.plan, e.hour_of) else {
                return Err(outside(happened));
            };
            let fields = opened(e.kind, &e.fields);
            let row = created(happened, Arc::clone(plan), hour_of, &fields, e.revision);
            if let Some(value) = fields.get("rows") {
                meetings.begin(row.plan.clone(), e.record.0, own(value), edge.position);
            }
            rows.put(e.record.0, row, edge);
        }
        Event::RecordChanged(e) if e.kind == Kind::Placements => {
            let Some(row) = rows.change(e.record.0, edge) else { return Err(unknown(happened, e.record)) };
            row.revision = i64::try_from(e.revision).unwrap_or(i64::MAX);
            row.epoch = happened.epoch;
            row.who = who_acted(happened.meta.actor);
            row.at = happened.at;
            row.position = happened.position;
            for change in &e.changes {
                set(row, meetings, e.record, change, edge.position);
            }
        }
        Event::RecordRemoved(e) if e.kind == Kind::Placements => {
            rows.end(e.record.0, edge);
            meetings.end_all(e.record.0, edge.position);
        }
        _ => {}
    }
    Ok(())
}

fn created(
    happened: &Happened,
    plan: Arc<str>,
    hour_of: HourOf,
    fields: &Fields,
    revision: u64,
) -> PlacementRow {
    PlacementRow {
        plan,
        hour_of,
        day: small(fields.get("day")),
        hour: small(fields.get("hour")),
        week: text(fields.get("week")),
        length: small(fields.get("length")),
        own_rows: fields.contains_key("rows"),
        revision: i64::try_from(revision).unwrap_or(i64::MAX),
        epoch: happened.epoch,
        who: who_acted(happened.meta.actor),
        at: happened.at,
        position: happened.position,
    }
}

fn set(row: &mut PlacementRow, meetings: &mut Meetings, id: RecordId, change: &FieldChange, from: i64) {
    let to = change.to.as_ref();
    match change.field.as_ref() {
        "day" => row.day = small(to),
        "hour" => row.hour = small(to),
        "week" => row.week = text(to),
        "length" => row.length = small(to),
        "rows" => {
            row.own_rows = to.is_some();
            meetings.put(row.plan.clone(), (id.0, Uuid::nil()), to.map(own).unwrap_or_default(), from);
        }
        _ => {}
    }
}

fn small(value: Option<&Value>) -> Option<i32> {
    value.and_then(Value::number).and_then(|number| i32::try_from(number).ok())
}

fn text(value: Option<&Value>) -> Option<Arc<str>> {
    match value?.open() {
        Value::Text(text) => Some(Arc::clone(text)),
        _ => None,
    }
}
