//! kill -9 of the service and of its PostgreSQL under load: what was acknowledged is there, once, and asked again it is answered the
//! same.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value as Json, json};
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

/// Kills, in turn, the service, its PostgreSQL, and both; a round is a cycle.
pub async fn hammer(rounds: &Rounds) -> String {
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
    check(&scene, &all).await;
    drop(victim);
    format!(
        "{} kills of the service, {} of PostgreSQL, {} of both; {} writes acknowledged, {} of them asked again under \
         their key; none is missing, none is there twice; back after {:.1} s on average",
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
    hammer(&Rounds::quiet("kills", 2)).await;
}
