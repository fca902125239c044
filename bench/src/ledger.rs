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

/// What a round found.
type Round = HashMap<Cell, Measured>;

const CELLS: &[Cell] = &[
    (Contestant::Daybook, 1),
    (Contestant::Daybook, 16),
    (Contestant::Daybook, 64),
    (Contestant::Daybook, 256),
    (Contestant::Daybook, 1024),
    (Contestant::DaybookNewIds, 64),
    (Contestant::DaybookNewIds, 1024),
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

/// The peers that stand on PostgreSQL too.
const POSTGRES_PEERS: &[Contestant] = &[Contestant::PostgresEs, Contestant::Disintegrate];

/// Making and dropping the database of a cell, with the checkpoint that comes with it.
const AROUND_A_CELL: Duration = Duration::from_millis(1500);

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    (plan.timing.total() + AROUND_A_CELL) * u32::try_from(CELLS.len()).expect("a handful") * plan.rounds
}

/// Runs every contestant once a round, each round beginning one further.
pub async fn run(cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let mut rounds: Vec<Round> = Vec::new();
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
            progress.done(
                &format!(
                    "ledger {}/{}: {:<28} {writers:>5} writers {measured}",
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

fn section(plan: &Plan, rounds: &[Round]) -> Section {
    let rows = CELLS
        .iter()
        .map(|cell| Row {
            name: cell.0.name().to_owned(),
            clients: cell.1,
            runs: rounds.iter().filter_map(|round| round.get(cell).copied()).collect(),
        })
        .collect();
    Section { title: "Ledger", method: method(plan), rows, verdicts: verdicts(rounds), notes: notes() }
}

fn method(plan: &Plan) -> String {
    format!(
        "One event of {DATA_BYTES} bytes an append, each with the version its writer expects and a command id, each writer on a stream of its own, \
         durable when answered. Medians [lowest-highest] of {} rounds; every round runs every line once, {} s each after {} s of warm-up, each in a \
         database of its own on the same server, and each round begins at another line of the table. Ratios are taken within a round.",
        plan.rounds,
        plan.timing.measured.as_secs(),
        plan.timing.warm_up.as_secs(),
    )
}

/// What was asked for. A ratio is taken within a round, where the machine was the same for both.
fn verdicts(rounds: &[Round]) -> Vec<Verdict> {
    let ratio =
        |name: &str, writers: usize, other: &dyn Fn(&Round) -> Option<f64>, target: f64, goal: f64| Verdict {
            name: name.to_owned(),
            found: Spread::of(
                rounds
                    .iter()
                    .filter_map(|round| Some(rate(round, Contestant::Daybook, writers)? / other(round)?)),
            ),
            unit: " x",
            good: Good::AtLeast,
            target,
            goal: Some(goal),
        };
    let bare = |clients: usize| move |round: &Round| rate(round, Contestant::Pgbench, clients);
    let best_peer = |round: &Round| {
        POSTGRES_PEERS.iter().filter_map(|peer| rate(round, *peer, 64)).max_by(f64::total_cmp)
    };
    vec![
        ratio("64 writers against bare pgbench with 64 clients", 64, &bare(64), 1.3, 1.5),
        ratio("64 writers against the best peer on PostgreSQL with 64", 64, &best_peer, 4.0, 5.0),
        ratio("64 writers against umadb with 64", 64, &|round| rate(round, Contestant::Umadb, 64), 2.0, 2.0),
        ratio("1,024 writers against bare pgbench with 64 clients", 1024, &bare(64), 2.5, 3.0),
        ratio("one writer against a lone pgbench client", 1, &bare(1), 0.5, 0.6),
    ]
}

fn rate(round: &Round, contestant: Contestant, writers: usize) -> Option<f64> {
    round.get(&(contestant, writers)).map(|measured| measured.per_second)
}

fn notes() -> Vec<String> {
    [
        "**Daybook's ledger** gathers the appends of all writers into few transactions and looks every command id up, as those of callers must \
         be; ids of its own need no looking up. It writes a row of `command` beside every event.",
        "**pgbench** inserts prepared single rows into a copy of the ledger's `event` table, columns and indexes included, one transaction each. It checks \
         no version, knows no command id, and its positions are a sequence.",
        "**postgres-es** and **disintegrate-postgres** get a connection for every writer, open before the start and not pinged before use. postgres-es takes \
         three round trips an event (begin, insert, commit); its primary key is its version check, and it knows no command ids.",
        "**disintegrate-postgres** 4.0.1 does not set itself up on PostgreSQL 15 (its `event_store_begin_epoch` holds `0xFFFFFFFF`, which only PostgreSQL \
         16 and newer read); its schema is made by us with that literal in decimal. It takes six round trips in a serializable transaction; side by side \
         its writers fail each other's serialization though each has its own stream, and try again until they are through.",
        "**umadb** runs as its own server process with its default settings (one writer thread, two fsyncs a batch), asked over gRPC on loopback, 64 \
         writers a connection; the event's uuid is its command id.",
    ]
    .map(str::to_owned)
    .to_vec()
}
