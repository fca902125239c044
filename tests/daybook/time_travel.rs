//! `as_of`: what is answered of a moment of the past is what was answered then.

use serde_json::{Value as Json, json};
use tests::office::{Office, PLAN, plan};

use crate::routes_golden::address;

/// Every GET below a plan, and itself.
pub fn readings() -> Vec<(String, Json)> {
    let description = api::routes::openapi();
    let paths = description["paths"].as_object().unwrap();
    let below = paths.iter().filter(|(path, _)| path.starts_with("/v1/plans/{plan}"));
    below
        .filter(|(_, item)| item["get"].is_object())
        .map(|(path, item)| (path.clone(), item["get"].clone()))
        .collect()
}

/// An address with what it cannot do without.
fn asked(path: &str, as_of: &str) -> String {
    let needed = if path.ends_with("/history") { "record=teachers/1&" } else { "" };
    format!("{}?{needed}as_of={as_of}", address(path).trim_start_matches("/v1"))
}

/// A plan with one record of most kinds, all called `1`.
pub async fn furnish(office: &Office, token: &str) {
    for kind in ["teachers", "classes", "rooms", "subjects", "departments", "students"] {
        office.made(token, &format!("/{kind}/1"), json!({})).await;
    }
    let couplings = json!([{"class": "1", "teacher": "1", "subject": "1", "room": "1"}]);
    office.made(token, "/lessons/1", json!({"hours_per_week": 3, "couplings": couplings})).await;
    office.made(token, "/lessons/1/placements/1", json!({"day": 1, "hour": 1})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reading_below_a_plan_can_be_of_the_past() {
    let office = Office::open("as_of_everywhere").await;
    let admin = office.log_in("admin").await;
    furnish(&office, &admin).await;
    // Two records in one write: nobody ever sees the first one alone.
    let changes =
        ["a", "b"].map(|name| json!({"verb": "PUT", "path": format!("/departments/{name}"), "body": {}}));
    let batch = office.post(&admin, &plan("/batch"), json!({ "changes": changes })).await;
    assert_eq!(batch.outcome(), "200", "{}", batch.body);
    let head = office.head().await;
    let pool = office.service.as_ref().unwrap().projections.pool();
    let at = projections::recorded_at(pool, head).await.unwrap().unwrap();
    let written =
        |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let first = projections::recorded_at(pool, 1).await.unwrap().unwrap();
    let before_all = written(first - chrono::TimeDelta::microseconds(1));
    let shown_at_head = [
        format!("{}", head - 1),
        written(at),
        written(at + chrono::TimeDelta::microseconds(1)),
        "2999-12-31T23:59:59Z".to_owned(),
    ];
    let readings = readings();
    assert!(readings.len() > 35, "{}", readings.len());
    let mut shown = 0;
    for (path, operation) in readings {
        let takes = operation["parameters"].to_string().contains("#/components/parameters/as_of");
        assert!(takes, "{path} does not say that it takes as_of");
        assert!(operation["responses"]["200"]["headers"]["Daybook-As-Of"].is_object(), "{path}");
        let then = office.get(&admin, &asked(&path, &head.to_string())).await;
        assert!(["200", "404 not-found"].contains(&then.outcome().as_str()), "{path}: {}", then.body);
        if then.outcome() == "200" {
            shown += 1;
            assert_eq!(then.header("daybook-as-of"), Some(format!("1.{head}").as_str()), "{path}");
            assert_eq!(then.header("etag"), None, "{path}");
        }
        // Within the write, exactly when it was recorded, later, in the future: always after the whole of it.
        for moment in &shown_at_head {
            let same = office.get(&admin, &asked(&path, moment)).await;
            assert_eq!((same.outcome(), &same.body), (then.outcome(), &then.body), "{path} as of {moment}");
            assert_eq!(same.header("daybook-as-of"), then.header("daybook-as-of"), "{path} as of {moment}");
        }
        let earlier =
            office.get(&admin, &asked(&path, &written(at - chrono::TimeDelta::microseconds(1)))).await;
        if earlier.outcome() == "200" {
            assert_eq!(earlier.header("daybook-as-of"), Some(format!("1.{}", head - 2).as_str()), "{path}");
        }
        for (as_of, outcome) in [
            ("9999999", "422 invalid"),
            ("x", "422 invalid"),
            ("7.1", "409 epoch-changed"),
            ("1", "404 not-found"),
            ("0", "404 not-found"),
            ("2000-01-01T00:00:00Z", "404 not-found"),
            (before_all.as_str(), "404 not-found"),
        ] {
            let refused = office.get(&admin, &asked(&path, as_of)).await;
            assert_eq!(refused.outcome(), outcome, "{path} as of {as_of}: {}", refused.body);
        }
    }
    assert!(shown > 25, "{shown}");
    let both = office.get(&admin, &plan("/teachers?as_of=1&as_of=1")).await;
    assert_eq!(both.outcome(), "422 invalid", "{}", both.body);
    let elsewhere = office.get(&admin, "/plans?as_of=1").await;
    assert_eq!(elsewhere.outcome(), "422 invalid", "what is not below a plan has no past here");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_past_leads_to_the_next_one_of_the_same_past() {
    let office = Office::open("as_of_pages").await;
    let anna = office.log_in("anna").await;
    for name in ["A", "B", "C"] {
        office.made(&anna, &format!("/teachers/{name}"), json!({})).await;
    }
    let position = office.head().await;
    office.made(&anna, "/teachers/BB", json!({})).await;
    let removed = office.remove(&anna, &plan("/teachers/C"), "*").await;
    assert_eq!(removed.outcome(), "204", "{}", removed.body);
    let mut path = plan(&format!("/teachers?limit=2&as_of={position}"));
    let mut names = Vec::new();
    loop {
        let page = office.get(&anna, &path).await;
        assert_eq!(page.outcome(), "200", "{}", page.body);
        assert_eq!(page.body["editable"], json!({"value": false, "why": "past", "held_by": []}));
        names.extend(page.body["items"].as_array().unwrap().iter().map(|it| it["id"].clone()));
        let Some(link) = page.header("link") else { break };
        let next = link.split(['<', '>']).nth(1).unwrap();
        assert!(next.contains(&format!("as_of={position}")), "{next}");
        path = next.trim_start_matches("/v1").to_owned();
    }
    assert_eq!(names, ["A", "B", "C"]);
    let one =
        office.request(reqwest::Method::GET, &format!("/v1/plans/{PLAN}/teachers/C?as_of={position}"), &anna);
    let one = office.send(one.header("if-none-match", "*")).await;
    assert_eq!((one.outcome().as_str(), &one.body["id"]), ("200", &json!("C")), "never 304");
    office.close().await;
}
