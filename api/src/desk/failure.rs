//! Why there is no answer of the command's own, and how it is told.

use domain::Refusal;
use eventstore::AppendError;

use crate::http::{Code, Problem};

/// Why there is no answer of the command's own.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The office refuses it; the refusal is recorded where it has to be.
    Refused(Box<Refusal>),
    /// The ledger cannot be reached.
    Unavailable,
    /// Too much is waiting.
    Busy,
    /// The key came with another request before.
    KeyReused,
    /// The request wants more than one append can hold.
    TooLarge,
    /// Something is broken; the cause is for the log.
    Internal(String),
}

impl Failure {
    pub(super) fn database(error: sqlx::Error) -> Failure {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Failure::Unavailable,
            // 57P: the server stops or starts; 08: the connection is gone; 53: it has no room for one more.
            sqlx::Error::Database(error)
                if error
                    .code()
                    .is_some_and(|code| ["57P", "08", "53"].iter().any(|class| code.starts_with(class))) =>
            {
                Failure::Unavailable
            }
            error => Failure::Internal(error.to_string()),
        }
    }

    pub(super) fn internal(error: impl std::fmt::Display) -> Failure {
        Failure::Internal(error.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::database(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(Box::new(refusal))
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Failure {
        match error {
            AppendError::Busy => Failure::Busy,
            AppendError::Unavailable => Failure::Unavailable,
            AppendError::TooLarge => Failure::TooLarge,
            AppendError::Failed(cause) => Failure::Internal(cause),
            error @ (AppendError::Conflict | AppendError::NotDue | AppendError::Known(_)) => {
                Failure::Internal(format!("{error}, and nobody took it in"))
            }
        }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Problem {
        let code = serde_json::from_value(refusal.code.word().into()).unwrap_or(Code::Internal);
        let mut problem = Problem::new(code);
        problem.members.clone_from(&refusal.members);
        problem
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Problem {
        Failure::from(error).into()
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        match failure {
            Failure::Refused(refusal) => Problem::from(&*refusal),
            Failure::Unavailable => Problem::new(Code::Outage).retry_after(2),
            Failure::Busy => Problem::new(Code::Busy).retry_after(1),
            Failure::KeyReused => Problem::new(Code::KeyReused),
            Failure::TooLarge => Problem::new(Code::TooLarge),
            Failure::Internal(cause) => Problem::internal(cause),
        }
    }
}
