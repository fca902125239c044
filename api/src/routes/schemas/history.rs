//! The history of a record.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened to a record, or was refused.
#[derive(Serialize, ToSchema)]
pub struct HistoryItem {
    pub position: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// The user name; `token:NAME` for a program, `operator`, `system`.
    pub by: String,
    #[schema(required, format = Uuid)]
    pub session: Option<String>,
    #[schema(required)]
    pub mode: Option<String>,
    pub kind: Happening,
    /// `null` for what was refused.
    #[schema(required)]
    pub revision: Option<i64>,
    pub changes: Vec<FieldChanged>,
    /// What it was part of, such as `imports/…`.
    #[schema(required)]
    pub cause: Option<String>,
    /// The `X-Request-Id` of the request that made it.
    #[schema(required)]
    pub request: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    Created,
    Changed,
    Removed,
    Refused,
}

/// A field, with what it said before and after; `null`: nothing.
#[derive(Serialize, ToSchema)]
pub struct FieldChanged {
    pub field: String,
    pub from: serde_json::Value,
    pub to: serde_json::Value,
}

/// What taking back led to.
#[derive(Serialize, ToSchema)]
pub struct Undone {
    /// How many of the changes were taken back; the others were so already.
    pub undone: u64,
    /// By kind: records that are there again, whose fields were set back, for which nothing was left to do, that are gone again.
    pub counts: BTreeMap<String, super::ImportCount>,
    /// Where it was written; the head of the ledger when there was nothing to do.
    #[schema(required)]
    pub position: Option<String>,
}

/// What a record is at one moment and was at an earlier one.
#[derive(Serialize, ToSchema)]
pub struct Difference {
    /// As it is called at the later one, or was last: `teachers/GAUSS`.
    pub record: String,
    pub kind: Differs,
    /// Of an hour of a lesson.
    pub period: Option<String>,
    pub changes: Vec<FieldDiffers>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Differs {
    Created,
    Changed,
    Removed,
}

/// A field, with what it said at the earlier and at the later moment; `null`: nothing.
#[derive(Serialize, ToSchema)]
pub struct FieldDiffers {
    pub field: String,
    /// Where it is the value for one period.
    pub period: Option<String>,
    pub from: serde_json::Value,
    pub to: serde_json::Value,
}
