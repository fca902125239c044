//! The history of a record in a long ledger.

use std::time::Duration;

use anyhow::Result;

use super::{asker::Asker, dice::Dice, ledger::LongLedger, years};
use crate::{
    Plan,
    measure::{Measured, Spread, drive},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

const ASKERS: usize = 1;

/// So many records are asked for in turn.
const RECORDS: usize = 200;

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    plan.timing.total() * plan.rounds
}

/// Runs the rounds.
pub async fn run(ledger: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = ledger.events().await?;
    let service = ledger.serve().await?;
    let (mut dice, of) = (Dice::new(11), years::plan(0));
    let mut runs: Vec<Measured> = Vec::new();
    for round in 0..plan.rounds {
        let record = |dice: &mut Dice| match dice.below(3) {
            0 => format!("teachers/T{}", dice.below(80)),
            1 => format!("lessons/{}", 1 + dice.below(500)),
            _ => format!("lessons/{}/placements/{}", 1 + dice.below(500), 1 + dice.below(3)),
        };
        let paths: Vec<String> =
            (0..RECORDS).map(|_| format!("/v1/plans/{of}/history?record={}", record(&mut dice))).collect();
        let mut askers = Asker::enter(&service, ASKERS, &paths).await?;
        let measured = drive(&mut askers, plan.timing).await?;
        progress.done(
            &format!("history {}/{}: {measured}", round + 1, plan.rounds),
            expected(plan) / plan.rounds,
        );
        runs.push(measured);
    }
    service.stop().await?;
    let p99 = Spread::of(runs.iter().map(|run| run.p99));
    Ok(Section {
        title: "History of a record",
        method: format!(
            "The first page (100 items) of the history of random records of the plan in which most has happened, on a ledger of {events} events."
        ),
        rows: vec![Row { name: "history of a record".into(), clients: ASKERS, runs }],
        verdicts: vec![Verdict {
            name: "history of a record, p99".into(),
            found: p99,
            unit: " ms",
            good: Good::AtMost,
            target: 20.0,
            goal: None,
        }],
        notes: Vec::new(),
    })
}
