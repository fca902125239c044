//! What must hold of a ledger whatever was done to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{CommandId, Event, LockId, SessionId};
use eventstore::{Ledger, Recorded};

/// Everything in a ledger, proved to be one order: positions without a gap, versions in order, appends whole, times that never fall.
pub struct Audit {
    /// The events, in order.
    pub events: Vec<Recorded>,
}

impl Audit {
    /// Reads the whole ledger.
    pub async fn of(ledger: &Ledger) -> Self {
        let mut events: Vec<Recorded> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.position);
            let batch = ledger.read_all(after, 20_000).await.expect("the ledger answers");
            if batch.events.is_empty() {
                break;
            }
            events.extend(batch.events);
        }
        let audit = Self { events };
        audit.assert_sound();
        audit
    }

    fn assert_sound(&self) {
        let mut versions: BTreeMap<&str, i64> = BTreeMap::new();
        let mut last: Option<(&Recorded, DateTime<Utc>)> = None;
        for (event, position) in self.events.iter().zip(1..) {
            assert_eq!(event.position, position, "positions have no gap");
            let version = versions.entry(event.stream.as_str()).or_default();
            *version += 1;
            assert_eq!(event.version, *version, "versions of {} have no gap", event.stream.as_str());
            assert!(event.append_end >= event.position, "an append ends after it begins");
            if let Some((before, at)) = last {
                assert!(event.recorded_at >= at, "times never fall");
                let same = before.append_end == event.append_end;
                assert_eq!(same, before.append_end > before.position, "appends are whole");
                assert!(
                    !same || before.meta.command_id == event.meta.command_id,
                    "an append is one command's"
                );
            }
            last = Some((event, event.recorded_at));
        }
        if let Some((event, _)) = last {
            assert_eq!(event.append_end, event.position, "the last append is whole");
        }
        let mut ends: BTreeMap<CommandId, i64> = BTreeMap::new();
        for event in &self.events {
            let end = ends.entry(event.meta.command_id).or_insert(event.append_end);
            assert_eq!(*end, event.append_end, "no command is there twice");
        }
    }

    /// Walks through a plan's stream and proves that an exclusive lock never stood beside another session or lock, and that no lock
    /// outlived its session.
    pub fn assert_exclusive(&self, stream: &str) {
        let mut present: BTreeSet<SessionId> = BTreeSet::new();
        let mut locks: BTreeMap<LockId, (SessionId, bool)> = BTreeMap::new();
        for recorded in self.events.iter().filter(|event| event.stream.as_str() == stream) {
            match Event::decode(&recorded.r#type, &recorded.data).expect("today's build wrote it") {
                Event::SessionStarted(e) => {
                    assert!(present.insert(e.session), "{}: he is there already", recorded.position);
                }
                Event::SessionEnded(e) => {
                    assert!(present.remove(&e.session), "{}: he is not there", recorded.position);
                }
                Event::LockGranted(e) => {
                    let taken = locks.insert(e.lock, (e.session, e.action.is_exclusive()));
                    assert!(taken.is_none(), "{}: a lock is granted once", recorded.position);
                }
                Event::LockEnded(e) => {
                    assert!(locks.remove(&e.lock).is_some(), "{}: no such lock", recorded.position);
                }
                _ => {}
            }
            for (holder, exclusive) in locks.values() {
                assert!(present.contains(holder), "{}: a lock without its session", recorded.position);
                assert!(
                    !exclusive || (present.len() == 1 && locks.len() == 1),
                    "{}: an exclusive lock beside another session or lock",
                    recorded.position
                );
            }
        }
    }

    /// How many events of a type there are, by what they are about.
    pub fn subjects(&self, r#type: &str) -> BTreeMap<uuid::Uuid, usize> {
        let mut counted = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.r#type == r#type) {
            *counted.entry(event.subject.unwrap_or_default()).or_default() += 1;
        }
        counted
    }

    /// The names of the records of a kind that were created, sorted; twice when twice created.
    pub fn created(&self, kind: domain::Kind) -> Vec<String> {
        let name = |event: &Recorded| match Event::decode(&event.r#type, &event.data) {
            Ok(Event::RecordCreated(e)) if e.kind == kind => {
                e.fields.get("id").and_then(domain::Value::text).map(str::to_owned)
            }
            _ => None,
        };
        let mut names: Vec<String> = self.events.iter().filter_map(name).collect();
        names.sort();
        names
    }
}
