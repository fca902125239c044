//! A change of the feed, and how it is shown.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Kind, Position, Right};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::told::Told;
use super::{NameOf, kind_of_subject};
use crate::Happened;
use crate::who::{who_acted, who_named, who_text};

/// A change as the feed tells it, with names for everything but people.
#[derive(Debug, Clone)]
pub(super) struct ChangeRow {
    pub plan: String,
    pub position: i64,
    pub append_end: i64,
    pub epoch: i64,
    pub at: DateTime<Utc>,
    pub r#type: String,
    pub kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub subject: String,
    pub who: String,
    pub session_id: Option<Uuid>,
    pub mode: Option<String>,
    pub period: Option<String>,
    pub revision: Option<i64>,
    pub changes: String,
    pub more: Option<String>,
    pub cause: Option<String>,
    pub request: Option<String>,
}

impl ChangeRow {
    /// What every event says of itself; the rest is empty.
    pub fn begun(happened: &Happened, plan: &str) -> Self {
        Self {
            plan: plan.to_owned(),
            position: happened.position,
            append_end: happened.append_end,
            epoch: happened.epoch,
            at: happened.at,
            r#type: String::new(),
            kind: None,
            subject_id: None,
            subject: String::new(),
            who: who_text(who_acted(happened.meta.actor)),
            session_id: happened.meta.session,
            mode: happened.meta.mode.clone(),
            period: None,
            revision: None,
            changes: Told::default().text(),
            more: None,
            cause: happened.meta.cause.clone(),
            request: happened.meta.request_id.clone(),
        }
    }

    /// It is about something that has no name.
    pub fn about(&mut self, kind: &'static str, id: Uuid) {
        self.kind = Some(kind.to_owned());
        self.subject_id = Some(id);
        self.subject = format!("{kind}/{id}");
    }

    pub fn position_text(&self) -> String {
        Position { epoch: self.epoch, number: self.position }.to_string()
    }

    /// The change as the API shows it, by `CloudEvents` 1.0.
    pub fn cloud_event(&self, name_of: NameOf<'_>) -> Json {
        let position = self.position_text();
        let mut data = Map::new();
        data.insert("by".into(), json!(name_of(who_named(&self.who))));
        data.insert("session".into(), json!(self.session_id));
        data.insert("period".into(), json!(self.period));
        data.insert("revision".into(), json!(self.revision));
        data.insert("changes".into(), self.changes());
        if let Some(Json::Object(more)) =
            self.more.as_deref().and_then(|more| serde_json::from_str(more).ok())
        {
            for (name, value) in more {
                let (name, value) = with_names(name, value, name_of);
                data.entry(name).or_insert(value);
            }
        }
        json!({
            "specversion": "1.0",
            "id": position,
            "source": format!("/v1/plans/{}", self.plan),
            "type": format!("daybook.{}", self.r#type),
            "subject": self.subject,
            "time": self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "sequence": position,
            "datacontenttype": "application/json",
            "data": data,
        })
    }

    pub fn kind(&self) -> Option<Kind> {
        kind_of_subject(&self.subject).parse().ok()
    }

    /// Whether it is told only to those who may read absences.
    pub fn is_sensitive(&self) -> bool {
        self.kind().is_some_and(|kind| kind.reading_right() == Right::ReadAbsences)
    }

    /// Leaves out of a change what its reader may not see.
    pub fn hide_sensitive(&mut self, sees_absences: bool) {
        let Some(kind) = self.kind().filter(|kind| !sees_absences && kind.sensitive_fields().count() > 0)
        else {
            return;
        };
        let is_shown = |change: &Json| {
            let field = change["field"].as_str().and_then(|name| kind.field(name));
            field.is_none_or(|field| !field.sensitive)
        };
        let mut changes: Vec<Json> = serde_json::from_str(&self.changes).unwrap_or_default();
        changes.retain(is_shown);
        self.changes = Json::from(changes).to_string();
    }

    pub fn changes(&self) -> Json {
        serde_json::from_str(&self.changes).unwrap_or_else(|_| json!([]))
    }

    /// The change as the history of a record shows it.
    pub fn history_item(&self, name_of: NameOf<'_>) -> Json {
        json!({
            "position": self.position_text(),
            "at": self.at,
            "by": name_of(who_named(&self.who)),
            "session": self.session_id,
            "mode": self.mode,
            "kind": self.r#type.strip_prefix("record.").unwrap_or(&self.r#type),
            "revision": self.revision,
            "changes": self.changes(),
            "cause": self.cause,
            "request": self.request,
        })
    }
}

/// A change that is being told.
pub(super) struct Draft {
    pub row: ChangeRow,
    /// What its type says beyond what all do.
    pub more: Map<String, Json>,
}

impl Draft {
    pub fn begun(r#type: &str, happened: &Happened, plan: &str) -> Self {
        let row = ChangeRow { r#type: r#type.to_owned(), ..ChangeRow::begun(happened, plan) };
        Self { row, more: Map::new() }
    }

    pub fn row(self) -> ChangeRow {
        let more = (!self.more.is_empty()).then(|| Json::Object(self.more).to_string());
        ChangeRow { more, ..self.row }
    }
}

/// Rows say `who` by id; people read `user`.
pub(crate) fn with_names(name: String, value: Json, name_of: NameOf<'_>) -> (String, Json) {
    match value {
        Json::String(who) if name == "who" => ("user".to_owned(), Json::from(name_of(who_named(&who)))),
        Json::Object(object) => {
            (name, object.into_iter().map(|(name, value)| with_names(name, value, name_of)).collect())
        }
        Json::Array(list) => {
            (name, list.into_iter().map(|value| with_names(String::new(), value, name_of).1).collect())
        }
        plain => (name, plain),
    }
}
