//! A fresh ledger for one test.

use domain::{Actor, CommandId, Meta, StreamName};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A ledger in a schema of its own.
pub struct Setting {
    pub ledger: Ledger,
    pub owner: PgConnectOptions,
    pub schema: String,
}

static SCRATCH: OnceCell<PgConnectOptions> = OnceCell::const_new();

fn how_to_run() -> String {
    let with =
        "scripts/with-postgres bash -c 'DAYBOOK_TEST_URL=$DATABASE_URL cargo test --package eventstore'";
    format!(
        "These tests need a PostgreSQL in which they may create a database, in DAYBOOK_TEST_URL. `make test` brings one \
         along, and so does, for these tests alone:\n  {with}"
    )
}

/// The owner's way to the database that all tests share.
async fn scratch() -> PgConnectOptions {
    let url = std::env::var("DAYBOOK_TEST_URL").unwrap_or_else(|_| panic!("{}", how_to_run()));
    let options: PgConnectOptions = url.parse().expect("DAYBOOK_TEST_URL is not a PostgreSQL URL");
    let mut connection = PgConnection::connect_with(&options)
        .await
        .unwrap_or_else(|error| panic!("DAYBOOK_TEST_URL leads to no PostgreSQL: {error}\n{}", how_to_run()));
    // Whoever comes second finds it there.
    let _ = sqlx::raw_sql("create database daybook_ledger_test").execute(&mut connection).await;
    options.database("daybook_ledger_test")
}

impl Setting {
    pub async fn new() -> Self {
        let owner = SCRATCH.get_or_init(scratch).await.clone();
        let schema = format!("ledger_{}", Uuid::now_v7().simple());
        Ledger::migrate(&owner, &schema).await.expect("migrate");
        let ledger = Ledger::open(PoolSettings::new(owner.clone(), &schema)).await.expect("open");
        Self { ledger, owner, schema }
    }

    pub fn settings(&self) -> PoolSettings {
        PoolSettings::new(self.owner.clone(), &self.schema)
    }

    /// Another process on the same ledger.
    pub async fn other_node(&self) -> Ledger {
        Ledger::open(self.settings()).await.expect("open")
    }

    /// A connection as owner, in the ledger's schema.
    pub async fn as_owner(&self) -> PgConnection {
        let mut connection = PgConnection::connect_with(&self.owner).await.expect("connect");
        sqlx::query("select set_config('search_path', $1, false)")
            .bind(&self.schema)
            .execute(&mut connection)
            .await
            .expect("search path");
        connection
    }

    /// Every number of the ledger is as it must be: positions without a gap, versions without a gap, whole appends,
    /// times that never fall, and a head that agrees.
    pub async fn assert_sound(&self) {
        let mut connection = self.as_owner().await;
        let (gaps, versions, appends, times, head): (i64, i64, i64, i64, bool) = sqlx::query_as(
            "select
                (select count(*) from (select position - row_number() over (order by position) as d from event) g
                    where d <> 0),
                (select count(*) from (select version - row_number() over (partition by stream order by position)
                    as d from event) v where d <> 0),
                (select count(*) from event e where append_end > position
                    and not exists (select from event n where n.position = e.position + 1
                        and n.append_end = e.append_end)),
                (select count(*) from (select recorded_at < lag(recorded_at) over (order by position) as fell
                    from event) t where fell),
                (select position from ledger_end()) = (select count(*) from event)",
        )
        .fetch_one(&mut connection)
        .await
        .expect("check");
        assert_eq!((gaps, versions, appends, times, head), (0, 0, 0, 0, true));
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        // Left behind on purpose when a test fails, to look at.
        if std::thread::panicking() {
            eprintln!("the ledger of this test is in schema {}", self.schema);
        }
    }
}

pub fn event(data: &str) -> NewEvent {
    NewEvent { r#type: "Happened", subject: None, data: data.as_bytes().to_vec() }
}

pub fn command() -> Append {
    Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System))
}

/// One event for one stream.
pub fn one(stream: &str, expected: Expected, data: &str) -> Append {
    many(stream, expected, vec![event(data)])
}

pub fn many(stream: &str, expected: Expected, events: Vec<NewEvent>) -> Append {
    Append { writes: vec![Write { stream: StreamName::from(stream), expected, events }], ..command() }
}

/// How often something is tried: ten times as often with `DAYBOOK_SOAK`.
pub fn count(usual: u64) -> u64 {
    if std::env::var_os("DAYBOOK_SOAK").is_some() { usual * 10 } else { usual }
}
