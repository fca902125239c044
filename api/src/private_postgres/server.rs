//! The running server: found by its `postmaster.pid`, started, waited for, stopped.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::process::Child;

use super::cluster::{self, Named};
use super::error::PrivatePostgresError;
use super::lock::PATIENCE;
use super::place::{DataDirectory, Place};

/// Part of the socket's name; no port of the network is opened.
pub(super) const PORT: u16 = 5432;

/// How long a dead server's remains (a process not yet reaped, its shared memory) may keep a new one from starting.
const REMAINS: Duration = Duration::from_secs(20);

/// How long the fast stop may take before the server is told to drop everything, which costs a recovery but no data.
/// It takes longer when one of PostgreSQL's processes hangs: version 15 can, ending a connection whose client just died.
const STOP: Duration = Duration::from_secs(20);

const POLL: Duration = Duration::from_millis(20);

/// Settings that guard data and secrecy: on the command line, where no file can change them.
const GUARDED: [&str; 9] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_directories=.",
    "unix_socket_permissions=0700",
    "cluster_name=daybook",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "restart_after_crash=on",
];

/// The living main process of a cluster's server.
pub(super) struct Postmaster {
    pid: Pid,
    /// Line 8 of `postmaster.pid` says `ready`.
    ready: bool,
}

impl Postmaster {
    /// The process that `postmaster.pid` names, if it lives and works in this cluster: a number alone proves nothing,
    /// it may meanwhile belong to another process.
    pub(super) fn running(cluster: &Path) -> Option<Self> {
        let found = Self::named(cluster)?;
        match works_in(found.pid, cluster) {
            Some(ours) => ours,
            None => kill(found.pid, None).is_ok(),
        }
        .then_some(found)
    }

    fn named(cluster: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 1)?;
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid: Pid::from_raw(pid), ready })
    }

    /// Stops the server and waits until it is gone.
    pub(super) async fn stop(&self, directory: &DataDirectory) -> Result<(), PrivatePostgresError> {
        for (signal, patience) in [(Signal::SIGINT, STOP), (Signal::SIGQUIT, STOP)] {
            self.send(signal);
            let began = Instant::now();
            while began.elapsed() < patience {
                match Self::running(&directory.cluster) {
                    Some(found) if found.pid == self.pid => tokio::time::sleep(POLL).await,
                    _ => return Ok(()),
                }
            }
        }
        let seconds = (STOP + STOP).as_secs();
        Err(PrivatePostgresError::TooSlow { data: directory.data.clone(), state: "stopped", seconds })
    }

    /// A signal that comes too late for the process is no failure.
    pub(super) fn send(&self, signal: Signal) {
        let _ = kill(self.pid, signal);
    }
}

/// Whether a process has the cluster as its working directory; nothing where that cannot be asked.
fn works_in(pid: Pid, cluster: &Path) -> Option<bool> {
    if !Path::new("/proc/self/cwd").exists() {
        return None;
    }
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let theirs = identity(Path::new(&format!("/proc/{pid}/cwd")));
    Some(theirs.is_some() && theirs == identity(cluster))
}

