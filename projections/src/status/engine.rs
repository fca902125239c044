//! How the ledger and its read models are.

use domain::Position;
use eventstore::Head;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sqlx::PgPool;

use crate::ProjectionStatus;

/// The ledger and its read models.
#[derive(Debug, Clone, Serialize)]
pub struct Engine {
    /// The last position.
    pub head: String,
    /// Counts restores.
    pub epoch: i64,
    /// `[{name, position, lag_events, lag_seconds, state, cause}]`; left out of the past, which is not on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projections: Option<Vec<Json>>,
    /// What the tables of the ledger and of all generations of its read models take on the disk, with their indexes;
    /// left out of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_bytes: Option<i64>,
    /// When the last backup was made; none is on record.
    pub last_backup: Option<Json>,
    /// The last checkpoint that was sealed; none is on record.
    pub last_checkpoint: Option<Json>,
}

/// The ledger and its read models, as they are now.
pub async fn engine(
    pool: &PgPool,
    head: Head,
    projections: &[ProjectionStatus],
) -> Result<Engine, sqlx::Error> {
    let Head { epoch, position: number, .. } = head;
    let lags = lag_seconds(pool, projections).await?;
    let told = |(it, lag_seconds): (&ProjectionStatus, f64)| {
        json!({
            "name": it.name,
            "position": Position { epoch, number: it.position }.to_string(),
            "lag_events": (number - it.position).max(0),
            "lag_seconds": lag_seconds,
            "state": it.word(),
            "cause": it.words(),
        })
    };
    Ok(Engine {
        head: Position { epoch, number }.to_string(),
        epoch,
        projections: Some(projections.iter().zip(lags).map(told).collect()),
        store_bytes: Some(store_bytes(pool).await?),
        last_backup: None,
        last_checkpoint: None,
    })
}

/// The ledger as it was when this was its last position.
pub fn engine_then(last: Position) -> Engine {
    Engine {
        head: last.to_string(),
        epoch: last.epoch,
        projections: None,
        store_bytes: None,
        last_backup: None,
        last_checkpoint: None,
    }
}

/// How long the first event has waited that a read model does not have yet, for each of them.
pub async fn lag_seconds(pool: &PgPool, projections: &[ProjectionStatus]) -> Result<Vec<f64>, sqlx::Error> {
    let waiting = sqlx::query!(
        r#"select position, greatest(extract(epoch from clock_timestamp() - recorded_at), 0)::float8 as "seconds!"
        from event where position = any ($1)"#,
        &projections.iter().map(|it| it.position + 1).collect::<Vec<_>>(),
    )
    .fetch_all(pool)
    .await?;
    let lag = |it: &ProjectionStatus| waiting.iter().find(|row| row.position == it.position + 1);
    Ok(projections.iter().map(|it| lag(it).map_or(0.0, |row| row.seconds)).collect())
}

/// Some hundred looks at the sizes of files: a few milliseconds, however long the ledger is.
async fn store_bytes(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as "bytes!"
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r'
            and (n.nspname = any (current_schemas(false)) or n.nspname in (select schema_name from generation))"#,
    )
    .fetch_one(pool)
    .await
}
