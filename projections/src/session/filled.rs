//! Sessions from the beginning of the ledger on.

use async_trait::async_trait;

use super::taken_in::{End, Known, State};
use crate::copy::{Column, CopyRows};
use crate::fill::{EmptyTables, Filling};
use crate::versions::{Past, Version};
use crate::{Happened, ProjectionError};

/// Keeps the sessions that there are, and how those ended that are over: each may be opened anew.
pub(super) struct Filled(Known<CopyRows, CopyRows>);

impl Filled {
    pub fn new() -> Self {
        let states = CopyRows::new(
            "copy session (session_id, plan, who, mode, period_id, activity, client, logged_in_at, since, until, valid_from,
                valid_to) from stdin",
        );
        let ends = CopyRows::new(
            "copy session_end (session_id, plan, who, reason, ended_by, message, ended_at, valid_from, valid_to) from stdin",
        );
        Self(Known::new(states, ends))
    }
}

impl Past<State> for CopyRows {
    fn note(&mut self, version: &Version<State>) {
        let state = &version.row;
        self.row([
            &version.id,
            &state.plan.as_deref(),
            &state.who,
            &state.mode,
            &state.period_id,
            &state.activity.as_deref(),
            &state.client.as_deref(),
            &state.logged_in_at,
            &version.from.at,
            &version.to.map(|to| to.at),
            &version.from.position,
            &version.to.map(|to| to.position),
        ]);
    }
}

impl Past<End> for CopyRows {
    fn note(&mut self, version: &Version<End>) {
        let end = &version.row;
        let (who, nobody) = (&end.who, "");
        self.row([
            &version.id,
            &end.plan.as_deref(),
            who.as_ref().map_or(&nobody as &dyn Column, |who| who as &dyn Column),
            &end.reason,
            &end.ended_by,
            &end.message.as_deref(),
            &version.from.at,
            &version.from.position,
            &version.to.map(|to| to.position),
        ]);
    }
}

#[async_trait]
impl Filling for Filled {
    async fn take(&mut self, tables: &mut EmptyTables, batch: &[Happened]) -> Result<(), ProjectionError> {
        for happened in batch {
            self.0.take_in(happened);
            self.0.states.send_many(tables).await?;
            self.0.ends.send_many(tables).await?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, tables: &mut EmptyTables) -> Result<(), ProjectionError> {
        let Known { states, ends, .. } = self.0;
        states.send_all(tables).await?;
        Ok(ends.send_all(tables).await?)
    }
}
