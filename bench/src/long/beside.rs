//! What people notice of a rebuild who work meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::ledger::LongLedger;
use crate::{
    Plan,
    editor::{Editor, caught_up},
    measure::{Measured, Spread, in_micros},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::Service,
};

const CONNECTIONS: u32 = 16;

/// Changes a second, all connections together; each is read once when it is acknowledged.
const PACE: u32 = 400;

/// How long people work alone.
const ALONE: Duration = Duration::from_secs(15);

/// Settled before anything is counted.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    (ALONE + WARM_UP + Duration::from_secs(plan.long.0.unsigned_abs() / 30_000)) * plan.rounds
}

/// Changes and readings of a stretch of time.
type Stretch = [Measured; 2];

/// When something was due, and how long it took in microseconds.
type Timed = Vec<(Instant, u32)>;

struct Round {
    alone: Stretch,
    beside: Stretch,
    /// The same without the end, when the old tables are dropped.
    making: Stretch,
    /// What the rebuild needed beside the people, until its end.
    took: Duration,
}

/// Runs the rounds: a stretch alone and a stretch as long as a rebuild, in turn.
pub async fn run(ledger: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = ledger.events().await?;
    let service = ledger.serve().await?;
    let mut editors = Editor::enter(&service, CONNECTIONS as usize, 1, "L").await?;
    caught_up(&mut editors).await?;
    let mut rounds = Vec::new();
    for round in 0..plan.rounds {
        let (alone, (beside, making, took));
        if round % 2 == 0 {
            alone = stretch_alone(&mut editors).await?;
            (beside, making, took) = stretch_beside(&service, &mut editors).await?;
        } else {
            (beside, making, took) = stretch_beside(&service, &mut editors).await?;
            alone = stretch_alone(&mut editors).await?;
        }
        let said = format!(
            "beside {}/{}: alone {}, beside a rebuild {} ({:.1} s)",
            round + 1,
            plan.rounds,
            alone[0],
            beside[0],
            took.as_secs_f64()
        );
        progress.done(&said, expected(plan) / plan.rounds);
        rounds.push(Round { alone, beside, making, took });
    }
    service.stop().await?;
    Ok(section(events, &rounds))
}

async fn stretch_alone(editors: &mut Vec<Editor>) -> Result<Stretch> {
    let done = work(editors, async {
        tokio::time::sleep(ALONE).await;
        Ok(())
    })
    .await?;
    done.until(Instant::now())
}

/// All of it, all until the new tables are read, and how long all of it was.
async fn stretch_beside(
    service: &Service,
    editors: &mut Vec<Editor>,
) -> Result<(Stretch, Stretch, Duration)> {
    let mut made = None;
    let rebuild = service.command_said(&["rebuild", "--json"], |line| {
        if line.contains("\"dropping\"") {
            made.get_or_insert_with(Instant::now);
        }
    });
    let done = work(editors, rebuild).await?;
    let made = made.context("a rebuild says that it drops the old tables")?;
    Ok((done.until(Instant::now())?, done.until(made)?, done.measured))
}

/// What was done from a moment on.
struct Done {
    from: Instant,
    measured: Duration,
    changes: Timed,
    readings: Timed,
}

impl Done {
    /// What was due before a moment.
    fn until(&self, end: Instant) -> Result<Stretch> {
        let measured = end.saturating_duration_since(self.from).min(self.measured);
        let before =
            |all: &Timed| all.iter().filter(|(due, _)| *due < end).map(|(_, micros)| *micros).collect();
        Ok([
            Measured::new(before(&self.changes), measured)?,
            Measured::new(before(&self.readings), measured)?,
        ])
    }
}

/// People work at their pace until something else is over; what happens in the first seconds does not count.
async fn work(editors: &mut Vec<Editor>, meanwhile: impl Future<Output = Result<()>>) -> Result<Done> {
    let (began, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let mut running = JoinSet::new();
    for (number, editor) in (0..).zip(editors.drain(..)) {
        running.spawn(one(editor, number, began, Arc::clone(&stop)));
    }
    tokio::time::sleep(WARM_UP).await;
    let from = Instant::now();
    meanwhile.await.context("beside the people")?;
    let measured = from.elapsed();
    stop.store(true, Ordering::Relaxed);
    let mut done = Done { from, measured, changes: Vec::new(), readings: Vec::new() };
    while let Some(ended) = running.join_next().await {
        let (editor, mut changed, mut read) = ended??;
        editors.push(editor);
        done.changes.append(&mut changed);
        done.readings.append(&mut read);
    }
    Ok(done)
}

/// One who changes something when it is due, and reads it once it is acknowledged: from due to acknowledged, and the reading.
async fn one(
    mut editor: Editor,
    number: u32,
    began: Instant,
    stop: Arc<AtomicBool>,
) -> Result<(Editor, Timed, Timed)> {
    let between = Duration::from_secs(1) * CONNECTIONS / PACE;
    let mut due = began + between * number / CONNECTIONS;
    let (mut changes, mut readings) = (Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due.into()).await;
        editor.change().await?;
        let counts = due >= began + WARM_UP;
        if counts {
            changes.push((due, in_micros(due.elapsed())));
        }
        let asked = Instant::now();
        editor.sees_last_change().await?;
        if counts {
            readings.push((due, in_micros(asked.elapsed())));
        }
        due += between;
    }
    Ok((editor, changes, readings))
}

fn section(events: i64, rounds: &[Round]) -> Section {
    let row = |name: &str, of: &dyn Fn(&Round) -> Measured| Row {
        name: name.to_owned(),
        clients: CONNECTIONS as usize,
        runs: rounds.iter().map(of).collect(),
    };
    let ratio = |name: &str, of: &dyn Fn(&Round) -> f64| Verdict {
        name: name.to_owned(),
        found: Spread::of(rounds.iter().map(of)),
        unit: " x",
        good: Good::AtMost,
        target: 2.0,
        goal: None,
    };
    let took = Spread::of(rounds.iter().map(|round| round.took.as_secs_f64()));
    let took = took.map_or_else(String::new, |took| {
        format!("The rebuild took {:.1} s [{:.1}-{:.1}] beside the people.", took.median, took.min, took.max)
    });
    Section {
        title: "Working beside a rebuild",
        method: format!(
            "{PACE} changes a second over {CONNECTIONS} connections in one plan, each sent when it is due and read once (`GET` of the record, \
             whatever it shows by then) when it is acknowledged, on a ledger of {events} events: {} s alone, and as long as `daybook rebuild` \
             of all read models runs beside the service, in turn. At its end it drops the old tables, which are read no more.",
            ALONE.as_secs()
        ),
        rows: vec![
            row("change, alone", &|round| round.alone[0]),
            row("change, beside a rebuild", &|round| round.beside[0]),
            row("change, beside a rebuild, until the new tables are read", &|round| round.making[0]),
            row("reading, alone", &|round| round.alone[1]),
            row("reading, beside a rebuild", &|round| round.beside[1]),
        ],
        verdicts: vec![
            ratio("change beside a rebuild against alone, p50", &|it| it.beside[0].p50 / it.alone[0].p50),
            ratio("change beside a rebuild against alone, p99", &|it| it.beside[0].p99 / it.alone[0].p99),
            ratio("change beside a rebuild, until the new tables are read, against alone, p99", &|it| {
                it.making[0].p99 / it.alone[0].p99
            }),
            ratio("reading beside a rebuild against alone, p50", &|it| it.beside[1].p50 / it.alone[1].p50),
            ratio("reading beside a rebuild against alone, p99", &|it| it.beside[1].p99 / it.alone[1].p99),
        ],
        notes: vec![took],
    }
}
