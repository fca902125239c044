//! How an event is shown in the feed: its type, its subject, its changes, in the words of that moment.

use chrono::{DateTime, Utc};
use domain::{
    Event, FieldChange, FieldName, Kind, LockGranted, Mode, RecordId, SessionChanged, SessionEnd,
    SessionStarted, Value, named, value_json,
};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

use super::names::{Name, Names};
use super::told::Told;
use crate::Happened;
use crate::refusal::{obstacles_json, winner_json};
use crate::versions::Edge;
use crate::who::{who_acted, who_text};
use crate::{lock, session};

/// A row of `change`.
pub(super) struct Row {
    pub plan: Arc<str>,
    pub position: i64,
    pub append_end: i64,
    pub epoch: i64,
    pub at: DateTime<Utc>,
    pub r#type: &'static str,
    pub kind: Option<&'static str>,
    pub subject_id: Option<Uuid>,
    pub subject: String,
    pub who: String,
    pub session_id: Option<Uuid>,
    pub mode: Option<String>,
    pub period: Option<String>,
    pub revision: Option<i64>,
    pub changes: Told,
    pub more: Map<String, Json>,
    pub cause: Option<String>,
    pub request: Option<String>,
}

/// What the feed knows while it takes a batch in.
pub(super) struct Shown {
    pub names: Names,
    /// What was last shown of sessions and locks: `mode`, `period`, `activity`; `action`, `periods`.
    pub last: HashMap<Uuid, Map<String, Json>>,
}

impl Shown {
    /// How an event is shown; nothing for one that belongs to no feed. Names change with it.
    pub fn show(&mut self, happened: &Happened) -> Option<Row> {
        let plan = Arc::clone(happened.plan.as_ref()?);
        let mut row = Row {
            plan,
            position: happened.position,
            append_end: happened.append_end,
            epoch: happened.epoch,
            at: happened.at,
            r#type: "",
            kind: None,
            subject_id: None,
            subject: String::new(),
            who: who_text(who_acted(happened.meta.actor)),
            session_id: happened.meta.session,
            mode: happened.meta.mode.clone(),
            period: None,
            revision: None,
            changes: Told::default(),
            more: Map::new(),
            cause: happened.meta.cause.clone(),
            request: happened.meta.request_id.clone(),
        };
        let shown = match &happened.event {
            Event::RecordCreated(_) | Event::RecordChanged(_) | Event::RecordRemoved(_) => {
                self.record(&mut row, &happened.event)
            }
            Event::ChangeRefused(_) => self.refused(&mut row, &happened.event, happened.epoch),
            Event::LockGranted(_) | Event::LockEnded(_) | Event::LockDenied(_) => {
                self.lock(&mut row, &happened.event)
            }
            Event::ImportDone(e) => {
                row.r#type = "import.done";
                row.about("imports", e.import.0);
                row.more.insert("import".into(), json!(e.import));
                row.more.insert("files".into(), json!(e.files));
                row.more.insert("counts".into(), json!(e.counts));
                true
            }
            _ => self.session(&mut row, &happened.event),
        };
        shown.then_some(row)
    }

    fn record(&mut self, row: &mut Row, event: &Event) -> bool {
        let edge = Edge { position: row.append_end, at: row.at };
        match event {
            Event::RecordCreated(e) => {
                let name = e.fields.get("id").and_then(Value::text).map(str::to_owned);
                let name = Name { plan: Arc::clone(&row.plan), kind: e.kind, name, hour_of: e.hour_of };
                self.names.put(e.record, name, edge);
                row.r#type = "record.created";
                row.revision = i64::try_from(e.revision).ok();
                self.whole(&mut row.changes, e.kind, &e.fields, false);
                row.caused_by(e.import);
                self.about_record(row, e.kind, e.record);
            }
            Event::RecordChanged(e) => {
                let renamed =
                    e.changes.iter().filter(|_| e.period.is_none()).find(|change| change.field == "id");
                let name = renamed.and_then(|change| change.to.as_ref()?.text());
                if let (Some(name), Some(known)) = (name, self.names.get(e.record)) {
                    let name = Name { name: Some(name.to_owned()), ..known.clone() };
                    self.names.put(e.record, name, edge);
                }
                row.r#type = "record.changed";
                row.revision = i64::try_from(e.revision).ok();
                e.changes.iter().for_each(|change| self.change(&mut row.changes, change));
                row.caused_by(e.import);
                self.about_record(row, e.kind, e.record);
                if let Some(period) = e.period {
                    row.period = self.names.called(period);
                }
            }
            Event::RecordRemoved(e) => {
                row.r#type = "record.removed";
                row.revision = i64::try_from(e.revision).ok();
                self.whole(&mut row.changes, e.kind, &e.fields, true);
                row.caused_by(e.import);
                self.about_record(row, e.kind, e.record);
                self.names.end(e.record, edge);
            }
            _ => return false,
        }
        true
    }

