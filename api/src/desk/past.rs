//! States as they stood at a position.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use domain::{Accounts, Fold, Plan, PlanId};

use super::cell::read_event;
use super::{Desk, Failure};

mod milestones;

use milestones::{Milestone, Milestones};

/// Events that are read at a time.
const PAGE: i64 = 1_000;
/// States of moments that were asked for a moment ago: the pages of a list all ask for the same one.
const RECENT_MAX: usize = 8;

/// What is kept in memory of the past of users, groups and tokens: a cache that may be lost at any time.
#[derive(Default)]
pub(super) struct PastAccounts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The epoch of what is kept; another ledger has another past.
    epoch: i64,
    milestones: Milestones<Accounts>,
    recent: VecDeque<(i64, Arc<Accounts>)>,
}

impl PastAccounts {
    /// What is kept of an epoch.
    fn of(&self, epoch: i64) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().expect("nobody panics while holding it");
        if kept.epoch != epoch {
            *kept = Kept { epoch, ..Kept::default() };
        }
        kept
    }
}

impl Desk {
    /// A plan as it stood at a position, folded from its beginning; an empty one when there was none. For commands of the host: it
    /// takes as long as the plan is.
    pub async fn plan_at(&self, plan: &PlanId, position: i64) -> Result<Arc<Plan>, Failure> {
        let (stream, mut folded, mut version) = (plan.stream(), Plan::default(), 0);
        loop {
            let events = self.ledger.read_stream(&stream, version, PAGE).await?;
            let Some(last) = events.last() else { return Ok(Arc::new(folded)) };
            version = last.version;
            for recorded in events {
                if recorded.position > position {
                    return Ok(Arc::new(folded));
                }
                let (event, at) = read_event(&recorded, self.epoch())?;
                folded.evolve(&event, &at);
            }
        }
    }

    /// Users, groups and tokens as they stood at a position that is in the ledger. They are folded, because which group somebody was
    /// in is in no read model: from the last milestone before it on, of which some are laid whenever a stretch is folded. So the
    /// whole stream is read once in the life of a process, and after that as much of it as lies between two milestones.
    pub async fn accounts_at(&self, position: i64) -> Result<Arc<Accounts>, Failure> {
        let epoch = self.epoch();
        let begin = {
            let kept = self.past_accounts.of(epoch);
            if let Some((_, recent)) = kept.recent.iter().find(|(at, _)| *at == position) {
                return Ok(recent.clone());
            }
            kept.milestones.before(position)
        };
        let Milestone { mut version, state, .. } = begin;
        let mut accounts = Accounts::clone(&state);
        'stream: loop {
            let events = self.ledger.read_stream(self.accounts.stream(), version, PAGE).await?;
            let all = (events.len() as i64) < PAGE;
            metrics::counter!("daybook_state_events_read_total").increment(events.len() as u64);
            for recorded in events {
                if recorded.position > position {
                    break 'stream;
                }
                let (event, at) = read_event(&recorded, epoch)?;
                accounts.evolve(&event, &at);
                version = recorded.version;
                let mut kept = self.past_accounts.of(epoch);
                if kept.milestones.is_due(version) {
                    let weight = accounts.users().count() + accounts.tokens().count();
                    let state = Arc::new(accounts.clone());
                    kept.milestones.lay(Milestone { version, position: recorded.position, state }, weight);
                }
            }
            if all {
                break;
            }
        }
        let accounts = Arc::new(accounts);
        let mut kept = self.past_accounts.of(epoch);
        kept.recent.push_front((position, accounts.clone()));
        kept.recent.truncate(RECENT_MAX);
        Ok(accounts)
    }
}
