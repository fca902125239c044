//! Events as they stand in the ledger.

use domain::Kind;
use eventstore::{Recorded, events_at, events_between};
use serde_json::Value as Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::AuditEvent;
use super::range::Range;
use super::taken_in::plan_of;
use crate::change::subjects_at;

/// An event and the record that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub event: AuditEvent,
    pub record: Option<Uuid>,
}

fn found(recorded: Recorded) -> Found {
    let record = match recorded.r#type.as_str() {
        "RecordCreated" | "RecordChanged" | "RecordRemoved" => recorded.subject,
        "ChangeRefused" => serde_json::from_slice::<Json>(&recorded.data)
            .ok()
            .and_then(|data| data["record"].as_str()?.parse().ok()),
        _ => None,
    };
    let event = AuditEvent {
        position: recorded.position,
        append_end: recorded.append_end,
        plan: plan_of(recorded.stream.as_str()).map(str::to_owned),
        stream: recorded.stream.as_str().to_owned(),
        version: recorded.version,
        r#type: recorded.r#type,
        at: recorded.recorded_at,
        meta: recorded.meta,
        record: None,
        data: recorded.data,
    };
    Found { event, record }
}

/// The events at these positions, from the end that comes first.
pub(super) async fn found_at(
    connection: &mut PgConnection,
    positions: &[i64],
    newest_first: bool,
) -> Result<Vec<Found>, sqlx::Error> {
    Ok(in_order(events_at(connection, positions).await?, newest_first))
}

/// All events of a range, from the end that comes first.
pub(super) async fn found_between(
    connection: &mut PgConnection,
    range: Range,
    newest_first: bool,
) -> Result<Vec<Found>, sqlx::Error> {
    let events = events_between(connection, range.after, range.upto, i64::MAX).await?;
    Ok(in_order(events, newest_first))
}

fn in_order(events: Vec<Recorded>, newest_first: bool) -> Vec<Found> {
    let found = events.into_iter().map(found);
    if newest_first { found.rev().collect() } else { found.collect() }
}

/// The event at a position; nothing when the ledger has not come so far.
pub async fn audit_event(pool: &PgPool, position: i64) -> Result<Option<AuditEvent>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found = found_at(&mut connection, &[position], false).await?;
    Ok(with_records(&mut connection, found).await?.pop())
}

/// What records were called when it happened, as the feed of their plan tells it.
pub(super) async fn with_records(
    connection: &mut PgConnection,
    found: Vec<Found>,
) -> Result<Vec<AuditEvent>, sqlx::Error> {
    let of_records = |found: &Found| found.event.plan.is_some() && kind_of(&found.event).is_some();
    let of_records = found.iter().filter(|found| of_records(found));
    let positions: Vec<i64> = of_records.map(|found| found.event.position).collect();
    let mut named = subjects_at(connection, &positions).await?;
    let with_record = |found: Found| {
        let Some(kind) = kind_of(&found.event) else { return found.event };
        // The feed may have stopped.
        let unnamed = || found.record.map(|record| format!("{kind}/{record}"));
        let record = named.remove(&found.event.position).or_else(unnamed);
        AuditEvent { record, ..found.event }
    };
    Ok(found.into_iter().map(with_record).collect())
}

/// The kind of the record that an event is about.
fn kind_of(event: &AuditEvent) -> Option<Kind> {
    if !matches!(event.r#type.as_str(), "RecordCreated" | "RecordChanged" | "RecordRemoved" | "ChangeRefused")
    {
        return None;
    }
    let data: Json = serde_json::from_slice(&event.data).ok()?;
    data["kind"].as_str()?.parse().ok()
}