    fn about_record(&self, row: &mut Row, kind: Kind, record: RecordId) {
        row.kind = Some(kind.word());
        row.subject_id = Some(record.0);
        match self.names.get(record) {
            Some(name) => {
                row.subject = self.names.subject(name);
                row.period = name.hour_of.and_then(|hour| self.names.called(hour.period));
            }
            None => row.subject = format!("{kind}/{record}"),
        }
    }

    fn refused(&self, row: &mut Row, event: &Event, epoch: i64) -> bool {
        let Event::ChangeRefused(e) = event else { return false };
        row.r#type = "record.refused";
        row.who = who_text(e.who);
        row.session_id = e.session.map(|session| session.0).or(row.session_id);
        e.changes.iter().for_each(|change| self.change(&mut row.changes, change));
        match (e.record, e.kind) {
            (Some(record), kind) => {
                let kind = kind.or_else(|| self.names.get(record).map(|name| name.kind));
                self.about_record(row, kind.unwrap_or(Kind::Lessons), record);
            }
            (None, Some(kind)) => {
                row.kind = Some(kind.word());
                kind.word().clone_into(&mut row.subject);
            }
            // A log-in has no session yet; what is refused to a session for want of a lock or because of one is about locks.
            (None, None) if e.session.is_none() => "sessions".clone_into(&mut row.subject),
            (None, None) => "locks".clone_into(&mut row.subject),
        }
        row.more.insert("code".into(), json!(e.code));
        row.more.insert("rule".into(), json!(e.rule));
        row.more.insert("action".into(), json!(e.action));
        row.more.insert("winner".into(), json!(e.winner.as_ref().map(|winner| winner_json(winner, epoch))));
        row.more.insert("held_by".into(), obstacles_json(&e.obstacles));
        row.more.retain(|_, value| !value.is_null());
        true
    }

    fn lock(&mut self, row: &mut Row, event: &Event) -> bool {
        match event {
            Event::LockGranted(e) => {
                row.r#type = "lock.granted";
                row.about("locks", e.lock.0);
                row.session_id = Some(e.session.0);
                row.more = self.granted(e);
                self.last.insert(e.lock.0, row.more.clone());
            }
            Event::LockEnded(e) => {
                row.r#type = "lock.ended";
                row.about("locks", e.lock.0);
                row.more = self.last.remove(&e.lock.0).unwrap_or_default();
                row.more.insert("reason".into(), json!(lock::end_word(e.reason)));
            }
            Event::LockDenied(e) => {
                row.r#type = "lock.denied";
                row.kind = Some("locks");
                "locks".clone_into(&mut row.subject);
                row.who = who_text(e.who);
                row.session_id = e.session.map(|session| session.0).or(row.session_id);
                row.more.insert("action".into(), json!(e.action));
                row.more.insert("periods".into(), self.periods(e.periods.as_deref()));
                row.more.insert("code".into(), json!(e.code));
                row.more.insert("held_by".into(), obstacles_json(&e.obstacles));
            }
            _ => return false,
        }
        true
    }

    fn granted(&self, e: &LockGranted) -> Map<String, Json> {
        let mut more = Map::new();
        more.insert("action".into(), json!(e.action));
        more.insert("periods".into(), self.periods(e.periods.as_deref()));
        more
    }

    fn periods(&self, periods: Option<&[RecordId]>) -> Json {
        json!(periods.map(|periods| {
            let called = |id: &RecordId| self.names.called(*id).unwrap_or_else(|| id.to_string());
            periods.iter().map(called).collect::<Vec<_>>()
        }))
    }

