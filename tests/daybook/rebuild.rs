//! `daybook rebuild` and `daybook verify`, beside a running service and without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection};
use tests::exposition::Exposition;
use tests::office::{Office, plan};
use tests::rounds::Dice;

use crate::command_line::program::{Done, Program, binary};

/// How many writers go on meanwhile.
const WRITERS: usize = 16;

/// An office, when the program is there: building it takes longer than a session lives that nobody hears of.
async fn office(name: &str) -> Office {
    tokio::task::spawn_blocking(binary).await.expect("the program is built");
    Office::open(name).await
}

async fn run(daybook: Program, arguments: &'static [&'static str]) -> Done {
    tokio::task::spawn_blocking(move || daybook.run(arguments)).await.expect("the program ran")
}

/// The last of the JSON lines.
fn last(done: &Done) -> Json {
    let line = done.out.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}{}", done.out, done.err))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_broken_by_hand_is_named_and_mended_beside_the_service() {
    let office = office("broken_by_hand").await;
    let token = office.log_in("anna").await;
    for name in ["GAUSS", "NEWTON", "EULER"] {
        let path = plan(&format!("/teachers/{name}"));
        assert_eq!(office.create(&token, &path, json!({ "long_name": name })).await.outcome(), "201");
    }
    office.get(&token, &plan("/teachers")).await;
    let daybook = || Program::on_url(&office.database.url);
    let right = run(daybook(), &["verify"]).await;
    assert_eq!(right.status, 0, "{}{}", right.out, right.err);
    assert!(right.out.contains("record") && right.out.contains("right"), "{}", right.out);
    for (sql, table, what) in [
        ("update record set sort = 'X' where name = 'EULER'", "record", "sort"),
        ("delete from account where name = 'bert'", "account", "missing"),
        (
            "insert into plan select 'x~2026-2027~1', title, state, revision, epoch, valid_from from plan",
            "plan",
            "too many",
        ),
    ] {
        office.by_hand(sql).await;
        let found = run(daybook(), &["verify", "--json"]).await;
        assert_eq!(found.status, 1, "{sql}: {}{}", found.out, found.err);
        let all = last(&found);
        let finding = all["findings"].as_array().into_iter().flatten().find(|it| it["of"] == table);
        let finding = finding.unwrap_or_else(|| panic!("{table} is not named: {all}"));
        assert!(finding["detail"].as_str().is_some_and(|it| it.contains(what)), "{finding}");
        assert!(finding["row"].as_str().is_some_and(|it| it.starts_with(table)), "{finding}");
        assert!(finding["position"].as_str().is_some_and(|it| it.starts_with("1.")), "{finding}");
    }
    let mended = run(daybook(), &["rebuild", "record", "account", "plan", "--json"]).await;
    assert_eq!(mended.status, 0, "{}{}", mended.out, mended.err);
    assert_eq!(last(&mended)["rebuilt"], json!(["account", "plan", "record"]));
    assert_eq!(last(&mended)["old_dropped"], true);
    assert_eq!(run(daybook(), &["verify"]).await.status, 0);
    let teachers = office.get(&token, &plan("/teachers")).await;
    assert_eq!(teachers.body["items"][0]["id"], "EULER");
    let unknown = run(daybook(), &["rebuild", "records"]).await;
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("account, plan, record"), "{}", unknown.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_fails_is_told_everywhere_and_goes_on_after_its_rebuild() {
    let office = office("failing_projection").await;
    let token = office.log_in("anna").await;
    let admin = office.log_in("admin").await;
    office.by_hand("alter table record drop column search").await;
    let made = office.create(&token, &plan("/teachers/GAUSS"), json!({})).await;
    assert_eq!(made.outcome(), "201");
    let position = made.header("daybook-position").expect("a position").to_owned();
    let told = async || {
        let ready = office.send(office.request(Method::GET, "/readyz?verbose", &admin)).await;
        assert_eq!(ready.status.as_u16(), 200, "the others go on: {}", ready.body);
        let of = |list: &Json| {
            list.as_array()
                .into_iter()
                .flatten()
                .find(|it| it["name"] == "record")
                .cloned()
                .unwrap_or_default()
        };
        let report = office.get(&admin, "/status-report").await;
        (of(&ready.body["projections"]), of(&report.body["engine"]["projections"]))
    };
    let (ready, report) = loop {
        let told = told().await;
        if told.0["state"] == "stopped" {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let number = position.split_once('.').expect("an epoch").1;
    assert!(ready["cause"].as_str().is_some_and(|it| it.contains(number)), "{ready}");
    assert_eq!((&report["state"], &report["cause"]), (&json!("stopped"), &ready["cause"]));
    let metrics = office.client.get(format!("{}/metrics", office.base)).send().await.expect("metrics");
    let figures = Exposition::read(&metrics.text().await.expect("text"));
    let of = |name: &str| figures.sum(name, &[("projection", "record")]);
    assert_eq!(of("daybook_projection_live"), 0.0);
    assert!(of("daybook_projection_lag_events") > 0.0 && of("daybook_projection_lag_seconds") > 0.0);
    let done = run(Program::on_url(&office.database.url), &["rebuild", "record"]).await;
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(told().await.0["state"], "live");
    assert_eq!(office.get(&token, &plan("/teachers/GAUSS")).await.outcome(), "200");
}

/// Writers that change a teacher each, over and over, until they are told to stop.
struct Writers {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<(String, u64)>>,
}

impl Writers {
    async fn start(office: &Arc<Office>) -> Writers {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut tasks = Vec::new();
        let token = office.log_in("anna").await;
        for writer in 0..WRITERS {
            let path = plan(&format!("/teachers/T{writer}"));
            let made = office.create(&token, &path, json!({ "long_name": "0" })).await;
            assert_eq!(made.outcome(), "201");
            let (office, token) = (Arc::clone(office), token.clone());
            let (stop, written) = (Arc::clone(&stop), Arc::clone(&written));
            tasks.push(tokio::spawn(async move {
                let mut etag = made.etag();
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    count += 1;
                    let body = json!({ "long_name": count.to_string() });
                    let answer = office.patch(&token, &path, &etag, body).await;
                    assert_eq!(answer.outcome(), "200", "{}", answer.body);
                    etag = answer.etag();
                    written.fetch_add(1, Ordering::Relaxed);
                    // What was acknowledged is shown, whatever is being rebuilt.
                    let read = office.get(&token, &path).await;
                    assert_eq!(read.body["long_name"], count.to_string(), "{}", read.body);
                }
                (path, count)
            }));
        }
        Writers { stop, written, tasks }
    }

    async fn until(&self, more: u64) {
        let goal = self.written.load(Ordering::Relaxed) + more;
        while self.written.load(Ordering::Relaxed) < goal
            && !self.tasks.iter().any(tokio::task::JoinHandle::is_finished)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) -> Vec<(String, u64)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.push(task.await.expect("the writer met no surprise"));
        }
        all
    }
}

