//! One line a step on standard error, with the time that is probably left.

use std::time::{Duration, Instant};

/// Counts the steps of the whole run.
pub struct Progress {
    began: Instant,
    expected: Duration,
    expected_so_far: Duration,
}

impl Progress {
    /// A run whose steps are expected to take so long altogether.
    pub fn new(expected: Duration) -> Self {
        Self { began: Instant::now(), expected, expected_so_far: Duration::ZERO }
    }

    /// A step that was expected to take `expected` is over.
    pub fn done(&mut self, what: &str, expected: Duration) {
        self.expected_so_far += expected;
        let pace = self.began.elapsed().as_secs_f64() / self.expected_so_far.as_secs_f64().max(0.001);
        let left = self.expected.saturating_sub(self.expected_so_far).mul_f64(pace).as_secs();
        eprintln!("{what}   ({} min {:02} s left)", left / 60, left % 60);
    }
}
