//! Signing off, locks, optimisations, batches, the licence.

use serde::Serialize;
use utoipa::ToSchema;

use super::Action;

#[derive(Serialize, ToSchema)]
pub struct SignOffs {
    pub items: Vec<SignOff>,
}

#[derive(Serialize, ToSchema)]
pub struct SignOff {
    #[schema(format = Uuid)]
    pub session: String,
    pub user: String,
    /// When the session ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Lock {
    #[schema(format = Uuid)]
    pub lock: String,
    pub action: Action,
    /// `null`: the whole plan.
    #[schema(required)]
    pub periods: Option<Vec<String>>,
    /// The fencing token: the position of the grant.
    #[schema(required)]
    pub token: Option<String>,
    #[schema(format = Uuid)]
    pub session: String,
    #[schema(required)]
    pub user: Option<String>,
    #[schema(required, format = DateTime)]
    pub since: Option<String>,
    /// Not there when the past is shown: renewing is no event.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// An optimisation: its lock, whose id it has.
#[derive(Serialize, ToSchema)]
pub struct Optimisation {
    #[schema(format = Uuid)]
    pub optimisation: String,
    #[serde(flatten)]
    pub lock: Lock,
}

/// One hour of a lesson where an optimisation puts it.
#[derive(Serialize, ToSchema)]
pub struct OptimisedPlacement {
    #[schema(min_length = 1, max_length = 50)]
    pub lesson: String,
    /// The hour of the lesson, from 1.
    #[schema(minimum = 1)]
    pub n: u32,
    #[schema(min_length = 1, max_length = 50)]
    pub period: String,
    #[schema(minimum = 1, maximum = 7)]
    pub day: u32,
    #[schema(minimum = 1, maximum = 100)]
    pub hour: u32,
    #[schema(max_length = 100)]
    pub week: Option<String>,
    /// A room for all rows.
    pub room: Option<String>,
    /// Who meets where: `[{class, teacher, subject, room}]`.
    pub rows: Option<Vec<serde_json::Value>>,
}

#[derive(Serialize, ToSchema)]
pub struct OptimisationTaken {
    pub placed: i64,
    #[schema(required)]
    pub position: Option<String>,
}

/// What became of one change of a batch.
#[derive(Serialize, ToSchema)]
pub struct BatchItem {
    /// 201 made, 200 changed or so already, 204 removed.
    pub status: i64,
    /// Of the record after the whole batch.
    #[schema(required)]
    pub etag: Option<String>,
    /// The record after the whole batch; `null` when it is removed. `changed` is left out where the batch did not change it.
    #[schema(required)]
    pub body: Option<serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
pub struct Batch {
    pub items: Vec<BatchItem>,
    #[schema(required)]
    pub position: Option<String>,
}

/// The licence of a school.
#[derive(Serialize, ToSchema)]
pub struct Licence {
    pub id: String,
    pub revision: i64,
    pub licensee: Option<String>,
    pub number: Option<String>,
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    /// `{by, at, position}`
    pub changed: serde_json::Value,
    /// `{value, why, held_by}`
    pub editable: Option<serde_json::Value>,
}

/// What changes of a licence; `null` unsets.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceFields {
    #[schema(max_length = 200)]
    pub licensee: Option<String>,
    #[schema(max_length = 100)]
    pub number: Option<String>,
    #[schema(format = Date)]
    pub valid_until: Option<String>,
}
