//! States as they stood at a position.

use std::sync::Arc;

use domain::{Accounts, At, Event, Fold, Plan, PlanId, Stamp};

use super::{Desk, Failure};

/// Events that are read at a time.
const PAGE: i64 = 1_000;

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
                let event = Event::decode(&recorded.r#type, &recorded.data).map_err(Failure::internal)?;
                let stamp = Stamp { position: recorded.position, at: recorded.recorded_at };
                let at = At { version: recorded.version, epoch: self.epoch(), stamp: Some(stamp) };
                folded.evolve(&event, &at);
            }
        }
    }

    /// Users, groups and tokens as they stood at a position. They are folded anew, because which group somebody was in is in no read
    /// model; their stream is as long as the list of users, not as the ledger.
    pub async fn accounts_at(&self, position: i64) -> Result<Accounts, Failure> {
        let mut accounts = Accounts::default();
        let mut version = 0;
        loop {
            let events = self.ledger.read_stream(self.accounts.stream(), version, PAGE).await?;
            let Some(last) = events.last() else { return Ok(accounts) };
            version = last.version;
            for recorded in events {
                if recorded.position > position {
                    return Ok(accounts);
                }
                let event = Event::decode(&recorded.r#type, &recorded.data).map_err(Failure::internal)?;
                let stamp = Stamp { position: recorded.position, at: recorded.recorded_at };
                let at = At { version: recorded.version, epoch: self.epoch(), stamp: Some(stamp) };
                accounts.evolve(&event, &at);
            }
        }
    }
}
