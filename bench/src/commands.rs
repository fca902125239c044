//! Commands over HTTP beside bare inserts: everybody in one plan, then spread over sixteen.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};

use crate::{
    Plan,
    cluster::Cluster,
    contestant::Contestant,
    editor::{Editor, RECORDS_AN_EDITOR, caught_up, prove},
    measure::{Measured, Spread, drive},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::Service,
};

/// Connections, and clients of pgbench.
const CONNECTIONS: usize = 64;

/// Plans of the spread run.
const PLANS: usize = 16;

/// Starting the service and logging everybody in.
const BEFORE: Duration = Duration::from_secs(20);

const NAMES: [&str; 3] = ["PATCH, all in one plan", "PATCH, spread over 16 plans", "pgbench, bare inserts"];

/// What a round found; of the commands also how many seconds the read model took afterwards until it had them all.
#[derive(Default)]
struct Round {
    measured: [Option<Measured>; 3],
    behind: [Option<f64>; 2],
}

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    BEFORE + plan.timing.total() * 3 * plan.rounds
}

/// Runs the three in turn, each round beginning with another one.
pub async fn run(program: &Path, cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let service = Service::start(program, cluster.folder(), PLANS).await?;
    let mut together = Editor::enter(&service, CONNECTIONS, 1, "A").await.context("one plan")?;
    let mut spread = Editor::enter(&service, CONNECTIONS, PLANS, "B").await.context("many plans")?;
    progress.done("http: the service runs, 128 sessions are open", BEFORE);
    let mut rounds = Vec::new();
    for number in 0..plan.rounds as usize {
        let mut round = Round::default();
        for turn in 0..3 {
            let which = (turn + number) % 3;
            let measured = if which == 2 {
                bare(cluster, plan).await?
            } else {
                let editors = if which == 0 { &mut together } else { &mut spread };
                let measured = drive(editors, plan.timing).await?;
                // Nobody else is to be measured beside a service that still works.
                round.behind[which] = Some(caught_up(editors).await?.as_secs_f64());
                measured
            };
            let said = format!("http {}/{}: {:<28} {measured}", number + 1, plan.rounds, NAMES[which]);
            progress.done(&said, plan.timing.total());
            round.measured[which] = Some(measured);
        }
        rounds.push(round);
    }
    together.append(&mut spread);
    let proof = prove(&service, &mut together).await?;
    service.stop().await?;
    Ok(section(&rounds, proof))
}

async fn bare(cluster: &Cluster, plan: &Plan) -> Result<Measured> {
    let database = cluster.database("cell").await?;
    let measured = Contestant::Pgbench.run(&database, CONNECTIONS, plan.timing).await?;
    database.remove().await?;
    Ok(measured)
}

fn section(rounds: &[Round], proof: String) -> Section {
    let runs = |which: usize| rounds.iter().filter_map(move |round| round.measured[which]);
    let rows = (0..3)
        .map(|which| Row { name: NAMES[which].to_owned(), clients: CONNECTIONS, runs: runs(which).collect() })
        .collect();
    let mut verdicts = Vec::new();
    let mut notes = vec![proof];
    for (which, name) in NAMES.iter().enumerate().take(2) {
        let ratios = rounds
            .iter()
            .filter_map(|round| Some(round.measured[which]?.per_second / round.measured[2]?.per_second));
        verdicts.push(Verdict {
            name: format!("{name}, against bare pgbench with 64 clients"),
            found: Spread::of(ratios),
            unit: " x",
            good: Good::AtLeast,
            target: 0.25,
            goal: Some(0.5),
        });
        verdicts.push(Verdict {
            name: format!("{name}, p99"),
            found: Spread::of(runs(which).map(|measured| measured.p99)),
            unit: " ms",
            good: Good::AtMost,
            target: 20.0,
            goal: None,
        });
        if let Some(Spread { median, min, max }) =
            Spread::of(rounds.iter().filter_map(|round| round.behind[which]))
        {
            notes.push(format!("{name}: the read model had every change {median:.2} s [{min:.2}-{max:.2}] after the last answer."));
        }
    }
    Section {
        title: "Commands over HTTP",
        method: format!(
            "`PATCH /v1/plans/…/teachers/…` of `long_name` with `If-Match`, {CONNECTIONS} keep-alive connections with a session each, one request at a \
             time, each with {RECORDS_AN_EDITOR} teachers of its own. The read models follow; the load is made on the same machine by this program. The \
             service is the release binary with its private PostgreSQL."
        ),
        rows,
        verdicts,
        notes,
    }
}
