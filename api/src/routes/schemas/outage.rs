//! The outage, and contact.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageState {
    Open,
    Announced,
    Gated,
    DownAnnounced,
    DownUnannounced,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactState {
    Ok,
    Lost,
}

/// The link to the ledger and the partners.
#[derive(Serialize, ToSchema)]
pub struct Contact {
    pub state: ContactState,
    /// `null` before the first start of a node.
    #[schema(required)]
    pub since: Option<DateTime<Utc>>,
    /// Left out of the past.
    pub last_probe_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct Outage {
    pub state: OutageState,
    /// What people read; `null` when nobody announced it.
    #[schema(required)]
    pub message: Option<String>,
    pub prevent_logins: bool,
    /// When it is expected to be over.
    #[schema(required)]
    pub until: Option<DateTime<Utc>>,
    #[schema(required)]
    pub by: Option<String>,
    #[schema(required)]
    pub announced_at: Option<DateTime<Utc>>,
    /// When the gate closed.
    #[schema(required)]
    pub gated_at: Option<DateTime<Utc>>,
    /// When it began for those who are in.
    #[schema(required)]
    pub down_at: Option<DateTime<Utc>>,
    pub contact: Contact,
    /// How many people and programs are still logged in.
    pub users: i64,
    /// How many log-ins the gate has refused.
    pub refused_logins: i64,
}
