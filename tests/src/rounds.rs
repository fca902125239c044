//! How often a hammering test strikes, and what it tells meanwhile.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// The rounds of one hammering test. Any number of tasks may take them.
pub struct Rounds {
    name: &'static str,
    count: u64,
    taken: AtomicU64,
    began: Instant,
    ends: Option<Instant>,
    /// Seconds after the beginning when progress is told next; never when nobody looks.
    told_next: AtomicU64,
}

impl Rounds {
    /// So many rounds, in silence.
    pub fn quiet(name: &'static str, count: u64) -> Self {
        Self {
            name,
            count,
            taken: AtomicU64::new(0),
            began: Instant::now(),
            ends: None,
            told_next: AtomicU64::new(u64::MAX),
        }
    }

    /// So many rounds, or as many as fit into the time, telling how far they are.
    pub fn told(name: &'static str, count: u64, at_most: Duration) -> Self {
        let rounds = Self::quiet(name, count);
        Self { ends: Some(rounds.began + at_most), told_next: AtomicU64::new(TOLD_EVERY.as_secs()), ..rounds }
    }

    /// The number of the next round, from 0; nothing when all are taken or the time is over.
    pub fn next(&self) -> Option<u64> {
        if self.ends.is_some_and(|ends| Instant::now() >= ends) {
            return None;
        }
        let round = self.taken.fetch_add(1, Ordering::SeqCst);
        if round >= self.count {
            self.taken.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        self.tell(round);
        Some(round)
    }

    /// How many have been taken.
    pub fn done(&self) -> u64 {
        self.taken.load(Ordering::SeqCst).min(self.count)
    }

    /// Since the beginning.
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    /// How many there would be without a limit of time.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn tell(&self, round: u64) {
        let passed = self.took();
        let due = self.told_next.load(Ordering::Relaxed);
        if passed.as_secs() < due || round == 0 {
            return;
        }
        let next = passed.as_secs() + TOLD_EVERY.as_secs();
        if self.told_next.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let by_count = passed.mul_f64((self.count - round) as f64 / round as f64);
        let by_time = self.ends.map(|ends| ends.saturating_duration_since(Instant::now()));
        let left = by_time.map_or(by_count, |left| left.min(by_count));
        let mut line = String::new();
        let _ = write!(line, "{}: {round} of {}", self.name, self.count);
        eprintln!("{line:<60} about {} s left", left.as_secs());
    }
}

/// Numbers that look random and are the same in every run: splitmix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
