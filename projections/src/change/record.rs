//! How a change of a record is told: by its event, and by what everything that it mentions was called when its append was done.

use domain::{Event, FieldChange, FieldName, ImportId, Kind, RecordId, Value, named, value_json};
use serde_json::Value as Json;
use std::collections::BTreeMap;

use super::names::Naming;
use super::row::ChangeRow;
use super::told::Told;
use crate::Happened;

/// A change of a record in a plan; nothing for any other event.
pub(super) fn told(happened: &Happened, names: &impl Naming) -> Option<ChangeRow> {
    let mut row = ChangeRow::begun(happened, happened.plan.as_deref()?);
    let mut changes = Told::default();
    match &happened.event {
        Event::RecordCreated(e) => {
            row.begin("record.created", e.revision, e.import);
            whole(&mut changes, names, e.kind, &e.fields, false);
            row.about_record(names, e.kind, e.record);
        }
        Event::RecordChanged(e) => {
            row.begin("record.changed", e.revision, e.import);
            e.changes.iter().for_each(|change| change_of(&mut changes, names, change));
            row.about_record(names, e.kind, e.record);
            if let Some(period) = e.period {
                row.period = names.called(period);
            }
        }
        Event::RecordRemoved(e) => {
            row.begin("record.removed", e.revision, e.import);
            whole(&mut changes, names, e.kind, &e.fields, true);
            row.about_record(names, e.kind, e.record);
        }
        _ => return None,
    }
    row.changes = changes.text();
    Some(row)
}

impl ChangeRow {
    fn begin(&mut self, r#type: &str, revision: u64, import: Option<ImportId>) {
        r#type.clone_into(&mut self.r#type);
        self.revision = i64::try_from(revision).ok();
        if let (None, Some(import)) = (&self.cause, import) {
            self.cause = Some(format!("imports/{import}"));
        }
    }

    /// It is about a record.
    pub fn about_record(&mut self, names: &impl Naming, kind: Kind, record: RecordId) {
        self.kind = Some(kind.word().to_owned());
        self.subject_id = Some(record.0);
        match names.get(record) {
            Some(name) => {
                self.subject = names.subject(name);
                self.period = name.hour_of.and_then(|hour| names.called(hour.period));
            }
            None => self.subject = format!("{kind}/{record}"),
        }
    }
}

/// One change more.
pub(super) fn change_of(told: &mut Told, names: &impl Naming, change: &FieldChange) {
    told.begin(&change.field);
    put(told, names, change.from.as_ref());
    told.and();
    put(told, names, change.to.as_ref());
    told.end();
}

/// All fields of a record that comes or goes, in the order of the table of fields.
fn whole(told: &mut Told, names: &impl Naming, kind: Kind, fields: &BTreeMap<FieldName, Value>, goes: bool) {
    for field in kind.fields() {
        let Some(value) = fields.get(field.name) else { continue };
        let (from, to) = if goes { (Some(value), None) } else { (None, Some(value)) };
        told.begin(field.name);
        put(told, names, from);
        told.and();
        put(told, names, to);
        told.end();
    }
}

fn put(told: &mut Told, names: &impl Naming, value: Option<&Value>) {
    match value.map(Value::open) {
        None => told.put(&Json::Null),
        // What nearly all of them are, without a tree between.
        Some(Value::Text(text)) => told.put(&**text),
        Some(Value::Number(number)) => told.put(number),
        Some(other) => told.put(&value_json(&named(other, |id| names.called(id)))),
    }
}
