//! Connections whose other end takes nothing: without a bound such a one would hold its answer in memory for ever.

use std::future::Future;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How long a connection has waited for something to be taken.
pub(super) struct Stall {
    within: Duration,
    /// Runs while something waits to be taken.
    until: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    /// Waits for so long.
    pub(super) fn new(within: Duration) -> Stall {
        Stall { within, until: None }
    }

    /// What became of a writing, unless it has waited for too long.
    pub(super) fn judge<T>(
        &mut self,
        written: Poll<Result<T, Error>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, Error>> {
        if written.is_ready() {
            self.until = None;
            return written;
        }
        let within = self.within;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(within)));
        until.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}