    fn session(&mut self, row: &mut Row, event: &Event) -> bool {
        match event {
            Event::SessionStarted(e) => self.started(row, e),
            Event::SessionChanged(e) => self.changed(row, e),
            Event::SessionEnded(e) => {
                row.r#type = "session.ended";
                row.about("sessions", e.session.0);
                row.more = self.last.remove(&e.session.0).unwrap_or_default();
                row.period = row.more.get("period").and_then(Json::as_str).map(str::to_owned);
                row.more.insert("reason".into(), json!(session::end_word(&e.reason)));
                if let SessionEnd::SignedOff { by, message } = &e.reason {
                    row.who = who_text(*by);
                    row.more.insert("message".into(), json!(message));
                }
            }
            _ => return false,
        }
        true
    }

    fn started(&mut self, row: &mut Row, e: &SessionStarted) {
        row.r#type = "session.started";
        row.about("sessions", e.session.0);
        row.session_id = Some(e.session.0);
        row.who = who_text(e.who);
        row.period = e.period.and_then(|period| self.names.called(period));
        row.more.insert("mode".into(), json!(e.mode));
        row.more.insert("period".into(), json!(row.period));
        row.more.insert("activity".into(), Json::Null);
        row.more.insert("who".into(), json!(row.who));
        for field in ["mode", "period"] {
            if !row.more[field].is_null() {
                row.changes.add(field, &Json::Null, &row.more[field]);
            }
        }
        self.last.insert(e.session.0, row.more.clone());
    }

    fn changed(&mut self, row: &mut Row, e: &SessionChanged) {
        row.r#type = "session.changed";
        row.about("sessions", e.session.0);
        row.session_id = row.session_id.or(Some(e.session.0));
        let before = self.last.get(&e.session.0).cloned().unwrap_or_default();
        row.more = before.clone();
        let news = [
            ("mode", e.mode.map(|mode: Mode| json!(mode))),
            ("period", e.period.map(|period| json!(self.names.called(period)))),
            ("activity", e.activity.as_ref().map(|text| json!(Some(text).filter(|text| !text.is_empty())))),
        ];
        for (field, to) in news {
            let Some(to) = to else { continue };
            row.changes.add(field, before.get(field).unwrap_or(&Json::Null), &to);
            row.more.insert(field.into(), to);
        }
        row.period = row.more.get("period").and_then(Json::as_str).map(str::to_owned);
        self.last.insert(e.session.0, row.more.clone());
    }

    fn change(&self, told: &mut Told, change: &FieldChange) {
        told.begin(&change.field);
        self.value(told, change.from.as_ref());
        told.and();
        self.value(told, change.to.as_ref());
        told.end();
    }

    /// All fields of a record that comes or goes, in the order of the table of fields.
    fn whole(&self, told: &mut Told, kind: Kind, fields: &BTreeMap<FieldName, Value>, goes: bool) {
        for field in kind.fields() {
            let Some(value) = fields.get(field.name) else { continue };
            let (from, to) = if goes { (Some(value), None) } else { (None, Some(value)) };
            told.begin(field.name);
            self.value(told, from);
            told.and();
            self.value(told, to);
            told.end();
        }
    }

    fn value(&self, told: &mut Told, value: Option<&Value>) {
        match value.map(Value::open) {
            None => told.put(&Json::Null),
            // What nearly all of them are, without a tree between.
            Some(Value::Text(text)) => told.put(&**text),
            Some(Value::Number(number)) => told.put(number),
            Some(other) => told.put(&value_json(&named(other, |id| self.names.called(id)))),
        }
    }
}

impl Row {
    /// What a type says beyond them, as it is stored.
    pub fn more_text(&self) -> Option<String> {
        (!self.more.is_empty()).then(|| serde_json::to_string(&self.more).expect("values are always JSON"))
    }

    fn about(&mut self, kind: &'static str, id: Uuid) {
        self.kind = Some(kind);
        self.subject_id = Some(id);
        self.subject = format!("{kind}/{id}");
    }

    fn caused_by(&mut self, import: Option<domain::ImportId>) {
        if let (None, Some(import)) = (&self.cause, import) {
            self.cause = Some(format!("imports/{import}"));
        }
    }
}
