//! The built program, run as its users run it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

/// How long a service may take to come up: other tests have the machine too.
const UP_WITHIN: Duration = Duration::from_secs(90);

/// The program with its data.
pub struct Program {
    variable: (&'static str, String),
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Done {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// A service that runs until it is stopped or dropped.
pub struct Service {
    child: Child,
    pub url: String,
    said: Arc<Mutex<String>>,
}

impl Program {
    pub fn on_url(url: &str) -> Program {
        Program { variable: ("DATABASE_URL", url.to_owned()) }
    }

    pub fn on_data(data: &Path) -> Program {
        Program { variable: ("DAYBOOK_DATA", data.display().to_string()) }
    }

    pub fn run(&self, args: &[&str]) -> Done {
        self.run_with(args, "")
    }

    pub fn run_with(&self, args: &[&str], input: &str) -> Done {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        // One that is used wrongly ends before it reads.
        let _ = child.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
        let done = child.wait_with_output().expect("the program ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Done { status: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
    }

    /// Starts a service and waits for the line that says that it listens.
    pub fn start(&self, args: &[&str]) -> Service {
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let url =
            first.strip_prefix("listening on ").unwrap_or_else(|| panic!("it said {first:?}")).to_owned();
        assert!(url.starts_with("http://"), "{url}");
        let said = Arc::new(Mutex::new(String::new()));
        let hearing = said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hearing.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Service { child, url, said }
    }

    /// Starts a command, to be killed.
    pub fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program runs")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("DAYBOOK_") || name == "DATABASE_URL")
        {
            command.env_remove(name);
        }
        command.env(self.variable.0, &self.variable.1).args(args);
        command
    }
}

impl Done {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

impl Service {
    /// The block at the end of its start.
    pub fn block(&self) -> String {
        let began = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            if said.contains("Ctrl-C stops it") {
                return said;
            }
            assert!(began.elapsed() < UP_WITHIN, "it said only {said}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to stop, and is its exit status.
    pub fn stop(&mut self) -> i32 {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().expect("there is a kill").success());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// A folder that only we can look into.
pub fn directory() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let private = PermissionsExt::from_mode(0o700);
    tempfile::Builder::new()
        .prefix("daybook-test-")
        .permissions(private)
        .tempdir_in("/tmp")
        .expect("/tmp can be written")
}

/// Whether the private PostgreSQL of a data directory runs.
pub fn postmaster_runs(data: &Path) -> bool {
    data.join("postgres/postmaster.pid").exists()
}

/// The program, built as these tests are; with `DAYBOOK_TEST_BINARY` another one.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("DAYBOOK_TEST_BINARY") {
            return given.into();
        }
        // This test is target/PROFILE/deps/daybook-…; the program is target/PROFILE/daybook.
        let test = std::env::current_exe().expect("a process has a program");
        let profile = test.ancestors().nth(2).expect("tests lie two folders deep");
        let program = profile.join("daybook");
        // cargo-nextest runs each test as a process of its own: the first of a run builds.
        let built = std::env::var("NEXTEST_RUN_ID").ok().map(|run| profile.join(format!("daybook-of-{run}")));
        if built.as_ref().is_some_and(|built| built.exists()) && program.exists() {
            return program;
        }
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build
            .args(["build", "--quiet", "--workspace", "--bin", "daybook"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        build.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in the target folder"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the program is built");
        if let Some(built) = built {
            for old in std::fs::read_dir(profile).into_iter().flatten().flatten() {
                if old.file_name().to_string_lossy().starts_with("daybook-of-") {
                    let _ = std::fs::remove_file(old.path());
                }
            }
            let _ = std::fs::write(built, "");
        }
        program
    })
}
