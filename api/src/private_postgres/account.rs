//! The user of the operating system that the server runs as.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use super::error::PrivatePostgresError;

/// The name of PostgreSQL's own user on every distribution.
const POSTGRES: &str = "postgres";

/// Who runs the server, and who may log in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// We are root and the server is not: what the server needs is given to its user.
    pub(super) dropped: bool,
}

impl Account {
    /// An ordinary user runs the server himself. Root leaves it to the owner of the cluster, else of the data
    /// directory, else to `postgres`.
    pub(super) fn find(data: &Path, cluster: &Path) -> Result<Self, PrivatePostgresError> {
        let me = Uid::effective();
        let owner = |path: &Path| std::fs::metadata(path).ok().map(|found| found.uid());
        if !me.is_root() {
            return match owner(cluster) {
                Some(uid) if uid != me.as_raw() => Err(PrivatePostgresError::Foreign {
                    data: cluster.to_owned(),
                    owner: user_by_id(uid).map_or_else(|_| uid.to_string(), |user| user.name),
                }),
                _ => Ok(Self::of(user_by_id(me.as_raw())?, false)),
            };
        }
        let owners = [owner(cluster), owner(data)];
        let user = match owners.into_iter().flatten().find(|uid| *uid != 0) {
            Some(uid) => user_by_id(uid)?,
            None => User::from_name(POSTGRES)
                .ok()
                .flatten()
                .ok_or_else(|| PrivatePostgresError::NoAccount { data: data.to_owned() })?,
        };
        Ok(Self::of(user, true))
    }

    fn of(user: User, dropped: bool) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), dropped }
    }

    /// Hands a file or directory that we made to the server's user.
    pub(super) fn give(&self, path: &Path) -> Result<(), PrivatePostgresError> {
        if !self.dropped {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| PrivatePostgresError::io("change the owner of", path, error))
    }

    /// A new, empty file of the server's user in place of what was there. Never written through a link that the
    /// server's user may have laid for root.
    pub(super) fn create_file(&self, path: &Path) -> Result<File, PrivatePostgresError> {
        let failed = |error| PrivatePostgresError::io("write", path, error);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        self.give(path)?;
        Ok(file)
    }

    /// Writes a file of the server's user beside its place and then puts it there.
    pub(super) fn write_file(&self, path: &Path, text: &str) -> Result<(), PrivatePostgresError> {
        let beside = with_suffix(path, ".new");
        let failed = |error| PrivatePostgresError::io("write", path, error);
        let mut file = self.create_file(&beside)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)
    }
}

fn user_by_id(uid: u32) -> Result<User, PrivatePostgresError> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().ok_or(PrivatePostgresError::NamelessAccount { uid })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
