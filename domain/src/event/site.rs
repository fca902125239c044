//! Nodes of the service.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A node of the service has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeStarted {
    /// Its name on the host.
    pub node: String,
    /// What it runs.
    pub version: String,
    /// The day by the site's clock, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
}
