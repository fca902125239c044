//! How soon a change can be read, while changes come at a steady pace whether or not the service keeps up.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::{
    Plan,
    cluster::Cluster,
    editor::{Editor, prove},
    measure::{Measured, Spread, Timing, in_micros},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::Service,
};

/// Changes a second, all connections together.
const PACE: u32 = 2000;

const CONNECTIONS: u32 = 64;

/// Connections that also look for their own changes.
const LOOKING: u32 = 8;

/// Time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

const BEFORE: Duration = Duration::from_secs(10);

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    BEFORE + plan.timing.total() * plan.rounds
}

/// What one connection saw, in microseconds.
#[derive(Default)]
struct Seen {
    /// From the moment a change was due until it was acknowledged.
    acknowledged: Vec<u32>,
    /// From its acknowledgement until it was read.
    read_after: Vec<u32>,
    /// From the moment it was due until it was read.
    read: Vec<u32>,
}

/// Runs the rounds.
pub async fn run(program: &Path, cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let service = Service::start(program, cluster.folder(), 1).await?;
    let mut editors = Editor::enter(&service, CONNECTIONS as usize, 1, "A").await?;
    progress.done("visible: the service runs", BEFORE);
    let mut rounds = Vec::new();
    for round in 1..=plan.rounds {
        let found = paced(&mut editors, plan.timing).await?;
        progress.done(
            &format!("visible {round}/{}: seen after the answer {}", plan.rounds, found[1]),
            plan.timing.total(),
        );
        rounds.push(found);
    }
    let proof = prove(&service, &mut editors).await?;
    service.stop().await?;
    Ok(section(&rounds, proof))
}

/// One round: acknowledged, read after the acknowledgement, read after it was due.
async fn paced(editors: &mut Vec<Editor>, timing: Timing) -> Result<[Measured; 3]> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for (number, editor) in (0..).zip(editors.drain(..)) {
        running.spawn(one(editor, number, began, timing));
    }
    let mut all = Seen::default();
    while let Some(ended) = running.join_next().await {
        let (editor, mut seen) = ended??;
        editors.push(editor);
        all.acknowledged.append(&mut seen.acknowledged);
        all.read_after.append(&mut seen.read_after);
        all.read.append(&mut seen.read);
    }
    let measured = |micros| Measured::new(micros, timing.measured);
    Ok([measured(all.acknowledged)?, measured(all.read_after)?, measured(all.read)?])
}

async fn one(mut editor: Editor, number: u32, began: Instant, timing: Timing) -> Result<(Editor, Seen)> {
    let between = Duration::from_secs(1) * CONNECTIONS / PACE;
    let from = began + timing.warm_up;
    let until = from + timing.measured;
    let mut due = began + between * number / CONNECTIONS;
    let mut seen = Seen::default();
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        editor.change().await?;
        let acknowledged = Instant::now();
        let counts = due >= from;
        if counts {
            seen.acknowledged.push(in_micros(acknowledged - due));
        }
        if number < LOOKING {
            while !editor.sees_last_change().await.context("looking for the change")? {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            if counts {
                seen.read_after.push(in_micros(acknowledged.elapsed()));
                seen.read.push(in_micros(due.elapsed()));
            }
        }
        // Late ones are sent at once and counted from when they were due: waiting in the generator is waiting too.
        due += between;
    }
    Ok((editor, seen))
}

fn section(rounds: &[[Measured; 3]], proof: String) -> Section {
    let names = ["change due, until acknowledged", "acknowledged, until read", "change due, until read"];
    let clients = [CONNECTIONS, LOOKING, LOOKING];
    let rows = (0..3)
        .map(|which| Row {
            name: names[which].to_owned(),
            clients: clients[which] as usize,
            runs: rounds.iter().map(|round| round[which]).collect(),
        })
        .collect();
    let figure = |name: &str, value: fn(&[Measured; 3]) -> f64, good, target, unit| Verdict {
        name: name.to_owned(),
        found: Spread::of(rounds.iter().map(value)),
        unit,
        good,
        target,
        goal: None,
    };
    Section {
        title: "Until a change can be read",
        method: format!(
            "{PACE} changes a second over {CONNECTIONS} connections in one plan, each sent when it is due, not when the one before is answered. {LOOKING} of \
             the connections ask for their record again and again after each of their changes (`GET` with `If-None-Match` of the revision before, every \
             millisecond, without `Daybook-Min-Position`) until the read model has it; that asking is part of the time and of the load."
        ),
        rows,
        verdicts: vec![
            figure(
                "changes acknowledged a second",
                |round| round[0].per_second,
                Good::AtLeast,
                f64::from(PACE) * 0.99,
                "",
            ),
            figure("acknowledged until read, p99", |round| round[1].p99, Good::AtMost, 50.0, " ms"),
            figure("due until read, p99", |round| round[2].p99, Good::AtMost, 50.0, " ms"),
        ],
        notes: vec![proof],
    }
}
