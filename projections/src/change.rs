//! The feed of a plan: everything that people in it see happen, in order and in the words of that moment.
//!
//! What happened is not written again: the table `change` keeps where it stands in the ledger ([`found`]), `change_name` what records
//! were called when ([`then`]), `change_about` how far back to look for what a session or a lock was ([`before`]), and whoever asks is
//! told the event itself ([`record`], [`presence`]). Only a refused change or lock has a row, in `change_told` ([`refused`]). [`read`] puts all
//! of it together.

use domain::Who;
use serde_json::Value as Json;

mod about;
mod before;
mod called;
mod filled;
mod followed;
mod found;
mod names;
mod presence;
mod question;
mod read;
mod record;
mod refused;
mod row;
mod taken_in;
mod then;
mod told;

pub use called::Called;
pub use followed::{Reached, Stretch, Told, Without, reached_for_followers, stretch, stretch_of_plans};
pub(crate) use found::of_word;
pub use question::{changes, history, reached};
pub(crate) use read::subjects_at;
pub(crate) use row::with_names;

/// The read model of changes: tables `change`, `change_name`, `change_about` and `change_told`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes;

/// What is asked of the feed of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Changes after this position.
    pub after: i64,
    /// Changes up to this end of an append; `i64::MAX` for all that the read model has.
    pub upto: i64,
    /// About so many; the last append comes whole.
    pub limit: i64,
    /// Only of this kind: one of records, or `sessions`, `locks`, `imports`.
    pub kind: Option<&'a str>,
    /// Only of what has, or last had, this subject at the end: `teachers/GAUSS`. Of one that has another by then, only what happened
    /// under this one.
    pub record: Option<&'a str>,
    /// Whether absences and their reasons are told too.
    pub absences: bool,
}

/// What is asked of the history of a record.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Which record, as it was called last: `teachers/GAUSS`, `lessons/7/placements/2`, `time-grid`.
    pub record: &'a str,
    /// Of an hour of a lesson, the period; else those of all periods.
    pub period: Option<&'a str>,
    /// As things stood at this end of an append; `i64::MAX` for now.
    pub upto: i64,
    /// Only what was before this position.
    pub before: i64,
    /// The most items.
    pub limit: i64,
    /// Whether absences and their reasons are told too.
    pub absences: bool,
}

/// Some of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// In order, each as `CloudEvents` 1.0 has it.
    pub items: Vec<Json>,
    /// Where to read on, without the epoch: never within an append, and beyond what was left out.
    pub next: i64,
}

/// Gives the name of whoever acted.
pub type NameOf<'a> = &'a (dyn Fn(Who) -> String + Sync);

/// The kind of what a change is about, by its subject: `teachers`, or `placements` for an hour of a lesson.
pub fn kind_of_subject(subject: &str) -> &str {
    let mut parts = subject.split('/');
    let first = parts.next().unwrap_or_default();
    if subject.contains("/placements/") && first == "lessons" { "placements" } else { first }
}
