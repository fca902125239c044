//! Plans that start from others, and what may be done with a plan.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

fn below(plan: &str, rest: &str) -> String {
    format!("/plans/{plan}{rest}")
}

async fn start(office: &Office, token: &str, lock: Option<&str>, body: Json) -> Answer {
    let write = office.write(Method::POST, token, "/plans", &body);
    office.send(if let Some(lock) = lock { write.header("daybook-lock", lock) } else { write }).await
}

/// A teacher, a class, a lesson with two hours of which one is placed; the token of the one who made them.
async fn furnish(office: &Office) -> String {
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({ "long_name": "Gauß" })).await;
    office.made(&anna, "/classes/5a", json!({ "from": "2026-09-01" })).await;
    let lesson = json!({ "hours_per_week": 2, "couplings": [{ "class": "5a", "teacher": "GAUSS" }] });
    office.made(&anna, "/lessons/7", lesson).await;
    office.made(&anna, "/lessons/7/placements/1", json!({ "day": 1, "hour": 2 })).await;
    anna
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_period_of_a_new_plan_has_the_days_that_are_given() {
    let office = Office::open("given_days").await;
    let anna = furnish(&office).await;
    let body = |version: u8, from: &str, to: &str| json!({ "school": "100234", "year": "2026-2027", "version": version, "from": from, "to": to });
    for (from, to, pointer) in [
        ("2026-07-31", "2027-06-30", "/from"),
        ("2026-09-01", "2026-08-31", "/to"),
        ("2026-9-1", "2027-06-30", "/from"),
    ] {
        let refused = start(&office, &anna, None, body(7, from, to)).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(pointer))
        );
    }
    let made = start(&office, &anna, None, body(7, "2026-08-17", "2027-06-30")).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let period = office.get(&anna, &below("100234~2026-2027~7", "/periods/1")).await;
    assert_eq!((&period.body["from"], &period.body["to"]), (&json!("2026-08-17"), &json!("2027-06-30")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_and_a_new_year_start_from_a_plan_under_its_lock() {
    let office = Office::open("years").await;
    let anna = furnish(&office).await;
    let copy =
        json!({ "school": "100234", "year": "2026-2027", "version": 2, "title": "Try", "copy_of": PLAN });
    let next = json!({ "school": "100234", "year": "2027-2028", "version": 1, "new_year_of": PLAN });
    for body in [&copy, &next] {
        let refused = start(&office, &anna, None, body.clone()).await;
        assert_eq!(refused.outcome(), "409 lock-missing", "{}", refused.body);
        assert_eq!(refused.body["action"], "new-school-year");
    }
    let lock = office.lock(&anna, "new-school-year").await;
    let made = start(&office, &anna, Some(&lock), copy.clone()).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    assert_eq!(made.header("location"), Some("/v1/plans/100234%7E2026%2D2027%7E2"));
    let (source, counts) = (office.get(&anna, &plan("")).await, &made.body["counts"]);
    assert_eq!(counts, &source.body["counts"]);
    assert_eq!(made.body["title"], "Try");
    assert_eq!(start(&office, &anna, Some(&lock), copy).await.outcome(), "409 exists");
    let made = start(&office, &anna, Some(&lock), next).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    for (plan, from) in [("100234~2026-2027~2", "2026-09-01"), ("100234~2027-2028~1", "2027-09-01")] {
        let class = office.get(&anna, &below(plan, "/classes/5a")).await;
        assert_eq!(
            (&class.body["from"], &class.body["revision"]),
            (&json!(from), &json!(1)),
            "{}",
            class.body
        );
        assert_eq!(class.body["changed"]["by"], "anna");
        let table = office.get(&anna, &below(plan, "/timetable?teacher=GAUSS")).await;
        let item = &table.body["items"][0];
        assert_eq!((&item["day"], &item["hour"], &item["class"]), (&json!(1), &json!(2), &json!("5a")));
        let unplaced = office.get(&anna, &below(plan, "/unplaced")).await;
        assert_eq!(unplaced.body["items"][0]["missing"], 1, "{}", unplaced.body);
    }
    office.log_out(&anna).await;
    // The new plan is a plan like others: one logs in and works.
    let body = json!({ "user": "bert", "password": PASSWORD, "plan": "100234~2027-2028~1" });
    let bert = text(&office.log_in_with(body).await.body["token"]);
    let edited =
        office.patch(&bert, "/plans/100234~2027-2028~1/teachers/GAUSS", "*", json!({ "title": "Dr." })).await;
    assert_eq!(edited.outcome(), "200", "{}", edited.body);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_told_with_its_place() {
    let office = Office::open("yearfaults").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "new-school-year").await;
    let of = |more: Json| {
        let mut body = json!({ "school": "100234", "year": "2026-2027", "version": 2 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (more, pointer) in [
        (json!({ "copy_of": PLAN, "new_year_of": PLAN }), "/new_year_of"),
        (json!({ "copy_of": "nonsense" }), "/copy_of"),
        (json!({ "copy_of": "100234~2026-2027~9" }), "/copy_of"),
        (json!({ "copy_of": PLAN, "school": "7" }), "/copy_of"),
        (json!({ "copy_of": PLAN, "year": "2027-2028" }), "/year"),
        (json!({ "new_year_of": PLAN, "year": "2025-2026" }), "/year"),
        (json!({ "year": "2026-2028" }), "/year"),
        (json!({ "version": 0 }), "/version"),
        (json!({ "version": 256 }), "/version"),
        (json!({ "school": "a/b" }), "/school"),
        (json!({ "school": "" }), "/school"),
        (json!({ "title": "" }), "/title"),
    ] {
        let refused = start(&office, &anna, Some(&lock), of(more.clone())).await;
        assert_eq!(refused.outcome(), "422 invalid", "{more}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{more}: {}", refused.body);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_closed_for_writing_and_opened_again() {
    let office = Office::open("states").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let admin = office.log_in_to_site("admin").await;
    let state = async |state: &str| {
        let etag = office.get(&admin, &plan("")).await.etag();
        office.patch(&admin, &plan(""), &etag, json!({ "state": state })).await
    };
    for word in ["read-only", "archived"] {
        let changed = state(word).await;
        assert_eq!(
            (changed.outcome().as_str(), &changed.body["state"]),
            ("200", &json!(word)),
            "{}",
            changed.body
        );
        let refused = office.patch(&anna, &plan("/teachers/GAUSS"), "*", json!({ "title": "Dr." })).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["right"]),
            ("403 not-permitted", &json!("mode"))
        );
        let refused = office.post(&anna, &plan("/locks"), json!({ "action": "data-import" })).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["right"]),
            ("403 not-permitted", &json!("mode"))
        );
        let list = office.get(&anna, &plan("/teachers")).await;
        assert_eq!(list.body["editable"]["value"], false, "{}", list.body);
        for mode in ["timetable", "cover"] {
            let refused = office.try_log_in("admin", json!({ "mode": mode })).await;
            assert_eq!(refused.outcome(), "403 not-permitted", "{}", refused.body);
        }
        let bert = office.try_log_in("bert", json!({})).await;
        assert_eq!((bert.outcome().as_str(), &bert.body["mode"]), ("201", &json!("read")));
        office.log_out(&text(&bert.body["token"])).await;
    }
    // From a plan that is only read one may still start a new year: it changes nothing in it.
    let lock = office.lock(&anna, "new-school-year").await;
    let next = json!({ "school": "100234", "year": "2027-2028", "version": 1, "new_year_of": PLAN });
    assert_eq!(start(&office, &anna, Some(&lock), next).await.outcome(), "201");
    let held = office.patch(&admin, &plan(""), "*", json!({ "state": "read-only" })).await;
    assert_eq!((held.outcome().as_str(), &held.body["held_by"][0]["user"]), ("423 blocked", &json!("anna")));
    assert_eq!(office.delete(&anna, &plan(&format!("/locks/{lock}"))).await.outcome(), "204");
    assert_eq!(state("open").await.outcome(), "200");
    let edited = office.patch(&anna, &plan("/teachers/GAUSS"), "*", json!({ "title": "Dr." })).await;
    assert_eq!(edited.outcome(), "200", "{}", edited.body);
    office.close().await;
}
