//! The shapes of the audit.

use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened, as it stands in the ledger.
#[derive(Serialize, ToSchema)]
pub struct AuditEvent {
    pub position: String,
    /// What one decision sees whole, such as `plan/100234~2026-2027~1`; refusals stand in `…/refused` beside it.
    pub stream: String,
    /// Counts the events of the stream from 1.
    pub version: i64,
    /// The stored name of the type, such as `RecordChanged`.
    pub r#type: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// What whoever did it is called now: the user name; `token:NAME` for a program, `operator`, `system`.
    pub actor: String,
    #[schema(required, format = Uuid)]
    pub session: Option<String>,
    /// `null` for what is in no plan.
    #[schema(required)]
    pub plan: Option<String>,
    /// The record that it is about, by the name that it had then.
    #[schema(required)]
    pub record: Option<String>,
    /// What it was part of, such as `imports/…`.
    #[schema(required)]
    pub cause: Option<String>,
    /// The `X-Request-Id` of the request that made it.
    #[schema(required)]
    pub request: Option<String>,
    /// The event's own JSON. `null` where it tells of absences and the reader may not read those.
    #[schema(required)]
    pub data: Option<serde_json::Value>,
}
