//! What waits to be committed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::append::{APPEND_BYTES_MAX, APPEND_EVENTS_MAX, Append, AppendError, Appended, StoredCommand};
use crate::{measure, trace};

/// The most appends that may be unanswered at a time.
const APPENDS_MAX: usize = 16_384;
/// The most bytes that they may hold together.
const BYTES_MAX: usize = 256 << 20;
/// How long an append may wait for a ledger that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(5);

/// The outcome of an append that has been handed over. Dropping it cancels nothing.
pub struct PendingAppend {
    outcome: oneshot::Receiver<Result<Appended, AppendError>>,
}

impl Future for PendingAppend {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The sender goes without a word only when the runtime is being shut down.
        Pin::new(&mut self.outcome).poll(context).map(|told| told.unwrap_or(Err(AppendError::Unavailable)))
    }
}

/// What has been handed over and is not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Appends.
    pub appends: usize,
    /// What they weigh together.
    pub bytes: usize,
}

/// Counts what is unanswered, so that memory stays bounded.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    appends: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    pub(crate) fn unanswered(&self) -> Unanswered {
        let (appends, bytes) = (self.appends.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        Unanswered { appends, bytes }
    }

    /// Lets an append in, or says why not. One that is large is let in when nothing else waits.
    pub(crate) fn admit(self: &Arc<Self>, append: Append) -> Result<(Member, PendingAppend), AppendError> {
        let weight = append.weight();
        if append.events() > APPEND_EVENTS_MAX || weight > APPEND_BYTES_MAX {
            return Err(refused(AppendError::TooLarge));
        }
        let appends = self.appends.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.fetch_add(weight, Ordering::Relaxed);
        let place = Place { waiting: self.clone(), weight };
        if appends >= APPENDS_MAX || (bytes > 0 && bytes + weight > BYTES_MAX) {
            return Err(refused(AppendError::Busy));
        }
        let (answer, outcome) = oneshot::channel();
        let events = append.events() as u64;
        let span =
            tracing::debug_span!(target: trace::TARGET, "append", events, position = Empty, outcome = Empty);
        let member = Member {
            append,
            answer,
            place,
            asked: false,
            deadline: Instant::now() + PATIENCE,
            predicted: None,
            span,
        };
        Ok((member, PendingAppend { outcome }))
    }
}

/// A place in the queue, free again when it is dropped.
struct Place {
    waiting: Arc<Waiting>,
    weight: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.appends.fetch_sub(1, Ordering::Relaxed);
        self.waiting.bytes.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

/// An append that waits for its outcome.
pub(crate) struct Member {
    pub(crate) append: Append,
    /// Its id may have happened before and must be looked for: it came under a key, or was in doubt.
    pub(crate) asked: bool,
    /// When it gives up on a ledger that cannot be reached.
    pub(crate) deadline: Instant,
    /// The last position it would have got when it came to be in doubt: tells its own row from another's.
    pub(crate) predicted: Option<i64>,
    /// From here to the answer, in the trace of whoever decided it.
    pub(crate) span: Span,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
    place: Place,
}

impl Member {
    pub(crate) fn weight(&self) -> usize {
        self.place.weight
    }

    pub(crate) fn asks(&self) -> bool {
        self.asked || self.append.keyed
    }

    /// It has more than events and a command: the transaction needs statements of its own.
    pub(crate) fn has_extras(&self) -> bool {
        let append = &self.append;
        let waits = append.due.is_empty() && append.passed.is_empty();
        !(waits && append.credentials.is_empty() && append.contacts.is_empty() && append.deadlines.is_empty())
    }

    /// Answers with what stands in the ledger under its id: its own doing when it was in doubt, else a repetition.
    pub(crate) fn settle(self, command: StoredCommand, epoch: i64) {
        let Append { keyed, ref request_digest, ref answer, .. } = self.append;
        // Under a key another node may have written the same command while this one was in doubt.
        let same = self.predicted == Some(command.position)
            && request_digest.as_ref().map(<[u8; 32]>::as_slice) == command.request_digest.as_deref()
            && *answer == command.answer;
        if self.predicted.is_none() || (keyed && !same) {
            return self.answer(Err(AppendError::Known(command)));
        }
        let events = i64::try_from(self.append.events()).expect("at most APPEND_EVENTS_MAX");
        let (first, last) = (command.position - events + 1, command.position);
        measure::appends("written", 1);
        self.answer(Ok(Appended { first, last, epoch, recorded_at: command.recorded_at }));
    }

    /// Tells the caller, if he is still there.
    pub(crate) fn answer(self, outcome: Result<Appended, AppendError>) {
        let Self { append, answer, place, span, .. } = self;
        if let Ok(done) = &outcome {
            span.record("position", done.last);
        }
        span.record("outcome", word(outcome.as_ref().err()));
        // What a batch wrote, and what did not stand in it, is counted with the batch.
        let outcome = outcome
            .map_err(|error| if matches!(error, AppendError::Conflict) { error } else { refused(error) });
        append.fate.decide(outcome.is_ok());
        drop(place);
        let _ = answer.send(outcome);
    }
}

/// What became of an append, in one word.
pub(crate) fn word(error: Option<&AppendError>) -> &'static str {
    match error {
        None => "written",
        Some(AppendError::Conflict) => "conflict",
        Some(AppendError::NotDue) => "not-due",
        Some(AppendError::Known(_)) => "known",
        Some(AppendError::TooLarge) => "too-large",
        Some(AppendError::Busy) => "busy",
        Some(AppendError::Unavailable) => "unavailable",
        Some(AppendError::Failed(_)) => "failed",
    }
}

/// Counts one that was not written for a reason of its own.
fn refused(error: AppendError) -> AppendError {
    measure::appends(word(Some(&error)), 1);
    error
}
