//! How what has a row of its own is told: sessions, locks, imports and refused changes, in the words of that moment.

use domain::{
    ChangeRefused, Event, ImportDone, Kind, LockDenied, LockEnded, LockGranted, Mode, RecordId,
    SessionChanged, SessionEnd, SessionEnded, SessionStarted,
};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use uuid::Uuid;

use super::names::{Names, Naming};
use super::record::change_of;
use super::row::ChangeRow;
use super::told::Told;
use crate::Happened;
use crate::refusal::{obstacles_json, winner_json};
use crate::who::who_text;
use crate::{lock, session};

/// What the feed knows while it takes a batch in.
pub(super) struct Shown {
    pub names: Names,
    /// What was last shown of sessions and locks: `mode`, `period`, `activity`; `action`, `periods`.
    pub last: HashMap<Uuid, Map<String, Json>>,
}

/// A row, and what a type says beyond that.
struct Draft {
    row: ChangeRow,
    more: Map<String, Json>,
}

impl Shown {
    /// The row of an event that has one. Names change with the events of records.
    pub fn show(&mut self, happened: &Happened) -> Option<ChangeRow> {
        let plan = happened.plan.as_ref()?;
        self.names.take_in(happened, plan);
        let begun = |r#type: &str| {
            let row = ChangeRow { r#type: r#type.to_owned(), ..ChangeRow::begun(happened, plan) };
            Draft { row, more: Map::new() }
        };
        let draft = match &happened.event {
            Event::ChangeRefused(e) => self.refused(begun("record.refused"), e, happened.epoch),
            Event::LockGranted(e) => self.granted(begun("lock.granted"), e),
            Event::LockEnded(e) => self.ended(begun("lock.ended"), e),
            Event::LockDenied(e) => self.denied(begun("lock.denied"), e),
            Event::SessionStarted(e) => self.started(begun("session.started"), e),
            Event::SessionChanged(e) => self.changed(begun("session.changed"), e),
            Event::SessionEnded(e) => self.over(begun("session.ended"), e),
            Event::ImportDone(e) => imported(begun("import.done"), e),
            _ => return None,
        };
        let more = (!draft.more.is_empty()).then(|| Json::Object(draft.more).to_string());
        Some(ChangeRow { more, ..draft.row })
    }

    fn refused(&self, Draft { mut row, mut more }: Draft, e: &ChangeRefused, epoch: i64) -> Draft {
        row.who = who_text(e.who);
        row.session_id = e.session.map(|session| session.0).or(row.session_id);
        let mut changes = Told::default();
        e.changes.iter().for_each(|change| change_of(&mut changes, &self.names, change));
        row.changes = changes.text();
        match (e.record, e.kind) {
            (Some(record), kind) => {
                let kind = kind.or_else(|| self.names.get(record).map(|name| name.kind));
                row.about_record(&self.names, kind.unwrap_or(Kind::Lessons), record);
            }
            (None, Some(kind)) => {
                row.kind = Some(kind.word().to_owned());
                kind.word().clone_into(&mut row.subject);
            }
            // A log-in has no session yet; what is refused to a session for want of a lock or because of one is about locks.
            (None, None) if e.session.is_none() => "sessions".clone_into(&mut row.subject),
            (None, None) => "locks".clone_into(&mut row.subject),
        }
        more.insert("code".into(), json!(e.code));
        more.insert("rule".into(), json!(e.rule));
        more.insert("action".into(), json!(e.action));
        more.insert("winner".into(), json!(e.winner.as_ref().map(|winner| winner_json(winner, epoch))));
        more.insert("held_by".into(), obstacles_json(&e.obstacles));
        more.retain(|_, value| !value.is_null());
        Draft { row, more }
    }

    fn granted(&mut self, Draft { mut row, mut more }: Draft, e: &LockGranted) -> Draft {
        row.about("locks", e.lock.0);
        row.session_id = Some(e.session.0);
        more.insert("action".into(), json!(e.action));
        more.insert("periods".into(), self.periods(e.periods.as_deref()));
        self.last.insert(e.lock.0, more.clone());
        Draft { row, more }
    }

