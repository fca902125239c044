//! States of a stream, kept at versions that lie equally far apart: whoever asks for an older state folds on from the one before it.
//!
//! However long the stream is, there are at most [`COUNT_MAX`] of them, fewer of a large state. When there would be more, every second
//! one goes and they lie twice as far apart. So what is folded for a question is at most [`EVERY_MIN`] events of a stream of
//! up to `COUNT_MAX * EVERY_MIN`, and of a longer one at most two parts in `COUNT_MAX`.

use std::sync::Arc;

/// The fewest events between two.
const EVERY_MIN: i64 = 1_000;
/// The most states.
const COUNT_MAX: usize = 64;
/// The fewest that are kept of a large state.
const COUNT_MIN: usize = 8;
/// The most things that all of them hold, as long as they are more than [`COUNT_MIN`]. A user takes about 150 bytes in each: what is the
/// same in several is shared.
const WEIGHT_MAX: usize = 200_000;

/// A state after the event of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone<S> {
    /// The version of the last event in it.
    pub version: i64,
    /// Where that stands.
    pub position: i64,
    /// What it leads to.
    pub state: Arc<S>,
}

/// The states of one stream, in order.
pub struct Milestones<S> {
    every: i64,
    laid: Vec<Milestone<S>>,
}

impl<S> Default for Milestones<S> {
    fn default() -> Self {
        Self { every: EVERY_MIN, laid: Vec::new() }
    }
}

impl<S: Default + Clone> Milestones<S> {
    /// The last one up to a position; before the first one the state of an empty stream.
    pub fn before(&self, position: i64) -> Milestone<S> {
        let count = self.laid.partition_point(|it| it.position <= position);
        let last = count.checked_sub(1).map(|last| self.laid[last].clone());
        last.unwrap_or_else(|| Milestone { version: 0, position: 0, state: Arc::default() })
    }

    /// Whether one is wanted of this version, which nobody has laid yet.
    pub fn is_due(&self, version: i64) -> bool {
        version % self.every == 0 && self.laid.last().is_none_or(|last| last.version < version)
    }

    /// Keeps one that is due, of a state that holds about so many things.
    pub fn lay(&mut self, milestone: Milestone<S>, weight: usize) {
        self.laid.push(milestone);
        let most = (WEIGHT_MAX / weight.max(1)).clamp(COUNT_MIN, COUNT_MAX);
        while self.laid.len() > most {
            self.every *= 2;
            self.laid.retain(|it| it.version % self.every == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream whose version stands at three times that position, its state being the version.
    fn laid(events: i64, weight: usize) -> Milestones<i64> {
        let mut milestones = Milestones::default();
        for version in 1..=events {
            if milestones.is_due(version) {
                let milestone = Milestone { version, position: version * 3, state: Arc::new(version) };
                milestones.lay(milestone, weight);
            }
        }
        milestones
    }

    /// The most events between a moment and the milestone before it.
    fn farthest(milestones: &Milestones<i64>, events: i64) -> i64 {
        (0..=events * 3).map(|position| position / 3 - milestones.before(position).version).max().unwrap()
    }

    #[test]
    fn a_state_of_the_past_is_near_a_milestone() {
        let milestones = laid(10_000, 100);
        assert_eq!(farthest(&milestones, 10_000), EVERY_MIN - 1);
        assert_eq!(milestones.before(2_999).state, Arc::new(0), "before the first one");
        assert_eq!(
            milestones.before(3_000),
            Milestone { version: 1_000, position: 3_000, state: Arc::new(1_000) }
        );
        assert_eq!(milestones.before(i64::MAX).version, 10_000);
    }

    #[test]
    fn they_never_grow_beyond_their_number_however_long_the_stream_is() {
        let events = 500_000;
        let milestones = laid(events, 100);
        assert!(milestones.laid.len() <= COUNT_MAX, "{}", milestones.laid.len());
        let apart = farthest(&milestones, events);
        assert!(apart <= 2 * events / i64::try_from(COUNT_MAX).unwrap(), "{apart} events");
    }

    #[test]
    fn of_a_large_state_there_are_fewer() {
        let milestones = laid(100_000, 10_000);
        assert!((COUNT_MIN..=20).contains(&milestones.laid.len()), "{}", milestones.laid.len());
        let huge = laid(100_000, 10_000_000);
        assert!((COUNT_MIN / 2..=COUNT_MIN).contains(&huge.laid.len()), "{}", huge.laid.len());
    }

    #[test]
    fn what_is_laid_already_is_not_laid_again() {
        let mut milestones = laid(3_000, 1);
        assert!(!milestones.is_due(2_000), "another question was faster");
        assert!(!milestones.is_due(3_500));
        milestones.lay(Milestone { version: 4_000, position: 12_000, state: Arc::new(4_000) }, 1);
        assert_eq!(milestones.before(14_999).version, 4_000);
    }
}
