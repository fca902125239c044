//! Long plans are opened from snapshots, which are never trusted.

use std::time::{Duration, Instant};

use api::desk::Terms;
use chrono::{DateTime, Utc};
use domain::{
    Actor, At, CommandId, Event, FieldChange, Kind, Meta, RecordChanged, RecordId, Stamp, StreamName, Value,
    snapshot,
};
use eventstore::{Append, Expected, NewEvent, PoolSettings, SnapshotOf, Write};
use projections::{VerifyTerms, read_models, verify};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tests::office::{Office, PLAN, plan};
use tests::rounds::Dice;
use uuid::Uuid;

/// So many changes of one teacher make a plan long.
const CHANGES: u64 = 40_000;

/// What a metric has counted in this process.
async fn counted(office: &Office, metric: &str) -> u64 {
    let text =
        office.client.get(format!("{}/metrics", office.base)).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse().ok());
    line.unwrap_or_default()
}

pub async fn events_read(office: &Office) -> u64 {
    counted(office, "daybook_state_events_read_total").await
}

fn seldom() -> Terms {
    Terms { snapshot_every: i64::MAX, ..Terms::default() }
}

async fn owner(office: &Office) -> PgConnection {
    let mut owner = PgConnection::connect_with(&office.database.options).await.unwrap();
    sqlx::query("set search_path = daybook").execute(&mut owner).await.unwrap();
    owner
}

/// The snapshots of the plan: versions and states.
async fn of_plan(office: &Office) -> Vec<(i64, Vec<u8>)> {
    sqlx::query_as("select version, state from snapshot where stream = $1 order by version")
        .bind(format!("plan/{PLAN}"))
        .fetch_all(&mut owner(office).await)
        .await
        .unwrap()
}

/// As many changes of a teacher, written in few appends past the rules, as somebody who works for years.
async fn years_of_work(office: &Office, token: &str) {
    office.made(token, "/teachers/GAUSS", json!({ "text": "0" })).await;
    let ledger = &office.service.as_ref().unwrap().ledger;
    let desk = &office.service.as_ref().unwrap().desk;
    let here = PLAN.parse().unwrap();
    let id = desk.with_plan(&here, |plan| plan.named(Kind::Teachers, "GAUSS").unwrap().id).await.unwrap();
    let text = |number: u64| Some(Value::Text(number.to_string().into()));
    for first in (1..=CHANGES).step_by(10_000) {
        let changed = |number: u64| changed(id, number + 1, text(number - 1), text(number));
        let events = (first..first + 10_000).map(changed).collect();
        let stream = StreamName::new(format!("plan/{PLAN}"));
        let mut append = Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System));
        append.writes.push(Write { stream, expected: Expected::Any, events });
        ledger.append(append).await.unwrap();
    }
}

fn changed(record: RecordId, revision: u64, from: Option<Value>, to: Option<Value>) -> NewEvent {
    let changes = vec![FieldChange { field: "text".into(), from, to }];
    let event = Event::from(RecordChanged {
        record,
        kind: Kind::Teachers,
        revision,
        period: None,
        changes,
        import: None,
    });
    NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() }
}

