//! How far a rebuild or a verification has come.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a rebuild or a verification is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Folding the ledger from its beginning.
    Folding,
    /// Making the indexes.
    Indexing,
    /// Taking in what has happened meanwhile.
    CatchingUp,
    /// The new generation is current; the old one is dropped when nobody reads it any more.
    Dropping,
    /// Comparing what was folded with what is read.
    Comparing,
}

impl Phase {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Folding => "folding",
            Phase::Indexing => "indexing",
            Phase::CatchingUp => "catching-up",
            Phase::Dropping => "dropping",
            Phase::Comparing => "comparing",
        }
    }
}

/// How far a rebuild or a verification has come.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldProgress {
    /// What it is at.
    pub phase: Phase,
    /// The position up to which everything has been folded.
    pub position: i64,
    /// The end of the ledger.
    pub head: i64,
    /// Since the beginning.
    pub took: Duration,
}

impl FoldProgress {
    /// Events a second since the beginning.
    pub fn rate(&self) -> f64 {
        self.position as f64 / self.took.as_secs_f64().max(0.001)
    }

    /// How long the rest takes at that rate; unknown at the very beginning.
    pub fn left(&self) -> Option<Duration> {
        let rate = self.rate();
        let left = (self.head - self.position).max(0) as f64;
        (rate > 0.0).then(|| Duration::from_secs_f64((left / rate).min(1e9)))
    }
}

/// What the tasks count that fold.
pub(crate) struct Counted {
    began: Instant,
    head: AtomicI64,
    phase: Mutex<Phase>,
    /// How far each projection is.
    taken: Vec<AtomicI64>,
}

impl Counted {
    pub fn new(head: i64, projections: usize) -> Self {
        Self {
            began: Instant::now(),
            head: AtomicI64::new(head),
            phase: Mutex::new(Phase::Folding),
            taken: (0..projections).map(|_| AtomicI64::new(0)).collect(),
        }
    }

    pub fn enter(&self, phase: Phase) {
        *self.phase.lock().expect("nobody panics while holding it") = phase;
    }

    pub fn head(&self, position: i64) {
        self.head.fetch_max(position, Ordering::Relaxed);
    }

    pub fn taken(&self, projection: usize, position: i64) {
        self.taken[projection].store(position, Ordering::Relaxed);
    }

    pub fn all_at(&self, position: i64) {
        for taken in &self.taken {
            taken.store(position, Ordering::Relaxed);
        }
    }

    pub fn progress(&self) -> FoldProgress {
        let position = self.taken.iter().map(|taken| taken.load(Ordering::Relaxed)).min().unwrap_or_default();
        FoldProgress {
            phase: *self.phase.lock().expect("nobody panics while holding it"),
            position,
            head: self.head.load(Ordering::Relaxed).max(position),
            took: self.began.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_projection_says_how_far_it_is() {
        let counted = Counted::new(100, 2);
        counted.taken(0, 80);
        counted.taken(1, 20);
        let progress = counted.progress();
        assert_eq!((progress.position, progress.head), (20, 100));
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done() {
        let took = Duration::from_secs(10);
        let half = FoldProgress { phase: Phase::Folding, position: 500, head: 1_000, took };
        assert_eq!(half.left(), Some(took));
        let nothing = FoldProgress { phase: Phase::Folding, position: 0, head: 1_000, took };
        assert_eq!(nothing.left(), None);
    }
}
