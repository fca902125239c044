//! Optimisations: begun with a lock, their result taken through it, all or nothing.

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, plan};

async fn start(office: &Office, token: &str, periods: Json) -> Answer {
    office.post(token, &plan("/optimisations"), json!({ "periods": periods })).await
}

async fn result(office: &Office, token: &str, id: &str, placements: Json) -> Answer {
    office
        .post(token, &plan(&format!("/optimisations/{id}/result")), json!({ "placements": placements }))
        .await
}

/// A lesson of so many hours a week.
async fn lesson(office: &Office, token: &str, id: &str, hours: u64) {
    office.made(token, &format!("/lessons/{id}"), json!({ "hours_per_week": hours })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_result_comes_through_the_lock_while_everybody_else_waits() {
    let office = Office::open("optimisation").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    lesson(&office, &anna, "7", 2).await;
    office.made(&anna, "/rooms/R1", json!({})).await;
    let placed =
        office.made(&anna, "/lessons/7/placements/1", json!({ "day": 1, "hour": 1, "week": "A" })).await;
    let begun = start(&office, &anna, json!(["1"])).await;
    assert_eq!(begun.outcome(), "201", "{}", begun.body);
    assert_eq!((&begun.body["action"], &begun.body["periods"]), (&json!("optimise"), &json!(["1"])));
    let id = text(&begun.body["optimisation"]);
    assert_eq!(begun.body["lock"], begun.body["optimisation"]);
    for token in [&anna, &bert] {
        let edit = office.patch(token, &plan("/lessons/7/placements/1"), "*", json!({ "day": 2 })).await;
        assert_eq!((edit.outcome().as_str(), &edit.body["rule"]), ("423 blocked", &json!("optimisation")));
    }
    assert_eq!(start(&office, &bert, json!(["1"])).await.outcome(), "409 lock-refused");
    let hour = |n: u64, day: u64| json!({ "lesson": "7", "n": n, "period": "1", "day": day, "hour": 3 });
    assert_eq!(result(&office, &bert, &id, json!([hour(1, 2)])).await.outcome(), "403 not-permitted");
    let bad = json!([hour(1, 2), hour(3, 2), { "lesson": "7", "n": 2, "period": "1", "day": 9, "hour": 1 }]);
    let refused = result(&office, &anna, &id, bad).await;
    assert_eq!(refused.outcome(), "422 invalid", "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/placements/2/day");
    let refused = result(&office, &anna, &id, json!([hour(1, 2), hour(3, 2)])).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/placements/1/n", "{}", refused.body);
    for (bad, pointer) in [
        (json!({ "lesson": "7", "n": 1, "period": "1", "day": 1 }), "/placements/0/hour"),
        (json!({ "lesson": "7", "n": 0, "period": "1", "day": 1, "hour": 1 }), "/placements/0/n"),
        (
            json!({ "lesson": "7", "n": 1, "period": "1", "day": 1, "hour": 1, "length": 2 }),
            "/placements/0/length",
        ),
        (json!({ "lesson": "7", "n": 1, "period": "9", "day": 1, "hour": 1 }), "/placements/0/period"),
        (
            json!({ "lesson": "7", "n": 1, "period": "1", "day": 1, "hour": 1, "room": "R9" }),
            "/placements/0/room",
        ),
    ] {
        let refused = result(&office, &anna, &id, json!([bad])).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(pointer))
        );
    }
    let taken = result(&office, &anna, &id, json!([hour(1, 2), hour(2, 4)])).await;
    assert_eq!((taken.outcome().as_str(), &taken.body["placed"]), ("200", &json!(2)), "{}", taken.body);
    assert!(taken.body["position"].is_string());
    let moved = office.get(&anna, &plan("/lessons/7/placements/1")).await;
    assert_eq!(
        (&moved.body["day"], &moved.body["week"]),
        (&json!(2), &json!("A")),
        "what is not named stays"
    );
    assert_ne!(moved.etag(), placed.etag());
    // It is over: others edit again, and there is nothing left to take or to give up.
    let edit = office.patch(&bert, &plan("/lessons/7/placements/2"), "*", json!({ "day": 5 })).await;
    assert_eq!(edit.outcome(), "200", "{}", edit.body);
    assert_eq!(result(&office, &anna, &id, json!([])).await.outcome(), "409 lock-ended");
    assert_eq!(office.delete(&anna, &plan(&format!("/optimisations/{id}"))).await.outcome(), "204");
    assert_eq!(office.get(&anna, &plan("/locks")).await.body["items"], json!([]));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_frees_the_period_and_several_periods_take_being_alone() {
    let office = Office::open("optimise_many").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "periods").await;
    let second = json!({ "from": "2027-02-01", "to": "2027-07-31" });
    let write = office.write(reqwest::Method::PUT, &anna, &plan("/periods/2"), &second);
    let made = office.send(write.header("if-none-match", "*").header("daybook-lock", &lock)).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    lesson(&office, &anna, "7", 1).await;
    let bert = office.log_in("bert").await;
    assert_eq!(start(&office, &anna, json!(["1", "2"])).await.outcome(), "409 not-alone");
    assert_eq!(start(&office, &anna, json!([])).await.outcome(), "422 invalid");
    assert_eq!(start(&office, &anna, json!(["9"])).await.outcome(), "422 invalid");
    office.log_out(&bert).await;
    let begun = start(&office, &anna, json!(["1", "2"])).await;
    assert_eq!(
        (begun.outcome().as_str(), &begun.body["action"]),
        ("201", &json!("optimise-many")),
        "{}",
        begun.body
    );
    let id = text(&begun.body["optimisation"]);
    assert_eq!(office.try_log_in("bert", json!({})).await.outcome(), "423 blocked");
    let own = office.create(&anna, &plan("/lessons/7/placements/1"), json!({ "day": 1, "hour": 1 })).await;
    assert_eq!(own.outcome(), "423 blocked", "{}", own.body);
    assert_eq!(office.delete(&anna, &plan(&format!("/optimisations/{id}"))).await.outcome(), "204");
    assert_eq!(
        office.delete(&anna, &plan(&format!("/optimisations/{id}"))).await.outcome(),
        "409 lock-ended"
    );
    assert_eq!(office.delete(&anna, &plan("/optimisations/nothing")).await.outcome(), "404 not-found");
    let begun = start(&office, &anna, json!(["2", "1"])).await;
    let id = text(&begun.body["optimisation"]);
    let hours =
        ["1", "2"].map(|period| json!({ "lesson": "7", "n": 1, "period": period, "day": 2, "hour": 2 }));
    let taken = result(&office, &anna, &id, json!(hours)).await;
    assert_eq!((taken.outcome().as_str(), &taken.body["placed"]), ("200", &json!(2)), "{}", taken.body);
    office.log_in("bert").await;
    office.close().await;
}

