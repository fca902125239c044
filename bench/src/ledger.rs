//! The ledger beside bare inserts and beside its peers, in alternating rounds.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};

use crate::{
    Plan,
    cluster::Cluster,
    contestant::{Contestant, DATA_BYTES},
    measure::{Measured, Spread},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

/// A contestant with a number of writers: one line of the table.
type Cell = (Contestant, usize);

const CELLS: &[Cell] = &[
    (Contestant::Pgbench, 1),
    (Contestant::Pgbench, 64),
    (Contestant::PostgresEs, 1),
    (Contestant::PostgresEs, 64),
    (Contestant::Disintegrate, 1),
    (Contestant::Disintegrate, 64),
    (Contestant::Umadb, 1),
    (Contestant::Umadb, 64),
    (Contestant::Umadb, 1024),
];

/// Making and dropping the database of a cell, with the checkpoint that comes with it.
const AROUND_A_CELL: Duration = Duration::from_millis(1500);

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    (plan.timing.total() + AROUND_A_CELL) * u32::try_from(CELLS.len()).expect("a handful") * plan.rounds
}

/// Runs every contestant once a round, each round beginning one further.
pub async fn run(cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let mut rounds: Vec<HashMap<Cell, Measured>> = Vec::new();
    for round in 0..plan.rounds as usize {
        let mut order = CELLS.to_vec();
        order.rotate_left(round * CELLS.len() / plan.rounds as usize);
        let mut found = HashMap::new();
        for (contestant, writers) in order {
            let database = cluster.database("cell").await?;
            let measured = contestant.run(&database, writers, plan.timing).await;
            let measured =
                measured.with_context(|| format!("{} with {writers} writers", contestant.name()))?;
            database.remove().await?;
            let Measured { per_second, p50, p99 } = measured;
            progress.done(
                &format!(
                    "ledger {}/{}: {:<28} {writers:>5} writers {per_second:>9.0}/s  p50 {p50:>7.2} ms  p99 {p99:>7.2} ms",
                    round + 1,
                    plan.rounds,
                    contestant.name()
                ),
                plan.timing.total() + AROUND_A_CELL,
            );
            found.insert((contestant, writers), measured);
        }
        rounds.push(found);
    }
    Ok(section(plan, &rounds))
}

fn section(plan: &Plan, rounds: &[HashMap<Cell, Measured>]) -> Section {
    let rows = CELLS
        .iter()
        .map(|cell| Row {
            name: cell.0.name().to_owned(),
            clients: cell.1,
            runs: rounds.iter().filter_map(|round| round.get(cell).copied()).collect(),
        })
        .collect();
    Section { title: "Ledger", method: method(plan), rows, verdicts: Vec::new(), notes: notes() }
}

fn method(plan: &Plan) -> String {
    format!(
        "One event of {DATA_BYTES} bytes an append, each with the version its writer expects and a command id, each writer on a stream of its own, \
         durable when answered. Medians [lowest-highest] of {} rounds; every round runs every line once, {} s each after {} s of warm-up, each in a \
         database of its own on the same server, and each round begins one third of the table further. Ratios are taken within a round.",
        plan.rounds,
        plan.timing.measured.as_secs(),
        plan.timing.warm_up.as_secs(),
    )
}

fn notes() -> Vec<String> {
    Vec::new()
}
