//! Locks from the beginning of the ledger on.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, LockEnd, LockGranted, Who};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

use super::end_word;
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::who::who_acted;
use crate::{Happened, ProjectionError};

/// Keeps the locks that are held.
pub(super) struct Filled {
    held: BTreeMap<Uuid, Held>,
    copy: CopyRows,
}

struct Held {
    plan: Option<Arc<str>>,
    session: Uuid,
    who: Who,
    action: &'static str,
    periods: Option<Vec<Uuid>>,
    epoch: i64,
    position: i64,
    at: DateTime<Utc>,
    from: i64,
}

struct Ended {
    reason: LockEnd,
    at: DateTime<Utc>,
    to: i64,
}

impl Filled {
    pub fn new() -> Self {
        let copy = CopyRows::new(
            "copy lock (lock_id, plan, session_id, who, action, period_ids, granted_epoch, granted_position, granted_at,
                ended_reason, ended_at, valid_from, valid_to) from stdin",
        );
        Self { held: BTreeMap::new(), copy }
    }

    fn grant(&mut self, happened: &Happened, e: &LockGranted) {
        let held = Held {
            plan: happened.plan.clone(),
            session: e.session.0,
            who: who_acted(happened.meta.actor),
            action: e.action.word(),
            periods: e.periods.as_ref().map(|periods| periods.iter().map(|period| period.0).collect()),
            epoch: happened.epoch,
            position: happened.position,
            at: happened.at,
            from: happened.append_end,
        };
        self.held.insert(e.lock.0, held);
    }
}

fn copied(rows: &mut CopyRows, id: Uuid, held: &Held, ended: Option<&Ended>) {
    rows.row([
        &id,
        &held.plan.as_deref(),
        &held.session,
        &held.who,
        &held.action,
        &held.periods,
        &held.epoch,
        &held.position,
        &held.at,
        &ended.map(|ended| end_word(ended.reason)),
        &ended.map(|ended| ended.at),
        &held.from,
        &ended.map(|ended| ended.to),
    ]);
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            match &happened.event {
                Event::LockGranted(e) => self.grant(happened, e),
                Event::LockEnded(e) => {
                    if let Some(held) = self.held.remove(&e.lock.0) {
                        let ended = Ended { reason: e.reason, at: happened.at, to: happened.append_end };
                        copied(&mut self.copy, e.lock.0, &held, Some(&ended));
                    }
                }
                _ => {}
            }
        }
        Ok(self.copy.send_many(tables).await?)
    }

    async fn finish(mut self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        for (id, held) in &self.held {
            copied(&mut self.copy, *id, held, None);
            self.copy.send_many(tables).await?;
        }
        Ok(self.copy.send(tables).await?)
    }
}
