//! The order in which a request is judged: with two faults, the earlier one is told.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use tests::office::{Office, PLAN, plan};

struct Asked<'a> {
    office: &'a Office,
    token: &'a str,
}

impl Asked<'_> {
    fn patch(&self, path: &str, body: &Json) -> RequestBuilder {
        self.office.write(Method::PATCH, self.token, &plan(path), body)
    }

    async fn expect(&self, what: &str, request: RequestBuilder, outcome: &str) -> Json {
        let answer = self.office.send(request).await;
        assert_eq!(answer.outcome(), outcome, "{what}: {}", answer.body);
        answer.body
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_faults_the_earlier_one_is_told() {
    let office = Office::open("order").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss"})).await;
    office.patch(&anna, &plan("/teachers/GAUSS"), &gauss.etag(), json!({"title": "Prof."})).await;
    let victor = office.log_in("victor").await;
    let (good, unknown) = (json!({"long_name": "x"}), json!({"colour": "red"}));
    let nowhere = "/v1/plans/1~2026-2027~1/teachers/GAUSS";

    let it = Asked { office: &office, token: "garbage" };
    it.expect(
        "401 before 404 plan",
        office.write(Method::PATCH, "garbage", &nowhere[3..], &good),
        "401 not-logged-in",
    )
    .await;
    it.expect("401 before 422", it.patch("/teachers/GAUSS", &unknown), "401 not-logged-in").await;

    let it = Asked { office: &office, token: &victor };
    it.expect(
        "404 plan before 403",
        office.write(Method::PATCH, &victor, &nowhere[3..], &good),
        "404 not-found",
    )
    .await;
    it.expect("403 before 404 record", it.patch("/teachers/NOBODY", &good), "403 not-permitted").await;
    it.expect("403 before 422", it.patch("/teachers/GAUSS", &unknown), "403 not-permitted").await;
    it.expect(
        "403 before a bad parameter",
        it.patch("/teachers/GAUSS?colour=red", &good),
        "403 not-permitted",
    )
    .await;
    it.expect(
        "403 before 400",
        it.patch("/teachers/GAUSS", &good).header("if-match", "bad"),
        "403 not-permitted",
    )
    .await;
    it.expect(
        "403 before a bad key",
        it.patch("/teachers/GAUSS", &good).header("idempotency-key", "a b"),
        "403 not-permitted",
    )
    .await;
    let remove =
        office.request(Method::DELETE, &format!("/v1{}?colour=red", plan("/teachers/GAUSS")), &victor);
    it.expect("403 before a bad parameter of DELETE", remove, "403 not-permitted").await;
    let list = office.request(Method::GET, "/v1/users?limit=0", &victor);
    it.expect("403 before 422 of a list", list, "403 not-permitted").await;
    let list = office.request(Method::GET, "/v1/plans/1~2026-2027~1/teachers?limit=0", &victor);
    it.expect("404 plan before 422 of a list", list, "404 not-found").await;

    let it = Asked { office: &office, token: &anna };
    let text = it.patch("/teachers/NOBODY", &good).header("content-type", "text/plain");
    it.expect("404 record before 415", text, "404 not-found").await;
    it.expect("404 record before 422", it.patch("/teachers/NOBODY", &unknown), "404 not-found").await;
    it.expect(
        "404 record before a bad parameter",
        it.patch("/teachers/NOBODY?colour=red", &good),
        "404 not-found",
    )
    .await;
    it.expect("404 record before 428", it.patch("/teachers/NOBODY", &good), "404 not-found").await;
    let broken = it.patch("/teachers/GAUSS", &good).body("{");
    it.expect("400 before 428", broken, "400 unreadable").await;
    it.expect("422 shape before 428", it.patch("/teachers/GAUSS", &unknown), "422 invalid").await;
    it.expect("a bad parameter before 428", it.patch("/teachers/GAUSS?colour=red", &good), "422 invalid")
        .await;
    let stale = it.patch("/teachers/GAUSS", &unknown).header("if-match", gauss.etag());
    it.expect("422 shape before 412", stale, "422 invalid").await;
    it.expect(
        "428 before 409 lock-missing",
        it.patch("/time-grid", &json!({"days": [1]})),
        "428 revision-missing",
    )
    .await;
    it.expect(
        "428 before a rule",
        it.patch("/teachers/GAUSS", &json!({"department": "?"})),
        "428 revision-missing",
    )
    .await;
    let both = it.patch("/time-grid", &json!({"days": [1]})).header("if-match", "\"old\"");
    let body = it.expect("409 lock-missing before 412", both, "409 lock-missing").await;
    assert_eq!(body["action"], "time-grid");
    let both = it.patch("/teachers/GAUSS", &json!({"department": "?"})).header("if-match", gauss.etag());
    it.expect("412 before a rule", both, "412 stale").await;

    let clara = office.log_in("clara").await;
    let session = office.patch(&clara, "/sessions/current", "*", json!({"mode": "cover"})).await;
    assert_eq!(session.outcome(), "200", "{}", session.body);
    let lesson = office.post(&anna, &plan("/lessons"), json!({"id": "1"})).await;
    assert_eq!(lesson.outcome(), "201", "{}", lesson.body);
    let blocked = it.patch("/lessons/1", &json!({"hours_per_week": 4})).header("if-match", "\"old\"");
    let body = it.expect("423 before 412", blocked, "423 blocked").await;
    assert_eq!((&body["rule"], &body["held_by"][0]["user"]), (&json!("cover"), &json!("clara")));
    let blocked =
        it.patch("/lessons/1", &json!({"couplings": [{"class": "?"}]})).header("if-match", lesson.etag());
    it.expect("423 before a rule", blocked, "423 blocked").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_the_group_does_not_cover_is_told_before_anything_in_it() {
    let office = Office::open("foreign").await;
    let admin = office.log_in_to_site("admin").await;
    for (group, plans) in [("others", json!(["999~*~*"])), ("ours", json!(["100234~*~*", "5~2026-2027~1"]))] {
        let body = json!({"id": group, "rights": ["read", "data", "timetable"], "plans": plans});
        assert_eq!(office.post(&admin, "/groups", body).await.outcome(), "201");
    }
    let foreign =
        office.post(&admin, "/tokens", json!({"name": "foreign", "group": "others"})).await.body["token"]
            .clone();
    let ours =
        office.post(&admin, "/tokens", json!({"name": "ours", "group": "ours"})).await.body["token"].clone();
    let (foreign, ours) = (foreign.as_str().unwrap(), ours.as_str().unwrap());
    assert_eq!(office.get(ours, &plan("/teachers")).await.outcome(), "200");
    assert_eq!(office.get(ours, "/plans").await.body["items"][0]["plan"], PLAN);
    assert_eq!(office.get(foreign, "/plans").await.body["items"], json!([]));
    for path in
        ["", "/teachers", "/teachers/GAUSS", "/timetable", "/changes", "/sessions", "/locks", "/collisions"]
    {
        let answer = office.get(foreign, &plan(path)).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["right"]),
            ("403 not-permitted", &json!("plan")),
            "{path}"
        );
    }
    let written = office.create(foreign, &plan("/teachers/X"), json!({"colour": 1})).await;
    assert_eq!((written.outcome().as_str(), &written.body["right"]), ("403 not-permitted", &json!("plan")));
    let entering = office.request(Method::POST, "/v1/sessions", foreign).json(&json!({"plan": PLAN}));
    let entering = office.send(entering).await;
    assert_eq!((entering.outcome().as_str(), &entering.body["right"]), ("403 not-permitted", &json!("plan")));
    office.close().await;
}
