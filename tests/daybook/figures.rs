//! `/metrics`: each figure moves when its thing happens, and a Prometheus server can read all of them.

use std::sync::Arc;

use api::desk::Terms;
use domain::{Actor, CommandId, Meta, StreamName};
use eventstore::{Append, Expected, Write};
use serde_json::json;
use tests::cluster::TestDatabase;
use tests::exposition::Exposition;
use tests::office::{Office, PLAN, plan};

use crate::command_line::program::Program;

async fn scrape(office: &Office) -> Exposition {
    let answer = office.client.get(format!("{}/metrics", office.base)).send().await.expect("it answers");
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Exposition::read(&answer.text().await.expect("text"))
}

/// An append whose decision saw another version than there is.
fn stale_append() -> Append {
    let mut append = Append::new(Meta::new(CommandId(uuid::Uuid::now_v7()), Actor::System));
    append.writes.push(Write {
        stream: StreamName::new("site"),
        expected: Expected::Exactly(1_000_000),
        events: Vec::new(),
    });
    append
}

#[tokio::test]
async fn each_figure_moves_when_its_thing_happens() {
    let office = Office::open("figures").await;
    let before = scrape(&office).await;
    let anna = office.log_in("anna").await;
    let made = office.create(&anna, &plan("/teachers/GAUSS"), json!({})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let first = office.patch(&anna, &plan("/teachers/GAUSS"), &made.etag(), json!({ "text": "a" })).await;
    assert_eq!(first.outcome(), "200");
    let late = office.patch(&anna, &plan("/teachers/GAUSS"), &made.etag(), json!({ "text": "b" })).await;
    assert_eq!(late.outcome(), "412 stale");
    for _ in 0..11 {
        office.try_log_in("bert", json!({ "password": "a wrong one" })).await;
    }
    let lock = office.post(&anna, &plan("/locks"), json!({ "action": "holidays" })).await;
    assert_eq!(lock.outcome(), "201", "{}", lock.body);
    let ledger = &office.service.as_ref().expect("it runs").ledger;
    assert!(ledger.append(stale_append()).await.is_err());
    // The read models have all of it.
    office.get(&anna, &plan("/teachers/GAUSS")).await;
    let after = scrape(&office).await;

    let grew = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
    let patched = [("route", "/v1/plans/{plan}/teachers/{id}"), ("method", "PATCH")];
    assert_eq!(grew("daybook_http_requests_total", &patched), 2.0);
    assert_eq!(grew("daybook_http_request_seconds_count", &patched), 2.0);
    assert_eq!(grew("daybook_http_refusals_total", &[("code", "stale")]), 1.0);
    assert_eq!(grew("daybook_http_refusals_total", &[("code", "not-logged-in")]), 10.0);
    assert_eq!(grew("daybook_log_ins_failed_total", &[]), 10.0);
    assert_eq!(grew("daybook_http_limited_total", &[("limit", "log-ins")]), 1.0);
    assert_eq!(grew("daybook_commands_total", &[("command", "WriteRecord"), ("outcome", "done")]), 2.0);
    assert_eq!(grew("daybook_commands_total", &[("command", "WriteRecord"), ("outcome", "refused")]), 1.0);
    assert!(grew("daybook_command_seconds_count", &[]) >= 4.0);
    assert!(grew("daybook_ledger_appends_total", &[("outcome", "written")]) >= 4.0);
    assert!(grew("daybook_ledger_appends_total", &[("outcome", "conflict")]) >= 1.0);
    let events = grew("daybook_ledger_events_total", &[]);
    assert!(events >= 5.0, "{events}");
    assert_eq!(grew("daybook_ledger_batch_events_sum", &[]), events);
    assert_eq!(grew("daybook_ledger_position", &[]), events);
    assert!(grew("daybook_ledger_batch_appends_count", &[]) >= 4.0);
    assert!(grew("daybook_ledger_commit_seconds_count", &[]) >= 4.0);
    assert!(grew("daybook_projection_batch_events_sum", &[]) >= events, "every event is taken in");
    assert!(grew("daybook_projection_batch_seconds_count", &[]) >= 1.0);

    let now = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels);
    assert_eq!(now("daybook_sessions", &[("mode", "timetable")]), 1.0);
    assert_eq!(now("daybook_locks", &[]), 1.0);
    assert_eq!(now("daybook_states_open", &[("of", "plans")]), 1.0);
    assert_eq!(now("daybook_ledger_reachable", &[]), 1.0);
    assert_eq!(now("daybook_outage", &[]), 1.0);
    assert_eq!(now("daybook_outage", &[("state", "open")]), 1.0);
    assert_eq!(now("daybook_ledger_appends_waiting", &[]), 0.0);
    assert!(now("daybook_http_connections", &[]) >= 1.0);
    let of_record = [("projection", "record")];
    assert_eq!(now("daybook_projection_position", &of_record), now("daybook_ledger_position", &[]));
    assert_eq!(now("daybook_projection_live", &of_record), 1.0);
    assert_eq!(now("daybook_projection_lag_events", &of_record), 0.0);
    assert_eq!(now("daybook_projection_lag_seconds", &of_record), 0.0);
    assert!(now("daybook_database_connections", &[]) >= 1.0);

    assert!(after.series.len() < 3_000, "{} series", after.series.len());
    for series in after.series.keys() {
        for private in ["GAUSS", "anna", "bert", PLAN, "100234"] {
            assert!(!series.contains(private), "{series}");
        }
    }
}

#[tokio::test]
async fn a_command_that_meets_another_node_is_decided_anew_and_counted() {
    let database = Arc::new(TestDatabase::new("figures_of_two_nodes").await);
    let office = Office::furnished_on(database, Terms::default()).await;
    let other = office.beside().await;
    let anna = office.log_in("anna").await;
    let before = scrape(&office).await;
    // Both write to one plan at once, until one has met the other.
    let conflicts = async {
        for round in 0.. {
            let write = |at: &Office, name: String| {
                let request = at.request(
                    reqwest::Method::PUT,
                    &format!("/v1{}", plan(&format!("/rooms/{name}"))),
                    &anna,
                );
                let request = request.header("if-none-match", "*").json(&json!({}));
                async move { request.send().await.expect("it answers").status() }
            };
            let here = (0..8).map(|number| write(&office, format!("a{round}x{number}")));
            let there = (0..8).map(|number| write(&other, format!("b{round}x{number}")));
            let statuses = futures::future::join_all(here.chain(there).collect::<Vec<_>>()).await;
            assert!(statuses.iter().all(|status| status.as_u16() == 201), "{statuses:?}");
            let now = scrape(&office).await;
            let name = "daybook_command_conflicts_total";
            if now.sum(name, &[]) > before.sum(name, &[]) {
                return;
            }
        }
    };
    let within = std::time::Duration::from_secs(60);
    tokio::time::timeout(within, conflicts).await.expect("two nodes meet sooner or later");
    other.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_its_own_tells_the_same() {
    let database = TestDatabase::empty("figures_alone").await;
    // Two free ports, found by asking for any: the second line of the program would tell, but not before it is asked for.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let service = Program::on_url(&database.url).start(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        &address,
        "--quiet",
    ]);
    let alone = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    let alone = Exposition::read(&alone);
    assert_eq!(alone.sum("daybook_ledger_reachable", &[]), 1.0);
    assert!(alone.sum("daybook_projection_position", &[("projection", "record")]) > 0.0);
    let other = reqwest::get(format!("{}/metrics", service.url)).await.unwrap();
    assert_eq!(other.status().as_u16(), 404);
}
