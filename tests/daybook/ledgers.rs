//! Ledgers that older builds have written are read for ever.
//!
//! In `tests/ledgers` lies a small ledger of every released build, `DATE.ndjson`, with what that build answered about it,
//! `DATE.answers.json`; and `coming.*` of the build that is released next. A file of a release is never changed.
//!
//! `coming` is written anew, with the program of this build, when there is a new type of event (tell it in `ledgers/story.rs`):
//!
//! ```sh
//! cargo build --bin daybook
//! DAYBOOK_WRITE_LEDGER=coming cargo nextest run -p tests --run-ignored all ledgers::a_ledger_is_written
//! ```
//!
//! With a release, `git mv` both files to the day of the release and write `coming` anew. `DAYBOOK_TEST_BINARY` names the program
//! of another build.

mod story;
mod teller;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::desk::Terms;
use domain::{Event, StreamName, snapshot};
use eventstore::PoolSettings;
use projections::{VerifyTerms, read_models, verify};
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection};
use tests::cluster::TestDatabase;
use tests::doings::text;
use tests::office::{Office, PASSWORD, PLAN, plan};
use uuid::Uuid;

/// Told anew whenever it is asked for, or another one from day to day.
const PASSING: [&str; 5] = ["next", "editable", "last_login_at", "last_contact_at", "expires_at"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers")
}

/// The ledgers that there are.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = files.filter_map(|name| Some(name.to_str()?.strip_suffix(".ndjson")?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn events(name: &str) -> Vec<Json> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.ndjson"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn answers(name: &str) -> serde_json::Map<String, Json> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.answers.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A ledger that holds these events, to the byte, with the commands that they came from.
async fn ledger_of(name: &str, events: &[Json]) -> Arc<TestDatabase> {
    let database = TestDatabase::new(name).await;
    let mut owner = PgConnection::connect_with(&database.options).await.unwrap();
    sqlx::query("set search_path = daybook").execute(&mut owner).await.unwrap();
    sqlx::query(
        "insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
        select (e->>'position')::bigint, (e->>'append_end')::bigint, e->>'stream', (e->>'version')::bigint, e->>'type',
            (e->>'subject')::uuid, (e->>'recorded_at')::timestamptz,
            convert_to(e->>'meta', 'utf8'), convert_to(e->>'data', 'utf8')
        from jsonb_array_elements($1) e order by (e->>'position')::bigint",
    )
    .bind(json!(events))
    .execute(&mut owner)
    .await
    .unwrap();
    sqlx::query(
        "insert into command (command_id, position, recorded_at)
        select distinct on (append_end)
            (convert_from(meta, 'utf8')::jsonb->>'command_id')::uuid, append_end, recorded_at
        from event order by append_end on conflict do nothing",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    Arc::new(database)
}

/// The administrator's password is the one of the tests. It lies outside the ledger, so the files do not have it.
async fn admin_can_log_in(office: &Office, events: &[Json]) {
    let added = events.iter().filter(|event| event["type"] == "UserAdded");
    let added: Vec<Json> =
        added.map(|event| serde_json::from_str(event["data"].as_str().unwrap()).unwrap()).collect();
    let admin = added.iter().find(|user| user["name"]["open"] == "admin").unwrap();
    let admin: Uuid = admin["user"].as_str().unwrap().parse().unwrap();
    let hash = office.service.as_ref().unwrap().passwords.hash(PASSWORD.to_owned().into()).await.unwrap();
    let mut owner = PgConnection::connect_with(&office.database.options).await.unwrap();
    sqlx::query("insert into daybook.credential (owner, kind, hash) values ($1, 'password', $2)")
        .bind(admin)
        .bind(hash.as_bytes())
        .execute(&mut owner)
        .await
        .unwrap();
}

/// Where what was answered is no longer answered.
fn lost(before: &Json, now: &Json, at: &str, lost_at: &mut Vec<String>) {
    match (before, now) {
        (Json::Object(before), Json::Object(now)) => {
            for (name, before) in before.iter().filter(|(name, _)| !PASSING.contains(&name.as_str())) {
                let at = format!("{at}/{name}");
                match now.get(name) {
                    Some(now) => lost(before, now, &at, lost_at),
                    None if before.is_null() => {}
                    None => lost_at.push(format!("{at}: was {before}, is missing")),
                }
            }
        }
        (Json::Array(before), Json::Array(now)) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                lost(before, now, &format!("{at}/{index}"), lost_at);
            }
        }
        _ if before == now => {}
        _ => lost_at.push(format!("{at}: was {before}, is {now}")),
    }
}

