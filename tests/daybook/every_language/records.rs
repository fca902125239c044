//! Records, values and dates.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Office, plan};

use super::{all_told, told_alike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_records_and_dates() {
    let office = Office::open("languages_records").await;
    let admin = office.log_in("admin").await;
    office.made(&admin, "/teachers/GAUSS", json!({})).await;
    office.made(&admin, "/classes/1a", json!({ "class_teacher": "GAUSS" })).await;
    office.made(&admin, "/lessons/7", json!({ "hours_per_week": 1 })).await;
    let put = |path: &str, body: Json| ("PUT", plan(path), body);
    let post = |path: &str, body: Json| ("POST", plan(path), body);
    let patch = |path: &str, body: Json| ("PATCH", plan(path), body);
    let get = |path: &str| ("GET", plan(path), json!(null));
    let requests = [
        put("/teachers/X", json!([])),
        put("/teachers/X", json!({ "colour": "red" })),
        put("/teachers/X", json!({ "department": "none" })),
        put("/teachers/X", json!({ "department": 7, "week_target": "many", "long_name": 1 })),
        put("/teachers/X", json!({ "long_name": "a\u{1}", "text": "x".repeat(9_999) })),
        put("/teachers/X", json!({ "hours_per_day_min": -1, "hours_per_day_max": 9e9 })),
        put("/classes/X", json!({ "students": -1, "from": "yesterday", "to": 7 })),
        put("/lessons/8", json!({ "couplings": {} })),
        put("/lessons/8", json!({ "couplings": [{ "teacher": "none", "class": 1, "x": 2 }] })),
        put("/lessons/8", json!({ "hours_per_week": 100_000 })),
        put("/lessons/7/placements/1", json!({})),
        put("/lessons/7/placements/1", json!({ "day": 9, "hour": 99 })),
        put("/lessons/7/placements/1", json!({ "day": 6, "hour": 13 })),
        put("/lessons/7/placements/1", json!({ "day": 1, "hour": 1, "room": 7 })),
        put("/lessons/7/placements/1", json!({ "day": 1, "hour": 1, "room": "none" })),
        put("/lessons/7/placements/2", json!({ "day": 1, "hour": 1 })),
        put("/lessons/7/placements/1?period=none", json!({ "day": 1, "hour": 1 })),
        post("/teachers", json!({ "id": " a" })),
        post("/teachers", json!({ "id": "" })),
        post("/teachers", json!({ "id": "x".repeat(51) })),
        post("/teachers", json!({ "id": "GAUSS" })),
        patch("/teachers/GAUSS?period=none", json!({ "week_target": 1 })),
        patch("/teachers/GAUSS?period=1", json!({ "id": "EULER" })),
        patch("/teachers/GAUSS?merge=sometimes", json!({})),
        patch("/time-grid", json!({ "days": [] })),
        patch("/time-grid", json!({ "days": [7, 7], "hours": [{ "hour": 2, "from": "8", "to": "7" }] })),
        patch("/school-data", json!({ "time_zone": "Berlin", "cover_restricted_to_period": 1 })),
        put("/periods/2", json!({ "from": "2026-09-01", "to": "2027-01-31" })),
        put("/periods/2", json!({ "from": "2020-09-01", "to": "2020-01-31" })),
        put("/periods/2", json!({ "parent": "none" })),
        put("/holidays/H", json!({})),
        put("/absences/1", json!({ "of": "dog" })),
        put("/substitutions/1", json!({ "kind": "dance" })),
        get("/teachers?limit=0"),
        get("/teachers?after=x"),
        get("/teachers?colour=red"),
        get("/teachers?as_of=x"),
        get("/substitutions?date=x"),
        get("/teachers/NONE"),
        get("/timetable?date=x"),
        get("/timetable?class=1a&room=2"),
        get("/changes?wait=99"),
        get("/changes?after=x"),
    ];
    all_told(&office, &admin, &requests).await;
    let alike = told_alike(&office, || {
        office
            .request(Method::DELETE, &format!("/v1{}", plan("/teachers/GAUSS")), &admin)
            .header("if-match", "*")
    });
    assert_eq!(alike.await, [""; 0], "in use");
    // With the lock that they take, the rules of dates speak.
    let lock = office.lock(&admin, "periods").await;
    let mut alike = Vec::new();
    for (path, body) in [
        ("/periods/2", json!({})),
        ("/periods/2", json!({ "from": "2026-09-01" })),
        ("/periods/2", json!({ "from": "2026-07-01", "to": "2026-09-30" })),
        ("/periods/2", json!({ "from": "2027-03-01", "to": "2026-09-30" })),
        ("/periods/2", json!({ "from": "2026-09-01", "to": "2026-09-30", "parent": "none" })),
        ("/periods/2", json!({ "from": "2020-09-01", "to": "2028-09-30" })),
    ] {
        let make = || {
            let write = office.write(Method::PUT, &admin, &plan(path), &body);
            write.header("if-none-match", "*").header("daybook-lock", &lock)
        };
        alike.extend(told_alike(&office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
    office.close().await;
}
