//! The owner's part: schema, tables, role.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::pool::quoted;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/ledger");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused something, or could not be reached.
    #[error("migrating the ledger failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed, or a shipped one has been changed.
    #[error("migrating the ledger failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Brings the ledger in `schema` up to date, as its owner; makes schema and role where they are missing, and lets the
/// owner's login take the role. Doing it twice does nothing.
pub(crate) async fn migrate(owner: &PgConnectOptions, schema: &str) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(owner).await?;
    let create = format!("create schema if not exists {}", quoted(schema));
    again_when_raced(&mut connection, &create).await?;
    sqlx::query!("select set_config('search_path', $1, false)", quoted(schema))
        .fetch_one(&mut connection)
        .await?;
    // Not `run`: the future of that one cannot be sent to another thread.
    MIGRATIONS.run_direct(None, &mut connection, false).await?;
    // A superuser may take any role; everybody else has to be a member.
    let login = sqlx::query!(
        r#"select current_user::text as "name!", pg_has_role(current_user, 'daybook_service', 'member') as "member!""#
    )
    .fetch_one(&mut connection)
    .await?;
    if !login.member {
        let grant = format!("grant daybook_service to {}", quoted(&login.name));
        again_when_raced(&mut connection, &grant).await?;
    }
    connection.close().await?;
    Ok(())
}

/// Whether this login may bring the schema up to date: it owns it, or there is none yet.
pub(crate) async fn may_migrate(login: &PgConnectOptions, schema: &str) -> Result<bool, sqlx::Error> {
    let mut connection = PgConnection::connect_with(login).await?;
    let owns = sqlx::query_scalar!(
        r#"select pg_has_role(current_user, nspowner, 'usage') as "owns!" from pg_namespace where nspname = $1"#,
        schema,
    )
    .fetch_optional(&mut connection)
    .await?;
    connection.close().await?;
    Ok(owns.unwrap_or(true))
}

/// Two migrations at once trip over each other's rows in the catalogue; the loser finds it done when he tries again.
async fn again_when_raced(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    let mut tries = 0;
    loop {
        // The only strings made at run time: identifiers in them are quoted.
        let sql = AssertSqlSafe(statement.to_owned());
        match sqlx::raw_sql(sql).execute(&mut *connection).await {
            Err(sqlx::Error::Database(error))
                if tries < 5 && matches!(error.code().as_deref(), Some("23505" | "42P06" | "XX000")) =>
            {
                tries += 1;
            }
            other => return other.map(|_| ()),
        }
    }
}
