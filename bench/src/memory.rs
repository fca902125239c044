//! What the service holds of memory when its ledger has grown.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    Plan,
    cluster::Cluster,
    editor::{Editor, caught_up, prove},
    measure::{Spread, Timing, drive},
    progress::Progress,
    report::{Good, Section, Verdict},
    service::Service,
};

const MIB: f64 = 1_048_576.0;

/// Changes a second that are counted on when the time left is told.
const GUESS: u32 = 7000;

/// Between two looks at the memory.
const STEP: Timing = Timing { warm_up: Duration::ZERO, measured: Duration::from_secs(5) };

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    Duration::from_secs(plan.events / u64::from(GUESS) + 20)
}

/// Writes the events by PATCH from 64 connections over 16 plans and looks at the resident memory on the way.
pub async fn run(program: &Path, cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let service = Service::start(program, cluster.folder(), 16).await?;
    let empty = service.resident_bytes()?;
    let mut editors = Editor::enter(&service, 64, 16, "A").await?;
    let changes = |editors: &[Editor]| editors.iter().map(Editor::changes).sum::<u64>();
    let began = Instant::now();
    let mut most = empty;
    let mut written = 0;
    while written < plan.events {
        drive(&mut editors, STEP).await?;
        let before = written;
        written = changes(&editors);
        let resident = service.resident_bytes()?;
        most = most.max(resident);
        progress.done(
            &format!("memory: {written:>9} events, {:.0} MiB resident", resident as f64 / MIB),
            Duration::from_secs((written - before) / u64::from(GUESS)),
        );
    }
    let took = began.elapsed();
    let behind = caught_up(&mut editors).await?;
    let resident = service.resident_bytes()?;
    let proof = prove(&service, &mut editors).await?;
    service.stop().await?;
    Ok(Section {
        title: "Memory",
        method: format!(
            "{written} changes of 2,048 teachers in 16 plans over 64 connections by PATCH, in {:.0} s; then `VmRSS` of the service, without its PostgreSQL. \
             At the start it was {:.0} MiB, at most {:.0} MiB.",
            took.as_secs_f64(),
            empty as f64 / MIB,
            most.max(resident) as f64 / MIB,
        ),
        rows: Vec::new(),
        verdicts: vec![Verdict {
            name: "resident memory of the service afterwards".into(),
            found: Spread::of([resident as f64 / 1e6]),
            unit: " MB",
            good: Good::AtMost,
            target: 200.0,
            goal: None,
        }],
        notes: vec![
            proof,
            format!("The read models had every change {:.0} s after the last answer.", behind.as_secs_f64()),
        ],
    })
}
