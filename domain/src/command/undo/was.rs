//! What records were before they were removed, put together from their events: the event of a removal does not say everything.

use std::collections::{HashMap, HashSet};

use crate::{Event, Record, RecordId};

/// Takes in the events of removed records, oldest first, and answers what each was when it was removed.
#[derive(Debug, Default)]
pub struct Was {
    records: HashMap<RecordId, Record>,
    wanted: HashSet<i64>,
    found: HashMap<i64, Record>,
}

impl Was {
    /// Wants to know what was removed at these positions.
    pub fn wanting(positions: impl IntoIterator<Item = i64>) -> Was {
        Was { wanted: positions.into_iter().collect(), ..Was::default() }
    }

    /// Takes in the next event, at a position.
    pub fn take(&mut self, position: i64, event: &Event) {
        match event {
            Event::RecordCreated(e) => {
                self.records.insert(e.record, Record::made(e, 0));
            }
            Event::RecordChanged(e) => {
                if let Some(record) = self.records.get_mut(&e.record) {
                    record.change(e, 0);
                }
            }
            Event::RecordRemoved(e) => {
                let gone = self.records.remove(&e.record);
                if let Some(gone) = gone.filter(|_| self.wanted.contains(&position)) {
                    self.found.insert(position, gone);
                }
            }
            _ => {}
        }
    }

    /// What was removed at a position, once.
    pub fn removed_at(&mut self, position: i64) -> Option<Record> {
        self.found.remove(&position)
    }
}