impl Place {
    /// Attaches to the running server or starts it; answers the process when we are its parent. To be called under the
    /// start lock.
    pub(super) async fn bring_up(&self) -> Result<Option<Child>, PrivatePostgresError> {
        cluster::create(self).await?;
        let mut child: Option<Child> = None;
        let mut waiting = Waiting::new();
        loop {
            if let Some(process) = &mut child
                && let Some(status) = process.try_wait().map_err(|error| self.cannot_run(error))?
            {
                let log = self.log_tail();
                if !remains_of_another(&log) || waiting.began.elapsed() > REMAINS {
                    return Err(PrivatePostgresError::Failed {
                        what: "postgres",
                        status: status.to_string(),
                        log,
                    });
                }
                tokio::time::sleep(POLL * 10).await;
                self.forget_stranger()?;
                child = None;
            }
            let running = Postmaster::running(&self.directory.cluster);
            if running.as_ref().is_some_and(|postmaster| postmaster.ready) && self.answers().await? {
                return Ok(child);
            }
            if running.is_none() && child.is_none() {
                child = Some(self.spawn()?);
            }
            waiting.tell(self)?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Removes a `postmaster.pid` whose number meanwhile belongs to a process that is provably another one, as happens
    /// when a container starts anew. PostgreSQL would refuse to start for ever. Its own check of shared memory still
    /// guards against the rest of the old server.
    fn forget_stranger(&self) -> Result<(), PrivatePostgresError> {
        let cluster = &self.directory.cluster;
        let Some(named) = Postmaster::named(cluster) else { return Ok(()) };
        // A dead process that nobody has reaped has no working directory: that one goes away by itself.
        let lives = std::fs::metadata(format!("/proc/{}/cwd", named.pid)).is_ok();
        if !lives || works_in(named.pid, cluster) != Some(false) {
            return Ok(());
        }
        tracing::warn!(
            "process {} is not the PostgreSQL that died here; its postmaster.pid is removed",
            named.pid
        );
        let path = cluster.join("postmaster.pid");
        std::fs::remove_file(&path).map_err(|error| PrivatePostgresError::io("remove", path, error))
    }

    fn spawn(&self) -> Result<Child, PrivatePostgresError> {
        let DataDirectory { data, cluster, account } = &self.directory;
        cluster::write_settings(self, cluster)?;
        let log = account.create_file(&data.join("postgres-start.log"))?;
        let errors = log.try_clone().map_err(|error| self.cannot_run(error))?;
        let named = Named::of(cluster, account)?;
        let mut config = std::ffi::OsString::from("config_file=");
        config.push(&named.path);
        config.push("/daybook.conf");
        let mut postgres = cluster::command(self, "postgres");
        postgres.arg("-D").arg(&named.path).arg("-c").arg(config);
        for setting in GUARDED {
            postgres.args(["-c", setting]);
        }
        for (name, value) in &self.overrides {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        postgres.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        postgres.spawn().map_err(|error| self.cannot_run(error))
    }

    /// Whether a connection is answered; no while the server still starts or already stops.
    async fn answers(&self) -> Result<bool, PrivatePostgresError> {
        let options = self.connect_options("postgres");
        let attempt = PgConnection::connect_with(&options);
        match tokio::time::timeout(Duration::from_secs(5), attempt).await {
            Ok(Ok(connection)) => {
                connection.close().await?;
                Ok(true)
            }
            // `cannot_connect_now` and the shutdown's own code pass; a full house (53300) is a house.
            Ok(Err(sqlx::Error::Database(error))) => match error.code().as_deref() {
                Some("57P03" | "57P01") => Ok(false),
                Some("53300") => Ok(true),
                _ => Err(sqlx::Error::Database(error).into()),
            },
            Ok(Err(sqlx::Error::Io(error))) if passes(error.kind()) => Ok(false),
            Err(_) => Ok(false),
            Ok(Err(error)) => Err(error.into()),
        }
    }

    /// Stops the server if it runs, and waits until it is gone. To be called under the start lock.
    pub(super) async fn shut_down(&self) -> Result<(), PrivatePostgresError> {
        match Postmaster::running(&self.directory.cluster) {
            Some(postmaster) => postmaster.stop(&self.directory).await,
            None => Ok(()),
        }
    }

    fn cannot_run(&self, error: std::io::Error) -> PrivatePostgresError {
        PrivatePostgresError::io("run", self.programs.program("postgres"), error)
    }

    /// The last lines of what the server wrote before and after it opened its own log.
    fn log_tail(&self) -> String {
        let early = std::fs::read(self.directory.data.join("postgres-start.log")).unwrap_or_default();
        let logs = std::fs::read_dir(self.directory.cluster.join("log")).into_iter().flatten().flatten();
        let newest = logs.max_by_key(|entry| entry.metadata().and_then(|found| found.modified()).ok());
        let late = newest.and_then(|entry| std::fs::read(entry.path()).ok()).unwrap_or_default();
        let last = |bytes: &[u8], count: usize| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(count)..].join("\n")
        };
        let early = last(&early, 10);
        // Only a server that got as far as its own log has anything to say there.
        if early.contains("logging collector") { last(&late, 10) } else { early }
    }
}

/// Whether an error is what a socket says whose server is just coming or going.
fn passes(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionRefused | ConnectionReset | NotFound | UnexpectedEof)
}

/// Whether the server refused because of what a dead one left: it goes away within seconds.
fn remains_of_another(log: &str) -> bool {
    log.contains("lock file") || log.contains("pre-existing shared memory block")
}

/// Patience while the server comes up, told about every few seconds.
struct Waiting {
    began: Instant,
    told: Instant,
}

impl Waiting {
    fn new() -> Self {
        Self { began: Instant::now(), told: Instant::now() }
    }

    fn tell(&mut self, place: &Place) -> Result<(), PrivatePostgresError> {
        if self.began.elapsed() > PATIENCE {
            let data = place.directory.data.clone();
            return Err(PrivatePostgresError::TooSlow { data, state: "ready", seconds: PATIENCE.as_secs() });
        }
        if self.told.elapsed() > Duration::from_secs(5) {
            self.told = Instant::now();
            tracing::info!(
                "PostgreSQL is still starting ({} s); after a crash it recovers",
                self.began.elapsed().as_secs()
            );
        }
        Ok(())
    }
}