    fn ended(&mut self, Draft { mut row, .. }: Draft, e: &LockEnded) -> Draft {
        row.about("locks", e.lock.0);
        let mut more = self.last.remove(&e.lock.0).unwrap_or_default();
        more.insert("reason".into(), json!(lock::end_word(e.reason)));
        Draft { row, more }
    }

    fn denied(&self, Draft { mut row, mut more }: Draft, e: &LockDenied) -> Draft {
        row.kind = Some("locks".to_owned());
        "locks".clone_into(&mut row.subject);
        row.who = who_text(e.who);
        row.session_id = e.session.map(|session| session.0).or(row.session_id);
        more.insert("action".into(), json!(e.action));
        more.insert("periods".into(), self.periods(e.periods.as_deref()));
        more.insert("code".into(), json!(e.code));
        more.insert("held_by".into(), obstacles_json(&e.obstacles));
        Draft { row, more }
    }

    fn periods(&self, periods: Option<&[RecordId]>) -> Json {
        json!(periods.map(|periods| {
            let called = |id: &RecordId| self.names.called(*id).unwrap_or_else(|| id.to_string());
            periods.iter().map(called).collect::<Vec<_>>()
        }))
    }

    fn started(&mut self, Draft { mut row, mut more }: Draft, e: &SessionStarted) -> Draft {
        row.about("sessions", e.session.0);
        row.session_id = Some(e.session.0);
        row.who = who_text(e.who);
        row.period = e.period.and_then(|period| self.names.called(period));
        more.insert("mode".into(), json!(e.mode));
        more.insert("period".into(), json!(row.period));
        more.insert("activity".into(), Json::Null);
        more.insert("who".into(), json!(row.who));
        let mut changes = Told::default();
        for field in ["mode", "period"] {
            if !more[field].is_null() {
                changes.add(field, &Json::Null, &more[field]);
            }
        }
        row.changes = changes.text();
        self.last.insert(e.session.0, more.clone());
        Draft { row, more }
    }

    fn changed(&mut self, Draft { mut row, .. }: Draft, e: &SessionChanged) -> Draft {
        row.about("sessions", e.session.0);
        row.session_id = row.session_id.or(Some(e.session.0));
        let before = self.last.get(&e.session.0).cloned().unwrap_or_default();
        let mut more = before.clone();
        let news = [
            ("mode", e.mode.map(|mode: Mode| json!(mode))),
            ("period", e.period.map(|period| json!(self.names.called(period)))),
            ("activity", e.activity.as_ref().map(|text| json!(Some(text).filter(|text| !text.is_empty())))),
        ];
        let mut changes = Told::default();
        for (field, to) in news {
            let Some(to) = to else { continue };
            changes.add(field, before.get(field).unwrap_or(&Json::Null), &to);
            more.insert(field.into(), to);
        }
        row.changes = changes.text();
        row.period = period_of(&more);
        self.last.insert(e.session.0, more.clone());
        Draft { row, more }
    }

    fn over(&mut self, Draft { mut row, .. }: Draft, e: &SessionEnded) -> Draft {
        row.about("sessions", e.session.0);
        let mut more = self.last.remove(&e.session.0).unwrap_or_default();
        row.period = period_of(&more);
        more.insert("reason".into(), json!(session::end_word(&e.reason)));
        if let SessionEnd::SignedOff { by, message } = &e.reason {
            row.who = who_text(*by);
            more.insert("message".into(), json!(message));
        }
        Draft { row, more }
    }
}

fn imported(Draft { mut row, mut more }: Draft, e: &ImportDone) -> Draft {
    row.about("imports", e.import.0);
    more.insert("import".into(), json!(e.import));
    more.insert("files".into(), json!(e.files));
    more.insert("counts".into(), json!(e.counts));
    Draft { row, more }
}

fn period_of(more: &Map<String, Json>) -> Option<String> {
    more.get("period").and_then(Json::as_str).map(str::to_owned)
}
