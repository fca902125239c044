//! The gathered commit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{oneshot, watch};

use crate::append::{Append, AppendError, Appended};
use crate::pool::PoolSettings;

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

#[derive(Clone)]
pub(crate) struct Committer {
    committed: watch::Receiver<i64>,
}

impl Committer {
    pub(crate) fn committed(&self) -> watch::Receiver<i64> {
        self.committed.clone()
    }

    pub(crate) fn enqueue(&self, _append: Append) -> Result<PendingAppend, AppendError> {
        todo!()
    }
}

pub(crate) fn start(_settings: &PoolSettings) -> Committer {
    todo!()
}
