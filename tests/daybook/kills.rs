//! kill -9 of the service and of its PostgreSQL under load: what was acknowledged is there, once, and asked again it is answered the
//! same. Also while the read models are being made anew.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use api::private_postgres::{DATABASE, PrivatePostgres, Settings};
use reqwest::{Client, Method};
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection};
use tests::office::PLAN;
use tests::rounds::{Dice, Rounds};
use tokio::sync::Mutex;

use crate::command_line::program::{Program, binary, directory};

/// How many write at a time.
const WRITERS: u64 = 12;
/// How long a killed service may take until it answers again.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// A service with its private PostgreSQL, which waits for the disk.
struct Victim {
    child: Child,
    base: String,
}

impl Victim {
    fn start(data: &Path) -> Victim {
        let mut command = Command::new(binary());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("DAYBOOK_") || name == "DATABASE_URL")
        {
            command.env_remove(name);
        }
        command
            .args(["serve", "--quiet", "--listen", "127.0.0.1:0", "--login-rate", "off", "--data"])
            .arg(data);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        Victim { child, base }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let _ = self.child.wait();
        }
    }
}

fn kill_postgres(data: &Path) {
    let file = std::fs::read_to_string(data.join("postgres/postmaster.pid")).unwrap_or_default();
    if let Some(pid) = file.lines().next() {
        let _ = Command::new("kill").args(["-9", pid.trim()]).status();
    }
}

/// Where the service is now, and whether the writers go on.
struct Scene {
    client: Client,
    base: Mutex<String>,
    going: AtomicBool,
    token: String,
}

/// A write: its answer, once it was given.
struct Written {
    body: Json,
    position: String,
}

impl Scene {
    async fn put(&self, name: &str) -> Option<(u16, Written, bool)> {
        let base = self.base.lock().await.clone();
        let request = self
            .client
            .request(Method::PUT, format!("{base}/v1/plans/{PLAN}/teachers/{name}"))
            .bearer_auth(&self.token)
            .header("if-none-match", "*")
            .header("idempotency-key", format!("key-{name}"))
            .json(&json!({ "long_name": name }));
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let body = answer.json().await.ok()?;
        let written = Written { body, position: header("daybook-position").unwrap_or_default() };
        Some((status, written, header("idempotency-replayed").is_some()))
    }

    /// Writes until it is acknowledged, under the same key however often the service dies meanwhile; tells how often it asked.
    async fn write(&self, name: &str) -> (Written, u32) {
        let began = Instant::now();
        let mut asked = 0;
        loop {
            asked += 1;
            match self.put(name).await {
                Some((201, written, _)) => return (written, asked),
                Some((503, ..)) | None => tokio::time::sleep(Duration::from_millis(50)).await,
                Some((status, written, _)) => panic!("{status} {}", written.body),
            }
            assert!(began.elapsed() < BACK_WITHIN, "{name} is never answered");
        }
    }

