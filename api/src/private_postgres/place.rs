//! A data directory: what lies where, who owns it, which programs serve it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::account::Account;
use super::error::PrivatePostgresError;
use super::lock::Lock;
use super::programs::Programs;
use super::server::Postmaster;
use super::socket::Socket;
use super::{DATABASE, OWNER, Settings};

/// The data directory and the user who owns the cluster in it.
#[derive(Debug)]
pub(super) struct DataDirectory {
    pub(super) data: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) account: Account,
}

impl DataDirectory {
    /// Makes the directory when absent; one that is there keeps its owner and mode.
    pub(super) fn open(data_dir: &Path) -> Result<Self, PrivatePostgresError> {
        let failed = |error| PrivatePostgresError::io("make", data_dir, error);
        let data = std::path::absolute(data_dir).map_err(failed)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&data).map_err(failed)?;
        let cluster = data.join("postgres");
        let account = Account::find(&data, &cluster)?;
        Ok(Self { data, cluster, account })
    }

    pub(super) async fn lock_start(&self) -> Result<Lock, PrivatePostgresError> {
        Lock::exclusive(&self.data.join("start.lock"), &self.account).await
    }

    pub(super) async fn share(&self) -> Result<Lock, PrivatePostgresError> {
        Lock::shared(&self.data.join("in-use.lock"), &self.account).await
    }

    /// The lock that says that nobody uses the server, or nothing when somebody does.
    pub(super) fn try_alone(&self) -> Result<Option<Lock>, PrivatePostgresError> {
        Lock::try_exclusive(&self.data.join("in-use.lock"), &self.account)
    }
}

/// All that is needed to start the server of a data directory and to reach it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) directory: DataDirectory,
    pub(super) programs: Programs,
    pub(super) overrides: Vec<(&'static str, String)>,
    socket: Socket,
}

impl Place {
    /// To be called under the start lock, because it reads the cluster's version.
    pub(super) fn find(directory: DataDirectory, settings: &Settings) -> Result<Self, PrivatePostgresError> {
        let programs = Programs::find(settings.bin_dir.as_deref(), &directory.cluster)?;
        let socket = Socket::find(&directory.cluster)?;
        Ok(Self { directory, programs, overrides: settings.overrides.clone(), socket })
    }

    pub(super) fn connect_options(&self, database: &str) -> PgConnectOptions {
        // Nothing comes from the environment but what is overwritten here; a socket has no TLS.
        PgConnectOptions::new_without_pgpass()
            .socket(self.socket.directory())
            .port(super::server::PORT)
            .username(OWNER)
            .database(database)
    }

    pub(super) fn url(&self, database: &str) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
        let host = self.socket.directory().to_string_lossy();
        format!(
            "postgres://{OWNER}@localhost:{}/{}?host={}",
            super::server::PORT,
            utf8_percent_encode(database, NON_ALPHANUMERIC),
            utf8_percent_encode(&host, NON_ALPHANUMERIC)
        )
    }

    /// Makes the ledger's database when absent. To be called under the start lock.
    pub(super) async fn create_database(&self) -> Result<(), PrivatePostgresError> {
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let known = sqlx::query_scalar!("select oid from pg_database where datname = $1", DATABASE)
            .fetch_optional(&mut connection)
            .await?;
        if known.is_none() {
            sqlx::raw_sql("create database daybook").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// Stops the servers and removes the data that killed demos left in `parent`, as far as we may.
pub(super) async fn sweep(parent: &Path, prefix: &str) {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)) {
        if let Err(error) = sweep_one(&entry.path()).await {
            tracing::debug!("{} stays: {error}", entry.path().display());
        }
    }
}

async fn sweep_one(data: &Path) -> Result<(), PrivatePostgresError> {
    // One that is just being made has no cluster yet.
    if !data.join("postgres").exists() {
        return Ok(());
    }
    let directory = DataDirectory::open(data)?;
    let Some(_alone) = directory.try_alone()? else { return Ok(()) };
    if let Some(postmaster) = Postmaster::running(&directory.cluster) {
        postmaster.stop(&directory).await?;
    }
    std::fs::remove_dir_all(data).map_err(|error| PrivatePostgresError::io("remove", data, error))
}
