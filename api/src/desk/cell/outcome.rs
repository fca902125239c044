//! What became of an append.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use domain::Stamp;

/// What became of an append; told by whoever waited for it.
#[derive(Clone, Default)]
pub struct Outcome {
    told: Arc<OnceLock<Committed>>,
    failed: Arc<AtomicBool>,
}

impl Outcome {
    /// One that sets this, too, when it fails.
    pub(super) fn telling(failed: &Arc<AtomicBool>) -> Outcome {
        Outcome { failed: failed.clone(), ..Outcome::default() }
    }

    /// Tells it.
    pub fn tell(&self, committed: Committed) {
        let _ = self.told.set(committed);
        if committed == Committed::No {
            self.failed.store(true, Ordering::Release);
        }
    }

    /// The end, once it has been told.
    pub(super) fn get(&self) -> Option<Committed> {
        self.told.get().copied()
    }
}

/// The end of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is in the ledger: the stamp of its first event in this stream.
    Yes(Stamp, i64),
    /// It is not, or nobody knows.
    No,
}
