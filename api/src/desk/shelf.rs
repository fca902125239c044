//! States of which there are many, plans and schools: those in use are kept, the one not used for longest gives way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{Fold, StreamName};

use super::cell::Cell;

/// The states in use, by what they are the state of.
pub struct Shelf<K, S> {
    kept: Mutex<Kept<K, S>>,
    bounds: Bounds,
}

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// So many states.
    pub count: usize,
    /// As many things in all of them together as weigh so much; looked at now and then ([`Shelf::tidy`]).
    pub weight: usize,
    /// A state that nobody has used for so long is forgotten, too.
    pub unused: Duration,
}

struct Kept<K, S> {
    open: HashMap<K, Open<S>>,
    uses: u64,
}

struct Open<S> {
    cell: Arc<Cell<S>>,
    last_use: u64,
    used_at: Instant,
}

impl<K: Hash + Eq + Clone, S: Fold> Shelf<K, S> {
    /// An empty one. States that somebody holds or waits for stay, even above the bounds.
    pub fn new(bounds: Bounds) -> Shelf<K, S> {
        Shelf { kept: Mutex::new(Kept { open: HashMap::new(), uses: 0 }), bounds }
    }

    /// The state of `key`, which is folded from `stream` at its first use.
    pub fn cell(&self, key: &K, stream: impl FnOnce() -> StreamName) -> Arc<Cell<S>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let last_use = kept.uses;
        if let Some(open) = kept.open.get_mut(key) {
            (open.last_use, open.used_at) = (last_use, Instant::now());
            return open.cell.clone();
        }
        if kept.open.len() >= self.bounds.count {
            kept.forget_oldest();
        }
        let cell = Arc::new(Cell::new(stream()));
        kept.open.insert(key.clone(), Open { cell: cell.clone(), last_use, used_at: Instant::now() });
        cell
    }

    /// The states that a snapshot would be of use to: those whose newest one leaves more than so many events to be read.
    pub fn grown(&self, events: i64) -> Vec<Arc<Cell<S>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = kept.open.values().filter(|open| open.cell.since_snapshot() >= events);
        grown.map(|open| open.cell.clone()).collect()
    }

    /// Forgets what has not been used for long, and of the rest what has not been used for longest until it is light enough. It is
    /// read again when it is used again; a snapshot makes that quick.
    pub fn tidy(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.open.retain(|_, open| open.used_at.elapsed() < self.bounds.unused || !open.can_go());
        let mut weight: usize = kept.open.values().map(|open| open.cell.weight()).sum();
        while weight > self.bounds.weight
            && let Some(gone) = kept.forget_oldest()
        {
            weight = weight.saturating_sub(gone);
        }
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).open.len()
    }

    /// Tells the state, if it is kept, that a version of its stream is in the ledger.
    pub fn note_seen(&self, key: &K, version: i64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = kept.open.get(key) {
            open.cell.note_seen(version);
        }
    }
}

impl<S: Fold> Open<S> {
    /// Whether nobody holds it or waits for it.
    fn can_go(&self) -> bool {
        Arc::strong_count(&self.cell) == 1 && self.cell.is_idle()
    }
}

impl<K: Hash + Eq + Clone, S: Fold> Kept<K, S> {
    /// Forgets the state that has not been used for longest, if one can go; what it weighed.
    fn forget_oldest(&mut self) -> Option<usize> {
        let idle = self.open.iter().filter(|(_, open)| open.can_go());
        let oldest = idle.min_by_key(|(_, open)| open.last_use).map(|(key, _)| key.clone())?;
        self.open.remove(&oldest).map(|open| open.cell.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(bounds: Bounds) -> Shelf<u8, domain::School> {
        Shelf::new(bounds)
    }

    fn cell(shelf: &Shelf<u8, domain::School>, key: u8) -> Arc<Cell<domain::School>> {
        shelf.cell(&key, || domain::School::stream("100234"))
    }

    fn kept(shelf: &Shelf<u8, domain::School>) -> Vec<u8> {
        let mut keys: Vec<u8> = shelf.kept.lock().unwrap().open.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    const WIDE: Bounds = Bounds { count: 10, weight: 10, unused: Duration::MAX };

    #[test]
    fn above_the_number_the_one_not_used_for_longest_gives_way() {
        let shelf = shelf(Bounds { count: 2, ..WIDE });
        for key in [1, 2, 1, 3] {
            drop(cell(&shelf, key));
        }
        assert_eq!(kept(&shelf), [1, 3]);
    }

    #[test]
    fn above_the_weight_the_ones_not_used_for_longest_give_way_and_who_is_at_work_stays() {
        let shelf = shelf(Bounds { weight: 2, ..WIDE });
        let held = cell(&shelf, 1);
        for key in [2, 3, 4] {
            drop(cell(&shelf, key));
        }
        shelf.tidy();
        assert_eq!(kept(&shelf), [1, 4]);
        drop(held);
        shelf.tidy();
        assert_eq!(kept(&shelf), [1, 4], "it is light enough");
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let shelf = shelf(Bounds { unused: Duration::ZERO, ..WIDE });
        let held = cell(&shelf, 1);
        drop(cell(&shelf, 2));
        shelf.tidy();
        assert_eq!(kept(&shelf), [1]);
        drop(held);
        shelf.tidy();
        assert_eq!(kept(&shelf), [] as [u8; 0]);
    }
}
