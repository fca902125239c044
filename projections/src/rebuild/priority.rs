//! A low priority for whoever works for a rebuild, where the operating system lets us give one.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, getpriority_process, setpriority_process};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

/// How nice, from 0 to 19. Where others want all of the processor a quarter of it is left, so that the rebuild comes to an end, and so
/// does who waits for a latch of the server that it holds.
const NICENESS: i32 = 5;

/// Lowers the priority of this thread, and of those that it begins.
pub(super) fn lower_thread() {
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "a thread of the rebuild keeps its priority");
    }
}

/// Whether this way leads to a server on this machine: the numbers of its processes are those of processes here.
pub(super) fn is_here(way: &PgConnectOptions) -> bool {
    way.get_socket().is_some() || way.get_host().starts_with('/')
}

/// The number of the server's process behind a connection.
pub(super) async fn backend_of(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(connection).await
}

/// Lowers the priority of a process of a server on this machine, when we may.
pub(super) fn lower_backend(pid: i32) {
    if let Err(error) = lower(pid) {
        tracing::debug!(%error, pid, "a process of the server keeps its priority");
    }
}

fn lower(pid: i32) -> std::io::Result<()> {
    let folder = Path::new("/proc").join(pid.to_string());
    // A socket may lead into a container, where numbers are other ones.
    if !fs::read(folder.join("cmdline"))?.starts_with(b"postgres: ") {
        return Err(std::io::Error::other("it is no process of PostgreSQL here"));
    }
    let process = Pid::from_raw(pid);
    if getpriority_process(process)? < NICENESS {
        setpriority_process(process, NICENESS)?;
    }
    // Where processes are weighed by session first, the session has to be nice too: each process of the server is one of its own. It
    // may be refused (a session that the system began itself has no weight, and changes of one are let through some times a second).
    let session = folder.join("autogroup");
    if session.exists()
        && let Err(error) = fs::write(session, NICENESS.to_string())
    {
        tracing::debug!(%error, pid, "a session of the server keeps its weight");
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Child, Command};
    use std::time::Duration;

    use super::*;

    /// A process that calls itself so, until this goes. Its session is its own, so that ours keeps its weight.
    struct Called(Child);

    impl Called {
        fn new(name: &str) -> Self {
            let line = format!("exec -a '{name}' sleep 600");
            let called = Self(Command::new("setsid").args(["bash", "-c", &line]).spawn().expect("a process"));
            let shown = Path::new("/proc").join(called.pid().to_string()).join("cmdline");
            while !fs::read(&shown).expect("it runs").starts_with(name.as_bytes()) {
                std::thread::sleep(Duration::from_millis(1));
            }
            called
        }

        fn pid(&self) -> i32 {
            i32::try_from(self.0.id()).expect("a process has a small number")
        }

        fn niceness(&self) -> i32 {
            getpriority_process(Pid::from_raw(self.pid())).expect("it is there")
        }
    }

    impl Drop for Called {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_process_of_the_server_becomes_nicer_and_nobody_else_does() {
        let (server, somebody) = (Called::new("postgres: daybook [local] idle"), Called::new("sleep"));
        let before = somebody.niceness();
        lower(server.pid()).expect("it is ours");
        lower(somebody.pid()).expect_err("it is not the server");
        assert_eq!((server.niceness(), somebody.niceness()), (NICENESS.max(before), before));
    }
}