/// Every change of every writer is in the feed and in the history of its teacher, once.
async fn every_change_is_there_once(office: &Office, written: &[(String, u64)]) {
    let token = office.log_in("bert").await;
    let feed = office.changes(&token).await;
    for (path, count) in written {
        let read = office.get(&token, path).await;
        assert_eq!(read.body["long_name"], count.to_string());
        let subject = format!("teachers/{}", path.rsplit('/').next().unwrap_or_default());
        let told = feed.iter().filter(|change| change["subject"] == *subject);
        let revisions: Vec<u64> = told.filter_map(|change| change["data"]["revision"].as_u64()).collect();
        assert_eq!(revisions, (1..=count + 1).collect::<Vec<_>>(), "{path}");
        let past = office.all(&token, &format!("/history?record={subject}")).await;
        let revisions: Vec<u64> = past.iter().filter_map(|change| change["revision"].as_u64()).collect();
        assert_eq!(revisions, (1..=count + 1).rev().collect::<Vec<_>>(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_readers_go_on_during_a_rebuild_and_nothing_is_missing_or_twice() {
    let office = Arc::new(office("rebuild_live").await);
    let writers = Writers::start(&office).await;
    writers.until(100).await;
    let rounds = if std::env::var_os("DAYBOOK_SOAK").is_some() { 10 } else { 2 };
    for _ in 0..rounds {
        let done = run(Program::on_url(&office.database.url), &["rebuild", "--json"]).await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        assert_eq!(last(&done)["old_dropped"], true);
        writers.until(50).await;
    }
    let found = run(Program::on_url(&office.database.url), &["verify"]).await;
    assert_eq!(found.status, 0, "{}{}", found.out, found.err);
    let written = writers.stop().await;
    every_change_is_there_once(&office, &written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_at_any_moment_ends_right_when_it_is_begun_again() {
    let office = Arc::new(office("rebuild_killed").await);
    let writers = Writers::start(&office).await;
    writers.until(100).await;
    let mut dice = Dice::new(11);
    let kills = if std::env::var_os("DAYBOOK_SOAK").is_some() { 10 } else { 3 };
    for _ in 0..kills {
        let mut child = Program::on_url(&office.database.url).spawn(&["rebuild"]);
        tokio::time::sleep(Duration::from_millis(30 + dice.below(900))).await;
        let _ = child.kill();
        let _ = child.wait();
    }
    writers.until(20).await;
    let done = loop {
        let done = run(Program::on_url(&office.database.url), &["rebuild", "--json"]).await;
        // The server may not have noticed yet that the killed one is gone.
        if !done.err.contains("being rebuilt already") {
            break done;
        }
    };
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    let written = writers.stop().await;
    every_change_is_there_once(&office, &written).await;
    let found = run(Program::on_url(&office.database.url), &["verify"]).await;
    assert_eq!(found.status, 0, "{}{}", found.out, found.err);
    let mut connection = PgConnection::connect_with(&office.database.options).await.expect("connect");
    let left: Vec<(String, String)> = sqlx::query_as(
        "select schema_name, state from daybook.generation union all select nspname::text, 'a schema' from pg_namespace
        where nspname like 'daybook\\_read\\_%'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("what is left");
    assert_eq!(left.len(), 2, "one generation and its schema: {left:?}");
}