    async fn answers(&self) {
        let began = Instant::now();
        loop {
            let base = self.base.lock().await.clone();
            let ready = self.client.get(format!("{base}/readyz")).send().await;
            if ready.is_ok_and(|ready| ready.status().is_success()) {
                return;
            }
            assert!(began.elapsed() < BACK_WITHIN, "it never comes back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[derive(Default)]
struct Told {
    written: BTreeMap<String, Written>,
    /// Writes that had to be asked for again.
    again: u64,
}

/// What goes on beside the writers.
#[derive(Clone, Copy, PartialEq)]
pub enum Meanwhile {
    Nothing,
    /// The read models are made anew, over and over.
    Rebuilds,
}

/// Rebuilds one after the other until it is told to stop. What is killed below them may make them fail, and must not make them hang;
/// tells how many were done and how many failed.
fn rebuild_over_and_over(data: &Path, going: &Arc<AtomicBool>) -> std::thread::JoinHandle<(u64, u64)> {
    let (program, going) = (Program::on_data(data), Arc::clone(going));
    std::thread::spawn(move || {
        let (mut done, mut failed) = (0, 0);
        while going.load(Ordering::SeqCst) {
            let rebuilt = program.run(&["rebuild"]);
            match rebuilt.status {
                0 => done += 1,
                1 | 3 => failed += 1,
                status => panic!("{status}: {}{}", rebuilt.out, rebuilt.err),
            }
        }
        (done, failed)
    })
}

/// The next rebuild does away with whatever the killed ones left, and what comes of it is right.
async fn is_whole(data: &Path) {
    let program = Program::on_data(data);
    let began = Instant::now();
    loop {
        let rebuilt = program.run(&["rebuild"]);
        if rebuilt.status == 0 {
            break;
        }
        // The server may not have noticed yet that the last one is gone.
        assert!(began.elapsed() < BACK_WITHIN, "{}{}", rebuilt.out, rebuilt.err);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = program.run(&["verify"]);
    assert_eq!(found.status, 0, "{}{}", found.out, found.err);
    let server = PrivatePostgres::start(&Settings::new(data)).await.expect("it runs");
    let mut owner = PgConnection::connect_with(&server.connect_options(DATABASE)).await.expect("connect");
    let left: Vec<String> = sqlx::query_scalar(
        "select state from daybook.generation union all select 'a schema' from pg_namespace where nspname like 'daybook\\_read\\_%'",
    )
    .fetch_all(&mut owner)
    .await
    .expect("what is left");
    assert_eq!(left, ["current", "a schema"]);
    owner.close().await.expect("closed");
    server.stop().await.expect("left");
}

/// Kills, in turn, the service, its PostgreSQL, and both; a round is a cycle.
pub async fn hammer(rounds: &Rounds, meanwhile: Meanwhile) -> String {
    let data = directory();
    let program = Program::on_data(data.path());
    for args in [
        &["plan", "add", PLAN][..],
        &["user", "add", "anna", "--group", "administrators", "--password-stdin"],
    ] {
        let done = program.run_with(args, "a good long password\n");
        assert_eq!(done.status, 0, "{args:?}: {}", done.err);
    }
    let mut victim = Victim::start(data.path());
    let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let body = json!({ "user": "anna", "password": "a good long password", "plan": PLAN });
    let session = client.post(format!("{}/v1/sessions", victim.base)).json(&body).send().await.unwrap();
    let session: Json = session.json().await.unwrap();
    let scene = Arc::new(Scene {
        client,
        base: Mutex::new(victim.base.clone()),
        going: AtomicBool::new(true),
        token: session["token"].as_str().expect("a token").to_owned(),
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let scene = scene.clone();
            tokio::spawn(async move {
                let mut told = Told::default();
                while scene.going.load(Ordering::SeqCst) {
                    let name = format!("T{writer}.{}", told.written.len());
                    let (written, asked) = scene.write(&name).await;
                    told.again += u64::from(asked > 1);
                    told.written.insert(name, written);
                }
                told
            })
        })
        .collect();
    let rebuilding = Arc::new(AtomicBool::new(true));
    let rebuilds =
        (meanwhile == Meanwhile::Rebuilds).then(|| rebuild_over_and_over(data.path(), &rebuilding));
    let mut dice = Dice::new(9);
    let (mut kills, mut away) = ([0_u64; 3], Duration::ZERO);
    while let Some(round) = rounds.next() {
        tokio::time::sleep(Duration::from_millis(150 + dice.below(600))).await;
        let (kind, began) = (round as usize % 3, Instant::now());
        kills[kind] += 1;
        if kind != 0 {
            kill_postgres(data.path());
        }
        if kind != 1 {
            victim.kill();
            victim = Victim::start(data.path());
            *scene.base.lock().await = victim.base.clone();
        }
        scene.answers().await;
        away += began.elapsed();
        assert!(writers.iter().all(|writer| !writer.is_finished()), "a writer broke off");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    scene.going.store(false, Ordering::SeqCst);
    let mut all = Told::default();
    for writer in writers {
        let told = writer.await.unwrap();
        all.again += told.again;
        all.written.extend(told.written);
    }
    rebuilding.store(false, Ordering::SeqCst);
    let mut beside = String::new();
    if let Some(rebuilds) = rebuilds {
        let (done, failed) =
            tokio::task::spawn_blocking(|| rebuilds.join()).await.unwrap().expect("rebuilds end");
        is_whole(data.path()).await;
        beside = format!("; beside them {done} rebuilds were done and {failed} broke off");
    }
    check(&scene, &all).await;
    drop(victim);
    format!(
        "{} kills of the service, {} of PostgreSQL, {} of both; {} writes acknowledged, {} of them asked again under \
         their key; none is missing, none is there twice; back after {:.1} s on average{beside}",
        kills[0],
        kills[1],
        kills[2],
        all.written.len(),
        all.again,
        away.as_secs_f64() / rounds.done().max(1) as f64
    )
}

/// Everything acknowledged is there, once, at the position that was told; asked again, it is answered the same.
async fn check(scene: &Scene, all: &Told) {
    for (name, written) in all.written.iter().step_by(all.written.len().div_ceil(1_000)) {
        let (status, again, replayed) = scene.put(name).await.expect("it answers");
        assert_eq!((status, replayed), (201, true), "{name}");
        assert_eq!((&again.body, &again.position), (&written.body, &written.position), "{name}");
    }
    let mut created: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut after = "1.0".to_owned();
    let last =
        all.written.values().map(|written| written.position.clone()).max_by_key(|position| number(position));
    loop {
        let base = scene.base.lock().await.clone();
        let path = format!("{base}/v1/plans/{PLAN}/changes?limit=1000&after={after}");
        let request = scene.client.get(path).bearer_auth(&scene.token);
        let request = request.header("daybook-min-position", last.clone().unwrap_or_default());
        let page: Json = request.send().await.unwrap().json().await.unwrap();
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        for item in items.iter().filter(|item| item["type"] == "daybook.record.created") {
            if let Some(name) = item["subject"].as_str().unwrap().strip_prefix("teachers/") {
                created.entry(name.to_owned()).or_default().push(item["id"].as_str().unwrap().to_owned());
            }
        }
        if items.is_empty() {
            break;
        }
        after = page["next"].as_str().unwrap().to_owned();
    }
    for (name, written) in &all.written {
        assert_eq!(created.remove(name), Some(vec![written.position.clone()]), "{name} is there once");
    }
    assert!(created.is_empty(), "nobody asked for these: {:?}", created.keys().take(5).collect::<Vec<_>>());
}

fn number(position: &str) -> i64 {
    position.split_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_survives_kills_of_the_service_and_of_postgresql() {
    hammer(&Rounds::quiet("kills", 2), Meanwhile::Nothing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rebuild_survives_kills_of_the_service_and_of_postgresql_beside_it() {
    let told = hammer(&Rounds::quiet("kills beside a rebuild", 3), Meanwhile::Rebuilds).await;
    assert!(told.contains("rebuilds were done"), "{told}");
}
