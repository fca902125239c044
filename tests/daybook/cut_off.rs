//! Clients that go away at any moment of a request: no connection is left in a transaction, nothing is half done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Kind;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tests::audit::Audit;
use tests::doings::text;
use tests::office::{Office, PASSWORD, PLAN, plan};
use tests::rounds::{Dice, Rounds};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many clients at a time.
const CLIENTS: u64 = 32;
/// The longest that a client waits before it goes.
const PATIENCE_MICROS: u64 = 12_000;

/// One request of a random kind, as bytes.
fn request(dice: &mut Dice, token: &str, api_token: &str, round: u64) -> Vec<u8> {
    let path = |rest: &str| format!("/v1{}", plan(rest).replace('~', "%7E"));
    let name = dice.below(200);
    let (method, path, body, more, token) = match dice.below(8) {
        0 | 1 => {
            let body = json!({ "long_name": format!("cut {round}") }).to_string();
            ("PUT", path(&format!("/teachers/N{round}")), body, "If-None-Match: *\r\n", token)
        }
        2 => {
            let body = json!({ "long_name": format!("cut {round}") }).to_string();
            ("PATCH", path(&format!("/teachers/S{name}")), body, "If-Match: *\r\n", token)
        }
        3 => ("POST", "/v1/sessions".to_owned(), json!({ "plan": PLAN }).to_string(), "", api_token),
        4 => {
            let body = json!({ "user": "anna", "password": PASSWORD, "plan": PLAN }).to_string();
            let body = if name < 20 { body } else { json!({ "plan": PLAN }).to_string() };
            ("POST", "/v1/sessions".to_owned(), body, "", api_token)
        }
        5 => {
            let body = json!({ "action": "data-import" }).to_string();
            ("POST", path("/locks"), body, "", token)
        }
        6 => ("GET", path("/teachers?limit=1000"), String::new(), "", token),
        _ => ("GET", path("/changes?wait=5&after=now"), String::new(), "", token),
    };
    let key =
        if name.is_multiple_of(2) { format!("Idempotency-Key: cut-{round}\r\n") } else { String::new() };
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}{key}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    text.into_bytes()
}

async fn cut(address: &str, request: &[u8], dice: &mut Dice) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // One in eight does not even send the whole request.
    let sent = if dice.below(8) == 0 { dice.below(request.len() as u64) as usize } else { request.len() };
    if stream.write_all(&request[..sent]).await.is_err() {
        return;
    }
    let patience = Duration::from_micros(dice.below(PATIENCE_MICROS));
    let mut bytes = [0; 64];
    // Whoever waits a little reads the beginning of the answer at most.
    let _ = tokio::time::timeout(patience, stream.read(&mut bytes)).await;
}

/// Cuts requests off, and looks again and again whether a transaction was left open.
pub async fn hammer(rounds: &Rounds) -> String {
    let office = Office::open("cutoff").await;
    let (anna, api_token) = (office.log_in("anna").await, office.api_token("loader", "planners").await);
    for number in 0..200 {
        let made = office.create(&anna, &plan(&format!("/teachers/S{number}")), json!({})).await;
        assert_eq!(made.outcome(), "201", "{}", made.body);
    }
    let address = office.base.strip_prefix("http://").unwrap().to_owned();
    let mut watching = PgConnection::connect_with(&office.database.options).await.unwrap();
    let rounds = Arc::new(rounds);
    let mut looked = 0;
    loop {
        let mut batch = Vec::new();
        while batch.len() < 250
            && let Some(round) = rounds.next()
        {
            batch.push(round);
        }
        if batch.is_empty() {
            break;
        }
        for some in batch.chunks(CLIENTS as usize) {
            let clients = some.iter().map(|round| {
                let mut dice = Dice::new(*round);
                let bytes = request(&mut dice, &anna, &api_token, *round);
                let address = &address;
                async move { cut(address, &bytes, &mut dice).await }
            });
            futures::future::join_all(clients).await;
        }
        assert_none_idle_in_transaction(&mut watching).await;
        looked += 1;
    }
    // All is well: what was begun is there whole or not at all, and the same can be done again.
    let made = office.create(&anna, &plan("/teachers/LAST"), json!({ "long_name": "Last" })).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let position = made.header("daybook-position").unwrap().to_owned();
    let path = format!("/v1{}", plan("/teachers/LAST"));
    let read = office.request(reqwest::Method::GET, &path, &anna).header("daybook-min-position", position);
    assert_eq!(office.send(read).await.outcome(), "200");
    // The last of those that were cut off may still be on their way.
    let began = Instant::now();
    let audit = loop {
        let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
        let listed = office.all(&anna, "/teachers").await;
        let mut listed: Vec<String> = listed.iter().map(|item| text(&item["id"])).collect();
        listed.sort();
        let created = audit.created(Kind::Teachers);
        if listed == created {
            break audit;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{listed:?} are shown, {created:?} are in the ledger"
        );
    };
    audit.assert_exclusive(&format!("plan/{PLAN}"));
    let written = audit.events.len();
    office.close().await;
    format!(
        "{} requests cut off, {written} events; looked {looked} times: nobody in a transaction",
        rounds.done()
    )
}

/// Once nobody asks for anything any more, no connection of the service is in a transaction: looked at several times, because the
/// server itself would end one after a second.
async fn assert_none_idle_in_transaction(watching: &mut PgConnection) {
    let sql = "select count(*) filter (where state = 'active' or state like 'idle in transaction%'),
            count(*) filter (where state like 'idle in transaction%'
                and clock_timestamp() - state_change > interval '800 milliseconds')
        from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let mut quiet = 0;
    for _ in 0..200 {
        let (busy, left): (i64, i64) = sqlx::query_as(sql).fetch_one(&mut *watching).await.unwrap();
        assert_eq!(left, 0, "a connection is left in a transaction");
        quiet = if busy == 0 { quiet + 1 } else { 0 };
        if quiet == 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the connections never come to rest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_are_cut_off_leave_no_transaction_and_nothing_half_done() {
    hammer(&Rounds::quiet("cut off", 500)).await;
}
