//! How a state is made from events.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Event;

/// The state of one stream: everything that a decision about it has to know.
///
/// `evolve` records and never judges; it cannot fail, because what has happened has happened. A state can be written aside and read
/// back ([`crate::snapshot`]); everything that it is goes with it.
pub trait Fold: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Takes in one more event.
    fn evolve(&mut self, event: &Event, at: &At);

    /// About how many things it holds, as a measure of the memory it takes.
    fn weight(&self) -> usize {
        1
    }

    /// Takes in where and when an event was recorded that was folded before that was known.
    fn settle(&mut self, event: &Event, stamp: &Stamp);
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Its version in the stream.
    pub version: i64,
    /// The epoch that it belongs to.
    pub epoch: i64,
    /// Where and when it was recorded; nothing while it is decided but not yet committed.
    pub stamp: Option<Stamp>,
}

/// Where and when something was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The position, without its epoch.
    pub position: i64,
    /// By the database's clock.
    pub at: DateTime<Utc>,
}