/// Fifty lessons of a thousand hours: the largest result there may be, in one append.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_hours_are_placed_at_once() {
    let office = Office::open("optimise_50000").await;
    let anna = office.log_in("anna").await;
    let lessons: Vec<Json> = (1..=50)
        .map(|id| json!({ "verb": "PUT", "path": format!("lessons/{id}"), "body": { "hours_per_week": 1000 } }))
        .collect();
    let made = office.post(&anna, &plan("/batch"), json!({ "changes": lessons })).await;
    assert_eq!(made.outcome(), "200", "{}", made.body);
    let id = text(&start(&office, &anna, json!(["1"])).await.body["optimisation"]);
    let hours: Vec<Json> = (0..50_000_u64)
        .map(|i| json!({ "lesson": (i / 1_000 + 1).to_string(), "n": i % 1_000 + 1, "period": "1", "day": i % 5 + 1, "hour": i % 12 + 1 }))
        .collect();
    let began = std::time::Instant::now();
    let taken = result(&office, &anna, &id, json!(hours)).await;
    eprintln!("50,000 hours took {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!((taken.outcome().as_str(), &taken.body["placed"]), ("200", &json!(50_000)), "{}", taken.body);
    let last = office.get(&anna, &plan("/lessons/50/placements/1000")).await;
    assert_eq!((last.outcome().as_str(), &last.body["day"]), ("200", &json!(49_999 % 5 + 1)));
    // One hour of the last lesson is changed within a large plan: a batch lays hands on a copy of it.
    let began = std::time::Instant::now();
    let one = json!([{ "verb": "PATCH", "path": "lessons/50/placements/1000", "if_match": "*", "body": { "hour": 1 } }]);
    let done = office.post(&anna, &plan("/batch"), json!({ "changes": one })).await;
    eprintln!("a batch of one change in a plan of 50,000 records took {:?}", began.elapsed());
    assert_eq!(done.outcome(), "200", "{}", done.body);
    // And the plan is copied whole.
    let lock = office.lock(&anna, "new-school-year").await;
    let copy =
        json!({ "school": "100234", "year": "2026-2027", "version": 2, "copy_of": tests::office::PLAN });
    let began = std::time::Instant::now();
    let write = office.write(reqwest::Method::POST, &anna, "/plans", &copy).header("daybook-lock", lock);
    let made = office.send(write).await;
    eprintln!("copying 50,000 records took {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(
        (made.outcome().as_str(), &made.body["counts"]["placements"]),
        ("201", &json!(50_000)),
        "{}",
        made.body
    );
    office.close().await;
}
