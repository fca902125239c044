//! How events change the rows of outages, of contact and of refused log-ins.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, OutageEnd};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

use super::Outages;
use crate::versions::{Edge, Versions, end_rows};
use crate::who::who_text;
use crate::{Happened, Projection, ProjectionError};

/// What is true of an outage between two positions.
#[derive(Debug, Clone, Default)]
struct Row {
    message: Option<String>,
    prevent_logins: bool,
    until: Option<DateTime<Utc>>,
    who: Option<String>,
    announced_at: Option<DateTime<Utc>>,
    gated_at: Option<DateTime<Utc>>,
    down_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    reason: Option<&'static str>,
}

#[async_trait]
impl Projection for Outages {
    fn name(&self) -> &'static str {
        "outage"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        write_refusals(connection, batch).await?;
        write_contact(connection, batch).await?;
        let touched: Vec<Uuid> = batch.iter().filter_map(|happened| outage_of(&happened.event)).collect();
        if touched.is_empty() {
            return Ok(());
        }
        let mut versions = load(connection, &touched).await?;
        for happened in batch {
            if let Some(id) = outage_of(&happened.event) {
                let row = versions.get(id).cloned().unwrap_or_default().after(&happened.event, happened.at);
                versions.put(id, row, Edge { position: happened.append_end, at: happened.at });
            }
        }
        write(connection, versions).await?;
        Ok(())
    }
}

fn outage_of(event: &Event) -> Option<Uuid> {
    match event {
        Event::OutageAnnounced(e) => Some(e.outage.0),
        Event::OutageChanged(e) => Some(e.outage.0),
        Event::OutageBegun(e) => Some(e.outage.0),
        Event::OutageEnded(e) => Some(e.outage.0),
        _ => None,
    }
}

impl Row {
    fn after(mut self, event: &Event, at: DateTime<Utc>) -> Row {
        match event {
            Event::OutageAnnounced(e) => {
                self.announced_at = Some(at);
                self.said(&e.message, e.prevent_logins, e.until, who_text(e.by), at)
            }
            Event::OutageChanged(e) => self.said(&e.message, e.prevent_logins, e.until, who_text(e.by), at),
            Event::OutageBegun(e) => Row { down_at: Some(e.at.unwrap_or(at)), ..self },
            Event::OutageEnded(e) => {
                let reason = match e.reason {
                    OutageEnd::ContactBack => "contact-back",
                    OutageEnd::Restart => "restart",
                    OutageEnd::Administrator => "administrator",
                };
                Row { ended_at: Some(e.at.unwrap_or(at)), reason: Some(reason), ..self }
            }
            _ => self,
        }
    }

    fn said(
        self,
        message: &str,
        prevent_logins: bool,
        until: Option<DateTime<Utc>>,
        who: String,
        at: DateTime<Utc>,
    ) -> Row {
        let gated_at = if prevent_logins { self.gated_at.or(Some(at)) } else { None };
        Row { message: Some(message.to_owned()), prevent_logins, until, who: Some(who), gated_at, ..self }
    }
}

/// The rows that are true, of the outages that the batch is about. One that is over is not touched any more.
async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Versions<Row>, sqlx::Error> {
    let rows = sqlx::query!(
        "select outage_id, message, prevent_logins, until, who, announced_at, gated_at, down_at, valid_from
        from outage where outage_id = any ($1) and valid_to is null",
        ids,
    )
    .fetch_all(connection)
    .await?;
    let mut versions = Versions::new();
    for row in rows {
        let from = Edge { position: row.valid_from, at: DateTime::default() };
        let loaded = Row {
            message: row.message,
            prevent_logins: row.prevent_logins,
            until: row.until,
            who: row.who,
            announced_at: row.announced_at,
            gated_at: row.gated_at,
            down_at: row.down_at,
            ended_at: None,
            reason: None,
        };
        versions.load(row.outage_id, loaded, from);
    }
    Ok(versions)
}

async fn write(connection: &mut PgConnection, versions: Versions<Row>) -> Result<(), sqlx::Error> {
    let (closed, rows) = versions.finish();
    end_rows!(connection, "outage", "outage_id", closed)?;
    sqlx::query!(
        "insert into outage (outage_id, message, prevent_logins, until, who, announced_at, gated_at, down_at, ended_at,
            reason, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::boolean[], $4::timestamptz[], $5::text[], $6::timestamptz[],
            $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::bigint[], $12::bigint[])",
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.row.message.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.prevent_logins).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.row.until).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.who.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.announced_at).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.gated_at).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.down_at).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.ended_at).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.reason).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.from.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn write_refusals(connection: &mut PgConnection, batch: &[Happened]) -> Result<(), sqlx::Error> {
    let refused: Vec<_> = batch
        .iter()
        .filter_map(|happened| match &happened.event {
            Event::LoginsRefused(e) => Some((happened, e)),
            _ => None,
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into login_refusal (position, node, minute, outage_id, gated, failed, valid_from)
        select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[])",
        &refused.iter().map(|(happened, _)| happened.position).collect::<Vec<_>>(),
        &refused.iter().map(|(_, e)| e.node.as_str()).collect::<Vec<_>>() as _,
        &refused.iter().map(|(_, e)| e.minute).collect::<Vec<_>>(),
        &refused.iter().map(|(_, e)| e.outage.map(|outage| outage.0)).collect::<Vec<_>>() as _,
        &refused.iter().map(|(_, e)| count(e.gated)).collect::<Vec<_>>(),
        &refused.iter().map(|(_, e)| count(e.failed)).collect::<Vec<_>>(),
        &refused.iter().map(|(happened, _)| happened.append_end).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Contact is lost or back: one row for each append that tells of it.
async fn write_contact(connection: &mut PgConnection, batch: &[Happened]) -> Result<(), sqlx::Error> {
    let mut told: BTreeMap<i64, (bool, DateTime<Utc>)> = BTreeMap::new();
    for happened in batch {
        let contact = match &happened.event {
            Event::ContactLost(e) => (true, e.at),
            Event::ContactBack(e) => (false, e.at),
            _ => continue,
        };
        told.insert(happened.append_end, contact);
    }
    let Some(first) = told.keys().next() else { return Ok(()) };
    sqlx::query!("update outage_contact set valid_to = $1 where valid_to is null", first)
        .execute(&mut *connection)
        .await?;
    let ends = told.keys().skip(1).copied().map(Some).chain([None]);
    sqlx::query!(
        "insert into outage_contact (lost, since, valid_from, valid_to)
        select * from unnest($1::boolean[], $2::timestamptz[], $3::bigint[], $4::bigint[])",
        &told.values().map(|(lost, _)| *lost).collect::<Vec<_>>(),
        &told.values().map(|(_, since)| *since).collect::<Vec<_>>(),
        &told.keys().copied().collect::<Vec<_>>(),
        &ends.collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
