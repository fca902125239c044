//! `as_of`: what is answered of a moment of the past is what was answered then.

use serde_json::{Value as Json, json};
use tests::office::{Answer, Office, PLAN, plan};

use crate::routes_golden::address;

/// Every GET below a plan, and itself.
fn readings() -> Vec<(String, Json)> {
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
async fn furnish(office: &Office, token: &str) {
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

/// What is asked after every write.
const QUESTIONS: &[&str] = &[
    "",
    "/teachers",
    "/teachers/1",
    "/teachers/2",
    "/teachers?q=a",
    "/rooms/1",
    "/lessons",
    "/lessons?teacher=1",
    "/lessons/1?period=1",
    "/lessons/1/placements",
    "/lessons/1/placements/2",
    "/timetable",
    "/timetable?teacher=1",
    "/timetable?date=2026-11-23",
    "/collisions",
    "/unplaced",
    "/absences",
    "/substitutions",
    "/cover-list",
    "/cover-list?date=2026-11-23",
    "/periods",
    "/time-grid",
    "/school-data",
    "/sessions",
    "/locks",
    "/changes?limit=1000",
    "/history?record=teachers/1",
    "/history?record=lessons/1/placements/2",
];

/// An answer without what is no event.
fn kept(answer: &Answer) -> (String, Json) {
    let mut body = answer.body.clone();
    forget(&mut body);
    (answer.outcome(), body)
}

fn forget(json: &mut Json) {
    match json {
        Json::Object(object) => {
            for member in ["editable", "last_contact_at", "expires_at"] {
                object.remove(member);
            }
            object.values_mut().for_each(forget);
        }
        Json::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

/// One more write, some of which are refused.
async fn happen(office: &Office, anna: &str, clara: &str, dice: &mut u64) -> Answer {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let (what, day) = ((*dice >> 33) % 13, (*dice >> 40) % 5 + 1);
    let couplings = json!([{"class": "1", "teacher": if day > 2 { "2" } else { "1" }, "room": "1"}]);
    let placed = plan("/lessons/1/placements/2");
    match what {
        0 => office.create(anna, &plan("/teachers/2"), json!({"long_name": "Anna"})).await,
        1 => office.patch(anna, &plan("/teachers/1"), "*", json!({"long_name": format!("A{day}")})).await,
        2 => office.patch(anna, &plan("/teachers/1"), "\"1-1\"", json!({"long_name": "late"})).await,
        3 => office.create(anna, &placed, json!({"day": day, "hour": 1})).await,
        4 => office.put(anna, &placed, "*", json!({"day": day, "hour": 2, "rows": couplings})).await,
        5 => office.remove(anna, &placed, "*").await,
        6 => office.patch(anna, &plan("/lessons/1"), "*", json!({"couplings": couplings})).await,
        7 => office.patch(anna, &plan("/lessons/1?period=1"), "*", json!({"hours_per_week": day})).await,
        8 => {
            let absence = json!({"of": "teacher", "name": "1", "from": "2026-11-23", "to": "2026-11-23"});
            office.create(clara, &plan("/absences/1"), absence).await
        }
        9 => {
            let body = json!({"date": "2026-11-23", "hour": 1, "lesson": "1", "kind": "cancel"});
            office.create(clara, &plan("/substitutions/1"), body).await
        }
        10 => office.remove(clara, &plan("/substitutions/1"), "*").await,
        11 => office.patch(anna, &plan("/teachers/2"), "*", json!({"id": "1b"})).await,
        _ => {
            let activity = json!({"activity": format!("{day}")});
            office.send(office.write(reqwest::Method::PATCH, anna, "/sessions/current", &activity)).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_then_is_answered_of_then() {
    let office = Office::open("as_of_then").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let clara = office.try_log_in("clara", json!({ "mode": "cover" })).await.body["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut dice = 20_261_122;
    let mut past = Vec::new();
    for _ in 0..30 {
        happen(&office, &anna, &clara, &mut dice).await;
        let position = office.head().await;
        let mut answers = Vec::new();
        for question in QUESTIONS {
            answers.push(kept(&office.get_from(&anna, &plan(question), position).await));
        }
        past.push((position, answers));
    }
    // What people are called now, and may do now, is nothing of then.
    let admin = office.log_in_to_site("admin").await;
    let users = office.get(&admin, "/users?limit=1000").await;
    let of_clara = users.body["items"].as_array().unwrap().iter().find(|it| it["name"] == "clara").unwrap();
    let path = format!("/users/{}", of_clara["id"].as_str().unwrap());
    let renamed = office.patch(&admin, &path, "*", json!({"name": "klara", "group": "planners"})).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    let renamed_at = office.head().await;
    let mut told = 0;
    for (position, answers) in &past {
        for (question, then) in QUESTIONS.iter().zip(answers) {
            let sign = if question.contains('?') { '&' } else { '?' };
            let path = plan(&format!("{question}{sign}as_of=1.{position}"));
            let answer = office.get_from(&anna, &path, renamed_at).await;
            let mut seen = kept(&answer);
            // The feed says how far it was asked, not how far it goes.
            if question.starts_with("/changes") {
                assert_eq!(seen.1["next"], format!("1.{position}"));
            }
            if answer.outcome() == "200" {
                told += 1;
                assert_eq!(answer.header("daybook-as-of"), Some(format!("1.{position}").as_str()));
                assert_eq!((answer.header("etag"), &answer.body["last_contact_at"]), (None, &Json::Null));
            } else {
                seen.1 = then.1.clone();
            }
            assert_eq!(&seen, then, "{question} as of {position}");
        }
    }
    assert!(told > 500, "{told}");
    let (position, _) = &past[10];
    let pool = office.service.as_ref().unwrap().projections.pool();
    let at = projections::recorded_at(pool, *position).await.unwrap().unwrap();
    let time = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let by_time = office.get(&anna, &plan(&format!("/teachers?as_of={time}"))).await;
    assert_eq!(by_time.header("daybook-as-of"), Some(format!("1.{position}").as_str()), "{}", by_time.body);
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
