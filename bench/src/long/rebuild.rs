//! All read models made anew, beside what it takes only to read the same events.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use super::ledger::LongLedger;
use crate::{
    Plan,
    cluster::{Cluster, successful},
    contestant::disintegrate,
    here,
    measure::{Measured, Spread},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

/// What each round does, in turn.
const NAMES: [&str; 5] = [
    "rebuild of all read models",
    "COPY … TO STDOUT (format binary)",
    "COPY … TO STDOUT",
    "disintegrate-postgres 4.0.1, listener, only reading",
    "eventsourcing (PyPI), only reading",
];

/// How many events the peers read: filling their stores takes them long.
const PEERS_READ: u64 = 100_000;

/// The events as the rebuild reads them.
const EVENTS: &str = "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event order by position";

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    Duration::from_secs(plan.long.0.unsigned_abs() / 60_000 + 25) * plan.rounds
}

/// Runs the rounds, each beginning with another one.
pub async fn run(
    ledger: &LongLedger,
    cluster: &Cluster,
    plan: &Plan,
    progress: &mut Progress,
) -> Result<Section> {
    let events = ledger.events().await?;
    let mut rounds: Vec<[f64; 5]> = Vec::new();
    for round in 0..plan.rounds as usize {
        let mut found = [0.0; 5];
        for turn in 0..NAMES.len() {
            let which = (turn + round) % NAMES.len();
            let per_second = |took: Duration| events as f64 / took.as_secs_f64();
            found[which] = match which {
                0 => per_second(ledger.rebuild().await?.took),
                1 => per_second(copy_out(ledger, "(format binary)").await?),
                2 => per_second(copy_out(ledger, "").await?),
                3 => disintegrate_reads(cluster).await?,
                _ => eventsourcing_reads(cluster).await?,
            };
            eprintln!(
                "rebuild {}/{}: {:<28} {:.0} events/s",
                round + 1,
                plan.rounds,
                NAMES[which],
                found[which]
            );
        }
        progress.done(&format!("rebuild {}/{}", round + 1, plan.rounds), expected(plan) / plan.rounds);
        rounds.push(found);
    }
    Ok(section(events, &rounds))
}

/// Everything that a rebuild reads, thrown away as it comes.
async fn copy_out(ledger: &LongLedger, how: &str) -> Result<Duration> {
    let mut connection = PgConnection::connect_with(&ledger.store.login).await?;
    let statement = format!("copy ({}) to stdout {how}", EVENTS.replace("from event", "from daybook.event"));
    let began = Instant::now();
    let mut parts = connection.copy_out_raw(&statement).await?;
    let mut bytes = 0;
    while let Some(part) = futures::TryStreamExt::try_next(&mut parts).await? {
        bytes += part.len();
    }
    drop(parts);
    let took = began.elapsed();
    anyhow::ensure!(bytes > 0, "nothing came");
    connection.close().await?;
    Ok(took)
}

/// The listener of `disintegrate-postgres` in a database of its own.
async fn disintegrate_reads(cluster: &Cluster) -> Result<f64> {
    let database = cluster.database("cell").await?;
    let rate = disintegrate::listen(&database, PEERS_READ).await?;
    database.remove().await?;
    Ok(rate)
}

/// The Python package in a database of its own; not a number where no Python that has it is found.
async fn eventsourcing_reads(cluster: &Cluster) -> Result<f64> {
    let python = std::env::var_os("DAYBOOK_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let has = Command::new(&python).args(["-c", "import eventsourcing, psycopg"]).output().await;
    if !has.is_ok_and(|has| has.status.success()) {
        return Ok(f64::NAN);
    }
    let database = cluster.database("cell").await?;
    let ended = Command::new(&python)
        .arg(here().join("peers/eventsourcing_read.py"))
        .args(database.place())
        .arg(PEERS_READ.to_string())
        .output()
        .await?;
    successful("eventsourcing", &ended)?;
    database.remove().await?;
    Ok(String::from_utf8_lossy(&ended.stdout).trim().parse()?)
}

fn section(events: i64, rounds: &[[f64; 5]]) -> Section {
    let rows = NAMES
        .iter()
        .enumerate()
        .map(|(which, name)| Row {
            name: (*name).to_owned(),
            clients: 1,
            runs: rounds.iter().map(|round| Measured::rate(round[which])).collect(),
        })
        .collect();
    let binary = Spread::of(rounds.iter().map(|round| round[0] / round[1]));
    Section {
        title: "Rebuild",
        method: format!(
            "All read models made anew from {events} events of a realistic mix (16 plans, 85 % changes of records, the rest log-ins, locks, \
             refusals and imports): from the call to the moment when the new tables are current, with their indexes; the old ones are dropped afterwards. \
             Events a second, beside reading the same events with `COPY`, which throws them away."
        ),
        rows,
        verdicts: vec![
            Verdict {
                name: "rebuild, events a second".into(),
                found: Spread::of(rounds.iter().map(|round| round[0])),
                unit: "",
                good: Good::AtLeast,
                target: 150_000.0,
                goal: None,
            },
            Verdict {
                name: "rebuild against COPY … TO STDOUT of the same events".into(),
                found: Spread::of(rounds.iter().map(|round| round[0] / round[2])),
                unit: " x",
                good: Good::AtLeast,
                target: 0.4,
                goal: None,
            },
        ],
        notes: vec![
            binary.map_or_else(String::new, |it| {
                format!(
                    "The read limit is `COPY … TO STDOUT` as it is without options, which is text. The server sends the binary form faster, \
                     and that is what a rebuild reads; against it the rebuild is {:.2} x [{:.2}-{:.2}].",
                    it.median, it.min, it.max
                )
            }),
            "`COPY` and the peers write nothing: a rebuild also writes every row and makes every index."
                .into(),
            format!(
                "The peers read {PEERS_READ} events of 300 bytes from stores of their own and decode them; disintegrate's were put there with \
                 one statement. eventsourcing is measured where `python3` (or `DAYBOOK_BENCH_PYTHON`) has `eventsourcing` and `psycopg`."
            ),
        ],
    }
}
