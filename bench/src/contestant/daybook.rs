//! Daybook's ledger as the service uses it: one committer in this process that gathers the appends of all writers. Beside the event it stores every
//! command id; one that comes from a caller it looks up too, because it may be known.

use anyhow::Result;
use domain::{Actor, CommandId, Meta, StreamName};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use uuid::Uuid;

use super::data;
use crate::{
    cluster::Database,
    measure::{self, Measured, Timing, Writer},
};

/// The ledger's schema.
const SCHEMA: &str = "ledger";

/// One cell. `keyed`: the command ids come from callers.
pub async fn run(database: &Database<'_>, writers: usize, timing: Timing, keyed: bool) -> Result<Measured> {
    Ledger::migrate(&database.options(), SCHEMA).await?;
    let ledger = Ledger::open(PoolSettings::new(database.options(), SCHEMA)).await?;
    let mut writers = writers_on(&ledger, writers, "stream", keyed);
    let measured = measure::drive(&mut writers, timing).await;
    ledger.pool().close().await;
    measured
}

/// Writers on new streams of their own, whose names begin with `prefix`.
pub fn writers_on(ledger: &Ledger, writers: usize, prefix: &str, keyed: bool) -> Vec<Appender> {
    let actor = Actor::User(Uuid::new_v4());
    (0..writers)
        .map(|n| Appender {
            ledger: ledger.clone(),
            stream: StreamName::new(format!("{prefix}-{n}")),
            subject: Uuid::new_v4(),
            actor,
            session: Uuid::new_v4(),
            version: 0,
            keyed,
        })
        .collect()
}

/// One who appends.
pub struct Appender {
    ledger: Ledger,
    stream: StreamName,
    subject: Uuid,
    actor: Actor,
    session: Uuid,
    version: i64,
    keyed: bool,
}

impl Writer for Appender {
    async fn append(&mut self) -> Result<()> {
        let mut meta = Meta::new(CommandId(Uuid::new_v4()), self.actor);
        meta.session = Some(self.session);
        let mut append = Append::new(meta);
        append.keyed = self.keyed;
        append.writes.push(Write {
            stream: self.stream.clone(),
            expected: Expected::Exactly(self.version),
            events: vec![NewEvent {
                r#type: "TeacherChanged",
                subject: Some(self.subject),
                data: data(u64::try_from(self.version)?).into_bytes(),
            }],
        });
        self.ledger.append(append).await?;
        self.version += 1;
        Ok(())
    }
}
