//! Notices: posted, changed, withdrawn.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{FieldChange, NoticeId, Who};

/// There is a new notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticePosted {
    /// Which it is.
    pub notice: NoticeId,
    /// Its heading.
    pub title: String,
    /// What people read.
    pub text: String,
    /// Whether it is seen without an account, on the login page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Whether it stands before the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub important: bool,
    /// The first day on which it shows; at once where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_from: Option<NaiveDate>,
    /// The first day on which it no longer shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide_from: Option<NaiveDate>,
    /// Who posted it.
    pub by: Who,
}

/// A notice reads otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeChanged {
    /// Which it is.
    pub notice: NoticeId,
    /// The revision that it has now.
    pub revision: u64,
    /// What changed: `title`, `text`, `public`, `important`, `show_from`, `hide_from`.
    pub changes: Vec<FieldChange>,
    /// Who changed it.
    pub by: Who,
}

/// A notice is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeWithdrawn {
    /// Which it was.
    pub notice: NoticeId,
    /// The revision that its end is.
    pub revision: u64,
    /// Who withdrew it.
    pub by: Who,
}
