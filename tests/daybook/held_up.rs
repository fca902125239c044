//! What is held up answers within a bound: a read model that cannot go on, a queue that is full, a database that hangs.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use api::desk::Terms;
use api::outage::ContactTerms;
use api::private_postgres::{DATABASE, PrivatePostgres, Settings};
use domain::{Actor, CommandId, Kind, Meta};
use eventstore::Append;
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tests::audit::Audit;
use tests::cluster::TestDatabase;
use tests::office::{Office, plan};
use uuid::Uuid;

/// How many appends may be unanswered at a time (`eventstore/src/queue.rs`).
const APPENDS_MAX: usize = 16_384;

async fn by_hand(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.expect("done by hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_needs_a_position_that_cannot_be_read_yet_is_told_within_two_seconds() {
    let office = Office::open("behind").await;
    let anna = office.log_in("anna").await;
    let (mut holder, schema) = office.owner().await;
    by_hand(&mut holder, format!("begin; lock table {schema}.checkpoint in access exclusive mode")).await;
    let made = office.create(&anna, &plan("/teachers/GAUSS"), json!({})).await;
    assert_eq!(made.outcome(), "201", "writing needs no read model: {}", made.body);
    let position = made.header("daybook-position").unwrap().to_owned();
    let ask = || {
        let path = format!("/v1{}", plan("/teachers/GAUSS"));
        office.request(Method::GET, &path, &anna).header("daybook-min-position", position.clone())
    };
    let began = Instant::now();
    let behind = office.send(ask()).await;
    assert_eq!(behind.outcome(), "503 projection-behind", "{}", behind.body);
    assert_eq!(behind.header("retry-after"), Some("1"));
    assert!(began.elapsed() >= Duration::from_millis(1_900), "it waits for two seconds first");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    by_hand(&mut holder, "rollback".to_owned()).await;
    assert_eq!(office.send(ask()).await.outcome(), "200", "it goes on by itself");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_busy_and_what_it_refused_is_not_there() {
    let office = Office::open("busy").await;
    let anna = office.log_in("anna").await;
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    let mut holder = office.database.options.connect().await.unwrap();
    by_hand(&mut holder, "begin; select * from daybook.head for update".to_owned()).await;
    // They write nothing; they only wait to be judged, as a refusal does.
    let append = || Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System));
    let waiting: Vec<_> = (0..APPENDS_MAX).map_while(|_| ledger.enqueue(append()).ok()).collect();
    assert!(waiting.len() > APPENDS_MAX / 2, "only {} appends were let in", waiting.len());
    let began = Instant::now();
    let refused = office.create(&anna, &plan("/teachers/GAUSS"), json!({})).await;
    assert_eq!(refused.outcome(), "503 busy", "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    by_hand(&mut holder, "rollback".to_owned()).await;
    for pending in waiting {
        // What waited too long is given up; that is told too.
        let _ = pending.await;
    }
    let made = office.create(&anna, &plan("/teachers/NEWTON"), json!({})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    assert_eq!(office.get(&anna, &plan("/teachers/GAUSS")).await.outcome(), "404 not-found");
    office.close().await;
}

/// Sends a signal to a server and all its processes.
fn signal(postmaster: &str, signal: &str) {
    let children = Command::new("pgrep").args(["-P", postmaster]).output().expect("pgrep runs");
    let children = String::from_utf8_lossy(&children.stdout).into_owned();
    for pid in std::iter::once(postmaster).chain(children.split_whitespace()) {
        let _ = Command::new("kill").args([signal, pid]).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_an_outage_and_nothing_is_half_done() {
    let data = super::command_line::program::directory();
    let settings = Settings::new(data.path());
    let postgres = PrivatePostgres::start(&settings).await.unwrap();
    let database = TestDatabase::of_own_server(postgres.connect_options(DATABASE));
    let contact = ContactTerms { every: Duration::from_millis(200), ..ContactTerms::default() };
    let terms = Terms { contact, session_idle: Duration::from_secs(5), ..Terms::default() };
    let office = Office::furnished_on(std::sync::Arc::new(database), terms).await;
    let anna = office.log_in("anna").await;
    let pid = std::fs::read_to_string(data.path().join("postgres/postmaster.pid"))
        .or_else(|_| std::fs::read_to_string(data.path().join("postmaster.pid")))
        .expect("the server runs");
    let postmaster = pid.lines().next().expect("its first line is its number").to_owned();

    let mut acknowledged = BTreeSet::new();
    let mut asked = 0;
    signal(&postmaster, "-STOP");
    let hung = Instant::now();
    let mut refused = 0;
    while hung.elapsed() < Duration::from_secs(8) {
        asked += 1;
        let name = format!("H{asked}");
        let began = Instant::now();
        let made = office.create(&anna, &plan(&format!("/teachers/{name}")), json!({})).await;
        assert!(began.elapsed() < Duration::from_secs(8), "an answer took {:?}", began.elapsed());
        match made.outcome().as_str() {
            "503 outage" => {
                assert!(made.header("retry-after").is_some());
                refused += 1;
            }
            "201" => drop(acknowledged.insert(name)),
            other => panic!("{other}: {}", made.body),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    signal(&postmaster, "-CONT");
    let back = Instant::now();
    loop {
        asked += 1;
        let name = format!("H{asked}");
        let made = office.create(&anna, &plan(&format!("/teachers/{name}")), json!({})).await;
        if made.outcome() == "201" {
            acknowledged.insert(name);
            break;
        }
        assert!(back.elapsed() < Duration::from_secs(10), "{}: {}", made.outcome(), made.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refused > 1, "while it hangs every call is told so");
    // What happened is written when contact is back, beside the first writes.
    let audit = loop {
        let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
        if audit.events.iter().any(|event| event.r#type == "ContactLost") {
            break audit;
        }
        assert!(back.elapsed() < Duration::from_secs(20), "that it hung is not on record");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let created = audit.created(Kind::Teachers);
    let distinct: BTreeSet<_> = created.iter().collect();
    assert_eq!(distinct.len(), created.len(), "nothing is there twice");
    for name in &acknowledged {
        assert!(created.iter().any(|it| it == name), "{name} was acknowledged and is not there");
    }
    office.close().await;
    postgres.stop().await.unwrap();
}
