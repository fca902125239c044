//! `postgres-es`: a plain insert in a transaction; the primary key (type, aggregate, sequence) is its version check. It has no command ids, so the id
//! travels in the metadata, and nothing answers a repeated command.

use std::sync::Arc;

use anyhow::Result;
use cqrs_es::{
    Aggregate, DomainEvent,
    event_sink::EventSink,
    persist::{PersistedEventRepository, SerializedEvent},
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::data;
use crate::{
    cluster::Database,
    measure::{self, Measured, Timing, Writer},
};

/// Its table, from the crate's `db/init.sql`.
const TABLE: &str = "create table events (
    aggregate_type text not null, aggregate_id text not null, sequence bigint check (sequence >= 0) not null,
    event_type text not null, event_version text not null, payload json not null, metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence))";

/// One cell, with a connection for every writer.
pub async fn run(database: &Database<'_>, writers: usize, timing: Timing) -> Result<Measured> {
    database.execute(TABLE).await?;
    let pool = database.peer_pool(writers).await?;
    let repository = Arc::new(PostgresEventRepository::new(pool.clone()));
    let mut writers = (0..writers)
        .map(|n| Appender { repository: repository.clone(), aggregate: format!("stream-{n}"), version: 0 })
        .collect();
    let measured = measure::drive(&mut writers, timing).await;
    pool.close().await;
    measured
}

struct Appender {
    repository: Arc<PostgresEventRepository>,
    aggregate: String,
    version: usize,
}

impl Writer for Appender {
    async fn append(&mut self) -> Result<()> {
        let payload: Value = serde_json::from_str(&data(self.version as u64))?;
        let event = SerializedEvent::new(
            self.aggregate.clone(),
            self.version + 1,
            Stream::TYPE.into(),
            "TeacherChanged".into(),
            "1.0".into(),
            payload,
            json!({ "command_id": Uuid::new_v4() }),
        );
        self.repository.persist::<Stream>(&[event], None).await?;
        self.version += 1;
        Ok(())
    }
}

/// The repository wants to know an aggregate's type; only its name is used here.
#[derive(Default, Serialize, Deserialize)]
struct Stream;

impl Aggregate for Stream {
    const TYPE: &'static str = "Stream";
    type Command = ();
    type Event = Changed;
    type Error = std::convert::Infallible;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _: Changed) {}
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Changed;

impl DomainEvent for Changed {
    fn event_type(&self) -> String {
        "TeacherChanged".into()
    }

    fn event_version(&self) -> String {
        "1.0".into()
    }
}
