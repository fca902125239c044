//! What a long ledger costs: one ledger grows through the lengths that are asked for, and each cell measures on it.
//!
//! To add a cell: a file in `long/` that answers a [`Section`], a variant of [`Cell`] with the length it needs, a line in [`run`].

use std::{path::Path, time::Duration};

use anyhow::Result;
use clap::ValueEnum;

use crate::{Plan, cluster::Cluster, progress::Progress, report::Section};

mod append;
mod asker;
mod audit;
mod beside;
mod dice;
mod history;
mod ledger;
mod open;
mod rebuild;
mod then;
mod years;

use ledger::{LongLedger, PLANS};

/// What is measured on long ledgers, in the order in which it is: the ledger only grows.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cell {
    /// Making all read models anew, beside reading the same events
    Rebuild,
    /// Work while a rebuild runs
    Beside,
    /// The first change after a restart, in a plan that has the whole shorter ledger for itself
    Open,
    /// Reading what was, beside reading what is
    Then,
    /// Pages of the audit by each filter
    Audit,
    /// The history of a record, in the longer ledger
    History,
    /// Appending to a long ledger beside an empty one; the last, because no read model knows what it appends
    Append,
}

/// Events a second that are counted on while a ledger is filled.
const FILLED: u32 = 40_000;

impl Cell {
    /// How long the ledger has to be.
    fn events(self, plan: &Plan) -> i64 {
        match self {
            Self::Rebuild | Self::Beside | Self::Then => plan.long.0,
            // It has one of its own.
            Self::Open => 0,
            Self::Audit | Self::History | Self::Append => plan.long.1,
        }
    }

    fn expected(self, plan: &Plan) -> Duration {
        match self {
            Self::Rebuild => rebuild::expected(plan),
            Self::Beside => beside::expected(plan),
            Self::Open => open::expected(plan),
            Self::Then => then::expected(plan),
            Self::Audit => audit::expected(plan),
            Self::History => history::expected(plan),
            Self::Append => append::expected(plan),
        }
    }
}

/// How long the whole section takes, about.
pub fn expected(cells: &[Cell], plan: &Plan) -> Duration {
    let longest = cells.iter().map(|cell| cell.events(plan)).max().unwrap_or_default();
    let filling = Duration::from_secs(longest.unsigned_abs() / u64::from(FILLED));
    filling + cells.iter().map(|cell| cell.expected(plan)).sum::<Duration>()
}

/// Measures these cells, a section of the report each.
pub async fn run(
    program: &Path,
    cluster: &Cluster,
    cells: &[Cell],
    plan: &Plan,
    progress: &mut Progress,
) -> Result<Vec<Section>> {
    let mut ledger = LongLedger::found(program, cluster.folder(), PLANS).await?;
    let mut sections = Vec::new();
    for cell in cells {
        let before = ledger.events().await?;
        let rate = ledger.grow_to(cell.events(plan)).await?;
        if rate > 0.0 {
            let grown = (cell.events(plan) - before).unsigned_abs();
            let expected = Duration::from_secs(grown / u64::from(FILLED));
            progress.done(&format!("long: {grown} events written, {rate:.0} a second"), expected);
        }
        sections.push(match cell {
            Cell::Rebuild => rebuild::run(&ledger, cluster, plan, progress).await?,
            Cell::Beside => beside::run(&ledger, plan, progress).await?,
            Cell::Open => open::run(program, cluster, plan, progress).await?,
            Cell::Then => then::run(&ledger, plan, progress).await?,
            Cell::Audit => audit::run(&ledger, plan, progress).await?,
            Cell::History => history::run(&ledger, plan, progress).await?,
            Cell::Append => append::run(&ledger, plan, progress).await?,
        });
    }
    ledger.close().await;
    Ok(sections)
}
