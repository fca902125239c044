//! Connections of the service: as role `daybook_service`, with a search path and with time limits.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection};

/// The role that the service takes; it may add to the ledger and read it, nothing else.
pub const SERVICE_ROLE: &str = "daybook_service";

/// How the service connects. The ledger and the read models each make a pool of their own from the same settings.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Server, database and login.
    pub connect: PgConnectOptions,
    /// Schemas in which table names are looked up, the first one first: generation of the read models, then ledger.
    pub search_path: Vec<String>,
    /// The most connections of the pool. The committer has two of its own beside them.
    pub connections_max: u32,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
    /// How long a transaction may do nothing before the server ends it, so that a stuck writer stops nobody.
    pub idle_in_transaction_timeout: Duration,
    /// Whether whole tables may be read where an index would do. The ledger's own statements never should: their plans
    /// are made while its tables are empty, when reading them whole looks cheap, and kept when they have grown.
    pub sequential_scans: bool,
}

impl PoolSettings {
    /// The usual limits for a ledger in the given schema.
    pub fn new(connect: PgConnectOptions, ledger_schema: &str) -> Self {
        Self {
            connect,
            search_path: vec![ledger_schema.to_owned()],
            connections_max: 8,
            statement_timeout: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(1),
            sequential_scans: true,
        }
    }

    /// The same with other schemas to look names up in.
    #[must_use]
    pub fn with_search_path(mut self, search_path: Vec<String>) -> Self {
        self.search_path = search_path;
        self
    }

    /// One connection outside any pool, prepared like those of the pool.
    pub async fn connect_one(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.connect).await?;
        self.prepare(&mut connection).await?;
        Ok(connection)
    }

    /// Makes a fresh connection one of the service: role, search path, limits.
    pub async fn prepare(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("set role daybook_service").execute(&mut *connection).await?;
        let path: Vec<String> = self.search_path.iter().map(|schema| quoted(schema)).collect();
        let millis = |limit: Duration| limit.as_millis().to_string();
        // Not one of the checked queries: those are always kept by the server, and this one is asked once.
        sqlx::query(
            "select set_config('search_path', $1, false), set_config('statement_timeout', $2, false),
                set_config('lock_timeout', $3, false), set_config('idle_in_transaction_session_timeout', $4, false),
                set_config('enable_seqscan', $5, false), set_config('jit', 'off', false)",
        )
        .persistent(false)
        .bind(path.join(", "))
        .bind(millis(self.statement_timeout))
        .bind(millis(self.lock_timeout))
        .bind(millis(self.idle_in_transaction_timeout))
        .bind(if self.sequential_scans { "on" } else { "off" })
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// A pool whose connections all run as the service. Connects at first use.
pub fn service_pool(settings: &PoolSettings) -> PgPool {
    let prepare = settings.clone();
    PgPoolOptions::new()
        .max_connections(settings.connections_max)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(move |connection, _| {
            let settings = prepare.clone();
            Box::pin(async move { settings.prepare(connection).await })
        })
        .connect_lazy_with(settings.connect.clone())
}

/// A name as an identifier, whatever it holds.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Why a connection is not fit to run the service on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody answers, or the login is refused.
    #[error("the ledger cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// `set role` was refused.
    #[error(
        "the login may not take the role {SERVICE_ROLE} ({0}); run `daybook migrate --owner-url URL` as the owner of \
         the database, then `grant {SERVICE_ROLE} to <login of the service>`"
    )]
    RoleRefused(String),
    /// There are no tables where the search path leads.
    #[error(
        "there is no ledger in schema {0}; run `daybook migrate --owner-url URL` as the owner of the database"
    )]
    NoLedger(String),
    /// The role could rewrite the ledger.
    #[error(
        "refusing to run with a role that could rewrite the ledger: {0}; run `daybook migrate --owner-url URL` as the \
         owner of the database, which gives {SERVICE_ROLE} the right grants"
    )]
    TooPowerful(String),
}

/// Refuses a connection whose role could rewrite the ledger.
pub(crate) async fn check_role(settings: &PoolSettings) -> Result<(), OpenError> {
    let mut connection = settings.connect_one().await.map_err(|error| match error.as_database_error() {
        Some(cause) if matches!(cause.code().as_deref(), Some("42501" | "22023" | "42704")) => {
            OpenError::RoleRefused(cause.message().to_owned())
        }
        _ => OpenError::Unreachable(error),
    })?;
    let found = sqlx::query!(
        r#"select r.rolsuper as "superuser!", pg_has_role(c.relowner, 'usage') as "owner!",
            has_table_privilege(c.oid, 'update') or has_table_privilege(c.oid, 'delete')
                or has_table_privilege(c.oid, 'truncate') as "rewrites!"
        from pg_class c, pg_roles r
        where c.oid = to_regclass('event') and r.rolname = current_user"#
    )
    .fetch_optional(&mut connection)
    .await
    .map_err(OpenError::Unreachable)?;
    let _ = connection.close().await;
    match found {
        None => Err(OpenError::NoLedger(settings.search_path.join(", "))),
        Some(role) if role.superuser => Err(OpenError::TooPowerful(format!("{SERVICE_ROLE} is a superuser"))),
        Some(role) if role.owner => {
            Err(OpenError::TooPowerful(format!("{SERVICE_ROLE} owns the table event")))
        }
        Some(role) if role.rewrites => Err(OpenError::TooPowerful(format!(
            "{SERVICE_ROLE} may update, delete or truncate the table event"
        ))),
        Some(_) => Ok(()),
    }
}
