//! Several changes in one request: all of them or none.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, plan};

async fn batch(office: &Office, token: &str, changes: Json) -> Answer {
    office.post(token, &plan("/batch"), json!({ "changes": changes })).await
}

/// A lesson of two hours, placed on Monday and Tuesday; the tags of the two placements.
async fn placed(office: &Office, token: &str) -> [String; 2] {
    let made = batch(
        office,
        token,
        json!([
            { "verb": "PUT", "path": "teachers/GAUSS", "body": { "long_name": "Gauß" } },
            { "verb": "PUT", "path": "lessons/7", "body": { "hours_per_week": 2, "couplings": [{ "teacher": "GAUSS" }] } },
            { "verb": "PUT", "path": "/lessons/7/placements/1", "body": { "day": 1, "hour": 1 } },
            { "verb": "PUT", "path": plan("/lessons/7/placements/2?period=1"), "if_none_match": "*", "body": { "day": 2, "hour": 1 } },
        ]),
    )
    .await;
    assert_eq!(made.outcome(), "200", "{}", made.body);
    let items = made.body["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["status"] == 201), "{}", made.body);
    assert_eq!(items[0]["body"]["changed"]["position"], made.body["position"]);
    [text(&items[2]["etag"]), text(&items[3]["etag"])]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hours_are_swapped_in_one_write_and_everybody_sees_it_at_once() {
    let office = Office::open("batch").await;
    let anna = office.log_in("anna").await;
    let [first, second] = placed(&office, &anna).await;
    let head = office.head().await;
    let swapped = batch(
        &office,
        &anna,
        json!([
            { "verb": "PATCH", "path": "lessons/7/placements/1", "if_match": first, "body": { "day": 2 } },
            { "verb": "PATCH", "path": "lessons/7/placements/2", "if_match": second, "body": { "day": 1 } },
            { "verb": "PATCH", "path": "teachers/GAUSS", "if_match": "*", "body": { "long_name": "Gauß" } },
        ]),
    )
    .await;
    assert_eq!(swapped.outcome(), "200", "{}", swapped.body);
    assert_eq!(office.head().await, head + 2, "what is so already appends nothing");
    let items = swapped.body["items"].as_array().unwrap();
    assert_eq!((&items[0]["status"], &items[0]["body"]["day"]), (&json!(200), &json!(2)));
    for (n, day) in [(1, 2), (2, 1)] {
        let shown = office.get(&anna, &plan(&format!("/lessons/7/placements/{n}"))).await;
        assert_eq!((&shown.body["day"], shown.etag()), (&json!(day), text(&items[n - 1]["etag"])));
    }
    let changes = office.changes(&anna).await;
    let [.., one, two] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(
        (&one["subject"], &two["subject"]),
        (&json!("lessons/7/placements/1"), &json!("lessons/7/placements/2"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_that_fails_is_named_with_its_reason_and_nothing_is_written() {
    let office = Office::open("batch_fails").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let [first, _] = placed(&office, &anna).await;
    office.patch(&bert, &plan("/lessons/7/placements/1"), &first, json!({ "day": 4 })).await;
    let new = json!({ "verb": "POST", "path": "rooms", "body": { "id": "R1" } });
    for (change, outcome, pointer) in [
        (
            json!({ "verb": "PATCH", "path": "lessons/7/placements/1", "if_match": first, "body": { "day": 3 } }),
            "412 stale",
            "",
        ),
        (
            json!({ "verb": "PATCH", "path": "teachers/GAUSS", "body": { "title": "Dr." } }),
            "428 revision-missing",
            "",
        ),
        (
            json!({ "verb": "PATCH", "path": "teachers/NOBODY", "if_match": "*", "body": {} }),
            "404 not-found",
            "",
        ),
        (json!({ "verb": "PUT", "path": "teachers/GAUSS", "body": {} }), "412 stale", ""),
        (json!({ "verb": "DELETE", "path": "teachers/GAUSS", "if_match": "*" }), "409 in-use", ""),
        (json!({ "verb": "POST", "path": "rooms", "body": { "id": "R1" } }), "409 exists", ""),
        (
            json!({ "verb": "PATCH", "path": "time-grid", "if_match": "*", "body": { "days": [1] } }),
            "409 lock-missing",
            "",
        ),
        (
            json!({ "verb": "PUT", "path": "rooms/R2", "body": { "colour": "red" } }),
            "422 invalid",
            "/changes/1/body/colour",
        ),
        (json!({ "verb": "PUT", "path": "rooms/R2", "body": [] }), "422 invalid", "/changes/1/body"),
        (json!({ "verb": "GET", "path": "rooms/R2" }), "422 invalid", "/changes/1/verb"),
        (json!({ "verb": "PUT", "path": "imports" }), "422 invalid", "/changes/1/path"),
        (json!({ "verb": "PUT", "path": "/plans/7~2026-2027~1/rooms/R2" }), "422 invalid", "/changes/1/path"),
        (json!({ "verb": "PUT", "path": "rooms/R2?colour=red" }), "422 invalid", "/changes/1/path"),
        (
            json!({ "verb": "PUT", "path": "rooms/R2", "if_match": "W/nonsense\"" }),
            "422 invalid",
            "/changes/1/if_match",
        ),
    ] {
        let head = office.head().await;
        let refused = batch(&office, &anna, json!([new, change])).await;
        assert_eq!(refused.outcome(), outcome, "{change}: {}", refused.body);
        let failed = json!({ "index": 1, "verb": change["verb"], "path": change["path"] });
        assert_eq!(refused.body["failed"], failed, "{change}");
        if !pointer.is_empty() {
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{change}: {}", refused.body);
        }
        if outcome == "412 stale" && change["verb"] == "PATCH" {
            assert_eq!(
                (&refused.body["winner"]["user"], &refused.body["record"]),
                (&json!("bert"), &json!("lessons/7/placements/1"))
            );
        }
        let recorded = i64::from(["412 stale", "409 lock-missing"].contains(&outcome));
        assert_eq!(office.head().await, head + recorded, "{change}: only the refusal is recorded");
    }
    assert_eq!(office.get(&anna, &plan("/rooms/R1")).await.outcome(), "404 not-found");
    let many: Vec<Json> =
        (0..1_001).map(|_| json!({ "verb": "POST", "path": "rooms", "body": {} })).collect();
    let refused = batch(&office, &anna, json!(many)).await;
    assert_eq!(
        (refused.outcome().as_str(), &refused.body["errors"][0]["pointer"]),
        ("422 invalid", &json!("/changes"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_changes_are_one_write_with_numbers_given_by_the_server() {
    let office = Office::open("batch_many").await;
    let anna = office.log_in("anna").await;
    let many: Vec<Json> =
        (0..1_000).map(|_| json!({ "verb": "POST", "path": "rooms", "body": {} })).collect();
    let body = json!({ "changes": many });
    let write =
        || office.write(Method::POST, &anna, &plan("/batch"), &body).header("idempotency-key", "many");
    let made = office.send(write()).await;
    assert_eq!(made.outcome(), "200", "{}", made.body);
    assert_eq!(made.body["items"][999]["body"]["id"], "1000");
    let again = office.send(write()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &made.body));
    assert_eq!(office.all(&anna, "/rooms").await.len(), 1_000);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lock_serves_all_changes_and_disjoint_ones_pass() {
    let office = Office::open("batch_lock").await;
    let anna = office.log_in("anna").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let other = office.made(&anna, "/teachers/NOETHER", json!({})).await;
    for name in ["GAUSS", "NOETHER"] {
        office.patch(&anna, &plan(&format!("/teachers/{name}")), "*", json!({ "title": "Dr." })).await;
    }
    let lock = office.lock(&anna, "time-grid").await;
    let changes = json!({ "changes": [
        { "verb": "PATCH", "path": "time-grid", "if_match": "*", "body": { "days": [1, 2, 3] } },
        { "verb": "PATCH", "path": "teachers/GAUSS?merge=disjoint", "if_match": made.etag(), "body": { "text": "a" } },
        { "verb": "PATCH", "path": "teachers/NOETHER?merge=disjoint", "if_match": other.etag(), "body": { "text": "b" } },
    ] });
    let write = office.write(Method::POST, &anna, &plan("/batch"), &changes).header("daybook-lock", &lock);
    let done = office.send(write).await;
    assert_eq!(done.outcome(), "200", "{}", done.body);
    assert_eq!(done.body["items"][0]["body"]["days"], json!([1, 2, 3]));
    assert_eq!(
        (&done.body["items"][2]["body"]["title"], &done.body["items"][2]["body"]["text"]),
        (&json!("Dr."), &json!("b"))
    );
    office.close().await;
}
