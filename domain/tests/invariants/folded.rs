//! The states of the office, and the two ways in which events are folded into them.

use std::collections::BTreeMap;

use domain::command::Stream;
use domain::{Accounts, At, Event, Fold, Plan, PlanId, School, Sessions, Site, Stamp, Who};

/// An event with where it went.
pub struct Entry {
    pub stream: Stream,
    /// The plan of the stream of a plan.
    pub plan: Option<PlanId>,
    pub event: Event,
    pub who: Who,
    pub stamp: Stamp,
}

/// All states.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Folded {
    pub plans: BTreeMap<PlanId, Plan>,
    pub accounts: Accounts,
    pub site: Site,
    pub school: School,
    pub sessions: Sessions,
}

impl Folded {
    pub fn fold(&mut self, entry: &Entry, folding: &impl Folding) {
        match (entry.stream, &entry.plan) {
            (Stream::Plan, Some(plan)) => {
                folding.fold(self.plans.entry(plan.clone()).or_default(), entry);
            }
            (Stream::Plan, None) => panic!("an event of no plan: {:?}", entry.event),
            (Stream::Sessions, _) => folding.fold(&mut self.sessions, entry),
            (Stream::Accounts, _) => folding.fold(&mut self.accounts, entry),
            (Stream::Site, _) => folding.fold(&mut self.site, entry),
            (Stream::School, _) => folding.fold(&mut self.school, entry),
            (Stream::Messages | Stream::Audit, _) => {}
        }
    }

    /// The states that a ledger leads to.
    pub fn of(log: &[Entry]) -> Folded {
        let mut folded = Folded::default();
        log.iter().for_each(|entry| folded.fold(entry, &FromLedger));
        folded
    }
}

/// A way of taking in an event.
pub trait Folding {
    fn fold<S: Fold>(&self, state: &mut S, entry: &Entry);
}

/// As it is read from the ledger: where and when it was recorded is known.
pub struct FromLedger;

impl Folding for FromLedger {
    fn fold<S: Fold>(&self, state: &mut S, entry: &Entry) {
        let at = At { version: entry.stamp.position, epoch: 1, stamp: Some(entry.stamp) };
        state.evolve(&entry.event, &at);
    }
}

/// As the service does it: folded before it is committed, stamped afterwards.
pub struct AtOnce;

impl Folding for AtOnce {
    fn fold<S: Fold>(&self, state: &mut S, entry: &Entry) {
        state.evolve(&entry.event, &At { version: entry.stamp.position, epoch: 1, stamp: None });
        state.settle(&entry.event, &entry.stamp);
    }
}
