//! The service under test: the release binary with a data directory of its own, a first administrator and some plans.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

use crate::{
    cluster::successful,
    here,
    http::{Connection, Request},
};

const USER: &str = "bench";
const PASSWORD: &str = "correct horse battery staple";

/// A running service. Its data goes with the last who holds it.
pub struct Service {
    child: Child,
    program: PathBuf,
    data: Arc<tempfile::TempDir>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Service {
    /// Builds the release binary if need be, and answers where it lies.
    pub async fn build() -> Result<PathBuf> {
        let root = here().parent().context("the benchmark lies in the project")?;
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--package", "api", "--bin", "daybook"])
            .current_dir(root)
            .env_remove("CARGO_TARGET_DIR")
            .status()
            .await?;
        ensure!(built.success(), "the service could not be built");
        Ok(root.join("target/release/daybook"))
    }

    /// Starts it below `parent` with so many plans.
    pub async fn start(program: &Path, parent: &Path, plans: usize) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("daybook-bench-").tempdir_in(parent)?;
        let service = Self::start_on(program, Arc::new(data)).await?;
        service
            .command(&["user", "add", USER, "--group", "administrators", "--password-stdin"], PASSWORD)
            .await?;
        for number in 0..plans {
            service.command(&["plan", "add", &plan(number)], "").await?;
        }
        service.wait_for_log_in().await?;
        Ok(service)
    }

    /// Starts it on data that is there.
    pub async fn start_on(program: &Path, data: Arc<tempfile::TempDir>) -> Result<Self> {
        let mut child = Command::new(program)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--session-idle",
                "1h",
                "--login-rate",
                "off",
                "--data",
            ])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .env("DAYBOOK_LOG", "warn")
            // Ctrl-C is for us; we stop it in good order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let mut said = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
        let address = loop {
            let line = said.next_line().await?.context("the service ended before it listened")?;
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().trim_end_matches('/').parse()?;
            }
        };
        // It must never wait for somebody to read what it says.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(Self { child, program: program.to_owned(), data, address })
    }

    /// What a command wrote beside the service should be known to it at once; where it is not, that is said and not measured.
    async fn wait_for_log_in(&self) -> Result<()> {
        let began = Instant::now();
        for tries in 1.. {
            match self.log_in(&plan(0)).await {
                Ok(_) if tries == 1 => break,
                Ok(_) => {
                    eprintln!("note: the new administrator could log in only after {:?}", began.elapsed());
                    break;
                }
                Err(error) if began.elapsed() > Duration::from_secs(5) => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }

    /// A connection with a session of its own in a plan, and the session's token.
    pub async fn log_in(&self, plan: &str) -> Result<(Connection, String)> {
        let mut connection = Connection::open(self.address).await?;
        let body =
            json!({ "user": USER, "password": PASSWORD, "plan": plan, "mode": "timetable" }).to_string();
        let request =
            Request { method: "POST", path: "/v1/sessions", body: Some(&body), ..Request::default() };
        let session = connection.json(request).await?;
        let token = session["token"].as_str().context("a session without a token")?.to_owned();
        Ok((connection, token))
    }

    /// What the service holds of the machine's memory, in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = format!("/proc/{}/status", self.child.id().context("the service has ended")?);
        let text = std::fs::read_to_string(status)?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }

    /// Where its data lies.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its data, to be kept when it has stopped.
    pub fn shared_data(&self) -> Arc<tempfile::TempDir> {
        Arc::clone(&self.data)
    }

    /// Stops it cleanly and removes its data, unless somebody else holds it.
    pub async fn stop(mut self) -> Result<()> {
        ensure!(self.ask_to_stop(), "the service has ended by itself");
        let ended = self.child.wait().await?;
        ensure!(ended.success(), "the service ended with {ended}");
        Ok(())
    }

    /// False when it has ended already.
    fn ask_to_stop(&self) -> bool {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        id.is_some_and(|id| kill(Pid::from_raw(id), Signal::SIGTERM).is_ok())
    }

    /// Runs a command of the host beside it.
    pub async fn command(&self, arguments: &[&str], input: &str) -> Result<()> {
        let mut child = self.of_host(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut stdin = child.stdin.take().context("its input is piped")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        ended(arguments, child).await
    }

    /// The same with each line that it says, as it comes.
    pub async fn command_said(&self, arguments: &[&str], mut said: impl FnMut(&str)) -> Result<()> {
        let mut child = self.of_host(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
        while let Some(line) = lines.next_line().await? {
            said(&line);
        }
        ended(arguments, child).await
    }

    fn of_host(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--data").arg(self.data.path()).stderr(Stdio::piped());
        command
    }
}

/// Waits for a command of the host.
async fn ended(arguments: &[&str], child: Child) -> Result<()> {
    successful(&format!("daybook {}", arguments.join(" ")), &child.wait_with_output().await?)
}

impl Drop for Service {
    /// After a failure or Ctrl-C: a service that is killed would leave its PostgreSQL behind, so it is asked and waited for.
    fn drop(&mut self) {
        if !self.ask_to_stop() {
            return;
        }
        for _ in 0..200 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Name of one of the plans.
pub fn plan(number: usize) -> String {
    format!("{}~2026-2027~1", 100_234 + number)
}
