//! Whoever follows the ledger sees every position once, in order, and never half an append.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::{Actor, CommandId, Event, Kind, Meta, RecordCreated, RecordId, StreamName, Value};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use serde_json::json;
use sqlx::Connection;
use tests::audit::Audit;
use tests::office::{Office, PLAN, plan};
use tests::rounds::{Dice, Rounds};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

const WRITERS: u64 = 64;

/// Appends of one event, and in one of twenty cases an import of up to a hundred; a round is an event.
async fn write(ledger: &Ledger, rounds: &Rounds, writer: u64) {
    let mut dice = Dice::new(writer);
    loop {
        let wanted = if dice.below(20) == 0 { 2 + dice.below(99) } else { 1 };
        let numbers: Vec<u64> = (0..wanted).map_while(|_| rounds.next()).collect();
        if numbers.is_empty() {
            return;
        }
        let events = numbers.iter().map(|number| teacher(*number)).collect();
        let write =
            Write { stream: StreamName::new(format!("plan/{PLAN}")), expected: Expected::Any, events };
        let meta = Meta::new(CommandId(Uuid::now_v7()), Actor::System);
        ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await.unwrap();
    }
}

fn teacher(number: u64) -> NewEvent {
    let record = RecordId(Uuid::now_v7());
    let fields = [("id".into(), Value::Text(format!("T{number}").into()))].into_iter().collect();
    let created =
        RecordCreated { record, kind: Kind::Teachers, revision: 1, hour_of: None, fields, import: None };
    let event = Event::from(created);
    NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() }
}

/// Follows until the end is known and reached; the positions must come one after the other, in whole appends.
async fn follow(ledger: Ledger, after: i64, end: Arc<AtomicI64>, limit: i64) -> i64 {
    let mut subscription = ledger.subscribe(after);
    let mut last = after;
    while last != end.load(Ordering::SeqCst) {
        let batch = tokio::time::timeout(Duration::from_secs(60), subscription.next_of(limit)).await;
        let batch = batch.expect("something comes").unwrap();
        for event in &batch.events {
            assert_eq!(event.position, last + 1, "none is skipped, none comes twice");
            last = event.position;
        }
        let closing = batch.events.last().unwrap();
        assert_eq!(closing.append_end, closing.position, "never half an append");
        assert_eq!(batch.next, last);
    }
    last - after
}

/// Follows over HTTP: what it sees of the plan, and where each answer ended.
async fn follow_http(
    office: Arc<Office>,
    token: String,
    after: i64,
    end: Arc<AtomicI64>,
    limit: i64,
) -> (Vec<i64>, BTreeSet<i64>) {
    let (mut next, mut seen, mut ends) = (format!("1.{after}"), Vec::new(), BTreeSet::new());
    let number = |position: &str| position.split_once('.').unwrap().1.parse::<i64>().unwrap();
    while number(&next) < end.load(Ordering::SeqCst) {
        let path = plan(&format!("/changes?limit={limit}&wait=5&after={next}"));
        let answer = office.get(&token, &path).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        let items = answer.body["items"].as_array().unwrap();
        let positions = items.iter().map(|item| number(item["id"].as_str().unwrap()));
        for position in positions {
            assert!(seen.last().is_none_or(|last| *last < position), "in order, none twice");
            seen.push(position);
        }
        ends.extend(seen.last().filter(|_| !items.is_empty()));
        next = answer.body["next"].as_str().unwrap().to_owned();
    }
    (seen, ends)
}

