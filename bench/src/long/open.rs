//! The first change in a long plan after a restart of the service.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::{Connection, Executor, PgConnection};

use super::{ledger::LongLedger, years};
use crate::{
    Plan,
    cluster::Cluster,
    http::Request,
    measure::{Measured, Spread, in_micros},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::Service,
};

/// What each round does, in turn.
const NAMES: [&str; 2] = ["with its snapshot", "without, from its beginning"];

/// How long the service may take to write a snapshot.
const WRITTEN_WITHIN: Duration = Duration::from_secs(120);

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    Duration::from_secs(plan.long.0.unsigned_abs() / 40_000) + Duration::from_secs(10) * plan.rounds
}

/// From `listening` to the answer to a log-in and the first change.
struct Round {
    opened: [Duration; 2],
    /// From the start of the program to `listening`.
    started: [Duration; 2],
}

/// Runs the rounds on a ledger of one plan.
pub async fn run(
    program: &std::path::Path,
    cluster: &Cluster,
    plan: &Plan,
    progress: &mut Progress,
) -> Result<Section> {
    let mut ledger = LongLedger::found(program, cluster.folder(), 1).await?;
    ledger.grow_to(plan.long.0).await?;
    let (events, bytes) = first(&ledger).await?;
    let mut rounds = Vec::new();
    for round in 0..plan.rounds as usize {
        let (mut opened, mut started) = ([Duration::ZERO; 2], [Duration::ZERO; 2]);
        for turn in 0..NAMES.len() {
            let which = (turn + round) % NAMES.len();
            if which == 1 {
                forget(&ledger).await?;
            }
            let began = Instant::now();
            let service = ledger.serve().await?;
            started[which] = began.elapsed();
            opened[which] = change(&service).await?;
            written(&ledger).await?;
            service.stop().await?;
        }
        let said = format!(
            "open {}/{}: {:.0?}, from the beginning {:.0?}",
            round + 1,
            plan.rounds,
            opened[0],
            opened[1]
        );
        progress.done(&said, Duration::from_secs(10));
        rounds.push(Round { opened, started });
    }
    ledger.close().await;
    section(events, bytes, &rounds)
}

/// Lets the service write the first snapshot; how many events the plan has, and how large its state is.
async fn first(ledger: &LongLedger) -> Result<(i64, i64)> {
    let service = ledger.serve().await?;
    change(&service).await?;
    written(ledger).await?;
    service.stop().await?;
    let mut owner = PgConnection::connect_with(&ledger.store.login).await?;
    let found = sqlx::query_as(
        "select version, octet_length(state)::bigint from daybook.snapshot where stream = $1 order by version desc limit 1",
    )
    .bind(stream())
    .fetch_one(&mut owner)
    .await?;
    owner.close().await?;
    Ok(found)
}

fn stream() -> String {
    format!("plan/{}", years::plan(0))
}

/// Waits until the plan has a snapshot.
async fn written(ledger: &LongLedger) -> Result<()> {
    let mut owner = PgConnection::connect_with(&ledger.store.login).await?;
    let began = Instant::now();
    loop {
        let found: i64 = sqlx::query_scalar("select count(*) from daybook.snapshot where stream = $1")
            .bind(stream())
            .fetch_one(&mut owner)
            .await?;
        if found > 0 {
            return Ok(owner.close().await?);
        }
        ensure!(began.elapsed() < WRITTEN_WITHIN, "no snapshot is written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn forget(ledger: &LongLedger) -> Result<()> {
    let mut owner = PgConnection::connect_with(&ledger.store.login).await?;
    owner.execute("delete from daybook.snapshot").await?;
    Ok(owner.close().await?)
}

/// Logs in to the plan and changes a teacher; how long that took.
async fn change(service: &Service) -> Result<Duration> {
    let began = Instant::now();
    let plan = years::plan(0).to_string();
    let (mut connection, token) = service.log_in(&plan).await?;
    let path = format!("/v1/plans/{plan}/teachers/T0");
    let body = format!("{{\"text\":\"{}\"}}", uuid::Uuid::new_v4());
    let request = Request {
        method: "PATCH",
        path: &path,
        token: Some(&token),
        condition: Some("If-Match: *"),
        body: Some(&body),
    };
    let answer = connection.send(request).await?;
    ensure!(answer.status == 200, "the first change was answered with {}", answer.status);
    Ok(began.elapsed())
}

fn section(events: i64, bytes: i64, rounds: &[Round]) -> Result<Section> {
    let mut rows = Vec::new();
    for (which, name) in NAMES.iter().enumerate() {
        let took = |round: &Round| Measured::new(vec![in_micros(round.opened[which])], round.opened[which]);
        let runs = rounds.iter().map(took).collect::<Result<_>>()?;
        rows.push(Row { name: format!("log-in and first change, {name}"), clients: 1, runs });
    }
    let all = |which: usize| rounds.iter().map(move |round| round.opened[which].as_secs_f64());
    let starts = rounds.iter().map(|round| round.started[0].as_secs_f64());
    let starts = Spread::of(starts).map_or(f64::NAN, |spread| spread.median);
    Ok(Section {
        title: "Opening a long plan",
        method: format!(
            "A plan with {events} events of a realistic mix, whose state is written aside in {:.1} MB. The service is started anew; \
             measured is from `listening` to the answers to a log-in and to the first change in the plan, one after the other.",
            bytes as f64 / 1e6
        ),
        rows,
        verdicts: vec![Verdict {
            name: "opening a plan of 1,000,000 events after a restart".into(),
            found: Spread::of(all(0)),
            unit: " s",
            good: Good::AtMost,
            target: 1.0,
            goal: None,
        }],
        notes: vec![format!(
            "From the start of the program to `listening` it took {starts:.2} s; its private PostgreSQL was running."
        )],
    })
}
