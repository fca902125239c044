//! A PostgreSQL of Daybook's own, for whoever has none: kept in the data directory, reached by a socket only, without
//! a password.
//!
//! Whoever uses the data directory holds a shared lock on it. The first to come starts the server, the others attach,
//! and the last to go stops it, whoever started it. So a command works beside the running service, and what a killed
//! service left running is found, used and stopped in the end. Starting and stopping happen under a lock of their own.
//!
//! `PR_SET_PDEATHSIG` is deliberately absent: it is tied to the thread that spawned, and a server that outlives a
//! killed service loses nothing.
//!
//! ```text
//! data/
//!   postgres/            the cluster; `local.conf` in it holds settings of the operator's own
//!   postgres.new-…       a cluster in the making, renamed when it is whole
//!   postgres-start.log   what the server said before its own log (postgres/log) was open
//!   start.lock           held while one process starts or stops the server
//!   in-use.lock          held, shared, by everybody who uses the server
//! ```

mod account;
mod cluster;
mod error;
mod lock;
mod place;
mod programs;
mod server;
mod socket;
mod watch;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::signal::Signal;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use error::PrivatePostgresError;
use lock::Lock;
use place::{DataDirectory, Place};
use server::Postmaster;

/// The role that owns the cluster and the ledger's schema. The service sets its role to a lesser one after migrating.
pub const OWNER: &str = "daybook_owner";

/// The database that every private server has.
pub const DATABASE: &str = "daybook";

/// Where the private server lives and which programs it is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Daybook's data directory; the cluster is `postgres` in it. It is made when absent.
    pub data_dir: PathBuf,
    /// The directory with `postgres` and `initdb`; absent: the newest of those the system has.
    pub bin_dir: Option<PathBuf>,
    /// Settings of the server that win over all others. They hold when this process is the one that starts it.
    pub overrides: Vec<(&'static str, String)>,
}

impl Settings {
    /// The usual settings for a data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), bin_dir: None, overrides: Vec::new() }
    }
}

/// A running server and this process's share in it.
///
/// While it lives, a server that dies is started again. End it with [`PrivatePostgres::stop`]; one that is merely
/// dropped asks the server to stop, if nobody else uses it, and does not wait.
#[derive(Debug)]
pub struct PrivatePostgres {
    place: Arc<Place>,
    in_use: Option<Lock>,
    stopping: CancellationToken,
    watch: Option<JoinHandle<()>>,
    temporary: Option<tempfile::TempDir>,
}

impl PrivatePostgres {
    /// Attaches to the server of this data directory, or starts it, making the cluster and the database when absent.
    ///
    /// Takes about a second the first time and a tenth of it later; after a crash as long as the recovery takes.
    pub async fn start(settings: &Settings) -> Result<Self, PrivatePostgresError> {
        let directory = DataDirectory::open(&settings.data_dir)?;
        let starting = directory.lock_start().await?;
        let in_use = directory.share().await?;
        let place = Arc::new(Place::find(directory, settings)?);
        let stopping = CancellationToken::new();
        // From here on a failure or a cancelled start leaves by `drop`, so that no server stays behind.
        let mut started = Self { place, in_use: Some(in_use), stopping, watch: None, temporary: None };
        let child = started.place.bring_up().await?;
        started.place.create_database().await?;
        drop(starting);
        let watch = watch::watch(Arc::clone(&started.place), child, started.stopping.clone());
        started.watch = Some(tokio::spawn(watch));
        Ok(started)
    }

    /// Starts a server whose data is thrown away when it stops, and first does away with what killed ones left.
    pub async fn start_temporary(bin_dir: Option<PathBuf>) -> Result<Self, PrivatePostgresError> {
        const PREFIX: &str = "daybook-demo-";
        place::sweep(&std::env::temp_dir(), PREFIX).await;
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(PermissionsExt::from_mode(0o700))
            .tempdir()
            .map_err(|error| PrivatePostgresError::io("make a directory in", std::env::temp_dir(), error))?;
        let settings = Settings { bin_dir, ..Settings::new(directory.path()) };
        let mut started = Self::start(&settings).await?;
        started.temporary = Some(directory);
        Ok(started)
    }

    /// How sqlx reaches a database of this server as its owner.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        self.place.connect_options(database)
    }

    /// The same as an address, which `psql` understands too.
    pub fn url(&self, database: &str) -> String {
        self.place.url(database)
    }

    /// The data directory that this server belongs to.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.place.directory.data
    }

    /// Ends this process's share; the last one stops the server (running transactions are rolled back) and waits until
    /// it is gone. Close the pools before.
    pub async fn stop(mut self) -> Result<(), PrivatePostgresError> {
        self.stopping.cancel();
        if let Some(watch) = self.watch.take() {
            // The watch may be in the middle of starting the server again; it is let finish, so that nothing is left running.
            let _ = watch.await;
        }
        let directory = &self.place.directory;
        let starting = directory.lock_start().await?;
        drop(self.in_use.take());
        if directory.try_alone()?.is_some() {
            self.place.shut_down().await?;
        } else {
            tracing::info!("PostgreSQL goes on: another daybook uses {}", directory.data.display());
        }
        drop(starting);
        if let Some(temporary) = self.temporary.take() {
            let path = temporary.path().to_owned();
            temporary.close().map_err(|error| PrivatePostgresError::io("remove", path, error))?;
        }
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.stopping.cancel();
        let Some(in_use) = self.in_use.take() else { return };
        drop(in_use);
        if let Ok(Some(_alone)) = self.place.directory.try_alone()
            && let Some(postmaster) = Postmaster::running(&self.place.directory.cluster)
        {
            postmaster.send(Signal::SIGINT);
        }
    }
}
