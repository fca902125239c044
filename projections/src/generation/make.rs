//! Schemas of generations: made, entered, dropped.

use eventstore::SERVICE_ROLE;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::DEFINITIONS;

/// Makes a generation with empty tables and notes it in this state.
pub(crate) async fn make(
    connection: &mut PgConnection,
    ledger_schema: &str,
    digest: &str,
    state: &str,
    projections: Option<&[String]>,
) -> Result<(i64, String), sqlx::Error> {
    let last =
        sqlx::query_scalar!("select max(generation_id) from generation").fetch_one(&mut *connection).await?;
    let number = last.unwrap_or(0) + 1;
    let name = format!("{ledger_schema}_read_{number}");
    let schema = quoted(&name);
    // No row knows of it: it was left by a ledger that is not there any more.
    run(connection, format!("drop schema if exists {schema} cascade")).await?;
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
    sqlx::query!(
        "insert into generation (generation_id, schema_name, digest, state, projections, told_at)
        values ($1, $2, $3, $4, $5, clock_timestamp())",
        number,
        &name,
        digest,
        state,
        projections,
    )
    .execute(connection)
    .await?;
    Ok((number, name))
}

/// Whether anybody reads a generation.
pub(crate) async fn is_read(connection: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let unread = is_unread(&mut transaction, schema).await?;
    transaction.rollback().await?;
    Ok(!unread)
}

/// Takes the lock of a generation until the transaction ends, if nobody reads it: whoever does holds it, shared.
async fn is_unread(transaction: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('daybook readers of ' || $1, 0)) as "unread!""#,
        schema,
    )
    .fetch_one(transaction)
    .await
}

/// Drops an old generation when nothing of the current one is behind it and nobody reads it; says whether it is gone.
pub(crate) async fn drop_old(
    connection: &mut PgConnection,
    current: &str,
    old: &str,
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    if !is_unread(&mut transaction, old).await? {
        return Ok(false);
    }
    // Not one of the checked queries: it names two schemas. What has stopped in the new one will not come further.
    let sql = format!(
        "select coalesce(min(position) filter (where state = 'live'), 0)
            >= (select coalesce(max(position), 0) from {}.checkpoint) from {}.checkpoint",
        quoted(old),
        quoted(current)
    );
    let overtaken: bool = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await?;
    if overtaken {
        drop_schema(&mut transaction, old).await?;
    }
    transaction.commit().await?;
    Ok(overtaken)
}

/// Drops a generation and what is noted of it.
pub(crate) async fn drop_schema(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    run(connection, format!("drop schema if exists {} cascade", quoted(name))).await?;
    sqlx::query!("delete from generation where schema_name = $1", name).execute(connection).await?;
    Ok(())
}

/// Drops generations that were begun and never finished. The caller holds the lock of whoever makes one.
pub(crate) async fn drop_half_made(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let left = sqlx::query_scalar!("select schema_name from generation where state = 'building'")
        .fetch_all(&mut *connection)
        .await?;
    for name in &left {
        drop_schema(connection, name).await?;
    }
    Ok(left)
}

/// Looks names up in these schemas until the transaction ends.
pub(crate) async fn enter(connection: &mut PgConnection, schemas: &[&str]) -> Result<(), sqlx::Error> {
    set_path(connection, schemas, true).await
}

/// Looks names up in these schemas.
pub(crate) async fn stay_in(connection: &mut PgConnection, schemas: &[&str]) -> Result<(), sqlx::Error> {
    set_path(connection, schemas, false).await
}

async fn set_path(connection: &mut PgConnection, schemas: &[&str], local: bool) -> Result<(), sqlx::Error> {
    let path: Vec<String> = schemas.iter().map(|schema| quoted(schema)).collect();
    sqlx::query!("select set_config('search_path', $1, $2)", path.join(", "), local)
        .fetch_one(connection)
        .await
        .map(|_| ())
}

/// Runs a statement whose names are not known before. All of them are quoted.
pub(crate) async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}

/// A name as an identifier, whatever it holds.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
