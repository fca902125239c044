//! Why a command did not do what was asked: the exit status, the words, and the next step.

use std::process::ExitCode;

use serde_json::{Value as Json, json};

use crate::desk::Failure;
use crate::http::Problem;
use crate::http::texts::Language;
use crate::service::StartError;

use super::{note, say_json};

/// The exit statuses that the contract names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Wrong = 1,
    Misused = 2,
    Unreachable = 3,
}

/// A command that was not carried out.
#[derive(Debug)]
pub struct Failed {
    status: Status,
    text: String,
    next: Option<String>,
    /// The refusal as the HTTP interface words it.
    problem: Option<Box<Json>>,
    /// The answer says it already.
    answered: bool,
}

impl Failed {
    /// Refused, or found wrong.
    pub fn wrong(text: impl Into<String>) -> Failed {
        Failed { status: Status::Wrong, text: text.into(), next: None, problem: None, answered: false }
    }

    /// Found wrong, as the answer says that has been given.
    pub fn found(text: impl Into<String>) -> Failed {
        Failed { answered: true, ..Failed::wrong(text) }
    }

    /// The database failed while something was done: it is away, or it refused a statement.
    pub fn of_database(error: &sqlx::Error) -> Failed {
        let text = format!("the database failed: {error}");
        let refused = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match refused {
            // Not the classes of a server that stops or of a connection that breaks.
            Some(code) if !code.starts_with("57P") && !code.starts_with("08") => Failed::wrong(text),
            _ => {
                Failed::unreachable(text).next("Is its PostgreSQL running? Nothing is lost by trying again.")
            }
        }
    }

    /// Used wrongly.
    pub fn misused(text: impl Into<String>) -> Failed {
        Failed { status: Status::Misused, ..Failed::wrong(text) }
    }

    /// The same as something that was used wrongly.
    pub fn into_misused(self) -> Failed {
        Failed { status: Status::Misused, ..self }
    }

    /// The ledger could not be reached.
    pub fn unreachable(text: impl Into<String>) -> Failed {
        Failed { status: Status::Unreachable, ..Failed::wrong(text) }
    }

    /// With what one can do about it.
    pub fn next(mut self, step: impl Into<String>) -> Failed {
        self.next = Some(step.into());
        self
    }

    /// Other words and another next step for a refusal of this code.
    pub fn when(self, code: &str, text: impl Into<String>, step: impl Into<String>) -> Failed {
        if self.is(code) { Failed { text: text.into(), next: Some(step.into()), ..self } } else { self }
    }

    /// Whether the ledger could not be reached.
    pub fn is_unreachable(&self) -> bool {
        self.status == Status::Unreachable
    }

    /// Whether it is a refusal of this code.
    pub fn is(&self, code: &str) -> bool {
        self.problem.as_ref().is_some_and(|problem| {
            problem["type"].as_str().and_then(|it| it.strip_prefix("urn:daybook:problem:")) == Some(code)
        })
    }

    /// A member of the refusal.
    pub fn member(&self, name: &str) -> Option<&Json> {
        self.problem.as_ref()?.get(name)
    }

    /// Tells it, and is the exit status. With `json` the refusal is the answer.
    pub fn tell(&self, json: bool) -> ExitCode {
        if json && !self.answered {
            let problem = self.problem.as_deref().cloned().unwrap_or_else(|| json!({ "detail": self.text }));
            say_json(&problem);
        }
        note(format_args!("error: {}", self.text));
        if let Some(next) = &self.next {
            note(format_args!("  {}", next.replace('\n', "\n  ")));
        }
        ExitCode::from(self.status as u8)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Failed {
        match failure {
            Failure::Unavailable => Failed::unreachable("the ledger could not be reached")
                .next("Is its PostgreSQL running? Nothing is lost by trying again."),
            Failure::Internal(cause) => Failed::wrong(format!("something is broken: {cause}")),
            other => Failed::from(Problem::from(other)),
        }
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failure::from(error).into()
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        let document: Json =
            serde_json::from_slice(&problem.document("", Language::English)).unwrap_or_default();
        let text = words(&document);
        Failed { problem: Some(Box::new(document)), ..Failed::wrong(text) }
    }
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Failed {
        let text = error.to_string();
        match error {
            StartError::Url(_) => Failed::misused(text),
            StartError::Private(_) => Failed::unreachable(text),
            error if error.is_unreachable() => Failed::unreachable(text)
                .next("Is PostgreSQL running, and is the address right (--database-url, DATABASE_URL)?"),
            _ => Failed::wrong(text),
        }
    }
}

/// The detail of a refusal, with what stood in the way.
fn words(problem: &Json) -> String {
    let detail = problem["detail"].as_str().unwrap_or("it was refused");
    let mut text = detail.to_owned();
    let list = |name: &str| problem[name].as_array().cloned().unwrap_or_default();
    // One that stands in the detail already is not told twice.
    for fault in list("errors")
        .into_iter()
        .filter(|fault| fault["detail"].as_str().is_none_or(|it| !detail.contains(it)))
    {
        let place = fault["pointer"].as_str().unwrap_or_default().trim_start_matches('/');
        let detail = fault["detail"].as_str().unwrap_or_default();
        text.push_str(&format!("\n  {place}{}{detail}", if place.is_empty() { "" } else { ": " }));
    }
    for session in list("sessions") {
        let word = |name: &str| session[name].as_str().unwrap_or("-").to_owned();
        text.push_str(&format!("\n  {} is there since {} ({}", word("user"), word("since"), word("mode")));
        if let Some(activity) = session["activity"].as_str() {
            text.push_str(&format!(", {activity}"));
        }
        text.push(')');
    }
    for holder in list("held_by") {
        let word = |name: &str| holder[name].as_str().unwrap_or("-").to_owned();
        text.push_str(&format!("\n  {} holds {} since {}", word("user"), word("action"), word("since")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Code;

    #[test]
    fn a_refusal_says_what_stood_in_the_way() {
        let problem = Problem::new(Code::NotAlone).with(
            "sessions",
            json!([{ "user": "anna", "mode": "timetable", "since": "2026-11-02T08:00:00Z" }]),
        );
        let failed = Failed::from(problem);
        assert!(failed.is("not-alone"));
        assert!(
            failed.text.contains("anna is there since 2026-11-02T08:00:00Z (timetable)"),
            "{}",
            failed.text
        );
        assert_eq!(failed.status as u8, 1);
    }

    #[test]
    fn a_ledger_that_is_away_is_a_status_of_its_own() {
        assert_eq!(Failed::from(Failure::Unavailable).status, Status::Unreachable);
        assert_eq!(Failed::misused("").status as u8, 2);
    }
}
