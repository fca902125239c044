//! States as they stood at a position.

use domain::{Accounts, At, Event, Fold, Stamp};

use super::{Desk, Failure};

/// Events that are read at a time.
const PAGE: i64 = 1_000;

impl Desk {
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