#[test]
fn every_event_of_every_ledger_can_be_read_and_folded() {
    assert!(names().len() >= 2, "the ledgers of the releases and the coming one lie there");
    for name in names() {
        let events = events(&name);
        let mut states = std::collections::BTreeMap::new();
        for (event, position) in events.iter().zip(1..) {
            assert_eq!(event["position"], position, "{name} has no gaps");
            let (r#type, data) = (event["type"].as_str().unwrap(), event["data"].as_str().unwrap());
            let read =
                Event::decode(r#type, data.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let stream = StreamName::from(event["stream"].as_str().unwrap());
            let Some(empty) = snapshot::of_stream(&stream, None) else { continue };
            let state = states.entry(stream).or_insert_with(|| empty.unwrap());
            let at = domain::At { version: event["version"].as_i64().unwrap(), epoch: 1, stamp: None };
            state.take_in(&read, &at);
        }
        assert!(states.len() >= 3, "{name} has users, a plan, a site");
    }
}

#[test]
fn every_type_of_event_is_in_the_newest_ledger() {
    let events = events("coming");
    let there: BTreeSet<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    let missing: Vec<_> = Event::TYPES.iter().filter(|name| !there.contains(**name)).collect();
    assert!(
        missing.is_empty(),
        "tests/ledgers/coming.ndjson lacks {missing:?}; ledgers.rs says how it is written anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_build_has_written_is_answered_as_it_was_and_worked_on() {
    for name in names() {
        let events = events(&name);
        let office = Office::on(ledger_of("older_ledger", &events).await, Terms::default()).await;
        let service = office.service.as_ref().unwrap();
        let settings = PoolSettings::new(office.database.options.clone(), office.database.schema);
        let terms = VerifyTerms { settings, full_speed: true };
        admin_can_log_in(&office, &events).await;
        let admin = office.log_in_to_site("admin").await;
        let mut lost_at = Vec::new();
        for (path, before) in answers(&name) {
            let now = office.get_from(&admin, &path, events.len() as i64).await;
            assert_eq!(now.outcome(), "200", "{name} {path}: {}", now.body);
            lost(&before, &now.body, &path, &mut lost_at);
        }
        assert!(lost_at.is_empty(), "{name}:\n{}", lost_at.join("\n"));

        let answer = office.log_in_with(json!({ "user": "admin", "password": PASSWORD, "plan": PLAN })).await;
        assert_eq!(answer.outcome(), "201", "{name}: {}", answer.body);
        let session = text(&answer.body["token"]);
        let teacher = office.get(&session, &plan("/teachers/GAUSS")).await;
        let changed = office
            .patch(&session, &plan("/teachers/GAUSS"), &teacher.etag(), json!({ "text": "worked on" }))
            .await;
        assert_eq!(changed.outcome(), "200", "{name}: {}", changed.body);
        let lock = office.post(&session, &plan("/locks"), json!({ "action": "licence" })).await;
        assert_eq!(lock.outcome(), "201", "{name}: {}", lock.body);
        let head = service.ledger.head().await.unwrap().position;
        office.get_from(&session, &plan("/teachers"), head).await;
        let verified = verify(&service.ledger, &terms, read_models(), &|_| ()).await.unwrap();
        assert_eq!(verified.findings, [], "{name}");
        office.close().await;
    }
}

/// Writes a ledger; see above.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes a file into the tree"]
async fn a_ledger_is_written() {
    let Ok(name) = std::env::var("DAYBOOK_WRITE_LEDGER") else {
        panic!("DAYBOOK_WRITE_LEDGER says which one")
    };
    teller::write(&folder(), &name).await;
}
