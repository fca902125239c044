//! What is in no plan.

use reqwest::Method;
use serde_json::json;
use tests::office::{Office, PASSWORD, PLAN, plan};

use super::{all_told, told_alike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_people_plans_messages_notices_outages_and_the_licence() {
    let office = Office::open("languages_site").await;
    let admin = office.log_in("admin").await;
    let licence = "/schools/100234/licence".to_owned();
    let at = |path: &str| path.to_owned();
    let requests = [
        ("PATCH", licence.clone(), json!({ "colour": "red" })),
        ("PATCH", licence.clone(), json!({ "valid_until": "soon", "number": 7 })),
        ("PATCH", licence, json!({ "number": "7" })),
        ("POST", at("/users"), json!({})),
        ("POST", at("/users"), json!({ "name": "x", "group": "none", "password": PASSWORD })),
        ("POST", at("/users"), json!({ "name": "token:x", "group": "viewers", "password": "short" })),
        (
            "POST",
            at("/users"),
            json!({ "name": "x", "group": "viewers", "password": PASSWORD, "language": "?" }),
        ),
        ("POST", at("/groups"), json!({ "id": "x", "rights": ["dance"], "plans": "*" })),
        ("POST", at("/groups"), json!({ "id": "x", "rights": [], "plans": ["x"] })),
        ("POST", at("/groups"), json!({ "id": "x", "rights": 7, "plans": 7 })),
        ("PATCH", at("/groups/administrators"), json!({ "rights": [] })),
        ("PATCH", at("/groups/none"), json!({ "rights": [] })),
        ("POST", at("/tokens"), json!({ "name": "x", "group": "none" })),
        (
            "POST",
            at("/tokens"),
            json!({ "name": "x", "group": "viewers", "expires_at": "2020-01-01T00:00:00Z" }),
        ),
        ("POST", at("/tokens"), json!({ "name": "x", "group": "viewers", "expires_at": "soon" })),
        ("PUT", at("/users/me/password"), json!({ "old": PASSWORD, "new": "x" })),
        ("PUT", at("/users/me/password"), json!({ "old": "wrong", "new": "long enough to be one" })),
        ("POST", at("/plans"), json!({ "school": "a~b", "year": "2026", "version": 0 })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 300 })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "title": "" })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": "x" })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": PLAN })),
        (
            "POST",
            at("/plans"),
            json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": PLAN, "new_year_of": PLAN }),
        ),
        ("POST", at("/plans"), json!({ "school": "100234", "year": "2026-2027", "version": 1 })),
        ("PATCH", at(&plan("")), json!({ "state": "burnt" })),
        ("GET", at("/plans/x"), json!(null)),
        ("POST", at("/messages"), json!({ "to": {}, "text": "" })),
        ("POST", at("/messages"), json!({ "to": { "users": [] }, "text": "a" })),
        ("POST", at("/messages"), json!({ "to": { "users": ["none"] }, "text": "a\u{1}" })),
        ("POST", at("/messages"), json!({ "to": { "plan": "7~2026-2027~1" }, "text": "x".repeat(9_999) })),
        ("GET", at("/messages?box=sent&unread=true"), json!(null)),
        ("GET", at("/messages/none"), json!(null)),
        ("POST", at("/notices"), json!({ "title": "", "text": "" })),
        (
            "POST",
            at("/notices"),
            json!({ "title": "a", "text": "a", "show_from": "2026-12-01", "hide_from": "2026-12-01" }),
        ),
        ("POST", at("/notices"), json!({ "title": "a", "text": "a", "hide_from": "x" })),
        ("PATCH", at("/notices/none"), json!({ "title": "a" })),
        ("PUT", at("/outage"), json!({})),
        ("PUT", at("/outage"), json!({ "message": "", "prevent_logins": false })),
        ("PUT", at("/outage"), json!({ "message": "x".repeat(9_999), "prevent_logins": false })),
        ("PUT", at("/outage"), json!({ "message": "x", "prevent_logins": 1 })),
        ("PUT", at("/outage"), json!({ "message": "x", "prevent_logins": false, "until": "soon" })),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": "all", "message": "x" })),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": [], "message": "" })),
        (
            "POST",
            at(&plan("/sign-offs")),
            json!({ "sessions": ["x"], "message": "x", "grace_seconds": 9_999_999 }),
        ),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": ["x"], "message": "x", "grace_seconds": -1 })),
        ("PATCH", at("/sessions/current"), json!({ "mode": "sleep" })),
        ("PATCH", at("/sessions/current"), json!({ "period": "none" })),
        ("PATCH", at("/sessions/current"), json!({ "activity": "x".repeat(999) })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "plan": "x" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "mode": "cover" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": "wrong" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "plan": "7~2026-2027~1" })),
    ];
    all_told(&office, &admin, &requests).await;
    let spaced = told_alike(&office, || {
        let write = office.write(Method::POST, &admin, &plan("/teachers"), &json!({ "id": "A" }));
        write.header("idempotency-key", "a b")
    });
    assert_eq!(spaced.await, [""; 0]);
    office.close().await;
}
