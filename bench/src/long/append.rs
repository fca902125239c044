//! Appends to a long ledger beside appends to an empty one on the same server.

use std::time::Duration;

use anyhow::Result;
use eventstore::{Ledger, PoolSettings};
use sqlx::{Connection, Executor, PgConnection};

use super::ledger::LongLedger;
use crate::{
    Plan,
    contestant::daybook::writers_on,
    measure::{Measured, Spread, drive},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

const WRITERS: usize = 64;

/// Making and dropping the empty ledger.
const AROUND: Duration = Duration::from_secs(3);

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    (plan.timing.total() * 2 + AROUND) * plan.rounds
}

/// Runs the rounds; every second one begins with the empty ledger. What is appended here no read model knows, so nothing can be measured
/// of them afterwards.
pub async fn run(long: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = long.events().await?;
    let mut rounds: Vec<[Measured; 2]> = Vec::new();
    for round in 0..plan.rounds {
        let mut found = [Measured::rate(0.0); 2];
        for turn in 0..2 {
            let which = (turn + round) % 2;
            found[which as usize] = if which == 0 {
                long.settle().await?;
                let mut writers = writers_on(&long.store.ledger, WRITERS, &format!("stream-{round}"), true);
                drive(&mut writers, plan.timing).await?
            } else {
                empty(long, plan).await?
            };
        }
        let said = format!("append {}/{}: long {}, empty {}", round + 1, plan.rounds, found[0], found[1]);
        progress.done(&said, expected(plan) / plan.rounds);
        rounds.push(found);
    }
    let row = |name: String, which: usize| Row {
        name,
        clients: WRITERS,
        runs: rounds.iter().map(|round| round[which]).collect(),
    };
    Ok(Section {
        title: "Appending to a long ledger",
        method: format!(
            "As in the first section (one event of 300 bytes an append, command ids of callers, {WRITERS} writers), to a ledger that has \
             {events} events at the beginning and to an empty one in a database beside it, in turn."
        ),
        rows: vec![row(format!("{events} events and more"), 0), row("an empty ledger".into(), 1)],
        verdicts: vec![Verdict {
            name: "appending to a long ledger against an empty one".into(),
            found: Spread::of(rounds.iter().map(|round| round[0].per_second / round[1].per_second)),
            unit: " x",
            good: Good::AtLeast,
            target: 0.9,
            goal: None,
        }],
        notes: Vec::new(),
    })
}

async fn empty(long: &LongLedger, plan: &Plan) -> Result<Measured> {
    const DATABASE: &str = "empty";
    let mut owner = PgConnection::connect_with(&long.store.login).await?;
    owner.execute("create database empty").await?;
    let login = long.store.login.clone().database(DATABASE);
    Ledger::migrate(&login, &long.store.schema).await?;
    let ledger = Ledger::open(PoolSettings::new(login, &long.store.schema)).await?;
    let mut writers = writers_on(&ledger, WRITERS, "stream", true);
    let measured = drive(&mut writers, plan.timing).await;
    ledger.pool().close().await;
    drop((writers, ledger));
    owner.execute("drop database empty with (force)").await?;
    owner.close().await?;
    measured
}
