//! Nodes of the service: which have been started, and which of them live.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, NodeStarted};
use sqlx::{PgConnection, PgPool};

use crate::{Happened, Moment, Projection, ProjectionError};

/// The read model of nodes: table `node`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nodes;

/// The start of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// The end of the append that tells of it: by this the node is known.
    pub start: i64,
    /// What it is called.
    pub name: String,
    /// The version that it runs.
    pub version: String,
    /// When.
    pub started_at: DateTime<Utc>,
}

/// The last starts of nodes up to a moment, the newest first: at most `limit`.
pub async fn nodes_started(pool: &PgPool, moment: Moment, limit: i64) -> Result<Vec<NodeRow>, sqlx::Error> {
    sqlx::query_as!(
        NodeRow,
        "select valid_from as start, name, version, started_at from node where position <= $1
        order by position desc limit $2",
        moment.last(),
        limit,
    )
    .fetch_all(pool)
    .await
}

#[async_trait]
impl Projection for Nodes {
    fn name(&self) -> &'static str {
        "node"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let started: Vec<(&Happened, &NodeStarted)> = batch
            .iter()
            .filter_map(|happened| match &happened.event {
                Event::NodeStarted(e) => Some((happened, e)),
                _ => None,
            })
            .collect();
        if started.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "insert into node (position, name, version, started_at, valid_from)
            select * from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])",
            &started.iter().map(|(happened, _)| happened.position).collect::<Vec<_>>(),
            &started.iter().map(|(_, e)| e.node.as_str()).collect::<Vec<_>>() as _,
            &started.iter().map(|(_, e)| e.version.as_str()).collect::<Vec<_>>() as _,
            &started.iter().map(|(happened, _)| happened.at).collect::<Vec<_>>(),
            &started.iter().map(|(happened, _)| happened.append_end).collect::<Vec<_>>(),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
