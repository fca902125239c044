//! States of which there are many, plans and schools: those in use are kept, the one not used for longest gives way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Fold, StreamName};

use super::cell::Cell;

/// The states in use, by what they are the state of.
pub struct Shelf<K, S> {
    kept: Mutex<Kept<K, S>>,
    count_max: usize,
}

struct Kept<K, S> {
    open: HashMap<K, Open<S>>,
    uses: u64,
}

struct Open<S> {
    cell: Arc<Cell<S>>,
    last_use: u64,
}

impl<K: Hash + Eq + Clone, S: Fold> Shelf<K, S> {
    /// An empty one. States that somebody holds or waits for stay, even above the number.
    pub fn new(count_max: usize) -> Shelf<K, S> {
        Shelf { kept: Mutex::new(Kept { open: HashMap::new(), uses: 0 }), count_max }
    }

    /// The state of `key`, which is folded from `stream` at its first use.
    pub fn cell(&self, key: &K, stream: impl FnOnce() -> StreamName) -> Arc<Cell<S>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let last_use = kept.uses;
        if let Some(open) = kept.open.get_mut(key) {
            open.last_use = last_use;
            return open.cell.clone();
        }
        if kept.open.len() >= self.count_max {
            let idle = kept
                .open
                .iter()
                .filter(|(_, open)| Arc::strong_count(&open.cell) == 1 && open.cell.is_idle());
            if let Some(oldest) = idle.min_by_key(|(_, open)| open.last_use).map(|(key, _)| key.clone()) {
                kept.open.remove(&oldest);
            }
        }
        let cell = Arc::new(Cell::new(stream()));
        kept.open.insert(key.clone(), Open { cell: cell.clone(), last_use });
        cell
    }

    /// Tells the state, if it is kept, that a version of its stream is in the ledger.
    pub fn note_seen(&self, key: &K, version: i64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = kept.open.get(key) {
            open.cell.note_seen(version);
        }
    }
}
