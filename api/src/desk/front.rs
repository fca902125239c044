//! What is shown to whoever comes to the door: notices and plans, in memory, so that the login page needs no ledger.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::Notices;

use super::{Desk, Failure};

/// How long the login page waits for what is newer than memory; a ledger that hesitates is told from memory.
const LEARN_WITHIN: Duration = Duration::from_millis(500);
/// The most plans that the login page offers.
const PLANS_MAX: i64 = 10_000;

/// What a node remembers for the login page.
#[derive(Default)]
pub struct Front {
    shown: RwLock<Arc<Shown>>,
    /// Held by whoever learns what is new; the others are told what was known until then.
    learning: Arc<tokio::sync::Mutex<()>>,
}

/// Notices and plans as they were last learnt.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The notices of the site, also those that do not show.
    pub notices: Notices,
    /// The plans that people can log in to, by name, with their titles; archived ones are not offered.
    pub plans: Arc<[(String, String)]>,
    /// Up to where the plans are known.
    plans_until: Option<i64>,
}

impl Front {
    /// What is remembered.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Desk {
    /// What the login page shows: as new as the ledger tells without delay, else from memory. The watch asks too, in every round, so
    /// that memory is not empty when the ledger goes before anybody has looked.
    pub async fn front(self: &Arc<Desk>) -> Arc<Shown> {
        if self.standing.is_ledger_gone() {
            return self.front.shown();
        }
        if let Ok(turn) = self.front.learning.clone().try_lock_owned() {
            let desk = self.clone();
            // A task of its own: whoever waits may give up, what was learnt is kept all the same.
            let learning = tokio::spawn(async move {
                let _turn = turn;
                if let Err(failure) = desk.learn_front().await {
                    tracing::debug!(?failure, "the login page is shown from memory");
                }
            });
            let _ = tokio::time::timeout(LEARN_WITHIN, learning).await;
        }
        self.front.shown()
    }

    async fn learn_front(&self) -> Result<(), Failure> {
        let before = self.front.shown();
        let position = self.projections.position();
        let notices = self.look(None, |office| office.site.notices().clone()).await;
        let plans = if before.plans_until == Some(position) {
            Ok(before.plans.clone())
        } else {
            projections::plan::offered(self.projections.pool(), PLANS_MAX).await.map(Into::into)
        };
        let shown = Shown {
            notices: notices?,
            plans_until: if plans.is_ok() { Some(position) } else { before.plans_until },
            plans: plans?,
        };
        *self.front.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
        Ok(())
    }
}
