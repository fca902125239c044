//! PostgreSQL is stopped and started again, for real: what is told meanwhile, and that nothing is lost.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use api::desk::Terms;
use api::outage::ContactTerms;
use domain::Kind;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::audit::Audit;
use tests::cluster::TestDatabase;
use tests::doings::text;
use tests::office::{Office, plan};
use tests::outages::{announce, outage, wait_for};
use tests::proxy::Proxy;
use tests::rounds::Rounds;

/// What is told from memory is told within this.
const FROM_MEMORY_WITHIN: Duration = Duration::from_millis(50);
/// The service serves again within this of its database.
const SERVES_WITHIN: Duration = Duration::from_secs(2);

fn terms() -> Terms {
    let every = Duration::from_millis(200);
    Terms { contact: ContactTerms { every, ..ContactTerms::default() }, ..Terms::default() }
}

/// The quickest of a few answers: the machine is not ours alone.
async fn quickest(office: &Office, path: &str) -> (reqwest::StatusCode, Json, Duration) {
    let mut best: Option<(reqwest::StatusCode, Json, Duration)> = None;
    for _ in 0..5 {
        let began = Instant::now();
        let answer = office.client.get(format!("{}{path}", office.base)).send().await.unwrap();
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap();
        let took = began.elapsed();
        let body = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
        if best.as_ref().is_none_or(|(_, _, quickest)| took < *quickest) {
            best = Some((status, body, took));
        }
    }
    best.unwrap()
}

