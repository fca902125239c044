//! The audit: what is found, by whom, and that looking is noted too.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::Office;

mod files;
mod filters;
mod host;
mod noted;

/// An office with an auditor in it; his token.
async fn audited(name: &str) -> (Office, String) {
    let office = Office::open(name).await;
    let admin = office.log_in("admin").await;
    let body = json!({ "name": "otto", "group": "auditors", "password": tests::office::PASSWORD });
    let made = office.post(&admin, "/users", body).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    office.delete(&admin, "/sessions/current").await;
    let otto = office.log_in_to_site("otto").await;
    (office, otto)
}

fn items(body: &Json) -> Vec<Json> {
    body["items"].as_array().expect("a page").clone()
}

/// Everything that fits, page by page.
async fn found(office: &Office, token: &str, query: &str) -> Vec<Json> {
    let head = office.head().await;
    let (mut all, mut path) = (Vec::new(), format!("/audit/events?{query}"));
    loop {
        let page = office.get_from(token, &path, head).await;
        assert_eq!(page.outcome(), "200", "{query}: {}", page.body);
        all.extend(items(&page.body));
        let Some(link) = page.header("link") else {
            assert_eq!(page.body["next"], Json::Null);
            return all;
        };
        path = link.split(['<', '>']).nth(1).unwrap().trim_start_matches("/v1").to_owned();
    }
}

fn types(items: &[Json]) -> Vec<&str> {
    items.iter().map(|it| it["type"].as_str().unwrap()).collect()
}

fn number(position: &Json) -> i64 {
    position.as_str().and_then(|it| it.strip_prefix("1.")?.parse().ok()).expect("a position")
}

async fn file(office: &Office, token: &str, accept: &str, query: &str) -> (String, String) {
    let request = office.request(Method::GET, &format!("/v1/audit/events?{query}"), token);
    let response = request.header("accept", accept).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let media = response.headers()["content-type"].to_str().unwrap().to_owned();
    (media, response.text().await.unwrap())
}

/// Rows of comma-separated values, as RFC 4180 has them.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last row has an end");
    rows
}
