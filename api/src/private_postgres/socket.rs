//! How a client reaches the server's socket, which lies in the cluster's own directory (mode 0700).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::PrivatePostgresError;
use super::server::PORT;

/// The longest path of a socket, in bytes: `sun_path` holds 108 with the final zero.
const PATH_MAX: usize = 106;

/// The directory by which this process names the socket.
///
/// The server binds it relative to its working directory, so that only the client's path can be too long. Then a
/// link in a short, private directory of this process leads to the cluster; every process makes its own.
#[derive(Debug)]
pub(super) struct Socket {
    directory: PathBuf,
    _link: Option<tempfile::TempDir>,
}

impl Socket {
    pub(super) fn find(cluster: &Path) -> Result<Self, PrivatePostgresError> {
        if fits(cluster) {
            return Ok(Self { directory: cluster.to_owned(), _link: None });
        }
        let parents = [std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from), Some(PathBuf::from("/tmp"))];
        let mut refused = None;
        for parent in
            parents.into_iter().flatten().filter(|parent| fits(&parent.join("daybook-123456/socket")))
        {
            match link(&parent, cluster) {
                Ok(socket) => return Ok(socket),
                Err(error) => refused = Some((parent, error)),
            }
        }
        let (parent, error) = refused.expect("/tmp is short enough, so at least one was tried");
        Err(PrivatePostgresError::io("make a short way to the socket in", parent, error))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

fn link(parent: &Path, cluster: &Path) -> std::io::Result<Socket> {
    // Private, so that nobody else can put another link in the place of ours.
    let private = tempfile::Builder::new()
        .prefix("daybook-")
        .permissions(PermissionsExt::from_mode(0o700))
        .tempdir_in(parent)?;
    let directory = private.path().join("socket");
    std::os::unix::fs::symlink(cluster, &directory)?;
    Ok(Socket { directory, _link: Some(private) })
}

fn fits(directory: &Path) -> bool {
    directory.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= PATH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_path_is_used_as_it_is() {
        let socket = Socket::find(Path::new("/var/lib/daybook/postgres")).unwrap();
        assert_eq!(socket.directory(), Path::new("/var/lib/daybook/postgres"));
    }

    #[test]
    fn a_long_path_gets_a_short_way_to_it() {
        let long = PathBuf::from(format!("/nowhere/{}/postgres", "x".repeat(100)));
        let socket = Socket::find(&long).unwrap();
        assert!(fits(socket.directory()));
        assert_eq!(std::fs::read_link(socket.directory()).unwrap(), long);
    }
}