async fn gone(office: &Office) {
    let began = Instant::now();
    while !office.service.as_ref().unwrap().desk.standing.is_ledger_gone() {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody notices that the ledger is gone");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_ledger_is_gone_the_message_comes_from_memory_and_everything_else_is_refused_at_once() {
    let first = Office::open("gone").await;
    let proxy = Proxy::start(&first.database.options).await.unwrap();
    let office = Office::through(&first, proxy.options(), terms()).await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    let notice = json!({ "title": "Service", "text": "Tomorrow.", "public": true });
    assert_eq!(office.post(&admin, "/notices", notice).await.outcome(), "201");
    announce(&office, &admin, json!({ "message": "At noon.", "prevent_logins": false })).await;
    first.close().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waiting = {
        let path = format!("{}/v1{}", office.base, plan("/changes?wait=30&after=now"));
        let request = office.client.get(path).bearer_auth(&anna);
        tokio::spawn(async move { request.send().await.unwrap().status() })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    proxy.set_away(true);
    gone(&office).await;
    let began = Instant::now();
    assert_eq!(waiting.await.unwrap(), 503, "who was waiting is told too");
    assert!(began.elapsed() < Duration::from_secs(3));
    for (path, status) in
        [("/livez", 200), ("/readyz", 503), ("/metrics", 200), ("/v1/outage", 200), ("/v1/login-page", 200)]
    {
        let (told, body, took) = quickest(&office, path).await;
        assert_eq!(told, status, "{path}: {body}");
        assert!(took < FROM_MEMORY_WITHIN, "{path} took {took:?}");
    }
    let page = quickest(&office, "/v1/login-page").await.1;
    assert_eq!(page["notices"][0]["title"], "Service");
    assert_eq!((&page["outage"]["message"], &page["login_open"]), (&json!("At noon."), &json!(false)));
    let shown = outage(&office).await;
    assert_eq!((&shown["state"], &shown["contact"]["state"]), (&json!("down-announced"), &json!("lost")));
    assert_eq!(shown["users"], 2, "as far as was known");
    let notices = office.send(office.request(Method::GET, "/v1/notices", &anna)).await;
    assert_eq!((notices.outcome().as_str(), &notices.body["items"][0]["title"]), ("200", &json!("Service")));
    let began = Instant::now();
    for refused in [
        office.send(office.request(Method::GET, &format!("/v1{}", plan("/teachers")), &anna)).await,
        office.create(&anna, &plan("/teachers/NEW"), json!({})).await,
        office.try_log_in("bert", json!({})).await,
        announce(&office, &admin, json!({ "message": "x", "prevent_logins": true })).await,
        office.send(office.request(Method::GET, "/v1/users", "dbs_nobody_knows")).await,
    ] {
        assert_eq!(refused.outcome(), "503 outage", "{}", refused.body);
        assert_eq!(refused.body["message"], "At noon.");
        assert!(refused.body["since"].is_string() && refused.header("retry-after").is_some());
    }
    assert!(began.elapsed() < Duration::from_secs(2), "five refusals took {:?}", began.elapsed());
    let stranger = office.send(office.client.get(format!("{}/v1/users", office.base))).await;
    assert_eq!(stranger.outcome(), "401 not-logged-in");
    proxy.set_away(false);
    let began = Instant::now();
    wait_for(&office, "open").await;
    let made = office.create(&anna, &plan("/teachers/NEW"), json!({})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    assert_eq!(office.get(&anna, &plan("/teachers/NEW")).await.outcome(), "200", "read models go on");
    eprintln!("served again after {:?}", began.elapsed());
    let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
    let types: Vec<&str> = audit.events.iter().map(|event| event.r#type.as_str()).collect();
    let begun = types.iter().position(|it| *it == "ContactLost").expect("it is on record");
    assert_eq!(types[begun..begun + 4], ["ContactLost", "OutageBegun", "ContactBack", "OutageEnded"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_alone_loses_the_ledger_ends_nothing() {
    let office = Office::with_terms("lonely", terms()).await;
    let proxy = Proxy::start(&office.database.options).await.unwrap();
    let lonely = Office::through(&office, proxy.options(), terms()).await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    announce(&office, &admin, json!({ "message": "At noon.", "prevent_logins": true })).await;
    proxy.set_away(true);
    gone(&lonely).await;
    assert_eq!(outage(&lonely).await["state"], "down-announced");
    assert_eq!(outage(&office).await["state"], "gated");
    assert_eq!(office.get(&anna, &plan("/teachers")).await.outcome(), "200");
    proxy.set_away(false);
    wait_for(&lonely, "gated").await;
    let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
    assert!(audit.events.iter().all(|event| event.r#type != "ContactLost"));
    lonely.close().await;
    office.close().await;
}

/// What the writers did while the database came and went.
#[derive(Default)]
struct Did {
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// Stops PostgreSQL under writers and starts it again; the first absence of a soak lasts a minute.
pub async fn hammer(rounds: &Rounds, first_absence: Duration) -> String {
    let data = super::command_line::program::directory();
    let settings = api::private_postgres::Settings::new(data.path());
    let postgres = api::private_postgres::PrivatePostgres::start(&settings).await.unwrap();
    let database = TestDatabase::of_own_server(postgres.connect_options(api::private_postgres::DATABASE));
    let mut postgres = Some(postgres);
    let idle = Terms { session_idle: Duration::from_secs(5), ..terms() };
    let office = Arc::new(Office::furnished_on(Arc::new(database), idle).await);
    let anna = office.log_in("anna").await;
    let (did, stop) = (Arc::new(Did::default()), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..8)
        .map(|number| tokio::spawn(write(office.clone(), anna.clone(), number, did.clone(), stop.clone())))
        .collect();
    let (mut away, mut slowest) = (first_absence, Duration::ZERO);
    while rounds.next().is_some() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        postgres.take().unwrap().stop().await.unwrap();
        gone(&office).await;
        let (status, shown, took) = quickest(&office, "/v1/outage").await;
        assert_eq!((status.as_u16(), &shown["state"]), (200, &json!("down-unannounced")));
        assert!(took < FROM_MEMORY_WITHIN, "{took:?}");
        tokio::time::sleep(away).await;
        postgres = Some(api::private_postgres::PrivatePostgres::start(&settings).await.unwrap());
        let began = Instant::now();
        let before = did.acknowledged.load(Ordering::SeqCst);
        while did.acknowledged.load(Ordering::SeqCst) == before {
            assert!(began.elapsed() < SERVES_WITHIN * 5, "nothing is written any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.max(began.elapsed());
        away = Duration::from_millis(300);
    }
    stop.store(true, Ordering::SeqCst);
    let mut written: Vec<String> = Vec::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    // A write that was waiting may be acknowledged a moment before the node knows that contact is back.
    let began = Instant::now();
    let here = loop {
        let here = office.get(&anna, "/sessions/current").await;
        if here.outcome() != "503 outage" || began.elapsed() > SERVES_WITHIN {
            break here;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(here.outcome(), "200", "nobody is thrown out for the time it was away: {}", here.body);
    // The last return is written beside the first writes after it.
    let began = Instant::now();
    let audit = loop {
        let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
        let back = audit.events.iter().filter(|event| event.r#type == "ContactBack").count() as u64;
        if back >= rounds.done() || began.elapsed() > Duration::from_secs(10) {
            break audit;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let created = audit.created(Kind::Teachers);
    for name in &written {
        assert!(created.binary_search(name).is_ok(), "{name} was acknowledged and is not there");
    }
    let count = |r#type: &str| audit.events.iter().filter(|event| event.r#type == r#type).count() as u64;
    assert_eq!((count("ContactLost"), count("ContactBack")), (rounds.done(), rounds.done()));
    assert!(slowest < SERVES_WITHIN, "it took {slowest:?} until something was written again");
    let office = Arc::into_inner(office).unwrap();
    office.close().await;
    postgres.take().unwrap().stop().await.unwrap();
    format!(
        "{} acknowledged, none lost; {} refused meanwhile; written again {slowest:?} after the database at the latest",
        written.len(),
        did.refused.load(Ordering::SeqCst),
    )
}

/// Makes one teacher after the other; the names of those that were acknowledged.
async fn write(
    office: Arc<Office>,
    token: String,
    number: u64,
    did: Arc<Did>,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut written = Vec::new();
    let mut round = 0;
    while !stop.load(Ordering::SeqCst) {
        round += 1;
        let name = format!("W{number}-{round}");
        let began = Instant::now();
        let made = office.create(&token, &plan(&format!("/teachers/{name}")), json!({})).await;
        assert!(began.elapsed() < Duration::from_secs(8), "an answer took {:?}", began.elapsed());
        match made.outcome().as_str() {
            "201" => {
                written.push(text(&made.body["id"]));
                did.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            "503 outage" | "503 busy" => {
                assert!(made.header("retry-after").is_some());
                did.refused.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => panic!("{other}: {}", made.body),
        }
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_stops_and_starts_under_load_and_nothing_acknowledged_is_lost() {
    hammer(&Rounds::quiet("ledger gone", 2), Duration::from_secs(7)).await;
}

#[test]
fn the_host_is_told_by_the_running_service_while_the_ledger_is_gone() {
    use super::command_line::program::{Program, directory};
    let data = directory();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let settings = api::private_postgres::Settings::new(data.path());
    let start = || runtime.block_on(api::private_postgres::PrivatePostgres::start(&settings)).unwrap();
    let postgres = start();
    let program = Program::on_url(&postgres.url(api::private_postgres::DATABASE));
    let socket = data.path().join("operator.sock");
    let socket = ["--operator-socket", socket.to_str().unwrap()];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--quiet", "--contact-every", "200ms"];
    let mut service = program.start(&[&serve[..], &socket[..]].concat());
    let run = |args: &[&str]| program.run(&[args, &socket[..]].concat());
    assert_eq!(run(&["outage", "announce", "At noon."]).status, 0);
    runtime.block_on(postgres.stop()).unwrap();
    let began = Instant::now();
    let shown = loop {
        let shown = run(&["outage", "show", "--json"]);
        if shown.json()["state"] == "down-announced" || began.elapsed() > Duration::from_secs(20) {
            break shown;
        }
    };
    assert_eq!((shown.status, text(&shown.json()["message"])), (0, "At noon.".to_owned()), "{shown:?}");
    let refused = run(&["outage", "end"]);
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.err.contains("The running service says: down"), "{refused:?}");
    let postgres = start();
    let began = Instant::now();
    while run(&["outage", "show", "--json"]).json()["state"] != "open" {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(service.stop(), 0);
    assert!(!Path::new(socket[1]).exists());
    runtime.block_on(postgres.stop()).unwrap();
}
