//! Events as they stand in the ledger.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::Kind;
use serde_json::Value as Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::AuditEvent;
use super::taken_in::plan_of;

/// An event and the record that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub event: AuditEvent,
    pub record: Option<Uuid>,
}

struct Row {
    position: i64,
    append_end: i64,
    stream: String,
    version: i64,
    r#type: String,
    subject: Option<Uuid>,
    recorded_at: DateTime<Utc>,
    meta: Vec<u8>,
    data: Vec<u8>,
}

fn found(row: Row) -> Result<Found, sqlx::Error> {
    let record = match row.r#type.as_str() {
        "RecordCreated" | "RecordChanged" | "RecordRemoved" => row.subject,
        "ChangeRefused" => serde_json::from_slice::<Json>(&row.data)
            .ok()
            .and_then(|data| data["record"].as_str()?.parse().ok()),
        _ => None,
    };
    let event = AuditEvent {
        position: row.position,
        append_end: row.append_end,
        plan: plan_of(&row.stream).map(str::to_owned),
        stream: row.stream,
        version: row.version,
        r#type: row.r#type,
        at: row.recorded_at,
        meta: serde_json::from_slice(&row.meta).map_err(|error| sqlx::Error::Decode(error.into()))?,
        record: None,
        data: row.data,
    };
    Ok(Found { event, record })
}

/// The events at these positions, in their order.
pub(super) async fn events_at(
    connection: &mut PgConnection,
    positions: &[i64],
    newest_first: bool,
) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position = any ($1)",
        positions,
    )
    .fetch_all(connection)
    .await?;
    in_order(rows, newest_first)
}

/// The events after one position and up to another.
pub(super) async fn events_between(
    connection: &mut PgConnection,
    after: i64,
    upto: i64,
    newest_first: bool,
) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
        where position > $1 and position <= $2",
        after,
        upto,
    )
    .fetch_all(connection)
    .await?;
    in_order(rows, newest_first)
}

fn in_order(rows: Vec<Row>, newest_first: bool) -> Result<Vec<Found>, sqlx::Error> {
    let mut events = rows.into_iter().map(found).collect::<Result<Vec<Found>, _>>()?;
    events.sort_unstable_by_key(|found| found.event.position);
    if newest_first {
        events.reverse();
    }
    Ok(events)
}

/// The event at a position; nothing when the ledger has not come so far.
pub async fn audit_event(pool: &PgPool, position: i64) -> Result<Option<AuditEvent>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found = events_at(&mut connection, &[position], false).await?;
    Ok(with_records(&mut connection, found).await?.pop())
}

/// What records were called when it happened, as the feed of their plan tells it.
pub(super) async fn with_records(
    connection: &mut PgConnection,
    found: Vec<Found>,
) -> Result<Vec<AuditEvent>, sqlx::Error> {
    let of_records = |found: &Found| found.event.plan.is_some() && kind_of(&found.event).is_some();
    let (plans, positions): (Vec<String>, Vec<i64>) = found
        .iter()
        .filter(|found| of_records(found))
        .filter_map(|found| Some((found.event.plan.clone()?, found.event.position)))
        .unzip();
    let mut named = HashMap::new();
    if !positions.is_empty() {
        let rows = sqlx::query!(
            "select c.position, c.subject from unnest($1::text[], $2::bigint[]) as w (plan, position)
            join change c on c.plan = w.plan and c.position = w.position",
            &plans,
            &positions,
        )
        .fetch_all(connection)
        .await?;
        named.extend(rows.into_iter().map(|row| (row.position, row.subject)));
    }
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
