//! Where in a log something is found, so that a long one need not be looked through.

use std::collections::HashMap;

use domain::{Event, PlanId, RecordId, SessionEnd, SessionId};
use uuid::Uuid;

use crate::folded::Entry;

/// Indexes in the log, noted as it grows.
#[derive(Debug, Default)]
pub struct Places {
    /// Of the changes of each record and notice.
    changes: HashMap<Uuid, Vec<usize>>,
    /// The last session of each plan that ended.
    left: HashMap<PlanId, SessionId>,
    /// The last one of each that was signed off.
    signed_off: HashMap<PlanId, SessionId>,
}

impl Places {
    /// Takes note of the entry that comes next.
    pub fn note(&mut self, place: usize, entry: &Entry) {
        let of = match &entry.event {
            Event::RecordCreated(e) => e.record.0,
            Event::RecordChanged(e) => e.record.0,
            Event::RecordRemoved(e) => e.record.0,
            Event::NoticePosted(e) => e.notice.0,
            Event::NoticeChanged(e) => e.notice.0,
            Event::NoticeWithdrawn(e) => e.notice.0,
            Event::SessionEnded(e) => {
                if let Some(plan) = &entry.plan {
                    if matches!(e.reason, SessionEnd::SignedOff { .. }) {
                        self.signed_off.insert(plan.clone(), e.session);
                    }
                    self.left.insert(plan.clone(), e.session);
                }
                return;
            }
            _ => return,
        };
        self.changes.entry(of).or_default().push(place);
    }

    /// The changes of a record or notice, the first one first.
    pub fn of(&self, record: RecordId) -> impl Iterator<Item = usize> + '_ {
        self.changes.get(&record.0).into_iter().flatten().copied()
    }

    /// Who was the last to be signed off in a plan, else to leave it.
    pub fn left(&self, plan: &PlanId) -> Option<SessionId> {
        self.signed_off.get(plan).or_else(|| self.left.get(plan)).copied()
    }
}