/// Five follow, 64 write.
pub async fn hammer(rounds: Rounds) -> (String, Rounds) {
    let office = Arc::new(Office::open("followers").await);
    let anna = office.log_in("anna").await;
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    let settings = PoolSettings::new(office.database.options.clone(), office.database.schema);
    let other = Ledger::open(settings).await.unwrap();
    let after = ledger.head().await.unwrap().position;
    let end = Arc::new(AtomicI64::new(i64::MAX));
    let followers = [(&ledger, 2_000), (&ledger, 30), (&other, 300)]
        .map(|(ledger, limit)| tokio::spawn(follow(ledger.clone(), after, end.clone(), limit)));
    let readers = [1_000, 200]
        .map(|limit| tokio::spawn(follow_http(office.clone(), anna.clone(), after, end.clone(), limit)));
    let rounds = Arc::new(rounds);
    let began = Instant::now();
    let writers = (0..WRITERS).map(|writer| {
        // Some write beside this process: what they commit is announced to nobody.
        let (ledger, rounds) = (if writer % 8 == 0 { other.clone() } else { ledger.clone() }, rounds.clone());
        tokio::spawn(async move { write(&ledger, &rounds, writer).await })
    });
    futures::future::join_all(writers).await.into_iter().for_each(Result::unwrap);
    let took = began.elapsed();
    // A last one tells those who wait that this is the end; the contact of anna's session is no event.
    let last = Append {
        writes: vec![Write {
            stream: StreamName::new(format!("plan/{PLAN}")),
            expected: Expected::Any,
            events: vec![teacher(rounds.done())],
        }],
        ..Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System))
    };
    let head = ledger.head().await.unwrap().position;
    end.store(head + 1, Ordering::SeqCst);
    assert_eq!(ledger.append(last).await.unwrap().last, head + 1, "nobody else writes");
    for follower in followers {
        assert_eq!(follower.await.unwrap() as u64, rounds.done() + 1);
    }
    let written: Vec<i64> = (after + 1..=head + 1).collect();
    let audit = Audit::of(&ledger).await;
    let whole: BTreeSet<i64> = audit.events.iter().map(|event| event.append_end).collect();
    for reader in readers {
        let (seen, ends) = reader.await.unwrap();
        assert_eq!(seen, written, "over HTTP each is seen once");
        assert!(ends.is_subset(&whole), "no answer ends in the middle of an append");
    }
    let imports = audit.events.iter().filter(|event| event.append_end > event.position).count();
    let did = format!(
        "{} events, {imports} of them inside larger appends, in {:.0} s; 3 followers and 2 readers over HTTP saw each once, in order",
        rounds.done(),
        took.as_secs_f64()
    );
    drop((ledger, other));
    Arc::into_inner(office).unwrap().close().await;
    (did, Arc::into_inner(rounds).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_followers_see_every_position_once_in_order_in_whole_appends() {
    hammer(Rounds::quiet("followers", 5_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_follower_or_a_read_model_that_is_stuck_holds_nobody_up() {
    let office = Office::open("stuck").await;
    let anna = office.log_in("anna").await;
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    // One subscribes and never asks, one asked over HTTP and never reads, and a read model waits for a lock on its table.
    let idle = ledger.subscribe(0);
    let address = office.base.strip_prefix("http://").unwrap();
    let mut deaf = tokio::net::TcpStream::connect(address).await.unwrap();
    let path = plan("/changes?wait=30&after=now");
    let question = format!("GET /v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {anna}\r\n\r\n");
    deaf.write_all(question.as_bytes()).await.unwrap();
    let mut blocker = sqlx::PgConnection::connect_with(&office.database.options).await.unwrap();
    let schema: String = sqlx::query_scalar(
        "select schemaname::text from pg_tables where tablename = 'placement' order by schemaname desc limit 1",
    )
    .fetch_one(&mut blocker)
    .await
    .unwrap();
    let sql = format!("begin; lock table \"{schema}\".record in access exclusive mode");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut blocker).await.unwrap();
    let began = Instant::now();
    let mut last = String::new();
    for number in 0..100 {
        let made = office.create(&anna, &plan(&format!("/teachers/T{number}")), json!({})).await;
        assert_eq!(made.outcome(), "201", "{}", made.body);
        last = made.header("daybook-position").unwrap().to_owned();
    }
    assert!(began.elapsed() < Duration::from_secs(20), "writes go on: {:?}", began.elapsed());
    let request = || {
        let path = format!("/v1{}", plan("/teachers/T99"));
        office.request(reqwest::Method::GET, &path, &anna).header("daybook-min-position", last.clone())
    };
    let behind = office.send(request()).await;
    assert!(
        ["503 projection-behind", "503 outage", "503 busy"].contains(&behind.outcome().as_str()),
        "{}",
        behind.body
    );
    sqlx::raw_sql("rollback").execute(&mut blocker).await.unwrap();
    let began = Instant::now();
    while office.send(request()).await.outcome() != "200" {
        assert!(began.elapsed() < Duration::from_secs(20), "the read model comes back");
    }
    assert_eq!(idle.position(), 0);
    drop(deaf);
    office.close().await;
}
