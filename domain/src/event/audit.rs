//! That somebody has looked at what happened.

use serde::{Deserialize, Serialize};

use crate::{Personal, PlanId, Who};

/// Somebody has asked the audit; written before he is answered. Following pages are readings of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRead {
    /// Who.
    pub by: Who,
    /// What he gets.
    pub form: AuditForm,
    /// One event alone: its position, without the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Only events of this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// Only events about this record, as he wrote it; it may be the name of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Personal<String>>,
    /// Only what this user or program did, as he wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Personal<String>>,
    /// Only events of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Only what this request did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// From this position or time on, as he wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this position or time, as he wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether the oldest come first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oldest_first: bool,
    /// A following page: what comes after this position, in that order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// The most events that he gets; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl AuditRead {
    /// A reading of everything in this form, by whoever is found out later.
    pub fn new(form: AuditForm) -> AuditRead {
        AuditRead {
            by: Who::System,
            form,
            position: None,
            plan: None,
            record: None,
            actor: None,
            r#type: None,
            request: None,
            from: None,
            to: None,
            oldest_first: false,
            after: None,
            limit: None,
        }
    }
}

/// What somebody gets who asks the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditForm {
    /// A page of a list.
    Page,
    /// One event.
    Event,
    /// A file of comma-separated values.
    Csv,
    /// A file with an event in each line.
    Ndjson,
    /// A table on the terminal of the host.
    Table,
}
