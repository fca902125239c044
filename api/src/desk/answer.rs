//! What a write is answered with, and how it is kept for a retry under the same key.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Position;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::http::Problem;

/// The answer to a write.
///
/// Where and when it was written is known only at the commit, so the places in the body where that belongs are named and filled in
/// when the answer goes out, the first time and every time after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; nothing for 204.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
    /// JSON pointers to where the position belongs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub position_at: Vec<String>,
    /// JSON pointers to where the moment belongs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moment_at: Vec<String>,
    /// JSON pointers to where a later moment belongs, with the milliseconds between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_at: Vec<(String, i64)>,
    /// JSON pointers to what is said, or to lists of it, in the body: words come in its place when the answer goes out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said_at: Vec<String>,
    /// Epoch and revision of the record, for the ETag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<(i64, u64)>,
    /// `Location` of what was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The refusal, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Problem>,
}

impl Answer {
    /// An answer with a body.
    pub fn new(status: u16, body: Json) -> Answer {
        Answer { status, body: Some(body), ..Answer::empty(status) }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Answer {
        Answer {
            status,
            body: None,
            position_at: Vec::new(),
            moment_at: Vec::new(),
            later_at: Vec::new(),
            said_at: Vec::new(),
            revision: None,
            location: None,
            refusal: None,
        }
    }

    /// A refusal as it is kept.
    pub fn refused(problem: Problem) -> Answer {
        Answer { status: problem.status().as_u16(), refusal: Some(problem), ..Answer::empty(0) }
    }

    /// With the places of the position.
    pub fn position_at(mut self, pointers: &[&str]) -> Answer {
        self.position_at = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        self
    }

    /// With the places of the moment.
    pub fn moment_at(mut self, pointers: &[&str]) -> Answer {
        self.moment_at = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        self
    }

    /// With a place of the moment that comes so much later.
    pub fn later_at(mut self, pointer: &str, by: Duration) -> Answer {
        self.later_at.push((pointer.to_owned(), i64::try_from(by.as_millis()).unwrap_or(i64::MAX)));
        self
    }

    /// With the places of what is said.
    pub fn said_at(mut self, pointers: &[&str]) -> Answer {
        self.said_at = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        self
    }

    /// With the value of the ETag.
    pub fn revision(mut self, epoch: i64, revision: u64) -> Answer {
        self.revision = Some((epoch, revision));
        self
    }

    /// With the address of what was created.
    pub fn location(mut self, path: String) -> Answer {
        self.location = Some(path);
        self
    }

    /// Fills in where and when it was written.
    pub fn stamped(mut self, position: Position, at: DateTime<Utc>) -> Answer {
        if let Some(body) = &mut self.body {
            for pointer in &self.position_at {
                if let Some(place) = body.pointer_mut(pointer) {
                    *place = position.to_string().into();
                }
            }
            for (pointer, by) in &self.later_at {
                if let Some(place) = body.pointer_mut(pointer) {
                    let later = TimeDelta::try_milliseconds(*by).and_then(|by| at.checked_add_signed(by));
                    *place = serde_json::to_value(later).unwrap_or_default();
                }
            }
            for pointer in &self.moment_at {
                if let Some(place) = body.pointer_mut(pointer) {
                    *place = serde_json::to_value(at).unwrap_or_default();
                }
            }
        }
        self
    }
}

/// An answer that is decided and written, or found among the stored ones.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The answer, filled in.
    pub answer: Answer,
    /// The last position of what was written; the head when nothing was.
    pub position: Position,
    /// Whether it is the stored answer of an earlier request.
    pub replayed: bool,
}
