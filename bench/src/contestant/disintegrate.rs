//! `disintegrate-postgres`: a serializable transaction that looks for a newer event of the same stream and inserts.
//!
//! Version 4.0.1 does not set itself up on PostgreSQL 15 or older: its `event_store_begin_epoch` holds the literal `0xFFFFFFFF`, which PostgreSQL reads
//! only from 16 on. So its schema is made here, word for word, with that literal in decimal; the rest is the crate's own code.

use std::{
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use disintegrate::{Event, EventListener, EventStore, PersistedEvent, StreamQuery, query};
use disintegrate_postgres::{Error, PgEventId, PgEventListener, PgEventListenerConfig, PgEventStore};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::DATA_BYTES;
use crate::{
    cluster::Database,
    measure::{self, Measured, Timing, Writer},
};

const SCHEMA: &[&str] = &[
    "create sequence seq_event_event_id",
    "create table event (event_id bigint primary key default nextval('seq_event_event_id'), event_type varchar(255),
        payload bytea, inserted_at timestamp default now())",
    "create index idx_event_type_btree on event (event_type)",
    "create function event_store_begin_epoch() returns void as $$
        declare
            id bigint;
            db_id int;
        begin
            select last_value into id from seq_event_event_id;
            select oid into db_id from pg_database where datname = current_database();
            perform pg_try_advisory_xact_lock_shared(db_id, 0);
            perform pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
            perform pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
        end;
        $$ language plpgsql",
    "alter table event add column stream text",
    "create index idx_event_stream on event (stream) where stream is not null",
];

/// What its serialized event has around stream and long name.
const ENVELOPE_BYTES: usize = 99;

/// One cell, with a connection for every writer.
pub async fn run(database: &Database<'_>, writers: usize, timing: Timing) -> Result<Measured> {
    for statement in SCHEMA {
        database.execute(statement).await?;
    }
    let pool = database.peer_pool(writers).await?;
    let store = PgEventStore::new_uninitialized(pool.clone(), Json::default());
    let mut writers = (0..writers)
        .map(|n| Appender { store: store.clone(), stream: format!("stream-{n}"), version: 0 })
        .collect();
    let measured = measure::drive(&mut writers, timing).await;
    pool.close().await;
    measured
}

type Json = disintegrate::serde::json::Json<StreamEvent>;

#[derive(Clone, Debug, PartialEq, Eq, Event, Serialize, Deserialize)]
enum StreamEvent {
    TeacherChanged {
        #[id]
        stream: String,
        command_id: Uuid,
        long_name: String,
    },
}

struct Appender {
    store: PgEventStore<StreamEvent, Json>,
    stream: String,
    version: PgEventId,
}

impl Writer for Appender {
    async fn append(&mut self) -> Result<()> {
        // The stream's name and the command id lie in the data here: the filling makes 300 bytes of it all.
        let event = StreamEvent::TeacherChanged {
            stream: self.stream.clone(),
            command_id: Uuid::new_v4(),
            long_name: "x".repeat(DATA_BYTES - ENVELOPE_BYTES - self.stream.len()),
        };
        loop {
            let looked_at: StreamQuery<PgEventId, StreamEvent> =
                query!(StreamEvent; stream == self.stream.clone());
            match self.store.append(vec![event.clone()], looked_at, self.version).await {
                Ok(appended) => {
                    self.version = appended.first().map_or(self.version, PersistedEvent::id);
                    return Ok(());
                }
                // Another transaction was in the way, not another event of this stream: the caller is to try again.
                Err(Error::Concurrency) => {}
                Err(Error::Database(error)) if is_serialization_failure(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A serialization failure that shows before the commit comes out of the crate as a plain database error.
fn is_serialization_failure(error: &sqlx_peers::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx_peers::error::DatabaseError::code)
        .is_some_and(|code| code == "40001")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_event_is_as_long_as_the_others() {
        let stream = "stream-7".to_owned();
        let long_name = "x".repeat(DATA_BYTES - ENVELOPE_BYTES - stream.len());
        let event = StreamEvent::TeacherChanged { stream, command_id: Uuid::nil(), long_name };
        assert_eq!(serde_json::to_vec(&event).expect("JSON").len(), DATA_BYTES);
    }
}

/// What its listener is made of in the database, from the crate's `src/listener/sql` and `src/event_store/sql`.
const LISTENER: &str = "create table event_listener (id text primary key, last_processed_event_id bigint, updated_at timestamp default now());
    create function event_store_current_epoch() returns bigint as $$
        declare
            persisted_event_id bigint;
            pending_event_id bigint;
            db_id int;
        begin
            select coalesce(max(event_id), 0) into persisted_event_id from event;
            select oid into db_id from pg_database where datname = current_database();
            select min((l3.objid::bigint << 32) + l2.objid::bigint) into pending_event_id
            from pg_locks l1 inner join pg_locks l2 on l1.pid = l2.pid inner join pg_locks l3 on l1.pid = l3.pid
            where l1.classid = db_id and l2.classid = 1 and l3.classid = 2 and l1.locktype = 'advisory';
            return least(coalesce(pending_event_id, persisted_event_id), persisted_event_id);
        end;
        $$ language plpgsql";

/// How many events a second its listener hands to somebody who does nothing with them. They are put there with one statement.
pub async fn listen(database: &Database<'_>, events: u64) -> Result<f64> {
    for statement in SCHEMA {
        database.execute(statement).await?;
    }
    database.execute(LISTENER).await?;
    let filling = "x".repeat(DATA_BYTES - ENVELOPE_BYTES - 8);
    database
        .execute(&format!(
            "insert into event (event_type, stream, payload)
            select 'TeacherChanged', 'stream-' || n % 16, convert_to(json_build_object('TeacherChanged', json_build_object(
                'stream', 'stream-' || n % 16, 'command_id', md5(n::text)::uuid, 'long_name', '{filling}'))::text, 'utf8')
            from generate_series(1, {events}) as n"
        ))
        .await?;
    database.execute("vacuum analyze event").await?;
    let pool = database.peer_pool(2).await?;
    let store: PgEventStore<StreamEvent, Json> =
        PgEventStore::new_uninitialized(pool.clone(), Json::default());
    let (done, told) = oneshot::channel();
    let listener =
        Listener { query: query!(StreamEvent), left: AtomicU64::new(events), done: Mutex::new(Some(done)) };
    let began = Instant::now();
    PgEventListener::builder(store)
        .uninitialized()
        .register_listener(listener, PgEventListenerConfig::poller(Duration::from_millis(10)))
        .start_with_shutdown(async {
            let _ = told.await;
        })
        .await?;
    let took = began.elapsed();
    pool.close().await;
    Ok(events as f64 / took.as_secs_f64())
}

/// Counts down, and tells when nothing is left.
struct Listener {
    query: StreamQuery<PgEventId, StreamEvent>,
    left: AtomicU64,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl EventListener<PgEventId, StreamEvent> for Listener {
    type Error = std::convert::Infallible;

    fn id(&self) -> &'static str {
        "bench"
    }

    fn query(&self) -> &StreamQuery<PgEventId, StreamEvent> {
        &self.query
    }

    fn handle<'me, 'done>(
        &'me self,
        _: PersistedEvent<PgEventId, StreamEvent>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Self::Error>> + Send + 'done>>
    where
        'me: 'done,
        Self: 'done,
    {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1
            && let Some(done) = self.done.lock().expect("nobody panics while holding it").take()
        {
            let _ = done.send(());
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
