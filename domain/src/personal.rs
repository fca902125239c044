//! What is said about a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A value that belongs to a person, marked as such in the event from the first day on.
///
/// `of` is the teacher, student or user it is about. Because the mark and the person stand beside the value, values can later be
/// sealed with a key per person, and forgotten with that key, without changing any other part of any event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal<T> {
    /// Whom it is about.
    pub of: Uuid,
    /// The value as it was given.
    pub open: T,
}
