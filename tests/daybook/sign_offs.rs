//! Signing others off, with and without a grace, and keeping the plan shut for the lock that is wanted.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value as Json, json};
use sqlx::Connection;
use tests::audit::Audit;
use tests::doings::text;
use tests::office::{Answer, Office, PLAN, plan};

async fn sign_off(office: &Office, token: &str, body: Json) -> Answer {
    office.post(token, &plan("/sign-offs"), body).await
}

async fn session_of(office: &Office, token: &str) -> String {
    text(&office.get(token, "/sessions/current").await.body["session"])
}

fn time(json: &Json) -> DateTime<Utc> {
    json.as_str().unwrap_or_else(|| panic!("no time: {json}")).parse().unwrap()
}

/// The database's clock, as near as the service knows it.
fn now(office: &Office) -> DateTime<Utc> {
    office.service.as_ref().unwrap().desk.now()
}

/// Waits for the read models, which the service's own writes reach a moment later.
async fn until_here(office: &Office, token: &str, users: &[&str]) {
    for _ in 0..100 {
        if who_is_here(office, token).await == users {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are {:?}, not {users:?}", who_is_here(office, token).await);
}

async fn who_is_here(office: &Office, token: &str) -> Vec<String> {
    office.all(token, "/sessions").await.iter().map(|it| text(&it["user"])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_are_gone_at_once_and_learn_by_whom_and_why() {
    let office = Office::open("signoff").await;
    let (admin, anna) = (office.log_in("admin").await, office.log_in("anna").await);
    let victor = office.log_in("victor").await;
    let optimise = json!({ "action": "optimise", "periods": ["1"] });
    assert_eq!(office.post(&anna, &plan("/locks"), optimise).await.outcome(), "201");
    let gone = sign_off(&office, &admin, json!({ "sessions": "others", "message": "import at ten" })).await;
    assert_eq!(gone.outcome(), "202", "{}", gone.body);
    let items = gone.body["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|it| text(&it["user"])).collect::<Vec<_>>(), ["anna", "victor"]);
    // The node knows the database's clock only as well as the last reading of it.
    let at_once = |it: &Json| time(&it["ends_at"]) - now(&office) < TimeDelta::seconds(1);
    assert!(items.iter().all(|it| it["session"].is_string() && at_once(it)), "{items:?}");
    assert_eq!(who_is_here(&office, &admin).await, ["admin"]);
    assert_eq!(office.all(&admin, "/locks").await.len(), 0, "locks end with their session");
    for token in [&anna, &victor] {
        for _ in 0..2 {
            let late = office.get(token, "/sessions/current").await;
            assert_eq!(late.outcome(), "401 signed-off", "{}", late.body);
            assert_eq!((&late.body["by"], &late.body["message"]), (&json!("admin"), &json!("import at ten")));
            assert_eq!(time(&late.body["at"]), time(&items[0]["ends_at"]));
        }
        let written = office.create(token, &plan("/teachers/X"), json!({})).await;
        assert_eq!(written.outcome(), "401 signed-off");
        // The old token opens nothing any more; the password does.
        let back = office.request(Method::POST, "/v1/sessions", token).json(&json!({ "plan": PLAN }));
        assert_eq!(office.send(back).await.outcome(), "401 signed-off");
    }
    office.log_in("anna").await;
    let ended: Vec<Json> = office.changes(&admin).await;
    let ended: Vec<_> = ended.iter().filter(|it| it["type"] == "daybook.session.ended").collect();
    assert_eq!(ended.len(), 2);
    assert_eq!(
        (&ended[0]["data"]["by"], &ended[0]["data"]["message"]),
        (&json!("admin"), &json!("import at ten"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_grace_they_work_on_until_it_is_over() {
    let office = Office::open("grace").await;
    let (admin, anna) = (office.log_in("admin").await, office.log_in("anna").await);
    let victor = office.log_in("victor").await;
    let body =
        json!({ "sessions": [session_of(&office, &anna).await], "message": "soon", "grace_seconds": 4 });
    let told = sign_off(&office, &admin, body).await;
    assert_eq!(told.outcome(), "202", "{}", told.body);
    let items = told.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let left = time(&items[0]["ends_at"]) - now(&office);
    assert!(left > TimeDelta::zero() && left <= TimeDelta::milliseconds(4_900), "{left}");
    assert_eq!(office.create(&anna, &plan("/teachers/X"), json!({})).await.outcome(), "201");
    tokio::time::sleep(left.to_std().unwrap() + Duration::from_millis(500)).await;
    // Not when a sweep comes by, but with the first call.
    assert_eq!(office.create(&anna, &plan("/teachers/Y"), json!({})).await.outcome(), "401 signed-off");
    until_here(&office, &admin, &["admin", "victor"]).await;
    // Whoever does not call is signed off all the same.
    let body = json!({ "sessions": "others", "message": "now you", "grace_seconds": 1 });
    assert_eq!(sign_off(&office, &admin, body).await.outcome(), "202");
    until_here(&office, &admin, &["admin"]).await;
    assert_eq!(office.get(&victor, "/sessions/current").await.body["message"], "now you");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_kept_shut_until_the_wanted_lock_is_granted() {
    let office = Office::open("reserved").await;
    let (admin, anna) = (office.log_in("admin").await, office.log_in("anna").await);
    let body =
        json!({ "sessions": "others", "message": "import", "grace_seconds": 3, "lock": "data-import" });
    assert_eq!(sign_off(&office, &admin, body).await.outcome(), "202");
    let locks = plan("/locks");
    let lock = || office.post(&admin, &locks, json!({ "action": "data-import" }));
    assert_eq!(lock().await.outcome(), "409 not-alone");
    let shut = office.try_log_in("bert", json!({})).await;
    assert_eq!((shut.outcome().as_str(), &shut.body["rule"]), ("423 blocked", &json!("exclusive-lock")));
    let held = &shut.body["held_by"][0];
    assert_eq!((&held["user"], &held["action"]), (&json!("admin"), &json!("data-import")));
    assert!(held["since"].is_string());
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(office.get(&anna, "/sessions/current").await.outcome(), "401 signed-off");
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "423 blocked", "still kept shut");
    let granted = lock().await;
    assert_eq!(granted.outcome(), "201", "{}", granted.body);
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "423 blocked", "by the lock itself");
    let released = office.delete(&admin, &plan(&format!("/locks/{}", text(&granted.body["lock"])))).await;
    assert_eq!(released.outcome(), "204");
    office.log_in("anna").await;
    let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
    audit.assert_exclusive(&format!("plan/{PLAN}"));
    let count = |r#type: &str| audit.events.iter().filter(|event| event.r#type == r#type).count();
    assert_eq!((count("SignOffAnnounced"), count("ReservationEnded")), (1, 1));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_kept_shut_for_a_lock_that_nobody_takes_opens_again() {
    let office = Office::open("reopened").await;
    let admin = office.log_in("admin").await;
    let reserve = || {
        let body = json!({ "sessions": "others", "message": "import", "lock": "data-import" });
        sign_off(&office, &admin, body)
    };
    let nobody_there = reserve().await;
    assert_eq!((nobody_there.outcome().as_str(), &nobody_there.body["items"]), ("202", &json!([])));
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "423 blocked");
    // A minute later.
    let mut owner = sqlx::PgConnection::connect_with(&office.database.options).await.unwrap();
    sqlx::raw_sql("update daybook.deadline set passes_at = passes_at - interval '59 s'")
        .execute(&mut owner)
        .await
        .unwrap();
    let mut came = office.try_log_in("anna", json!({})).await;
    for _ in 0..100 {
        if came.outcome() == "201" {
            break;
        }
        assert_eq!(came.outcome(), "423 blocked");
        tokio::time::sleep(Duration::from_millis(50)).await;
        came = office.try_log_in("anna", json!({})).await;
    }
    assert_eq!(came.outcome(), "201");
    assert_eq!(reserve().await.outcome(), "202");
    assert_eq!(office.try_log_in("bert", json!({})).await.outcome(), "423 blocked");
    office.log_out(&admin).await;
    office.log_in("bert").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_signed_off_is_told_with_its_place() {
    let office = Office::open("faults").await;
    let (admin, anna) = (office.log_in("admin").await, office.log_in("anna").await);
    let (own, hers) = (session_of(&office, &admin).await, session_of(&office, &anna).await);
    let pointers = |answer: &Answer| -> Vec<String> {
        let errors = answer.body["errors"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
        errors.iter().map(|error| text(&error["pointer"])).collect()
    };
    let unknown = "00000000-0000-7000-8000-000000000000";
    for (body, at) in [
        (json!({ "sessions": [hers, own], "message": "x" }), vec!["/sessions/1"]),
        (json!({ "sessions": [unknown, "nonsense"], "message": "x" }), vec!["/sessions/0", "/sessions/1"]),
        (json!({ "sessions": [], "message": "x" }), vec!["/sessions"]),
        (json!({ "sessions": "others", "message": "" }), vec!["/message"]),
        (json!({ "sessions": "others", "message": "x", "grace_seconds": 100_000 }), vec!["/grace_seconds"]),
        (json!({ "sessions": "others", "message": "x", "grace_seconds": -1 }), vec!["/grace_seconds"]),
        (json!({ "sessions": "all", "message": "x" }), vec!["/sessions"]),
        (json!({ "sessions": "others", "message": "x", "lock": "dance" }), vec!["/lock"]),
    ] {
        let answer = sign_off(&office, &admin, body.clone()).await;
        assert_eq!(answer.outcome(), "422 invalid", "{body}");
        assert_eq!(pointers(&answer), at, "{body}");
    }
    for body in [json!({ "message": "x" }), json!({ "sessions": "others" })] {
        assert_eq!(sign_off(&office, &admin, body.clone()).await.outcome(), "422 invalid", "{body}");
    }
    let refused = sign_off(&office, &anna, json!({ "sessions": "others", "message": "x" })).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("users")));
    assert_eq!(who_is_here(&office, &admin).await.len(), 2);
    // From outside the plan, where somebody holds an exclusive lock that lets nobody in.
    office.log_out(&admin).await;
    assert_eq!(office.post(&anna, &plan("/locks"), json!({ "action": "time-grid" })).await.outcome(), "201");
    assert_eq!(office.try_log_in("admin", json!({})).await.outcome(), "423 blocked");
    let outside = office.log_in_to_site("admin").await;
    let body = json!({ "sessions": "others", "message": "x", "lock": "time-grid" });
    let reserving = sign_off(&office, &outside, body).await;
    assert_eq!(
        (reserving.outcome().as_str(), &reserving.body["right"]),
        ("403 not-permitted", &json!("plan"))
    );
    let key = uuid::Uuid::now_v7().to_string();
    let send = || {
        let request = office.request(Method::POST, &format!("/v1{}", plan("/sign-offs")), &outside);
        let request = request.header("idempotency-key", &key);
        office.send(request.json(&json!({ "sessions": [hers], "message": "you have it for hours" })))
    };
    let (first, again) = (send().await, send().await);
    assert_eq!((first.outcome().as_str(), again.outcome().as_str()), ("202", "202"));
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    office.log_in("admin").await;
    office.close().await;
}
