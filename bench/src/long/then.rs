//! Reading what was, beside reading what is.

use std::time::Duration;

use anyhow::Result;

use super::{asker::Asker, dice::Dice, ledger::LongLedger, years};
use crate::{
    Plan,
    measure::{Measured, Spread, drive},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
};

/// Who asks at a time: fewer than there are cores, so that what is measured is the answer and not the queue.
const ASKERS: usize = 1;

/// So many moments are asked for in turn.
const MOMENTS: usize = 100;

/// What is asked of the plan that most has happened in; `{}` stands for a number.
const QUESTIONS: [(&str, &str); 4] = [
    ("page of teachers", "teachers?limit=100"),
    ("page of lessons", "lessons?limit=100"),
    ("timetable of a class", "timetable?period=1&limit=1000&class=C{}"),
    ("timetable of a teacher", "timetable?period=1&limit=1000&teacher=T{}"),
];

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    plan.timing.total() * 2 * u32::try_from(QUESTIONS.len()).expect("few") * plan.rounds
}

/// Runs the rounds: every question of now and of then, in turn.
pub async fn run(ledger: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = ledger.events().await?;
    let service = ledger.serve().await?;
    let mut dice = Dice::new(9);
    let mut rounds: Vec<[[Measured; 2]; QUESTIONS.len()]> = Vec::new();
    for round in 0..plan.rounds {
        let mut found = [[Measured::rate(0.0); 2]; QUESTIONS.len()];
        for (measured, (name, question)) in found.iter_mut().zip(QUESTIONS) {
            for turn in 0..2 {
                let which = (turn + round as usize) % 2;
                let paths = paths(question, which == 1, events.unsigned_abs(), &mut dice);
                let mut askers = Asker::enter(&service, ASKERS, &paths).await?;
                measured[which] = drive(&mut askers, plan.timing).await?;
            }
            eprintln!(
                "then {}/{}: {name}: now {}, then {}",
                round + 1,
                plan.rounds,
                measured[0],
                measured[1]
            );
        }
        progress.done(&format!("then {}/{}", round + 1, plan.rounds), expected(plan) / plan.rounds);
        rounds.push(found);
    }
    service.stop().await?;
    Ok(section(events, &rounds))
}

/// Questions about the first plan, of now or of random moments in the last nine tenths of its history.
fn paths(question: &str, then: bool, events: u64, dice: &mut Dice) -> Vec<String> {
    let of = years::plan(0);
    (0..MOMENTS)
        .map(|_| {
            let question = question.replace("{}", &dice.below(40).to_string());
            let at = if then {
                format!("&as_of={}", events / 10 + dice.below(events * 9 / 10))
            } else {
                String::new()
            };
            format!("/v1/plans/{of}/{question}{at}")
        })
        .collect()
}

fn section(events: i64, rounds: &[[[Measured; 2]; QUESTIONS.len()]]) -> Section {
    let (mut rows, mut verdicts) = (Vec::new(), Vec::new());
    for (number, (name, _)) in QUESTIONS.into_iter().enumerate() {
        for (which, word) in ["now", "as of then"].into_iter().enumerate() {
            let runs = rounds.iter().map(|round| round[number][which]).collect();
            rows.push(Row { name: format!("{name}, {word}"), clients: ASKERS, runs });
        }
        let verdict = |name: String, of: &dyn Fn(&[Measured; 2]) -> f64, unit, target| Verdict {
            name,
            found: Spread::of(rounds.iter().map(|round| of(&round[number]))),
            unit,
            good: Good::AtMost,
            target,
            goal: None,
        };
        verdicts.push(verdict(
            format!("{name}, as of then against now, p99"),
            &|it| it[1].p99 / it[0].p99,
            " x",
            3.0,
        ));
        verdicts.push(verdict(format!("{name}, as of then, p99"), &|it| it[1].p99, " ms", 10.0));
    }
    Section {
        title: "Time travel",
        method: format!(
            "GETs of the plan in which most has happened on a ledger of {events} events (a fifth of them in this plan: 955 records with some \
             130 states each, 1,500 hours with some 24), one after the other over {ASKERS} connection, of now and with `as_of` a random position, in turn."
        ),
        rows,
        verdicts,
        notes: Vec::new(),
    }
}
