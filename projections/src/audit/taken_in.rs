//! How events are made findable.

use async_trait::async_trait;
use domain::Event;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use uuid::Uuid;

use super::Audit;
use super::bits::block_of;
use super::filled::Filled;
use super::key::Key;
use super::places::{Blocks, Places};
use crate::fill::Filling;
use crate::who::who_acted;
use crate::{Happened, Projection, ProjectionError};

#[async_trait]
impl Projection for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let mut blocks = begun(connection, batch, block_of(first.position)).await?;
        for happened in batch {
            blocks.add(happened.position, keys(happened));
        }
        write(connection, &blocks).await?;
        write_refusals(connection, batch).await?;
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
    }
}

/// The places that are there already, of what the batch adds to in the block that it begins in. Later blocks have none.
async fn begun(
    connection: &mut PgConnection,
    batch: &[Happened],
    block: i32,
) -> Result<Blocks, ProjectionError> {
    let added = batch.iter().take_while(|happened| block_of(happened.position) == block);
    let words: BTreeSet<i64> = added.flat_map(keys).map(|key| key.word).collect();
    let rows = sqlx::query!(
        "select word, places from audit where word = any ($1) and block = $2",
        &words.into_iter().collect::<Vec<_>>(),
        block,
    )
    .fetch_all(connection)
    .await?;
    let mut blocks = Blocks::default();
    for row in rows {
        let places = Places::read(&row.places).map_err(|broken| sqlx::Error::Decode(broken.into()))?;
        blocks.load(block, row.word, places);
    }
    Ok(blocks)
}

async fn write(connection: &mut PgConnection, blocks: &Blocks) -> Result<(), sqlx::Error> {
    let rows: Vec<(i32, i64, &Places)> = blocks.rows().collect();
    sqlx::query!(
        "insert into audit (word, block, places) select * from unnest($1::bigint[], $2::integer[], $3::bytea[])
        on conflict (word, block) do update set places = excluded.places",
        &rows.iter().map(|(_, word, _)| *word).collect::<Vec<_>>(),
        &rows.iter().map(|(block, _, _)| *block).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, places)| places.bytes()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
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
