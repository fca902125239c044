//! Log-ins that did not succeed, counted until they are written: one event a minute and node, not one for each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::{LoginsRefused, OutageId};

/// The most minutes that are kept while the ledger is gone; the counts of further ones go into the last.
const MINUTES_MAX: usize = 10_000;

/// Log-ins refused on this node that are not in the ledger yet.
#[derive(Debug, Default)]
pub struct RefusedLogins(Mutex<BTreeMap<Minute, Counts>>);

type Minute = (DateTime<Utc>, Option<OutageId>);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    gated: u64,
    failed: u64,
}

impl RefusedLogins {
    /// The gate has refused one; it was closed because of this outage.
    pub fn gated(&self, now: DateTime<Utc>, outage: Option<OutageId>) {
        self.count(now, outage, |counts| counts.gated += 1);
    }

    /// Somebody did not know name and password.
    pub fn failed(&self, now: DateTime<Utc>) {
        self.count(now, None, |counts| counts.failed += 1);
    }

    fn count(&self, now: DateTime<Utc>, outage: Option<OutageId>, add: impl FnOnce(&mut Counts)) {
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.len() >= MINUTES_MAX
            && !minutes.contains_key(&(minute, outage))
            && let Some(mut last) = minutes.last_entry()
        {
            return add(last.get_mut());
        }
        add(minutes.entry((minute, outage)).or_default());
    }

    /// How many the gate refused because of an outage, of those that are not in the ledger yet.
    pub fn waiting(&self, outage: OutageId) -> u64 {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.iter().filter(|((_, of), _)| *of == Some(outage)).map(|(_, counts)| counts.gated).sum()
    }

    /// How many the gate refused, and how many failed, of those that are not in the ledger yet.
    pub fn all_waiting(&self) -> (u64, u64) {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.values().fold((0, 0), |(gated, failed), it| (gated + it.gated, failed + it.failed))
    }

    /// Takes the minutes that are over at a moment out, to be written; with nothing all of them.
    pub fn take(&self, node: &str, over_at: Option<DateTime<Utc>>) -> Vec<LoginsRefused> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |minute: DateTime<Utc>| over_at.is_none_or(|now| minute + TimeDelta::minutes(1) <= now);
        let over: Vec<Minute> = minutes.keys().filter(|(minute, _)| is_over(*minute)).copied().collect();
        over.into_iter()
            .filter_map(|key| {
                let counts = minutes.remove(&key)?;
                let (node, (minute, outage)) = (node.to_owned(), key);
                Some(LoginsRefused { node, minute, outage, gated: counts.gated, failed: counts.failed })
            })
            .collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, refused: Vec<LoginsRefused>) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for refused in refused {
            let counts = minutes.entry((refused.minute, refused.outage)).or_default();
            counts.gated += refused.gated;
            counts.failed += refused.failed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_written_once_it_is_over() {
        let refused = RefusedLogins::default();
        let outage = OutageId(uuid::Uuid::from_u128(1));
        let at = |second: i64| DateTime::from_timestamp(1_795_000_020 + second, 0).unwrap();
        refused.gated(at(0), Some(outage));
        refused.gated(at(59), Some(outage));
        refused.failed(at(61));
        assert_eq!((refused.waiting(outage), refused.all_waiting()), (2, (2, 1)));
        assert!(refused.take("alpha", Some(at(59))).is_empty());
        let over = refused.take("alpha", Some(at(60)));
        assert_eq!((over.len(), over[0].gated, over[0].minute), (1, 2, at(0)));
        refused.put_back(over);
        assert_eq!(refused.take("alpha", None).len(), 2);
    }
}
