//! The schema that the read models lie in.

use std::fmt::Write as _;

use eventstore::SERVICE_ROLE;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The definitions of all read models, in the order in which they are applied. What is added here makes a new generation.
const DEFINITIONS: &[&str] = &[
    include_str!("../../migrations/read_model/00_frame.sql"),
    include_str!("../../migrations/read_model/10_plan.sql"),
    include_str!("../../migrations/read_model/20_record.sql"),
    include_str!("../../migrations/read_model/30_placement.sql"),
    include_str!("../../migrations/read_model/40_account.sql"),
    include_str!("../../migrations/read_model/50_session.sql"),
    include_str!("../../migrations/read_model/60_lock.sql"),
    include_str!("../../migrations/read_model/70_change.sql"),
    include_str!("../../migrations/read_model/80_import.sql"),
    include_str!("../../migrations/read_model/90_refusal.sql"),
];

/// Why there is no schema for the read models.
#[derive(Debug, thiserror::Error)]
#[error("preparing the read models failed: {0}")]
pub struct PrepareError(#[from] sqlx::Error);

/// The schema of the read models that belong to this build, as the owner of the ledger: made when there is none, or when the
/// definitions of this build are other ones than those it was made from. The follower fills a new one from the beginning.
///
/// An old generation stays until the new one has come as far, and is dropped by the next call after that: a node of the
/// build before may still be reading it.
pub async fn prepare(owner: &PgConnectOptions, ledger_schema: &str) -> Result<String, PrepareError> {
    let mut connection = PgConnection::connect_with(owner).await?;
    let name = prepare_on(&mut connection, ledger_schema).await?;
    connection.close().await?;
    Ok(name)
}

/// The schema of the read models that belong to this build, for a login that only serves: nothing when the owner has not made it.
pub async fn prepared(login: &PgConnectOptions, ledger_schema: &str) -> Result<Option<String>, PrepareError> {
    let settings = eventstore::PoolSettings::new(login.clone(), ledger_schema);
    let mut connection = settings.connect_one().await?;
    let name = sqlx::query_scalar!(
        "select schema_name from generation where state = 'current' and digest = $1",
        digest(),
    )
    .fetch_optional(&mut connection)
    .await?;
    connection.close().await?;
    Ok(name)
}

async fn prepare_on(connection: &mut PgConnection, ledger_schema: &str) -> Result<String, PrepareError> {
    let mut transaction = connection.begin().await?;
    // Two nodes that start at once make one generation: the second waits here and finds it.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('daybook generation ' || $1, 0))",
        ledger_schema,
    )
    .execute(&mut *transaction)
    .await?;
    enter(&mut transaction, &[ledger_schema]).await?;
    let digest = digest();
    let known = sqlx::query!(
        "select generation_id, schema_name, digest, state from generation order by generation_id"
    )
    .fetch_all(&mut *transaction)
    .await?;
    let current = known.iter().find(|it| it.state == "current" && it.digest == digest);
    let name = if let Some(current) = current {
        for old in known.iter().filter(|it| it.state == "old") {
            drop_when_overtaken(&mut transaction, &current.schema_name, &old.schema_name).await?;
        }
        current.schema_name.clone()
    } else {
        let number = known.last().map_or(1, |last| last.generation_id + 1);
        make(&mut transaction, ledger_schema, number, &digest).await?
    };
    transaction.commit().await?;
    Ok(name)
}

async fn make(
    connection: &mut PgConnection,
    ledger_schema: &str,
    number: i64,
    digest: &str,
) -> Result<String, sqlx::Error> {
    let name = format!("{ledger_schema}_read_{number}");
    let schema = quoted(&name);
    run(connection, format!("create schema {schema}")).await?;
    enter(connection, &[&name, ledger_schema]).await?;
    for definition in DEFINITIONS {
        sqlx::raw_sql(*definition).execute(&mut *connection).await?;
    }
    run(connection, format!("grant usage on schema {schema} to {SERVICE_ROLE}")).await?;
    let tables =
        format!("grant select, insert, update, delete on all tables in schema {schema} to {SERVICE_ROLE}");
    run(connection, tables).await?;
    run(connection, format!("grant usage on all sequences in schema {schema} to {SERVICE_ROLE}")).await?;
    sqlx::query!("update generation set state = 'old' where state = 'current'")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "insert into generation (generation_id, schema_name, digest, state) values ($1, $2, $3, 'current')",
        number,
        &name,
        digest,
    )
    .execute(connection)
    .await?;
    Ok(name)
}

/// Drops an old generation when nothing of the current one is behind it.
async fn drop_when_overtaken(
    connection: &mut PgConnection,
    current: &str,
    old: &str,
) -> Result<(), sqlx::Error> {
    // Not one of the checked queries: it names two schemas.
    let sql = format!(
        "select coalesce(min(position), 0) >= (select coalesce(max(position), 0) from {}.checkpoint) from {}.checkpoint",
        quoted(old),
        quoted(current)
    );
    let overtaken: bool = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
    if overtaken {
        run(connection, format!("drop schema {} cascade", quoted(old))).await?;
        sqlx::query!("delete from generation where schema_name = $1", old).execute(connection).await?;
    }
    Ok(())
}

/// Looks names up in these schemas until the transaction ends.
async fn enter(connection: &mut PgConnection, schemas: &[&str]) -> Result<(), sqlx::Error> {
    let path: Vec<String> = schemas.iter().map(|schema| quoted(schema)).collect();
    sqlx::query!("select set_config('search_path', $1, true)", path.join(", "))
        .fetch_one(connection)
        .await
        .map(|_| ())
}

/// Runs a statement whose names are not known before. All of them are quoted.
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn digest() -> String {
    let mut hash = Sha256::new();
    for definition in DEFINITIONS {
        hash.update((definition.len() as u64).to_be_bytes());
        hash.update(definition);
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
