//! The status report, member by member.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, PASSWORD, PLAN, plan};
use tests::outages::announce;

/// The report once the read models have everything, the refusals too.
async fn report(office: &Office, admin: &str) -> Json {
    let answer = office.get_from(admin, "/status-report", office.head().await).await;
    assert_eq!(answer.outcome(), "200", "{}", answer.body);
    answer.body
}

/// The items that have these members.
fn having<'a>(list: &'a Json, members: &Json) -> Vec<&'a Json> {
    let has = |item: &&Json| members.as_object().unwrap().iter().all(|(name, value)| item[name] == *value);
    list.as_array().expect("a list").iter().filter(has).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_tells_who_is_there_and_who_stood_in_whose_way() {
    let office = Office::open("report").await;
    let admin = office.log_in_to_site("admin").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    office.log_in("victor").await;
    let second = office.try_log_in("anna", json!({ "mode": "read" })).await;
    assert_eq!(second.outcome(), "201");
    let activity = json!({ "activity": "placing" });
    let told = office.send(office.write(Method::PATCH, &bert, "/sessions/current", &activity)).await;
    assert_eq!(told.outcome(), "200");
    let room = office.made(&anna, "/rooms/R", json!({})).await;
    let optimise = json!({ "action": "optimise", "periods": ["1"] });
    let lock = office.post(&bert, &plan("/locks"), optimise.clone()).await;
    assert_eq!(lock.outcome(), "201", "{}", lock.body);
    let stale = office.patch(&anna, &plan("/rooms/R"), "\"old\"", json!({ "capacity": 1 })).await;
    let blocked = office.patch(&anna, &plan("/rooms/R"), &room.etag(), json!({ "capacity": 1 })).await;
    let not_alone = office.post(&anna, &plan("/locks"), json!({ "action": "data-import" })).await;
    let beside = office.post(&anna, &plan("/locks"), optimise.clone()).await;
    let again = office.post(&anna, &plan("/locks"), optimise).await;
    let outcomes = [stale, blocked, not_alone, beside, again].map(|answer| answer.outcome());
    // 423 comes before 412.
    let expected = ["423 blocked", "423 blocked", "409 not-alone", "409 lock-refused", "409 lock-refused"];
    assert_eq!(outcomes, expected);
    office.delete(&bert, &plan(&format!("/locks/{}", text(&lock.body["lock"])))).await;
    let stale = office.patch(&anna, &plan("/rooms/R"), "\"old\"", json!({ "capacity": 1 })).await;
    assert_eq!(stale.outcome(), "412 stale");
    let held = office.post(&bert, &plan("/locks"), json!({ "action": "optimise", "periods": ["1"] })).await;
    let blocked = office.patch(&anna, &plan("/rooms/R"), &room.etag(), json!({ "capacity": 1 })).await;
    assert_eq!((held.outcome().as_str(), blocked.outcome().as_str()), ("201", "423 blocked"));

    let told = report(&office, &admin).await;
    let users = &told["users"];
    assert_eq!(users["now"], json!({ "sessions": 5, "distinct": 4 }));
    assert_eq!(users["schools"], json!([{ "school": "100234", "sessions": 4, "distinct": 3 }]));
    let modes = json!({ "timetable": 2, "read": 2 });
    assert_eq!(users["plans"], json!([{ "plan": PLAN, "sessions": 4, "distinct": 3, "modes": modes }]));
    assert_eq!(users["quietest"]["sessions"], 1, "at first the administrator was alone");
    let first = having(&told["sessions"], &json!({ "user": "admin" }));
    assert_eq!(users["quietest"]["at"], first[0]["logged_in_at"]);
    let course = ["m5", "m15", "m60"].map(|window| users["course"][window].as_f64().expect("a number"));
    assert!(course.is_sorted_by(|one, next| one >= next), "all of them came a moment ago: {course:?}");

    assert_eq!(told["sessions"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        having(&told["sessions"], &json!({ "user": "bert", "plan": PLAN, "activity": "placing" })).len(),
        1
    );
    let locks = told["locks"].as_array().expect("a list");
    assert_eq!(locks.len(), 1, "{locks:?}");
    assert_eq!((&locks[0]["user"], &locks[0]["periods"]), (&json!("bert"), &json!(["1"])));
    assert_eq!((&locks[0]["plan"], &locks[0]["lock"]), (&json!(PLAN), &held.body["lock"]));
    let because = &locks[0]["refused"];
    assert_eq!(because.as_array().map(Vec::len), Some(1), "those of the lock before are not among them");
    assert_eq!((&because[0]["user"], &because[0]["code"]), (&json!("anna"), &json!("blocked")));

    let conflicts = &told["conflicts"];
    assert_eq!(
        conflicts["refused"],
        json!([
            { "plan": PLAN, "rule": "optimisation", "count": 3 },
            { "plan": PLAN, "rule": "stale", "count": 1 },
        ])
    );
    assert_eq!(
        conflicts["denied"],
        json!([
            { "plan": PLAN, "rule": "lock-refused", "count": 2, "actions": { "optimise": 2 } },
            { "plan": PLAN, "rule": "not-alone", "count": 1, "actions": { "data-import": 1 } },
        ])
    );
    assert_eq!(conflicts["records"], json!([{ "plan": PLAN, "record": "rooms/R", "count": 4 }]));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_tells_how_the_service_stands_and_stood() {
    let office = Office::open("reporter").await;
    let admin = office.log_in_to_site("admin").await;
    let quiet = report(&office, &admin).await;
    let service = &quiet["service"];
    assert_eq!((&service["state"], &service["outages"]), (&json!("open"), &json!([])));
    assert_eq!((&service["refused_logins"], &service["failed_logins"]), (&json!(0), &json!(0)));
    assert_eq!(service["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(service["nodes"].as_array().map(Vec::len), Some(1), "{service}");

    announce(&office, &admin, json!({ "message": "Until two.", "prevent_logins": true })).await;
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "503 gate-closed");
    let wrong = office.log_in_with(json!({ "user": "anna", "password": "wrong", "plan": PLAN })).await;
    assert_eq!(wrong.outcome(), "401 not-logged-in");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    let second = office.beside().await;
    let body = json!({ "message": "We rest.", "prevent_logins": false, "begin": true });
    let down = announce(&second, &admin, body).await;
    assert_eq!(down.outcome(), "200", "{}", down.body);

    let told = report(&office, &admin).await;
    let service = &told["service"];
    assert_eq!(service["state"], "down-announced", "it answers while nobody else is answered");
    assert_eq!(
        (&service["outage"]["message"], &service["outage"]["by"]),
        (&json!("We rest."), &json!("admin"))
    );
    assert_eq!(service["outage"]["down_at"], down.body["down_at"]);
    assert_eq!(service["contact"]["state"], "ok");
    assert!(service["contact"]["last_probe_at"].is_string());
    assert_eq!((&service["refused_logins"], &service["failed_logins"]), (&json!(1), &json!(1)));
    let past = service["outages"].as_array().expect("a list");
    assert_eq!(past.len(), 1, "{past:?}");
    assert_eq!((&past[0]["message"], &past[0]["reason"]), (&json!("Until two."), &json!("administrator")));
    assert_eq!((&past[0]["refused_logins"], &past[0]["prevent_logins"]), (&json!(1), &json!(true)));
    assert!(past[0]["gated_at"].is_string() && past[0]["ended_at"].is_string());
    let nodes = service["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 2, "{nodes:?}");
    assert!(nodes[0]["started_at"].as_str() > nodes[1]["started_at"].as_str(), "{nodes:?}");
    second.close().await;
    let began = Instant::now();
    while report(&office, &admin).await["service"]["nodes"].as_array().map(Vec::len) != Some(1) {
        assert!(began.elapsed() < Duration::from_secs(10), "a node that is gone does not live");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_tells_of_engine_and_notices() {
    let office = Office::open("engine").await;
    let admin = office.log_in_to_site("admin").await;
    for (title, dates) in [
        ("now", json!({})),
        ("soon", json!({ "show_from": "2100-01-01" })),
        ("gone", json!({ "hide_from": "2020-01-01" })),
        ("at once", json!({ "important": true })),
    ] {
        let mut body = json!({ "title": title, "text": "Read this." });
        body.as_object_mut().unwrap().extend(dates.as_object().unwrap().clone());
        assert_eq!(office.post(&admin, "/notices", body).await.outcome(), "201", "{title}");
    }
    let told = report(&office, &admin).await;
    let titles = |state: &str| -> Vec<String> {
        told["notices"][state].as_array().unwrap().iter().map(|it| text(&it["title"])).collect()
    };
    assert_eq!(titles("showing"), ["at once", "now"]);
    assert_eq!((titles("waiting"), titles("over")), (vec!["soon".to_owned()], vec!["gone".to_owned()]));
    let notice = &told["notices"]["showing"][1];
    assert_eq!((&notice["changed"]["by"], &notice["state"]), (&json!("admin"), &json!("showing")));
    let path = format!("/notices/{}", text(&notice["id"]));
    let late = office.patch(&admin, &path, "\"old\"", json!({ "title": "later" })).await;
    assert_eq!(late.outcome(), "412 stale");

    let told = report(&office, &admin).await;
    let stale = json!([{ "plan": null, "rule": "stale", "count": 1 }]);
    assert_eq!(told["conflicts"]["refused"], stale, "of no plan");
    let engine = &told["engine"];
    let head = format!("1.{}", office.head().await);
    assert_eq!((&engine["head"], &engine["epoch"]), (&json!(head), &json!(1)));
    assert!(engine["store_bytes"].as_i64() > Some(100_000), "{}", engine["store_bytes"]);
    assert!(engine["last_backup"].is_null() && engine["last_checkpoint"].is_null());
    let ready = office.send(office.request(Method::GET, "/readyz?verbose", &admin)).await;
    assert_eq!(ready.body["head"], head);
    let parts = ready.body["projections"].as_array().expect("a list");
    let projections = engine["projections"].as_array().expect("a list");
    assert_eq!((parts.len(), projections.len()), (projections::read_models().len(), parts.len()));
    for (part, projection) in parts.iter().zip(projections) {
        assert_eq!((&part["name"], &part["state"]), (&projection["name"], &projection["state"]));
        assert_eq!((&projection["lag_events"], &projection["lag_seconds"]), (&json!(0), &json!(0.0)));
        assert_eq!((&projection["position"], &projection["cause"]), (&json!(head), &Json::Null));
    }
    assert_eq!(ready.body["contact"]["state"], told["service"]["contact"]["state"]);
    assert_eq!(ready.body["outage"], told["service"]["state"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_is_for_those_who_keep_the_service() {
    let office = Office::open("reported").await;
    let made = office.log_in_to_site("admin").await;
    let keeper = json!({ "name": "martha", "group": "maintenance", "password": PASSWORD });
    assert_eq!(office.post(&made, "/users", keeper).await.outcome(), "201");
    let martha = office.log_in_to_site("martha").await;
    assert_eq!(office.get(&martha, "/status-report").await.outcome(), "200");
    assert_eq!(office.get(&martha, "/status-report?verbose=1").await.outcome(), "422 invalid");
    let anna = office.log_in("anna").await;
    let refused = office.get(&anna, "/status-report").await;
    assert_eq!(
        (refused.outcome().as_str(), &refused.body["right"]),
        ("403 not-permitted", &json!("maintenance"))
    );
    office.close().await;
}
