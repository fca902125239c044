//! What is in the ledger is read for ever: the bytes of every type of event, as they were first written.
//!
//! A file per type, an event per line. A new type gets a file by `DAYBOOK_WRITE_STORED_FORMAT=1 cargo test -p domain --test
//! stored_format`; a line that is there is never changed, because ledgers hold it.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "stored_events/accounts.rs"]
mod accounts;
#[path = "stored_events/plans.rs"]
mod plans;
#[path = "stored_events/records.rs"]
mod records;
#[path = "stored_events/site.rs"]
mod site;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use domain::*;
use uuid::Uuid;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stored_format/{name}.json"))
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn user(number: u128) -> Who {
    Who::User(UserId(id(number)))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap()
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, 1).unwrap()
}

fn personal(text: &str) -> Personal<String> {
    Personal { of: id(1), open: text.to_owned() }
}

/// Examples of every type: one with everything that it can hold, and one with as little as possible where that differs.
fn samples() -> Vec<Event> {
    let rooms = [
        plans::of_plans(),
        plans::of_schools(),
        records::of_records(),
        records::of_refusals(),
        accounts::of_accounts(),
        site::of_outages(),
        site::of_notices(),
        site::of_messages(),
        site::of_audit(),
    ];
    rooms.into_iter().flatten().collect()
}

/// The lines that today's build writes, by type.
fn written_today() -> BTreeMap<&'static str, Vec<String>> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for event in samples() {
        lines.entry(event.r#type()).or_default().push(String::from_utf8(event.encode()).unwrap());
    }
    lines
}

#[test]
fn every_type_of_event_is_written_as_it_always_was() {
    let today = written_today();
    for name in Event::TYPES {
        let lines = today.get(name).unwrap_or_else(|| panic!("{name} has no example here"));
        let path = file(name);
        if !path.exists() && std::env::var_os("DAYBOOK_WRITE_STORED_FORMAT").is_some() {
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        }
        let stored = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; see the head of this file", path.display()));
        let stored: Vec<&str> = stored.lines().collect();
        for line in lines {
            assert!(stored.contains(&line.as_str()), "{name} is written otherwise now: {line}");
        }
    }
}

#[test]
fn every_event_that_was_ever_written_can_be_read() {
    for entry in std::fs::read_dir(file("").parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(Event::TYPES.contains(&name.as_str()), "{name} is a type no more");
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let event = Event::decode(&name, line.as_bytes()).unwrap();
            assert_eq!(event.r#type(), name);
            assert_eq!(
                String::from_utf8(event.encode()).unwrap(),
                line,
                "read and written again it is the same"
            );
        }
    }
}
