//! How an event of the audit is shown: as JSON, as a row of a file.

use domain::{Accounts, Kind, Position, Right};
use projections::audit::AuditEvent;
use serde_json::{Value as Json, json};

/// The columns of a row, which are the members of an event.
pub const COLUMNS: [&str; 12] = [
    "position", "stream", "version", "type", "at", "actor", "session", "plan", "record", "cause", "request",
    "data",
];

/// How events are shown to somebody.
pub struct Shown<'a> {
    /// Who is called what.
    pub accounts: &'a Accounts,
    /// The present epoch.
    pub epoch: i64,
    /// Whether he may be told who is absent and why. Who may not is told that something happened, but not what was written.
    pub absences: bool,
}

impl Shown<'_> {
    /// The event as the API shows it.
    pub fn json(&self, event: &AuditEvent) -> Json {
        let data: Json = serde_json::from_slice(&event.data).unwrap_or_default();
        let cause = event.meta.cause.clone().or_else(|| {
            let import = data["import"].as_str().filter(|_| event.r#type.starts_with("Record"));
            import.map(|import| format!("imports/{import}"))
        });
        json!({
            "position": Position { epoch: self.epoch, number: event.position }.to_string(),
            "stream": event.stream,
            "version": event.version,
            "type": event.r#type,
            "at": event.at,
            "actor": self.accounts.name_of(event.who()),
            "session": event.meta.session,
            "plan": event.plan,
            "record": event.record,
            "cause": cause,
            "request": event.meta.request_id,
            "data": if self.is_hidden(&data) { Json::Null } else { data },
        })
    }

    fn is_hidden(&self, data: &Json) -> bool {
        let kind = data["kind"].as_str().and_then(|kind| kind.parse::<Kind>().ok());
        let is_sensitive =
            |kind: Kind| kind.reading_right() == Right::ReadAbsences || kind.sensitive_fields().count() > 0;
        !self.absences && kind.is_some_and(is_sensitive)
    }

    /// The event in a line of its own.
    pub fn line(&self, event: &AuditEvent) -> String {
        format!("{}\n", self.json(event))
    }

    /// The event as a row of comma-separated values (RFC 4180).
    pub fn row(&self, event: &AuditEvent) -> String {
        let json = self.json(event);
        row(COLUMNS.map(|column| match &json[column] {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        }))
    }
}

/// The first row: the names of the columns.
pub fn headings() -> String {
    row(COLUMNS.map(str::to_owned))
}

fn row(cells: [String; COLUMNS.len()]) -> String {
    let mut row = cells.map(quoted).join(",");
    row.push_str("\r\n");
    row
}

fn quoted(cell: String) -> String {
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Actor, CommandId, Meta};
    use uuid::Uuid;

    fn event(data: &str) -> AuditEvent {
        AuditEvent {
            position: 7,
            append_end: 7,
            stream: "plan/1~2026-2027~1".into(),
            version: 3,
            r#type: "RecordChanged".into(),
            at: "2026-11-22T08:00:00Z".parse().unwrap(),
            meta: Meta::new(CommandId(Uuid::nil()), Actor::Operator),
            plan: Some("1~2026-2027~1".into()),
            record: Some("teachers/A, \"B\"".into()),
            data: data.into(),
        }
    }

    #[test]
    fn a_row_is_quoted_as_rfc_4180_has_it() {
        let accounts = Accounts::default();
        let shown = Shown { accounts: &accounts, epoch: 1, absences: true };
        assert_eq!(
            headings(),
            "position,stream,version,type,at,actor,session,plan,record,cause,request,data\r\n"
        );
        let row = shown.row(&event(r#"{"kind":"teachers","import":"x"}"#));
        assert_eq!(
            row,
            "1.7,plan/1~2026-2027~1,3,RecordChanged,2026-11-22T08:00:00Z,operator,,1~2026-2027~1,\
            \"teachers/A, \"\"B\"\"\",imports/x,,\"{\"\"kind\"\":\"\"teachers\"\",\"\"import\"\":\"\"x\"\"}\"\r\n"
        );
    }

    #[test]
    fn what_is_said_of_absences_is_only_for_those_who_may_read_them() {
        let accounts = Accounts::default();
        for (kind, hidden) in
            [("absences", true), ("absence-reasons", true), ("substitutions", true), ("teachers", false)]
        {
            let event = event(&format!(r#"{{"kind":"{kind}"}}"#));
            let data =
                |absences| Shown { accounts: &accounts, epoch: 1, absences }.json(&event)["data"].is_null();
            assert_eq!((data(true), data(false)), (false, hidden), "{kind}");
        }
    }
}
