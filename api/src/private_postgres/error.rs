//! Why there is no private server.

use std::path::PathBuf;

/// Why a private server could not be started or stopped. Each text says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// Nothing to run.
    #[error(
        "no PostgreSQL {oldest} or newer was found (looked in {looked}). \
         Debian, Ubuntu: `apt-get install postgresql`; Fedora: `dnf install postgresql-server`; macOS: `brew install postgresql`. \
         Or name the directory of its programs with --postgres-bin, or a server of your own with --database-url",
        looked = looked.join(", ")
    )]
    ProgramsMissing {
        /// The oldest major version that will do.
        oldest: u32,
        /// Every place that was tried, and what was wrong with it.
        looked: Vec<String>,
    },
    /// The cluster needs other programs.
    #[error("{0}")]
    OtherMajor(Box<OtherMajor>),
    /// Run as root without an account to drop to.
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` to run it as. \
         Install the distribution's package, which makes that user, or give the data directory to another user: `chown USER {}`",
        data.display()
    )]
    NoAccount {
        /// The data directory.
        data: PathBuf,
    },
    /// The operating system has no name for the user, and peer authentication goes by names.
    #[error("user id {uid} has no name in the list of users (/etc/passwd); PostgreSQL cannot run as it")]
    NamelessAccount {
        /// The user id.
        uid: u32,
    },
    /// The cluster belongs to somebody else.
    #[error("{} belongs to user {owner}: run daybook as {owner} or as root", data.display())]
    Foreign {
        /// The cluster's directory.
        data: PathBuf,
        /// Name or number of its owner.
        owner: String,
    },
    /// The server, or `initdb`, ended with an error.
    #[error("{what} failed ({status}): {log}")]
    Failed {
        /// Which program.
        what: &'static str,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// The server neither came up nor went down in time.
    #[error("PostgreSQL in {} is still not {state} after {seconds} s: see {}", data.display(), data.join("postgres/log").display())]
    TooSlow {
        /// The data directory.
        data: PathBuf,
        /// What was waited for.
        state: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The server runs but does not let us in.
    #[error("the private PostgreSQL refused the connection: {0}")]
    Refused(#[from] sqlx::Error),
    /// A file or directory could not be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl PrivatePostgresError {
    /// A failure to do `what` with the file at `path`.
    pub(super) fn io(what: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { what, path: path.into(), source }
    }
}

/// A cluster whose major version none of the programs has.
#[derive(Debug)]
pub struct OtherMajor {
    /// The cluster's directory.
    pub cluster: PathBuf,
    /// The version that wrote it.
    pub written_by: String,
    /// The version of the newest programs found.
    pub found: u32,
    /// Where those are.
    pub bin: PathBuf,
}

impl std::fmt::Display for OtherMajor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cluster, written_by, found, bin } = self;
        let (cluster, bin) = (cluster.display(), bin.display());
        write!(
            f,
            "{cluster} was written by PostgreSQL {written_by}, and only PostgreSQL {found} ({bin}) was found. \
             Nothing was changed. One of these helps:\n\
             \x20 1. install PostgreSQL {written_by} again beside it (`apt-get install postgresql-{written_by}`); it is then used by itself\n\
             \x20 2. carry the data over, as the owner of {cluster}, with the programs of {written_by} in OLD:\n\
             \x20      {bin}/initdb -D {cluster}-{found} -E UTF8 --locale=C.UTF-8 -k -U daybook_owner\n\
             \x20      {bin}/pg_upgrade -b OLD -B {bin} -d {cluster} -D {cluster}-{found} -U daybook_owner\n\
             \x20      mv {cluster} {cluster}-{written_by} && mv {cluster}-{found} {cluster}\n\
             \x20 3. dump it where {written_by} runs (`daybook serve` there, beside it `pg_dump -Fc -d URL -f FILE`) and \
             `pg_restore` FILE into a new data directory"
        )
    }
}
