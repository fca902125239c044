//! Plans, and how much is in them, from the beginning of the ledger on.

use async_trait::async_trait;
use std::sync::Arc;

use super::count::{self, Key};
use super::taken_in::{State, take};
use crate::copy::CopyRows;
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Past, Version, Versions};
use crate::{Happened, ProjectionError};

/// Keeps the plans and the numbers of now.
pub(super) struct Filled {
    plans: Versions<State, Arc<str>, CopyRows>,
    counts: Versions<i64, Key, CopyRows>,
}

impl Filled {
    pub fn new() -> Self {
        let plans = "copy plan (plan, title, state, revision, epoch, valid_from, valid_to) from stdin";
        let counts = "copy plan_count (plan, kind, count, valid_from, valid_to) from stdin";
        Self {
            plans: Versions::with_past(CopyRows::new(plans)),
            counts: Versions::with_past(CopyRows::new(counts)),
        }
    }
}

impl Past<State, Arc<str>> for CopyRows {
    fn note(&mut self, version: &Version<State, Arc<str>>) {
        let State { title, state, revision, epoch } = &version.row;
        let to = version.to.map(|to| to.position);
        self.row([&version.id.as_ref(), title, state, revision, epoch, &version.from.position, &to]);
    }
}

impl Past<i64, Key> for CopyRows {
    fn note(&mut self, version: &Version<i64, Key>) {
        let (plan, kind) = &version.id;
        let to = version.to.map(|to| to.position);
        self.row([&plan.as_ref(), kind, &version.row, &version.from.position, &to]);
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            take(&mut self.plans, happened)?;
            self.plans.send_many(tables).await?;
        }
        for (key, steps) in count::steps(batch)? {
            count::take(&mut self.counts, &key, &steps);
            self.counts.send_many(tables).await?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        self.plans.send_all(tables).await?;
        Ok(self.counts.send_all(tables).await?)
    }
}
