//! The server that Daybook runs for whoever has none.
//!
//! Some of it needs a second process or another user: then this test binary runs itself, see `part_of_another_process`.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use api::private_postgres::{DATABASE, PrivatePostgres, Settings};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

mod killed;
mod refused;

/// The data directory that another process shall serve.
const DATA: &str = "DAYBOOK_TEST_PRIVATE_DATA";

/// A directory that only we can look into: run as root, the server's user cannot even reach what is in it.
fn directory() -> TempDir {
    let private = PermissionsExt::from_mode(0o700);
    tempfile::Builder::new().prefix("daybook-test-").permissions(private).tempdir_in("/tmp").unwrap()
}

async fn start(data: &Path) -> PrivatePostgres {
    PrivatePostgres::start(&Settings::new(data)).await.unwrap()
}

async fn ask(postgres: &PrivatePostgres, sql: &'static str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&postgres.connect_options(DATABASE)).await?;
    let answer = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
    connection.close().await?;
    answer
}

async fn execute(postgres: &PrivatePostgres, sql: &'static str) {
    let mut connection = PgConnection::connect_with(&postgres.connect_options(DATABASE)).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The number of the server's main process, if it runs or died without cleaning up.
fn postmaster(data: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn unfinished(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().contains("postgres.new-")).collect()
}

/// Another daybook process that serves `data` until it is killed.
fn another_process(data: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "private_postgres::part_of_another_process", "--ignored", "--nocapture"]);
    command.env(DATA, data).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

async fn serving(mut command: Command, data: &Path) -> Child {
    let mut child = command.spawn().unwrap();
    until("the other process serves", || {
        assert!(child.try_wait().unwrap().is_none(), "the other process ended");
        data.join("serving").exists()
    })
    .await;
    child
}

#[tokio::test]
#[ignore = "run by other tests, as another process or another user"]
async fn part_of_another_process() {
    let Some(data) = std::env::var_os(DATA).map(PathBuf::from) else { return };
    let postgres = start(&data).await;
    assert_eq!(ask(&postgres, "select current_user::text").await.unwrap(), "daybook_owner");
    std::fs::write(data.join("serving"), "").unwrap();
    // The end of our standard input tells us to stop.
    tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin())).await.unwrap().unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_first_start_makes_a_safe_and_secret_server() {
    let data = directory();
    let postgres = start(data.path()).await;
    for (setting, expected) in [
        ("select current_setting('data_checksums')", "on"),
        ("select current_setting('fsync')", "on"),
        ("select current_setting('synchronous_commit')", "on"),
        ("select current_setting('listen_addresses')", ""),
        ("select current_setting('server_encoding')", "UTF8"),
        ("select current_database()::text", "daybook"),
    ] {
        assert_eq!(ask(&postgres, setting).await.unwrap(), expected, "{setting}");
    }
    let mode = std::fs::metadata(data.path().join("postgres")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    postgres.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let data = directory();
    let postgres = start(data.path()).await;
    execute(&postgres, "create table kept as select 'yes'::text as answer").await;
    postgres.stop().await.unwrap();
    let postgres = start(data.path()).await;
    assert_eq!(ask(&postgres, "select answer from kept").await.unwrap(), "yes");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_one_attaches_and_the_last_one_stops_the_server() {
    let data = directory();
    let first = start(data.path()).await;
    let server = postmaster(data.path());
    let second = start(data.path()).await;
    assert_eq!(postmaster(data.path()), server);
    first.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), server);
    assert_eq!(ask(&second, "select 'still here'").await.unwrap(), "still here");
    second.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
}

#[tokio::test]
async fn of_several_first_starts_at_once_all_get_the_same_server() {
    let data = directory();
    let (mut one, mut two) = (
        another_process(data.path(), &this_program()).spawn().unwrap(),
        another_process(data.path(), &this_program()).spawn().unwrap(),
    );
    let (three, four) = tokio::join!(start(data.path()), start(data.path()));
    let started =
        |postgres| async move { ask(postgres, "select pg_postmaster_start_time()::text").await.unwrap() };
    assert_eq!(started(&three).await, started(&four).await);
    for child in [&mut one, &mut two] {
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
    three.stop().await.unwrap();
    four.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
    assert_eq!(unfinished(data.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn one_that_is_dropped_takes_its_server_along() {
    let data = directory();
    drop(start(data.path()).await);
    until("the server stops", || postmaster(data.path()).is_none()).await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_all_the_same() {
    let data = directory();
    let long = data.path().join("a".repeat(120)).join("b".repeat(120));
    let first = start(&long).await;
    let second = start(&long).await;
    assert_eq!(ask(&first, "select 'near'").await.unwrap(), "near");
    assert_eq!(ask(&second, "select 'near'").await.unwrap(), "near");
    let address = first.url(DATABASE);
    let mut connection = PgConnection::connect(&address).await.unwrap();
    connection.ping().await.unwrap();
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn the_address_works_with_psql_too() {
    let data = directory();
    let postgres = start(data.path()).await;
    let output = Command::new("psql").args([&postgres.url(DATABASE), "-Atc", "select 1"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "1",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_temporary_one_leaves_nothing_behind() {
    let postgres = PrivatePostgres::start_temporary(None).await.unwrap();
    let data = postgres.data_dir().to_owned();
    assert_eq!(ask(&postgres, "select 'for now'").await.unwrap(), "for now");
    postgres.stop().await.unwrap();
    assert!(!data.exists());
}

#[tokio::test]
async fn an_ordinary_user_runs_it_himself_and_root_can_use_it_beside_him() {
    let data = directory();
    if !is_root() {
        // Not root: every other test of this file runs as an ordinary user already.
        return;
    }
    // The program may lie where only root can look; the other user gets a copy.
    let copies = directory();
    std::fs::set_permissions(copies.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = copies.path().join("daybook-tests");
    std::fs::copy(this_program(), &program).unwrap();
    let nobody = 65534;
    chown(data.path(), Some(nobody), Some(nobody)).unwrap();
    let mut command = another_process(data.path(), &program);
    command.uid(nobody).gid(nobody).current_dir("/tmp");
    let mut other = serving(command, data.path()).await;
    let server = postmaster(data.path());
    let beside = start(data.path()).await;
    assert_eq!(postmaster(data.path()), server);
    assert_eq!(ask(&beside, "select 'root too'").await.unwrap(), "root too");
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    assert_eq!(postmaster(data.path()), server);
    beside.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
    // Root alone: the server still runs as its owner.
    let alone = start(data.path()).await;
    let user = std::fs::metadata(format!("/proc/{}", postmaster(data.path()).unwrap())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&user), nobody);
    alone.stop().await.unwrap();
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}
