//! Locks between processes. The kernel releases them when their holder dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::PrivatePostgresError;

/// How long another process may take to start or stop the server; a recovery after a crash can be long.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// A held `flock`; dropping it releases it. The file is closed on exec, so no child keeps it.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until nobody else holds the lock.
    pub(super) async fn exclusive(path: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        Self::wait(path, account, File::try_lock).await
    }

    /// Waits until nobody holds the lock exclusively.
    pub(super) async fn shared(path: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        Self::wait(path, account, File::try_lock_shared).await
    }

    /// Takes the lock if nobody else holds it.
    pub(super) fn try_exclusive(
        path: &Path,
        account: &Account,
    ) -> Result<Option<Self>, PrivatePostgresError> {
        let file = open(path, account)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(PrivatePostgresError::io("lock", path, error)),
        }
    }

    /// Asks again and again instead of blocking in the kernel: a blocked thread could not be cancelled.
    async fn wait(
        path: &Path,
        account: &Account,
        take: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, PrivatePostgresError> {
        let file = open(path, account)?;
        let began = Instant::now();
        let mut told = false;
        loop {
            match take(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {}
                Err(TryLockError::WouldBlock) => {
                    let source = std::io::Error::from(std::io::ErrorKind::TimedOut);
                    return Err(PrivatePostgresError::io("lock", path, source));
                }
                Err(TryLockError::Error(error)) => return Err(PrivatePostgresError::io("lock", path, error)),
            }
            if !told && began.elapsed() > Duration::from_secs(3) {
                tracing::info!("waiting for another daybook that starts or stops PostgreSQL");
                told = true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Opens the lock's file, which is never removed: a lock on a removed file would keep nobody out.
fn open(path: &Path, account: &Account) -> Result<File, PrivatePostgresError> {
    let failed = |error| PrivatePostgresError::io("open", path, error);
    match OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => {
            account.give(path)?;
            Ok(file)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => File::open(path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}