/// Waits until the plan has a snapshot of a version, or a later one.
async fn written(office: &Office, version: i64) -> i64 {
    let began = Instant::now();
    loop {
        match of_plan(office).await.last() {
            Some((newest, _)) if *newest >= version => return *newest,
            _ if began.elapsed() > Duration::from_secs(120) => panic!("no snapshot is written"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_plan_opens_by_reading_only_what_came_after_its_snapshot() {
    let office = Office::open("a_long_plan").await;
    let token = office.log_in("anna").await;
    events_read(&office).await;
    years_of_work(&office, &token).await;
    // The plan is in memory here, so the state is told of its growth by the follower; nobody has to ask for it.
    written(&office, i64::try_from(CHANGES).unwrap()).await;

    // Another node comes: it decides on a change of the teacher, whose revision it therefore knows.
    let before = events_read(&office).await;
    let node = Office::on(office.database.clone(), seldom()).await;
    let answer = node.get_from(&token, &plan("/teachers/GAUSS"), office.head().await).await;
    assert_eq!(answer.body["revision"], CHANGES + 1);
    let done = node.patch(&token, &plan("/teachers/GAUSS"), &answer.etag(), json!({ "text": "new" })).await;
    assert_eq!((done.outcome().as_str(), &done.body["revision"]), ("200", &json!(CHANGES + 2)));
    let read = events_read(&office).await - before;
    assert!(read < 200, "{read} events were read");

    // Without snapshots the same is true, and everything is read.
    sqlx::query("delete from snapshot").execute(&mut owner(&office).await).await.unwrap();
    let before = events_read(&office).await;
    let late = Office::on(office.database.clone(), seldom()).await;
    let stale = late.patch(&token, &plan("/teachers/GAUSS"), &answer.etag(), json!({ "text": "late" })).await;
    assert_eq!(stale.outcome(), "412 stale");
    let read = events_read(&office).await - before;
    assert!(read > CHANGES, "{read} events were read");
    for office in [late, node, office] {
        office.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_start_would_have_to_read_is_written_aside_at_the_stop() {
    let terms = Terms { snapshot_every: 50, ..Terms::default() };
    let office = Office::with_terms("at_the_stop", terms).await;
    let token = office.log_in("anna").await;
    for number in 0..20 {
        office.made(&token, &format!("/teachers/T{number}"), json!({})).await;
    }
    let (database, head) = (office.database.clone(), office.head().await);
    office.close().await;
    let office = Office::on(database, seldom()).await;
    let snapshots = of_plan(&office).await;
    let version: i64 =
        sqlx::query_scalar("select max(version) from event where stream = $1 and position <= $2")
            .bind(format!("plan/{PLAN}"))
            .bind(head)
            .fetch_one(&mut owner(&office).await)
            .await
            .unwrap();
    assert_eq!(snapshots.last().map(|(version, _)| *version), Some(version));
    office.close().await;
}

/// Its digest is right, so somebody has written it with the means of the service; it is of no use all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_read_is_thrown_away_and_the_plan_opens_all_the_same() {
    let office = Office::with_terms("unreadable", seldom()).await;
    let token = office.log_in("anna").await;
    office.made(&token, "/teachers/GAUSS", json!({})).await;
    let stream = StreamName::new(format!("plan/{PLAN}"));
    let of = SnapshotOf { stream: &stream, epoch: 1, maker: snapshot::MAKER };
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    for state in [&b"{}"[..], b"", b"[1,2", b"{\"id\":null}"] {
        assert!(ledger.write_snapshot(of, 2, state.to_vec()).await.unwrap());
        let node = Office::on(office.database.clone(), seldom()).await;
        let made = node.create(&token, &plan("/teachers/GAUSS"), json!({})).await;
        assert_eq!(made.outcome(), "412 stale", "the plan is as it was");
        assert_eq!(of_plan(&office).await, [], "{}", String::from_utf8_lossy(state));
        node.close().await;
    }
    office.close().await;
}

/// One build after another: what the last one wrote is not read, and made anew before anybody has to wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn snapshots_of_another_build_are_made_anew_at_the_start() {
    let office = Office::with_terms("other_build", seldom()).await;
    let token = office.log_in("anna").await;
    office.made(&token, "/teachers/GAUSS", json!({})).await;
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    let here = StreamName::new(format!("plan/{PLAN}"));
    let strange = StreamName::from("plan/of/another/kind");
    let mut append = Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System));
    let event = NewEvent { r#type: "SomethingNew", subject: None, data: b"{}".to_vec() };
    let newer = StreamName::from("plan/100000~2026-2027~1");
    for stream in [&strange, &newer] {
        let events = vec![event.clone()];
        append.writes.push(Write { stream: stream.clone(), expected: Expected::Any, events });
    }
    ledger.append(append).await.unwrap();
    // The others can neither be read nor keep the plan's from being written, one of which comes first.
    for (stream, version) in [(&strange, 1), (&newer, 1), (&here, 3)] {
        let of = SnapshotOf { stream, epoch: 1, maker: "another build" };
        assert!(ledger.write_snapshot(of, version, b"as it likes".to_vec()).await.unwrap());
    }
    let node = Office::on(office.database.clone(), seldom()).await;
    let version = written(&office, 4).await;
    assert!(version > 3, "{version}");
    assert_eq!(check_all(&office).await, 1);
    node.close().await;
    office.close().await;
}

/// Version, position, moment, type and bytes of an event.
type Row = (i64, i64, DateTime<Utc>, String, Vec<u8>);

/// Everything that lies in the table is what a fold from the beginning leads to.
async fn check_all(office: &Office) -> usize {
    let asides: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("select stream, version, state from snapshot where maker = $1")
            .bind(snapshot::MAKER)
            .fetch_all(&mut owner(office).await)
            .await
            .unwrap();
    for (stream, version, bytes) in &asides {
        let events: Vec<Row> = sqlx::query_as(
            "select version, position, recorded_at, type, data from event
            where stream = $1 and version <= $2 order by version",
        )
        .bind(stream)
        .bind(version)
        .fetch_all(&mut owner(office).await)
        .await
        .unwrap();
        let mut state = snapshot::of_stream(&StreamName::new(stream.clone()), None).unwrap().unwrap();
        for (version, position, at, r#type, data) in events {
            let at = At { version, epoch: 1, stamp: Some(Stamp { position, at }) };
            state.take_in(&Event::decode(&r#type, &data).unwrap(), &at);
        }
        assert!(state.bytes() == *bytes, "{stream} at {version} is not what its events lead to");
    }
    asides.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_write_snapshots_of_one_plan_at_once_write_the_truth() {
    let often = Terms { snapshot_every: 7, ..Terms::default() };
    let one = Office::with_terms("two_that_write", often.clone()).await;
    let two = Office::on(one.database.clone(), often).await;
    let tokens = [one.log_in("anna").await, two.log_in("bert").await];
    let work = async |office: &Office, token: &str, side: usize| {
        let mut dice = Dice::new(4711 + side as u64);
        for number in 0..60 {
            let name = format!("/teachers/T{side}-{}", dice.below(12));
            let made = office.create(token, &plan(&name), json!({ "text": number.to_string() })).await;
            if made.outcome() == "201" {
                continue;
            }
            let etag = office.get(token, &plan(&name)).await.etag();
            office.patch(token, &plan(&name), &etag, json!({ "text": format!("again {number}") })).await;
        }
    };
    tokio::join!(work(&one, &tokens[0], 1), work(&two, &tokens[1], 2));
    written(&one, 1).await;
    for _ in 0..5 {
        assert!(check_all(&one).await > 0);
    }
    two.close().await;
    assert!(check_all(&one).await > 0);
    one.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_a_snapshot_that_its_events_do_not_lead_to() {
    let office = Office::with_terms("verified_aside", seldom()).await;
    let token = office.log_in("anna").await;
    office.made(&token, "/teachers/GAUSS", json!({})).await;
    let stream = StreamName::new(format!("plan/{PLAN}"));
    let of = SnapshotOf { stream: &stream, epoch: 1, maker: snapshot::MAKER };
    let ledger = office.service.as_ref().unwrap().ledger.clone();
    let state = snapshot::write(&domain::Plan::default());
    assert!(ledger.write_snapshot(of, 3, state).await.unwrap());
    office.get(&token, &plan("/teachers")).await;
    let settings = PoolSettings::new(office.database.options.clone(), office.database.schema);
    let terms = VerifyTerms { settings, full_speed: true };
    let found = verify(&ledger, &terms, read_models(), &|_| ()).await.unwrap().findings;
    let told: Vec<_> =
        found.iter().map(|it| (it.of.as_str(), it.row.as_deref().unwrap_or_default())).collect();
    assert_eq!(told, [("snapshot", format!("plan/{PLAN} at version 3").as_str())], "{found:?}");
    office.close().await;
}
