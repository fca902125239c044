//! A fresh ledger with its read models for one test.

use std::time::Duration;

use domain::{Actor, CommandId, Event, Meta, StreamName};
use eventstore::{Append, Appended, Expected, Ledger, NewEvent, PoolSettings, Write};
use projections::{Projection, Projections, prepare};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A ledger in a schema of its own, and the schema of its read models.
pub struct Setting {
    pub ledger: Ledger,
    pub owner: PgConnectOptions,
    pub schema: String,
    pub generation: String,
}

/// Longer than any wait of a test that goes well.
pub const SOON: Duration = Duration::from_secs(20);

static SCRATCH: OnceCell<PgConnectOptions> = OnceCell::const_new();

fn how_to_run() -> String {
    let with =
        "scripts/with-postgres bash -c 'DAYBOOK_TEST_URL=$DATABASE_URL cargo test --package projections'";
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
    let _ = sqlx::raw_sql("create database daybook_projections_test").execute(&mut connection).await;
    options.database("daybook_projections_test")
}

impl Setting {
    pub async fn new() -> Self {
        let owner = SCRATCH.get_or_init(scratch).await.clone();
        let schema = format!("l{}", Uuid::now_v7().simple());
        Ledger::migrate(&owner, &schema).await.expect("migrate");
        let generation = prepare(&owner, &schema).await.expect("prepare");
        let ledger = Ledger::open(PoolSettings::new(owner.clone(), &schema)).await.expect("open");
        Self { ledger, owner, schema, generation }
    }

    pub fn settings(&self) -> PoolSettings {
        PoolSettings::new(self.owner.clone(), &self.schema)
            .with_search_path(vec![self.generation.clone(), self.schema.clone()])
    }

    /// A node that follows with these projections.
    pub fn follow(&self, all: Vec<Box<dyn Projection>>) -> Projections {
        Projections::start(self.ledger.clone(), self.settings(), all)
    }

    /// A connection as owner, where the read models are.
    pub async fn as_owner(&self) -> PgConnection {
        let mut connection = PgConnection::connect_with(&self.owner).await.expect("connect");
        sqlx::query("select set_config('search_path', $1, false)")
            .bind(format!("{},{}", self.generation, self.schema))
            .execute(&mut connection)
            .await
            .expect("search path");
        connection
    }

    /// Takes away what a large test leaves.
    pub async fn drop_schemas(&self) {
        let sql = format!("drop schema {} cascade; drop schema {} cascade", self.generation, self.schema);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.as_owner().await).await.expect("dropped");
    }

    /// One append by an actor.
    pub async fn append_by(&self, actor: Actor, stream: &StreamName, events: Vec<Event>) -> Appended {
        let meta = Meta::new(CommandId(Uuid::now_v7()), actor);
        let events = events
            .iter()
            .map(|event| NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() })
            .collect();
        let write = Write { stream: stream.clone(), expected: Expected::Any, events };
        self.ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await.expect("append")
    }

    /// One append by the operator of the host.
    pub async fn append(&self, stream: &StreamName, events: Vec<Event>) -> Appended {
        self.append_by(Actor::Operator, stream, events).await
    }
}
