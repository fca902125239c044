//! Pages of the audit of a long ledger, by each filter.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::ledger::LongLedger;
use crate::{
    Plan,
    http::{Connection, Request},
    measure::{Measured, Spread, in_micros},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::plan as plan_name,
};

/// How many pages of each filter in a round; their values are others each time.
const PAGES: usize = 200;
/// The longest that a page may take, in milliseconds.
const PAGE_WITHIN: f64 = 20.0;

/// What is asked: a name, and the parameters made of an event of the ledger.
const FILTERS: [(&str, fn(&Value) -> Vec<(&'static str, String)>); 11] = [
    ("no filter", |_| Vec::new()),
    ("from a position on", |it| vec![("from", word(it, "position")), ("order", "oldest".into())]),
    ("from a time on", |it| vec![("from", word(it, "at")), ("order", "oldest".into())]),
    ("plan", |it| vec![("plan", word(it, "plan"))]),
    ("actor", |it| vec![("actor", word(it, "actor"))]),
    ("type", |it| vec![("type", word(it, "type"))]),
    ("record", |it| vec![("plan", word(it, "plan")), ("record", word(it, "record"))]),
    ("request", |it| vec![("request", word(it, "request"))]),
    ("plan, actor, type", |it| {
        vec![("plan", word(it, "plan")), ("actor", word(it, "actor")), ("type", word(it, "type"))]
    }),
    ("actor and record, to a position", |it| {
        vec![("actor", word(it, "actor")), ("record", word(it, "record")), ("to", word(it, "position"))]
    }),
    // Both hold often, never together: nobody but users changes records.
    ("two that never meet", |_| vec![("type", "RecordChanged".into()), ("actor", "operator".into())]),
];

/// How long it takes, about.
pub fn expected(plan: &Plan) -> Duration {
    Duration::from_millis(8 * (FILTERS.len() * PAGES) as u64) * plan.rounds
}

/// Runs the rounds: the filters in turn, each beginning with another one.
pub async fn run(ledger: &LongLedger, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let events = ledger.events().await?;
    let service = ledger.serve().await?;
    let (mut connection, token) = service.log_in(&plan_name(0)).await?;
    let samples = samples(&mut connection, &token, events).await?;
    let mut rounds: Vec<[Measured; FILTERS.len()]> = Vec::new();
    for round in 0..plan.rounds as usize {
        let mut found = [Measured::rate(0.0); FILTERS.len()];
        for turn in 0..FILTERS.len() {
            let which = (turn + round) % FILTERS.len();
            let (name, parameters) = FILTERS[which];
            let (began, mut micros) = (Instant::now(), Vec::with_capacity(PAGES));
            for number in 0..PAGES {
                let sample = &samples[(number + round * PAGES) % samples.len()];
                let path = path(&parameters(sample));
                let asked = Instant::now();
                page(&mut connection, &token, &path).await?;
                micros.push(in_micros(asked.elapsed()));
            }
            found[which] = Measured::new(micros, began.elapsed())?;
            eprintln!("audit {}/{}: {name:<32} {}", round + 1, plan.rounds, found[which]);
        }
        progress.done(&format!("audit {}/{}", round + 1, plan.rounds), expected(plan) / plan.rounds);
        rounds.push(found);
    }
    service.stop().await?;
    Ok(section(events, &rounds))
}

/// Events from all over the ledger that have everything that can be asked for.
async fn samples(connection: &mut Connection, token: &str, events: i64) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for number in 0..PAGES as i64 {
        let from = 1 + (events - 1) * number / PAGES as i64;
        let path = format!("/v1/audit/events?order=oldest&limit=50&from={from}");
        let page = page(connection, token, &path).await?;
        let items = page["items"].as_array().context("a page")?;
        let names = ["plan", "record", "actor", "request"];
        found.extend(items.iter().find(|it| names.iter().all(|name| it[name].is_string())).cloned());
    }
    ensure!(found.len() > PAGES / 4, "few events have a plan, a record, an actor and a request");
    Ok(found)
}

async fn page(connection: &mut Connection, token: &str, path: &str) -> Result<Value> {
    connection.json(Request { method: "GET", path, token: Some(token), ..Request::default() }).await
}

fn word(event: &Value, name: &str) -> String {
    event[name].as_str().unwrap_or_default().to_owned()
}

fn path(parameters: &[(&str, String)]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encoded = |text: &str| {
        text.bytes().fold(String::new(), |all, byte| {
            if plain(byte) { format!("{all}{}", char::from(byte)) } else { format!("{all}%{byte:02X}") }
        })
    };
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("/v1/audit/events?{}", pairs.join("&"))
}

fn section(events: i64, rounds: &[[Measured; FILTERS.len()]]) -> Section {
    let runs = |which: usize| rounds.iter().map(|round| round[which]).collect();
    let row = |(which, (name, _)): (usize, &(&str, _))| Row {
        name: (*name).to_owned(),
        clients: 1,
        runs: runs(which),
    };
    let slowest = |round: &[Measured; FILTERS.len()]| round.iter().map(|it| it.p99).fold(0.0, f64::max);
    Section {
        title: "Pages of the audit",
        method: format!(
            "`GET /v1/audit/events` with a page of 100 events, {PAGES} of each filter in a round with values from all over a ledger of \
             {events} events, one after the other. Every one is noted in the ledger before it is answered, so each holds a commit."
        ),
        rows: FILTERS.iter().enumerate().map(row).collect(),
        verdicts: vec![Verdict {
            name: "page of the audit by the slowest filter, p99".into(),
            found: Spread::of(rounds.iter().map(slowest)),
            unit: " ms",
            good: Good::AtMost,
            target: PAGE_WITHIN,
            goal: None,
        }],
        notes: Vec::new(),
    }
}
