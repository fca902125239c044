//! Making the cluster and writing its settings.

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use tokio::process::Command;

use super::OWNER;
use super::account::Account;
use super::error::PrivatePostgresError;
use super::place::Place;

/// What a cluster in the making is called; the rest of the name is random.
const UNFINISHED: &str = "postgres.new-";

/// The server's settings, after PostgreSQL's own defaults. Those that guard the data stand on its command line.
const SETTINGS: &str = "\
# Written by daybook at every start. Settings of your own belong in local.conf beside this file.
max_connections = 100
shared_buffers = 256MB
wal_compression = on
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 15min
# The queries are short; compiling them costs more than it saves.
jit = off
timezone = 'UTC'
lc_messages = 'C'
# One file for each day of the week, overwritten a week later. Neither statements nor the values in them are logged,
# because they may hold names of people.
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
include_if_exists = 'local.conf'
";

/// A directory as the server's user can name it.
///
/// Root may keep its data where nobody else can look into the directories above (`/root`, a temporary directory). The
/// server, run as another user, gets the open directory itself and names it by its descriptor.
pub(super) struct Named {
    pub(super) path: OsString,
    _open: Option<File>,
}

impl Named {
    pub(super) fn of(directory: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        if !account.dropped {
            return Ok(Self { path: directory.into(), _open: None });
        }
        let failed = |error| PrivatePostgresError::io("open", directory, error);
        let open = File::open(directory).map_err(failed)?;
        fcntl(&open, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|errno| failed(errno.into()))?;
        Ok(Self { path: format!("/proc/self/fd/{}", open.as_raw_fd()).into(), _open: Some(open) })
    }
}

/// One of PostgreSQL's programs, run as the server's user in a process group of its own, so that Ctrl-C reaches only us.
pub(super) fn command(place: &Place, program: &str) -> Command {
    let mut command = Command::new(place.programs.program(program));
    command
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .env_remove("NOTIFY_SOCKET");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    let account = &place.directory.account;
    if account.dropped {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Makes the cluster when there is none: beside its place, and renamed when it is whole, so that a kill in the middle
/// leaves nothing that looks like a cluster. To be called under the start lock.
pub(super) async fn create(place: &Place) -> Result<(), PrivatePostgresError> {
    let directory = &place.directory;
    remove_unfinished(&directory.data);
    if directory.cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    tracing::info!("making a PostgreSQL {} cluster in {}", place.programs.major, directory.cluster.display());
    // The name is a new one each time: a killed daybook's `initdb` may still be writing into the old one.
    let unfinished = directory.data.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
    DirBuilder::new()
        .mode(0o700)
        .create(&unfinished)
        .map_err(|error| PrivatePostgresError::io("make", &unfinished, error))?;
    directory.account.give(&unfinished)?;
    initialise(place, &unfinished).await?;
    write_settings(place, &unfinished)?;
    std::fs::rename(&unfinished, &directory.cluster)
        .and_then(|()| File::open(&directory.data)?.sync_all())
        .map_err(|error| PrivatePostgresError::io("rename", &unfinished, error))
}

async fn initialise(place: &Place, unfinished: &Path) -> Result<(), PrivatePostgresError> {
    let named = Named::of(unfinished, &place.directory.account)?;
    let mut initdb = command(place, "initdb");
    initdb.arg("-D").arg(&named.path).args(["-U", OWNER, "-E", "UTF8", "-k", "-A", "peer"]);
    if place.programs.major >= 17 {
        initdb.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    } else {
        initdb.arg("--locale=C.UTF-8");
    }
    let output = initdb
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| PrivatePostgresError::io("run", place.programs.program("initdb"), error))?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PrivatePostgresError::Failed { what: "initdb", status: output.status.to_string(), log })
}

/// Writes the settings and who may log in. Everything in them is ours; the operator's stand in `local.conf`.
pub(super) fn write_settings(place: &Place, cluster: &Path) -> Result<(), PrivatePostgresError> {
    let account = &place.directory.account;
    account.write_file(&cluster.join("daybook.conf"), SETTINGS)?;
    account.write_file(&cluster.join("pg_hba.conf"), "local all all peer map=daybook\n")?;
    // Root may do anything here anyway; with its own line it need not become another user for a command.
    let mut idents = format!("daybook {} {OWNER}\n", quoted(&account.name));
    if account.name != "root" {
        idents.push_str(&format!("daybook root {OWNER}\n"));
    }
    account.write_file(&cluster.join("pg_ident.conf"), &idents)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Removes what killed ones left. An orphaned `initdb` may still write there: then the rest goes the next time.
fn remove_unfinished(data: &Path) {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::debug!("{} stays for now: {error}", entry.path().display());
        }
    }
}
