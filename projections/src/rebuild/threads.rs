//! Threads for the work of a rebuild, beside those that wait for its end and let the new generation take over.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::priority;

/// Go with whoever holds this, and what runs on them goes with them.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    /// As many as there are cores; when it is to be done gently, two at a low priority.
    pub fn begin(gently: bool) -> Result<Self, std::io::Error> {
        let mut threads = Builder::new_multi_thread();
        threads.thread_name("rebuild").enable_all();
        if gently {
            // One folds and one decodes; more would only wait for their turns, and be in the way meanwhile.
            threads.worker_threads(1).max_blocking_threads(1);
            threads.on_thread_start(priority::lower_thread);
        }
        Ok(Self(Some(threads.build()?)))
    }

    /// Runs something on them.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.as_ref().expect("they are there until they are dropped").spawn(work)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for them is nothing that a task may do.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}
