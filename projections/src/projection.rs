//! What a read model is: rows, and how a batch of events changes them.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, Meta, StreamName};
use sqlx::PgConnection;

use crate::fill::Filling;

/// An event as the projections get it: decoded once for all of them.
#[derive(Debug, Clone)]
pub struct Happened {
    /// Its position, without the epoch.
    pub position: i64,
    /// The last position of its append: rows that it makes are true from there on, so that nobody sees half an append.
    pub append_end: i64,
    /// The epoch that the position belongs to.
    pub epoch: i64,
    /// Its stream.
    pub stream: StreamName,
    /// The plan whose stream, or whose stream of refusals, it is in, as it is written.
    pub plan: Option<Arc<str>>,
    /// Its version in the stream.
    pub version: i64,
    /// When it was recorded, by the database's clock.
    pub at: DateTime<Utc>,
    /// What is noted beside it.
    pub meta: Meta,
    /// What happened.
    pub event: Event,
}

/// A read model. Its rows and its checkpoint move in one transaction; nobody else writes its tables.
///
/// Every row carries `valid_from` and `valid_to`, the positions (append ends) between which it was true: one `where` answers "now"
/// (`valid_to is null`) and "as of n" (`valid_from <= n and (valid_to is null or valid_to > n)`).
#[async_trait]
pub trait Projection: Send + Sync + 'static {
    /// Its name in the checkpoint, the status report, the metrics.
    fn name(&self) -> &'static str;

    /// Takes in whole appends, in order, in bulk: a few statements for the whole batch, never one per event.
    ///
    /// An error rolls the batch back and stops this projection alone.
    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError>;

    /// A faster way into empty tables, for a projection with many rows; it must make the very rows that [`Self::apply`] makes.
    /// None: a rebuild hands it large batches.
    fn filling(&self) -> Option<Box<dyn Filling>> {
        None
    }
}

/// Why a projection could not take a batch in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Database(#[from] sqlx::Error),
    /// An event does not fit what the read model knows.
    #[error("the event at position {position} does not fit: {cause}")]
    Unfit {
        /// Where.
        position: i64,
        /// Why.
        cause: String,
    },
}

/// The moment that a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Now.
    Now,
    /// As things stood after the append that this position belongs to.
    AsOf(i64),
}
