//! One record of a plan, as it is now.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

use crate::{Field, FieldName, HourOf, Kind, RecordChanged, RecordCreated, RecordId, Value, value_json};

/// Values by field; what is absent is unset. Values about persons are held as they are, the mark is made when an event is written.
pub type Fields = BTreeMap<&'static str, Value>;

/// One row of planning data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Aside")]
pub struct Record {
    /// Which it is.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Which hour of which lesson, if it is a placement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour_of: Option<HourOf>,
    /// Counts the changes.
    pub revision: u64,
    /// The epoch of the last change; with the revision the value of the `ETag`.
    pub epoch: i64,
    /// The values that hold in every period, the name as `id` among them.
    pub fields: Fields,
    /// The values that override them in one period.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_period: BTreeMap<RecordId, Fields>,
}

/// A record as it is written aside. Its fields get their names from the table of fields again.
#[derive(Deserialize)]
struct Aside {
    id: RecordId,
    kind: Kind,
    #[serde(default)]
    hour_of: Option<HourOf>,
    revision: u64,
    epoch: i64,
    fields: BTreeMap<FieldName, Value>,
    #[serde(default)]
    by_period: BTreeMap<RecordId, BTreeMap<FieldName, Value>>,
}

impl TryFrom<Aside> for Record {
    type Error = String;

    fn try_from(aside: Aside) -> Result<Record, String> {
        let table = aside.kind.fields();
        let by_period =
            aside.by_period.into_iter().map(|(period, fields)| Ok((period, by_table(table, fields)?)));
        Ok(Record {
            id: aside.id,
            kind: aside.kind,
            hour_of: aside.hour_of,
            revision: aside.revision,
            epoch: aside.epoch,
            fields: by_table(table, aside.fields)?,
            by_period: by_period.collect::<Result<_, String>>()?,
        })
    }
}

/// Fields that were written aside, under the names of the table; one that it does not have is a fault.
pub(crate) fn by_table(table: &[Field], fields: BTreeMap<FieldName, Value>) -> Result<Fields, String> {
    let named = fields.into_iter().map(|(name, value)| {
        let field = table.iter().find(|field| field.name == name);
        Ok((field.ok_or_else(|| format!("there is no field {name}"))?.name, value))
    });
    named.collect()
}

impl Record {
    /// The record that an event makes.
    pub fn made(e: &RecordCreated, epoch: i64) -> Record {
        let known = e
            .fields
            .iter()
            .filter_map(|(name, value)| Some((e.kind.field(name)?.name, value.open().clone())));
        Record {
            id: e.record,
            kind: e.kind,
            hour_of: e.hour_of,
            revision: e.revision,
            epoch,
            fields: known.collect(),
            by_period: BTreeMap::new(),
        }
    }

    /// Takes in what an event changes; a field that this build does not know is left out.
    pub fn change(&mut self, e: &RecordChanged, epoch: i64) {
        self.revision = e.revision;
        self.epoch = epoch;
        let fields = match e.period {
            None => &mut self.fields,
            Some(period) => self.by_period.entry(period).or_default(),
        };
        for change in &e.changes {
            let Some(field) = e.kind.field(&change.field) else { continue };
            match &change.to {
                Some(value) => fields.insert(field.name, value.open().clone()),
                None => fields.remove(field.name),
            };
        }
        self.by_period.retain(|_, fields| !fields.is_empty());
    }

    /// Its name; a placement and a singleton have none.
    pub fn name(&self) -> Option<&str> {
        self.fields.get("id").and_then(Value::text)
    }

    /// The value of a field in a period, or plan-wide.
    pub fn value(&self, field: &str, period: Option<RecordId>) -> Option<&Value> {
        period.and_then(|period| self.by_period.get(&period)?.get(field)).or_else(|| self.fields.get(field))
    }

    /// A number field in a period, or plan-wide.
    pub fn number(&self, field: &str, period: Option<RecordId>) -> Option<i64> {
        self.value(field, period).and_then(Value::number)
    }

    /// Every record that this one refers to, in any period; one may come several times.
    pub fn references(&self, mut each: impl FnMut(RecordId)) {
        if let Some(hour_of) = self.hour_of {
            each(hour_of.lesson);
            each(hour_of.period);
        }
        for fields in std::iter::once(&self.fields).chain(self.by_period.values()) {
            for value in fields.values() {
                value.references(&mut each);
            }
        }
        for period in self.by_period.keys() {
            each(*period);
        }
    }

    /// The fields as JSON, in the order of the table of fields, the name left out; `name_of` tells what a reference is called.
    pub fn fields_json(
        &self,
        period: Option<RecordId>,
        name_of: impl Fn(RecordId) -> Option<String>,
    ) -> Map<String, Json> {
        let mut object = Map::new();
        for field in self.kind.fields().iter().filter(|field| field.name != "id") {
            if let Some(value) = self.value(field.name, period) {
                object.insert(field.name.to_owned(), value_json(&named(value, &name_of)));
            }
        }
        object
    }
}

/// Leaves out what only those with the right `read-absences` are shown.
pub fn without_sensitive(kind: Kind, object: &mut Map<String, Json>) {
    for field in kind.sensitive_fields() {
        object.shift_remove(field);
    }
}

/// The value with names in place of references. What is called nothing any more shows its id.
pub fn named(value: &Value, name_of: impl Fn(RecordId) -> Option<String>) -> Value<String> {
    let mut name = |_: Option<Kind>, id: &RecordId, _: &str| -> Result<String, std::convert::Infallible> {
        Ok(name_of(*id).unwrap_or_else(|| id.to_string()))
    };
    match value.map(None, &mut name) {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
