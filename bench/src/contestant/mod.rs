//! Everybody who takes part in the ledger table. Each does the same: one event of 300 bytes an append, on a stream of the writer's own, with the
//! version that the writer expects and an id for the command, durable when answered.

pub mod daybook;
pub mod disintegrate;
mod pgbench;
mod postgres_es;
mod umadb;

pub use umadb::serve as serve_umadb;

use anyhow::Result;

use crate::{
    cluster::Database,
    measure::{Measured, Timing},
};

/// Bytes of every event's data.
pub const DATA_BYTES: usize = 300;

/// One who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contestant {
    /// Daybook's own ledger, the crate `eventstore`; every command id comes from a caller, so it is asked whether it is known.
    Daybook,
    /// The same with ids that the service makes itself: nobody can have used them before.
    DaybookNewIds,
    /// Bare `pgbench`: one autocommitted insert a transaction, no version check, no command id.
    Pgbench,
    /// The crate `postgres-es`, the event repository of `cqrs-es`.
    PostgresEs,
    /// The crate `disintegrate-postgres`.
    Disintegrate,
    /// UmaDB with its own store, asked over gRPC on loopback.
    Umadb,
}

impl Contestant {
    /// Name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daybook => "Daybook's ledger",
            Self::DaybookNewIds => "the same, ids of its own",
            Self::Pgbench => "pgbench, bare inserts",
            Self::PostgresEs => "postgres-es 0.5.0",
            Self::Disintegrate => "disintegrate-postgres 4.0.1",
            Self::Umadb => "umadb 0.7.8",
        }
    }

    /// One run in a database made for it.
    pub async fn run(self, database: &Database<'_>, writers: usize, timing: Timing) -> Result<Measured> {
        match self {
            Self::Daybook => daybook::run(database, writers, timing, true).await,
            Self::DaybookNewIds => daybook::run(database, writers, timing, false).await,
            Self::Pgbench => pgbench::run(database, writers, timing).await,
            Self::PostgresEs => postgres_es::run(database, writers, timing).await,
            Self::Disintegrate => disintegrate::run(database, writers, timing).await,
            Self::Umadb => umadb::run(database, writers, timing).await,
        }
    }
}

/// Data of an event: a JSON object of exactly [`DATA_BYTES`] bytes, told apart by `number`.
pub fn data(number: u64) -> String {
    let head = format!("{{\"number\":{number},\"long_name\":\"");
    let filling = "x".repeat(DATA_BYTES - head.len() - 2);
    format!("{head}{filling}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_json_of_the_promised_length() {
        for number in [0, u64::MAX] {
            let text = data(number);
            assert_eq!(text.len(), DATA_BYTES);
            serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        }
    }
}
