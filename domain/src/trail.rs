//! What users, groups and plans were before, so that whoever comes too late with a change is told what happened meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::VecDeque;

use crate::{Stamp, Who};

/// So many versions are remembered; a change that is based on an older one is told the values since.
const VERSIONS_MAX: usize = 32;

/// The last versions of one user, group or plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trail(VecDeque<Version>);

/// What something was from one revision on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The revision.
    pub revision: u64,
    /// Who made it so; nothing where the event does not say it.
    pub by: Option<Who>,
    /// Where and when; nothing while that is not committed.
    pub stamp: Option<Stamp>,
    /// The fields as the API shows them.
    pub fields: Map<String, Json>,
}

impl Trail {
    /// One more version.
    pub(crate) fn push(&mut self, revision: u64, by: Option<Who>, stamp: Option<Stamp>, fields: Json) {
        let Json::Object(fields) = fields else { return };
        self.0.push_back(Version { revision, by, stamp, fields });
        if self.0.len() > VERSIONS_MAX {
            self.0.pop_front();
        }
    }

    /// A version is committed.
    pub(crate) fn settle(&mut self, revision: u64, stamp: &Stamp) {
        if let Some(version) = self.0.iter_mut().rev().find(|version| version.revision == revision) {
            version.stamp = Some(*stamp);
        }
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Version> {
        self.0.back()
    }

    /// What it was at a revision, as long as that is remembered.
    pub fn at(&self, revision: u64) -> Option<&Version> {
        self.0.iter().find(|version| version.revision == revision)
    }
}
