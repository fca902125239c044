//! A PostgreSQL of the benchmark's own, thrown away afterwards, with the settings of the product's private one.

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Output,
};

use anyhow::{Context, Result, bail, ensure};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::process::Command;

/// What differs from PostgreSQL's defaults. fsync, synchronous_commit and full_page_writes stay on.
const SETTINGS: &[&str] =
    &["listen_addresses=", "max_connections=300", "shared_buffers=256MB", "max_wal_size=4GB"];

/// A running server. Dropping it stops the server and removes its files.
pub struct Cluster {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    /// The user to run it as where we are root, whom PostgreSQL refuses.
    drop_to: Option<(u32, u32)>,
}

impl Cluster {
    /// Makes and starts a server below `parent`, which must lie on a real disk.
    pub async fn start(parent: &Path) -> Result<Self> {
        let binaries = find_binaries()?;
        let folder = tempfile::Builder::new().prefix("daybook-bench-").tempdir_in(parent)?;
        let mut drop_to = None;
        if nix::unistd::geteuid().is_root() {
            let user = nix::unistd::User::from_name("postgres")?
                .context("no user `postgres` to run the server as")?;
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
            drop_to = Some((user.uid.as_raw(), user.gid.as_raw()));
        }
        let cluster = Self { binaries, folder, drop_to };
        let data = cluster.data();
        let initdb = ["-E", "UTF8", "--locale=C.UTF-8", "-k", "-A", "trust", "-U", "daybook", "-D"];
        let made = cluster.command("initdb").args(initdb).arg(&data).output().await?;
        successful("initdb", &made)?;
        let mut settings = format!("-c unix_socket_directories={}", cluster.folder().display());
        for setting in SETTINGS {
            settings.push_str(" -c ");
            settings.push_str(setting);
        }
        let log = cluster.folder().join("log");
        let mut start = cluster.command("pg_ctl");
        start.arg("-D").arg(&data).args(["-o", &settings, "-w", "-l"]).arg(&log).arg("start");
        ensure!(
            start.status().await?.success(),
            "PostgreSQL did not start: {}",
            std::fs::read_to_string(log)?
        );
        Ok(cluster)
    }

    /// Where the server's files and its socket lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty database.
    pub async fn database(&self, name: &str) -> Result<Database<'_>> {
        let mut connection = self.options("postgres").connect().await?;
        connection.execute(AssertSqlSafe(format!("create database {name}"))).await?;
        connection.close().await?;
        Ok(Database { cluster: self, name: name.to_owned() })
    }

    /// What the server calls itself.
    pub async fn version(&self) -> Result<String> {
        let mut connection = self.options("postgres").connect().await?;
        Ok(sqlx::query_scalar("select current_setting('server_version')").fetch_one(&mut connection).await?)
    }

    /// A program of PostgreSQL's, to be run as the server's user.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command
            .current_dir(self.folder())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null());
        if let Some((user, group)) = self.drop_to {
            command.uid(user).gid(group);
        }
        command
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(self.folder()).username("daybook").database(database)
    }

    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]);
        if let Err(error) = stop.as_std_mut().status() {
            eprintln!("the benchmark's PostgreSQL in {} was not stopped: {error}", self.folder().display());
        }
    }
}

/// An empty database for one run of one contestant, so that nobody inherits another's tables.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Database<'_> {
    /// The cluster's folder, for a contestant with files of its own.
    pub fn folder(&self) -> &Path {
        self.cluster.folder()
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.cluster.options(&self.name)
    }

    /// A program of PostgreSQL's, told where this database is.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.cluster.command(program);
        command.env("PGHOST", self.folder()).env("PGUSER", "daybook").env("PGDATABASE", &self.name);
        command
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
        let options = sqlx_peers::postgres::PgConnectOptions::new_without_pgpass()
            .socket(self.folder())
            .username("daybook")
            .database(&self.name);
        let pool = sqlx_peers::postgres::PgPoolOptions::new()
            .min_connections(connections)
            .max_connections(connections)
            .test_before_acquire(false);
        Ok(pool.connect_with(options).await?)
    }

    /// Drops it. PostgreSQL makes a checkpoint for that, so that every run begins with a clean log.
    pub async fn remove(self) -> Result<()> {
        let mut connection = self.cluster.options("postgres").connect().await?;
        connection.execute(AssertSqlSafe(format!("drop database {} with (force)", self.name))).await?;
        Ok(connection.close().await?)
    }
}

fn find_binaries() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        found.push(entry?.path().join("bin"));
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&on_path));
    found.retain(|folder| folder.join("initdb").exists() && folder.join("pgbench").exists());
    let newest_first = |folder: &PathBuf| std::cmp::Reverse(major_version(folder));
    found.sort_by_key(newest_first);
    found.into_iter().next().context("no PostgreSQL with pgbench found: `apt-get install postgresql`")
}

/// The number in `/usr/lib/postgresql/15/bin`; 0 elsewhere.
fn major_version(binaries: &Path) -> u32 {
    let name = binaries.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// Turns a failed program into an error that says what it said.
pub fn successful(what: &str, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    bail!("{what} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr))
}
