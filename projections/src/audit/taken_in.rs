//! How events are made findable.

use async_trait::async_trait;
use domain::Event;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Audit;
use super::filled::Filled;
use crate::fill::Filling;
use crate::places::{Key, add_places};
use crate::who::who_acted;
use crate::{Happened, Projection, ProjectionError};

#[async_trait]
impl Projection for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        add_places!(connection, "audit", batch, keys).await?;
        write_refusals(connection, batch).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
    }
}

async fn write_refusals(connection: &mut PgConnection, batch: &[Happened]) -> Result<(), sqlx::Error> {
    let (records, positions): (Vec<Uuid>, Vec<i64>) = batch.iter().filter_map(refused).unzip();
    if positions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into audit_refusal (record_id, position) select * from unnest($1::uuid[], $2::bigint[])",
        &records,
        &positions,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// The record of a change that was refused. What is about a record else, the ledger finds by itself.
pub(super) fn refused(happened: &Happened) -> Option<(Uuid, i64)> {
    match &happened.event {
        Event::ChangeRefused(e) => Some((e.record?.0, happened.position)),
        _ => None,
    }
}

/// By what an event is found, but the record that it is about.
pub(super) fn keys(happened: &Happened) -> impl Iterator<Item = Key> + use<> {
    let plan = happened.plan.is_some().then(|| plan_of(happened.stream.as_str())).flatten().map(Key::plan);
    let request = happened.meta.request_id.as_deref().map(Key::request);
    let always = [Key::actor(who_acted(happened.meta.actor)), Key::event_type(happened.event.r#type())];
    always.into_iter().chain([plan, request].into_iter().flatten())
}

/// The plan whose events, or whose refusals, a stream holds.
pub(super) fn plan_of(stream: &str) -> Option<&str> {
    let plan = stream.strip_prefix("plan/")?;
    Some(plan.strip_suffix("/refused").unwrap_or(plan))
}
