//! Logging in and out, and how sessions end.

use std::time::Duration;

use api::desk::Terms;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

fn time(json: &Json) -> DateTime<Utc> {
    json.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mode_and_period_follow_rights_and_date_unless_they_are_named() {
    let office = Office::open("defaults").await;
    for (user, group, mode) in [
        ("anna", "planners", "timetable"),
        ("victor", "viewers", "read"),
        ("clara", "cover-planners", "read"),
    ] {
        let session = office.try_log_in(user, json!({})).await;
        assert_eq!(session.outcome(), "201", "{}", session.body);
        let body = &session.body;
        assert_eq!(
            (&body["user"], &body["group"], &body["plan"]),
            (&json!(user), &json!(group), &json!(PLAN))
        );
        assert_eq!(
            (&body["mode"], &body["period"], &body["activity"]),
            (&json!(mode), &json!("1"), &json!(null))
        );
        assert_eq!(
            time(&body["expires_at"]) - time(&body["logged_in_at"]),
            chrono::TimeDelta::hours(12),
            "{body}"
        );
        let current = office.get(&text(&body["token"]), "/sessions/current").await;
        assert_eq!(current.body["expires_at"], body["expires_at"]);
        assert_eq!(current.outcome(), "200");
        assert_eq!(
            (&current.body["session"], &current.body["logged_in_at"]),
            (&body["session"], &body["logged_in_at"])
        );
        assert_eq!(current.body.get("token"), None);
    }
    let cover = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!((cover.outcome().as_str(), &cover.body["mode"]), ("201", &json!("cover")));
    let refused = |user, more, right: &'static str| {
        let office = &office;
        async move {
            let answer = office.try_log_in(user, more).await;
            assert_eq!(
                (answer.outcome().as_str(), &answer.body["right"]),
                ("403 not-permitted", &json!(right))
            );
        }
    };
    refused("anna", json!({"mode": "cover"}), "cover").await;
    refused("victor", json!({"mode": "timetable"}), "timetable").await;
    for (more, outcome) in [
        (json!({"period": "9"}), "422 invalid"),
        (json!({"mode": "dance"}), "422 invalid"),
        (json!({"colour": 1}), "422 invalid"),
        (json!({"plan": "nonsense"}), "422 invalid"),
        (json!({"plan": "1~2026-2027~1"}), "404 not-found"),
        (json!({"password": "wrong password", "plan": "1~2026-2027~1"}), "401 not-logged-in"),
    ] {
        assert_eq!(office.try_log_in("anna", more.clone()).await.outcome(), outcome, "{more}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_session_is_present_in_no_plan() {
    let office = Office::open("site").await;
    let victor = office.log_in("victor").await;
    let site = office.log_in_to_site("anna").await;
    let current = office.get(&site, "/sessions/current").await;
    assert_eq!((&current.body["plan"], &current.body["mode"]), (&json!(null), &json!(null)));
    assert_eq!(office.get(&site, &plan("/teachers")).await.outcome(), "200");
    let here = office.all(&victor, "/sessions").await;
    assert_eq!(here.iter().map(|it| text(&it["user"])).collect::<Vec<_>>(), ["victor"]);
    let written = office.create(&site, &plan("/teachers/X"), json!({})).await;
    assert_eq!((written.outcome().as_str(), &written.body["right"]), ("403 not-permitted", &json!("plan")));
    assert_eq!(
        office.patch(&site, "/sessions/current", "*", json!({"mode": "read"})).await.outcome(),
        "422 invalid"
    );
    let program = office.api_token("reader", "planners").await;
    assert_eq!(office.get(&program, &plan("/teachers")).await.outcome(), "200");
    assert_eq!(office.get(&program, "/sessions/current").await.outcome(), "404 not-found");
    let written = office.create(&program, &plan("/teachers/X"), json!({})).await;
    assert_eq!((written.outcome().as_str(), &written.body["right"]), ("403 not-permitted", &json!("plan")));
    let entered = office.request(Method::POST, "/v1/sessions", &program).json(&json!({"plan": PLAN}));
    let entered = office.send(entered).await;
    assert_eq!(
        (entered.outcome().as_str(), &entered.body["user"]),
        ("201", &json!("token:reader")),
        "{}",
        entered.body
    );
    let written = office.create(&text(&entered.body["token"]), &plan("/teachers/X"), json!({})).await;
    assert_eq!((written.outcome().as_str(), &written.body["changed"]["by"]), ("201", &json!("token:reader")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_changes_what_it_does_and_others_see_it() {
    let office = Office::open("activity").await;
    let (anna, clara) = (office.log_in("anna").await, office.log_in("clara").await);
    let patch = |token: &str, body: Json| {
        let write = office.write(Method::PATCH, token, "/sessions/current", &body);
        office.send(write)
    };
    let changed = patch(&anna, json!({"activity": "classes"})).await;
    assert_eq!((changed.outcome().as_str(), &changed.body["activity"]), ("200", &json!("classes")));
    let head = office.head().await;
    assert_eq!(patch(&anna, json!({"activity": "classes", "mode": "timetable"})).await.outcome(), "200");
    assert_eq!(office.head().await, head, "nothing changed");
    assert_eq!(office.all(&clara, "/sessions").await[0]["activity"], "classes");
    assert_eq!(patch(&anna, json!({"activity": null})).await.body["activity"], json!(null));
    assert_eq!(patch(&clara, json!({"mode": "cover", "period": "1"})).await.body["mode"], "cover");
    assert_eq!(patch(&clara, json!({"mode": "timetable"})).await.outcome(), "403 not-permitted");
    assert_eq!(patch(&anna, json!({"period": "9"})).await.outcome(), "422 invalid");
    assert_eq!(patch(&anna, json!({"user": "bert"})).await.outcome(), "422 invalid");
    assert_eq!(patch(&anna, json!({"mode": "read"})).await.outcome(), "200");
    let written = office.create(&anna, &plan("/teachers/X"), json!({})).await;
    assert_eq!((written.outcome().as_str(), &written.body["right"]), ("403 not-permitted", &json!("mode")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_log_out_the_token_is_good_for_nothing() {
    let office = Office::open("logout").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let out = office.delete(&anna, "/sessions/current").await;
    assert_eq!((out.outcome().as_str(), out.header("daybook-position").is_some()), ("204", true));
    assert_eq!(office.get(&anna, "/sessions/current").await.outcome(), "401 not-logged-in");
    assert_eq!(office.delete(&anna, "/sessions/current").await.outcome(), "401 not-logged-in");
    let back = office.request(Method::POST, "/v1/sessions", &anna).json(&json!({"plan": PLAN}));
    assert_eq!(office.send(back).await.outcome(), "401 not-logged-in");
    assert_eq!(office.all(&bert, "/sessions").await.len(), 1);
    for token in ["", "garbage", "dbk_garbage", &"x".repeat(5000)] {
        assert_eq!(office.get(token, "/plans").await.outcome(), "401 not-logged-in", "{token}");
    }
    let basic = office.client.get(format!("{}/v1/plans", office.base)).basic_auth("anna", Some(PASSWORD));
    assert_eq!(office.send(basic).await.outcome(), "401 not-logged-in");
    office.close().await;
}

/// Waits until the session of a token has ended, without being contact for it.
async fn until_gone(office: &Office, watcher: &str, user: &str) {
    for _ in 0..200 {
        if office.all(watcher, "/sessions").await.iter().all(|session| session["user"] != user) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{user} is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_heard_of_is_out_and_comes_back_with_his_old_token() {
    let terms = Terms { session_idle: Duration::from_secs(3), ..Terms::default() };
    let office = Office::with_terms("idle", terms).await;
    let watcher = office.api_token("watcher", "viewers").await;
    let began = office.try_log_in("clara", json!({"mode": "cover"})).await;
    let clara = text(&began.body["token"]);
    // Contact keeps a session: longer than it may be silent.
    for _ in 0..12 {
        assert_eq!(office.get(&clara, &plan("/teachers")).await.outcome(), "200");
        tokio::time::sleep(Duration::from_millis(350)).await;
    }
    until_gone(&office, &watcher, "clara").await;
    let late = office.get(&clara, "/sessions/current").await;
    assert_eq!(late.outcome(), "401 session-expired", "{}", late.body);
    assert!(late.body["at"].is_string(), "{}", late.body);
    let come_back =
        |body: Json| office.send(office.request(Method::POST, "/v1/sessions", &clara).json(&body));
    assert_eq!(come_back(json!({"plan": "100234~2026-2027~2"})).await.outcome(), "422 invalid");
    let back = come_back(json!({})).await;
    assert_eq!(back.outcome(), "201", "{}", back.body);
    for member in ["session", "token", "user", "plan", "mode", "period", "logged_in_at", "expires_at"] {
        assert_eq!(back.body[member], began.body[member], "{member}");
    }
    assert_eq!(office.get(&clara, "/sessions/current").await.outcome(), "200");
    let types: Vec<String> = office.changes(&watcher).await.iter().map(|it| text(&it["type"])).collect();
    assert_eq!(types[3..], ["daybook.session.started", "daybook.session.ended", "daybook.session.started"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_no_session_under_another_name() {
    let office = Office::open("other_name").await;
    let anna = office.log_in("anna").await;
    let by_token =
        |user: &'static str| office.post(&anna, "/sessions", json!({ "user": user, "plan": PLAN }));
    assert_eq!(by_token("bert").await.outcome(), "401 not-logged-in");
    assert_eq!(by_token("anna").await.outcome(), "201");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_by_its_age_whatever_it_does_and_does_not_come_back() {
    let terms = Terms { session_age: Duration::from_secs(2), ..Terms::default() };
    let office = Office::with_terms("age", terms).await;
    let anna = office.log_in("anna").await;
    let mut last = String::new();
    for _ in 0..100 {
        last = office.get(&anna, &plan("/teachers")).await.outcome();
        if last != "200" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(last, "401 session-expired");
    let back = office.request(Method::POST, "/v1/sessions", &anna).json(&json!({"plan": PLAN}));
    assert_eq!(office.send(back).await.outcome(), "401 session-expired");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let office = Office::open("unknown").await;
    let head = office.head().await;
    let mut answers: Vec<Answer> = Vec::new();
    for user in ["anna", "nobody"] {
        answers.push(office.try_log_in(user, json!({"password": "wrong password"})).await);
    }
    assert_eq!(answers[0].outcome(), "401 not-logged-in");
    assert_eq!(answers[0].body, answers[1].body);
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&answers[0]), names(&answers[1]));
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_failures_a_name_waits_and_others_do_not() {
    let office = Office::open("guessing").await;
    for _ in 0..12 {
        let good = office.log_in_to_site("bert").await;
        office.log_out(&good).await;
    }
    for _ in 0..10 {
        let wrong = office.try_log_in("anna", json!({"password": "wrong password"})).await;
        assert_eq!(wrong.outcome(), "401 not-logged-in");
    }
    let eleventh = office.try_log_in("anna", json!({})).await;
    assert_eq!(eleventh.outcome(), "429 too-many", "the right password does not help");
    let wait: u32 = eleventh.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(office.try_log_in("bert", json!({})).await.outcome(), "201");
    office.close().await;
}
