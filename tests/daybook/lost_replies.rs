//! A line to PostgreSQL that is cut while commits are answered: each command happens exactly once, with the same answer.

use std::sync::Arc;

use api::desk::Terms;
use domain::Kind;
use reqwest::Method;
use serde_json::json;
use tests::audit::Audit;
use tests::doings::text;
use tests::office::{Office, plan};
use tests::proxy::Proxy;
use tests::rounds::Rounds;

/// Every how many commits the line is cut.
const CUT_EVERY: u64 = 5;
/// How many write at a time.
const WRITERS: u64 = 16;

/// Cuts lines until as many are cut as there are rounds; the writers go on all the while.
pub async fn hammer(rounds: &Rounds) -> String {
    let direct = Office::open("replies").await;
    let token = direct.api_token("loader", "planners").await;
    let proxy = Proxy::start(&direct.database.options).await.unwrap();
    let office = Office::through(&direct, proxy.options(), Terms::default()).await;
    proxy.cut_every(CUT_EVERY);
    let office = Arc::new(office);
    let rounds_left = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (office, token, going) = (office.clone(), token.clone(), rounds_left.clone());
            tokio::spawn(async move { write(&office, &token, writer, &going).await })
        })
        .collect();
    let mut seen = 0;
    'cutting: loop {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        while seen < proxy.cuts() {
            if rounds.next().is_none() {
                break 'cutting;
            }
            seen += 1;
        }
        assert!(writers.iter().all(|writer| !writer.is_finished()), "a writer broke off");
        if rounds.done() >= rounds.count() {
            break;
        }
    }
    rounds_left.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }
    proxy.cut_every(0);
    // Every command is asked for once more under its key.
    for (name, key, body) in told.iter().step_by(told.len().div_ceil(2_000)) {
        let again = office.send(put(&office, &token_of(&office, &token).await, name, key)).await;
        assert_eq!((again.outcome().as_str(), again.header("idempotency-replayed")), ("201", Some("true")));
        assert_eq!(again.body, *body, "the same answer");
    }
    let audit = Audit::of(&direct.service.as_ref().unwrap().ledger).await;
    let mut names: Vec<String> = told.iter().map(|(name, ..)| name.clone()).collect();
    names.sort();
    assert_eq!(audit.created(Kind::Teachers), names, "each is there once");
    let cuts = proxy.cuts();
    Arc::into_inner(office).unwrap().close().await;
    direct.close().await;
    format!("{} writes, {cuts} lines cut; each is there once, with the answer that was given", names.len())
}

async fn token_of(office: &Office, api_token: &str) -> String {
    let answer = office.log_in_by_token(api_token).await;
    assert_eq!(answer.outcome(), "201", "{}", answer.body);
    text(&answer.body["token"])
}

fn put(office: &Office, token: &str, name: &str, key: &str) -> reqwest::RequestBuilder {
    let path = format!("/v1{}", plan(&format!("/teachers/{name}")));
    let request = office.request(Method::PUT, &path, token).header("if-none-match", "*");
    request.header("idempotency-key", key).json(&json!({ "long_name": name }))
}

type Told = (String, String, serde_json::Value);

async fn write(
    office: &Office,
    api_token: &str,
    writer: u64,
    going: &std::sync::atomic::AtomicBool,
) -> Vec<Told> {
    // Logging in is written under the lock of the head, in another way than changes.
    let mut token = token_of(office, api_token).await;
    let mut told = Vec::new();
    while going.load(std::sync::atomic::Ordering::SeqCst) {
        let (name, key) = (format!("T{writer}.{}", told.len()), format!("key-{writer}.{}", told.len()));
        let mut answer = office.send(put(office, &token, &name, &key)).await;
        // The ledger was out of reach for too long: asked again under the same key.
        while answer.status.as_u16() == 503 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            answer = office.send(put(office, &token, &name, &key)).await;
        }
        assert_eq!(answer.outcome(), "201", "{}", answer.body);
        told.push((name, key, answer.body));
        if told.len().is_multiple_of(20) {
            let gone = office.delete(&token, "/sessions/current").await;
            assert!(["204", "503 outage"].contains(&gone.outcome().as_str()), "{}", gone.body);
            token = token_of(office, api_token).await;
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_whose_commit_was_not_answered_happens_once_and_is_answered() {
    hammer(&Rounds::quiet("lost replies", 24)).await;
}
