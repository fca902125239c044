//! The product's own private PostgreSQL, with data that is thrown away: every contestant runs on the settings that Daybook ships.

use std::{
    path::{Path, PathBuf},
    process::Output,
    str::FromStr,
};

use anyhow::{Context, Result, bail};
use api::private_postgres::{PrivatePostgres, Settings};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::process::Command;

/// The peers hold a connection for every writer; Daybook itself needs no more than the usual hundred.
const CONNECTIONS_MAX: &str = "300";

/// A running server. Its files go when it is dropped.
pub struct Cluster {
    server: PrivatePostgres,
    pgbench: PathBuf,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Makes and starts a server below `parent`, which must lie on a real disk.
    pub async fn start(parent: &Path) -> Result<Self> {
        let pgbench = find_pgbench()?;
        let folder = tempfile::Builder::new().prefix("daybook-bench-").tempdir_in(parent)?;
        let mut settings = Settings::new(folder.path().join("data"));
        settings.overrides.push(("max_connections", CONNECTIONS_MAX.into()));
        Ok(Self { server: PrivatePostgres::start(&settings).await?, pgbench, folder })
    }

    /// Stops the server and removes its files.
    pub async fn stop(self) -> Result<()> {
        self.server.stop().await?;
        Ok(self.folder.close()?)
    }

    /// A folder on the server's disk, for files of the benchmark's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty database.
    pub async fn database(&self, name: &str) -> Result<Database<'_>> {
        self.execute(&format!("create database {name}")).await?;
        Ok(Database { cluster: self, name: name.to_owned() })
    }

    /// What the server calls itself.
    pub async fn version(&self) -> Result<String> {
        let mut connection = self.server.connect_options("postgres").connect().await?;
        Ok(sqlx::query_scalar("select current_setting('server_version')").fetch_one(&mut connection).await?)
    }

    async fn execute(&self, statement: &str) -> Result<()> {
        let mut connection = self.server.connect_options("postgres").connect().await?;
        connection.execute(AssertSqlSafe(statement)).await?;
        Ok(connection.close().await?)
    }
}

/// An empty database for one run of one contestant, so that nobody inherits another's tables.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Database<'_> {
    /// A folder on the server's disk, for a contestant with files of its own.
    pub fn folder(&self) -> &Path {
        self.cluster.folder()
    }

    /// How its owner connects.
    pub fn options(&self) -> PgConnectOptions {
        self.cluster.server.connect_options(&self.name)
    }

    /// pgbench with what it needs to find this database; to be given last.
    pub fn pgbench(&self) -> (Command, String) {
        (Command::new(&self.cluster.pgbench), self.cluster.server.url(&self.name))
    }

    /// Where a client that is no Rust finds it: socket or host, port, login, name.
    pub fn place(&self) -> [String; 4] {
        let options = self.options();
        let host = options
            .get_socket()
            .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
        [host, options.get_port().to_string(), options.get_username().to_owned(), self.name.clone()]
    }

    /// Runs statements, several if need be.
    pub async fn execute(&self, statements: &str) -> Result<()> {
        let mut connection: PgConnection = self.options().connect().await?;
        connection.execute(AssertSqlSafe(statements)).await?;
        Ok(connection.close().await?)
    }

    /// The peers' kind of pool (they stand on an older sqlx), as fast as it can be set: a connection for every writer, all open before the start,
    /// and no ping before each use.
    pub async fn peer_pool(&self, writers: usize) -> Result<sqlx_peers::PgPool> {
        let connections = u32::try_from(writers)?;
        let url = self.cluster.server.url(&self.name);
        let pool = sqlx_peers::postgres::PgPoolOptions::new()
            .min_connections(connections)
            .max_connections(connections)
            .test_before_acquire(false);
        Ok(pool.connect_with(sqlx_peers::postgres::PgConnectOptions::from_str(&url)?).await?)
    }

    /// Drops it. PostgreSQL makes a checkpoint for that, so that every run begins with a clean log.
    pub async fn remove(self) -> Result<()> {
        self.cluster.execute(&format!("drop database {} with (force)", self.name)).await
    }
}

/// The newest pgbench among those of the distribution, else the one in PATH.
fn find_pgbench() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        let entry = entry?;
        let major = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        found.push((major, entry.path().join("bin/pgbench")));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path).map(|folder| (0, folder.join("pgbench"))));
    found.retain(|(_, program)| program.exists());
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    Ok(found.into_iter().next().context("no pgbench found: `apt-get install postgresql`")?.1)
}

/// Turns a failed program into an error that says what it said.
pub fn successful(what: &str, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    bail!("{what} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr))
}
