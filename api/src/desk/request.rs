//! A command's surroundings: who asks, what is written with it, how it is answered.

use std::sync::Arc;

use domain::command::{Office, Stream};
use domain::{CommandId, Event, SessionId, Who};
use eventstore::{CredentialChange, Deadline, DeadlineName, Due};
use uuid::Uuid;

use super::answer::Answer;

/// Who asks, under which names, and whether he may ask again.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who.
    pub who: Who,
    /// In which session.
    pub session: Option<SessionId>,
    /// The command's id when it comes from an Idempotency-Key, with the digest of the request.
    pub keyed: Option<(CommandId, [u8; 32])>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Request {
    /// Of the operator of the host or of the service itself.
    pub fn of(who: Who) -> Request {
        Request { who, session: None, keyed: None, request_id: None, traceparent: None }
    }

    /// The same in a session.
    pub fn in_session(self, session: SessionId) -> Request {
        Request { session: Some(session), ..self }
    }
}

/// What is written in the transaction of a command's events, and under which condition of time.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// Hashes that come or go.
    pub credentials: Vec<CredentialChange>,
    /// Sessions and locks that begin.
    pub contacts: Vec<Uuid>,
    /// Deadlines that must have passed, by the database's clock.
    pub due: Vec<Due>,
    /// The same of times that were given.
    pub passed: Vec<DeadlineName>,
    /// Times that begin.
    pub deadlines: Vec<Deadline>,
    /// What is noted as the cause beside the events.
    pub cause: Option<String>,
    /// Whether the answer holds a secret and is not stored under the key.
    pub secret: bool,
}

/// Makes the answer from the state after the decision and its events.
pub type Render = Arc<dyn Fn(&Office<'_>, &[(Stream, Event)]) -> Answer + Send + Sync>;
