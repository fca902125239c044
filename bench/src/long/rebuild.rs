//! All read models made anew, beside what it takes only to read the same events.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use super::ledger::LongLedger;
use crate::{
    Plan,
    measure::{Measured, Spread},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

/// What each round does, in turn.
const NAMES: [&str; 3] = ["rebuild of all read models", "COPY … TO STDOUT, binary", "COPY … TO STDOUT, text"];

/// The events as the rebuild reads them.
const EVENTS: &str = "select position, append_end, stream, version, type, subject, recorded_at, meta, data from event order by position";

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    Duration::from_secs(plan.long.0.unsigned_abs() / 60_000) * plan.rounds
}

/// Runs the rounds, each beginning with another one.
pub async fn run(ledger: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = ledger.events().await?;
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for round in 0..plan.rounds as usize {
        let mut found = [0.0; 3];
        for turn in 0..NAMES.len() {
            let which = (turn + round) % NAMES.len();
            let took = match which {
                0 => ledger.rebuild().await?.took,
                1 => copy_out(ledger, "(format binary)").await?,
                _ => copy_out(ledger, "").await?,
            };
            found[which] = events as f64 / took.as_secs_f64();
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

fn section(events: i64, rounds: &[[f64; 3]]) -> Section {
    let rows = NAMES
        .iter()
        .enumerate()
        .map(|(which, name)| Row {
            name: (*name).to_owned(),
            clients: 1,
            runs: rounds.iter().map(|round| Measured::rate(round[which])).collect(),
        })
        .collect();
    let limit = |round: &[f64; 3]| round[1].max(round[2]);
    Section {
        title: "Rebuild",
        method: format!(
            "All read models made anew from {events} events of a realistic mix (16 plans, 85 % changes of records, the rest log-ins, locks, \
             refusals and imports): from the call to the moment when the new tables are current and the old ones gone, with their indexes. \
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
                name: "rebuild against COPY out of the same events".into(),
                found: Spread::of(rounds.iter().map(|round| round[0] / limit(round))),
                unit: " x",
                good: Good::AtLeast,
                target: 0.4,
                goal: None,
            },
        ],
        notes: vec![
            "What only reads writes nothing: a rebuild also writes every row and makes every index.".into(),
        ],
    }
}
