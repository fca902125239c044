//! How far a long test has come, for whoever waits for it.

use std::time::{Duration, Instant};

/// A line now and then.
pub struct Progress {
    what: &'static str,
    wanted: usize,
    began: Instant,
    told: Instant,
}

/// At most so often.
const EVERY: Duration = Duration::from_secs(10);

impl Progress {
    /// Of something of which so many are wanted.
    pub fn new(what: &'static str, wanted: usize) -> Self {
        Self { what, wanted, began: Instant::now(), told: Instant::now() }
    }

    /// So many are there.
    pub fn at(&mut self, count: usize) {
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64();
            eprintln!("{count} of {} {} after {seconds:.0} s", self.wanted, self.what);
        }
    }
}
