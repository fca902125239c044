//! Bad input at every door: the right code, and nothing stored.

use reqwest::Method;
use serde_json::json;
use tests::office::{Office, plan};

/// Doors that take a JSON body from an administrator in the plan, with the headers that they want.
const DOORS: &[(&str, &str)] = &[
    ("PUT", "/plans/100234~2026-2027~1/teachers/NEW"),
    ("POST", "/plans/100234~2026-2027~1/lessons"),
    ("PATCH", "/plans/100234~2026-2027~1/teachers/GAUSS"),
    ("PUT", "/plans/100234~2026-2027~1/lessons/1/placements/1"),
    ("PATCH", "/plans/100234~2026-2027~1/time-grid"),
    ("PATCH", "/plans/100234~2026-2027~1/school-data"),
    ("POST", "/plans/100234~2026-2027~1/locks"),
    ("PATCH", "/plans/100234~2026-2027~1"),
    ("POST", "/plans"),
    ("POST", "/users"),
    ("PUT", "/users/me/password"),
    ("POST", "/groups"),
    ("POST", "/tokens"),
    ("PATCH", "/sessions/current"),
    ("POST", "/sessions"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_refused_at_every_door_and_nothing_is_stored() {
    let office = Office::open("doors").await;
    let admin = office.log_in("admin").await;
    office.made(&admin, "/teachers/GAUSS", json!({})).await;
    office.made(&admin, "/lessons/1", json!({"hours_per_week": 1})).await;
    let head = office.head().await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: Vec<(Vec<u8>, &[&str])> = vec![
        (b"".to_vec(), &["400 unreadable"]),
        (b"{".to_vec(), &["400 unreadable"]),
        (b"{} {}".to_vec(), &["400 unreadable"]),
        (b"\xff\xfe".to_vec(), &["400 unreadable"]),
        (b"{\"text\": NaN}".to_vec(), &["400 unreadable"]),
        (b"{\"text\": \"\\ud800\"}".to_vec(), &["400 unreadable"]),
        (b"{\"text\": \"a\", \"text\": \"b\"}".to_vec(), &["400 unreadable", "422 invalid"]),
        (deep.into_bytes(), &["400 unreadable"]),
        (b"[]".to_vec(), &["422 invalid"]),
        (b"7".to_vec(), &["422 invalid"]),
        (b"null".to_vec(), &["422 invalid"]),
        (b"{\"colour\": \"red\"}".to_vec(), &["422 invalid"]),
        (format!("{{\"text\": \"{}\"}}", "x".repeat(1 << 20)).into_bytes(), &["413 too-large"]),
    ];
    for (method, path) in DOORS {
        let send = |media: &str, body: Vec<u8>| {
            let mut request = office.request(method.parse().unwrap(), &format!("/v1{path}"), &admin);
            let is_new = *method == "PUT" && !path.starts_with("/users");
            request =
                if is_new { request.header("if-none-match", "*") } else { request.header("if-match", "*") };
            office.send(request.header("content-type", media).body(body))
        };
        for (body, outcomes) in &bodies {
            let answer = send("application/json", body.clone()).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert!(
                outcomes.contains(&answer.outcome().as_str()),
                "{method} {path} {shown}: {}",
                answer.body
            );
            assert!(
                !answer.outcome().starts_with('4')
                    || answer.outcome() == "413 too-large"
                    || answer.body["errors"].is_array(),
                "{}",
                answer.body
            );
        }
        for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"] {
            assert_eq!(
                send(media, b"{}".to_vec()).await.outcome(),
                "415 media-type",
                "{method} {path} {media}"
            );
        }
    }
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absurd_plans_are_not_found_and_make_nothing() {
    let office = Office::open("absurd").await;
    let admin = office.log_in("admin").await;
    let head = office.head().await;
    let long = "x".repeat(4_000);
    for name in [
        "1",
        "~~",
        "~~~",
        "100234~2026-2027",
        "100234~2026-2027~01",
        "100234~2026-2027~0",
        "100234~2026-2027~256",
        "100234~2026-2028~1",
        "100234~2026-2027~1~1",
        "%20~2026-2027~1",
        "%00~2026-2027~1",
        "%2F~2026-2027~1",
        "999~2026-2027~1",
        "..~2026-2027~1",
        "'%3B--~2026-2027~1",
        &long,
    ] {
        for path in ["", "/teachers", "/changes", "/timetable"] {
            let answer = office.get(&admin, &format!("/plans/{name}{path}")).await;
            assert_eq!(answer.outcome(), "404 not-found", "{name}{path}");
        }
        let written = office.create(&admin, &format!("/plans/{name}/teachers/X"), json!({})).await;
        assert_eq!(written.outcome(), "404 not-found", "{name}");
        let locked =
            office.post(&admin, &format!("/plans/{name}/locks"), json!({"action": "data-import"})).await;
        assert_eq!(locked.outcome(), "404 not-found", "{name}");
    }
    assert_eq!(office.get(&admin, "/plans/%FF").await.outcome(), "400 unreadable");
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_one_plan_writes_in_no_other_but_may_do_what_concerns_the_site() {
    let office = Office::open("otherplan").await;
    let admin = office.log_in("admin").await;
    let made = office.post(&admin, "/plans", json!({"school": "5", "year": "2026-2027", "version": 1})).await;
    assert_eq!(made.outcome(), "201", "a site write takes any token: {}", made.body);
    let token = office.post(&admin, "/tokens", json!({"name": "x", "group": "viewers"})).await;
    assert_eq!(token.outcome(), "201", "{}", token.body);
    let head = office.head().await;
    let other = "/plans/5~2026-2027~1";
    for (method, path, body) in [
        (Method::PUT, "/teachers/X", json!({})),
        (Method::POST, "/lessons", json!({})),
        (Method::POST, "/locks", json!({"action": "data-import"})),
        (Method::PATCH, "/time-grid", json!({"days": [1]})),
    ] {
        let write = office.write(method, &admin, &format!("{other}{path}"), &body);
        let write = if path == "/teachers/X" {
            write.header("if-none-match", "*")
        } else {
            write.header("if-match", "*")
        };
        let answer = office.send(write).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["right"]),
            ("403 not-permitted", &json!("plan")),
            "{path}"
        );
    }
    assert_eq!(office.get(&admin, &format!("{other}/teachers")).await.outcome(), "200");
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_headers_are_refused_and_nothing_is_stored() {
    let office = Office::open("headers").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let head = office.head().await;
    let gauss = plan("/teachers/GAUSS");
    let body = json!({"title": "Dr."});
    for (header, value) in [
        ("if-match", "1"),
        ("if-match", "\"a\" \"b\""),
        ("if-match", "*, \"a\""),
        ("if-none-match", "x"),
        ("idempotency-key", "a b"),
        ("daybook-lock", "a b"),
    ] {
        let write = office.write(Method::PATCH, &anna, &gauss, &body).header(header, value);
        let write = if header == "if-match" { write } else { write.header("if-match", "*") };
        assert_eq!(office.send(write).await.outcome(), "400 unreadable", "{header}: {value}");
        let remove = office.request(Method::DELETE, &format!("/v1{gauss}"), &anna).header(header, value);
        let remove = if header == "if-match" { remove } else { remove.header("if-match", "*") };
        assert_eq!(office.send(remove).await.outcome(), "400 unreadable", "DELETE {header}: {value}");
    }
    for parameter in ["colour=red", "period=9", "period=1&period=1", "merge=all"] {
        let write = office
            .write(Method::PATCH, &anna, &format!("{gauss}?{parameter}"), &body)
            .header("if-match", "*");
        assert_eq!(office.send(write).await.outcome(), "422 invalid", "{parameter}");
    }
    assert_eq!(office.head().await, head);
    office.close().await;
}
