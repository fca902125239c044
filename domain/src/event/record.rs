//! Records, and the imports that change many of them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{ImportId, Kind, RecordId, Value};

/// A field and the value it has.
pub type FieldName = Cow<'static, str>;

/// A record is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordCreated {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Revisions count on when a name is used again.
    pub revision: u64,
    /// Which hour of which lesson, if it is a placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour_of: Option<HourOf>,
    /// Its fields, its name as `id` among them.
    pub fields: BTreeMap<FieldName, Value>,
    /// The import it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// One of the hours of a lesson in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HourOf {
    /// The lesson.
    pub lesson: RecordId,
    /// The period.
    pub period: RecordId,
    /// From 1.
    pub n: u32,
}

/// One field of a record has another value; nothing stands for "unset".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: FieldName,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Fields of a record have other values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordChanged {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The revision it has now.
    pub revision: u64,
    /// The period whose own values have changed; none for the values of all periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RecordId>,
    /// What has changed.
    pub changes: Vec<FieldChange>,
    /// The import it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// A record is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRemoved {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The revision it ended with.
    pub revision: u64,
    /// What it was, so that it can be told and taken back without reading further.
    pub fields: BTreeMap<FieldName, Value>,
    /// The import that removed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// How many records of a kind an import touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCount {
    /// New ones.
    pub created: u64,
    /// Those with other values.
    pub changed: u64,
    /// Those that were so already.
    pub unchanged: u64,
    /// Those that are gone.
    pub removed: u64,
}

/// A file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFile {
    /// Its name.
    pub file: String,
    /// How many rows it had.
    pub rows: u64,
}

/// Files have been imported; the record events of the same append are what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportDone {
    /// The import.
    pub import: ImportId,
    /// The files.
    pub files: Vec<ImportFile>,
    /// What it did, by kind.
    pub counts: BTreeMap<Kind, ImportCount>,
    /// How many warnings it gave. They quote names, so they are in the answer and not here.
    pub warnings: u64,
}
