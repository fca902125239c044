//! The conventions that hold for every path: revisions, positions, pages, names, problems, headers.

use reqwest::Method;
use serde_json::json;
use tests::doings::text;
use tests::office::{Office, plan};

const GAUSS: &str = "/teachers/GAUSS";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_needs_the_revision_it_was_based_on() {
    let office = Office::open("revisions").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    let body = json!({"long_name": "Gauß"});
    let bare = office.send(office.write(Method::PATCH, &anna, &plan(GAUSS), &body)).await;
    assert_eq!(bare.outcome(), "428 revision-missing");
    assert_eq!(office.patch(&anna, &plan(GAUSS), "\"nonsense\"", body.clone()).await.outcome(), "412 stale");
    let weak = format!("W/{}", gauss.etag());
    assert_eq!(office.patch(&anna, &plan(GAUSS), &weak, body.clone()).await.outcome(), "412 stale");
    assert_eq!(office.patch(&anna, &plan(GAUSS), "no tag", body.clone()).await.outcome(), "400 unreadable");
    let either = format!("\"other\", {}", gauss.etag());
    let changed = office.patch(&anna, &plan(GAUSS), &either, body.clone()).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!(changed.body["revision"], 2);
    let any = office.patch(&anna, &plan(GAUSS), "*", json!({"long_name": "G."})).await;
    assert_eq!(any.outcome(), "200", "{}", any.body);
    assert_eq!(office.delete(&anna, &plan(GAUSS)).await.outcome(), "428 revision-missing");
    assert_eq!(office.remove(&anna, &plan(GAUSS), &changed.etag()).await.outcome(), "412 stale");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_has_already_is_not_sent_again() {
    let office = Office::open("unchanged").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    for path in [GAUSS, "", "/time-grid", "/school-data"] {
        let first = office.get(&anna, &plan(path)).await;
        let again = office.request(Method::GET, &format!("/v1{}", plan(path)), &anna);
        let again = office.send(again.header("if-none-match", first.etag())).await;
        assert_eq!((again.outcome().as_str(), again.etag()), ("304", first.etag()), "{path}");
    }
    let changed = office.patch(&anna, &plan(GAUSS), &gauss.etag(), json!({"title": "Dr."})).await;
    let newer = office.request(Method::GET, &format!("/v1{}", plan(GAUSS)), &anna);
    let newer = office.send(newer.header("if-none-match", gauss.etag())).await;
    assert_eq!((newer.outcome().as_str(), newer.etag()), ("200", changed.etag()));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating_what_is_there_is_stale_and_says_what_is_there() {
    let office = Office::open("creating").await;
    let anna = office.log_in("anna").await;
    let created = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    assert_eq!(created.body["revision"], 1);
    assert_eq!(
        created.header("location").unwrap(),
        format!("/v1/plans/100234%7E2026%2D2027%7E1/teachers/GAUSS")
    );
    let again = office.create(&anna, &plan(GAUSS), json!({"long_name": "Other"})).await;
    assert_eq!(again.outcome(), "412 stale", "{}", again.body);
    assert_eq!(again.body["record"], "teachers/GAUSS");
    assert_eq!(again.body["current"]["long_name"], "Gauss");
    assert_eq!(again.body["winner"]["user"], "anna");
    assert_eq!(again.body["revision"], 1);
    let posted = office.post(&anna, &plan("/teachers"), json!({"id": "GAUSS"})).await;
    assert_eq!(posted.outcome(), "409 exists", "{}", posted.body);
    let bare = office.send(office.write(Method::PUT, &anna, &plan("/teachers/NEW"), &json!({}))).await;
    assert_eq!(bare.outcome(), "428 revision-missing");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_count_on_through_deletion() {
    let office = Office::open("deletion").await;
    let anna = office.log_in("anna").await;
    let first = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    let removed = office.remove(&anna, &plan(GAUSS), &first.etag()).await;
    assert_eq!(removed.outcome(), "204");
    assert!(removed.header("daybook-position").is_some());
    assert_eq!(office.get(&anna, &plan(GAUSS)).await.outcome(), "404 not-found");
    let late = office.put(&anna, &plan(GAUSS), &first.etag(), json!({"long_name": "x"})).await;
    assert_eq!(late.outcome(), "412 stale", "{}", late.body);
    assert_eq!(late.body["current"], json!(null));
    assert_eq!(late.body["winner"]["user"], "anna");
    let second = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    assert_eq!(second.body["revision"], 3, "{}", second.body);
    assert_eq!(
        office.patch(&anna, &plan(GAUSS), &first.etag(), json!({"title": "x"})).await.outcome(),
        "412 stale"
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_changes_nothing_appends_nothing() {
    let office = Office::open("noop").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, GAUSS, json!({"long_name": "Gauss"})).await;
    let head = office.head().await;
    let same = office.patch(&anna, &plan(GAUSS), &gauss.etag(), json!({"long_name": "Gauss"})).await;
    assert_eq!((same.outcome().as_str(), same.etag()), ("200", gauss.etag()), "{}", same.body);
    assert_eq!(same.body, gauss.body);
    assert!(same.header("daybook-position").is_some());
    let put = office.put(&anna, &plan(GAUSS), &gauss.etag(), json!({"long_name": "Gauss"})).await;
    assert_eq!((put.outcome().as_str(), put.etag()), ("200", gauss.etag()));
    let empty = office.patch(&anna, &plan(GAUSS), &gauss.etag(), json!({})).await;
    assert_eq!((empty.outcome().as_str(), empty.etag()), ("200", gauss.etag()));
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_waits_for_the_position_that_it_must_have() {
    let office = Office::open("minposition").await;
    let anna = office.log_in("anna").await;
    let made = office.made(&anna, GAUSS, json!({})).await;
    let position = made.header("daybook-position").unwrap().to_owned();
    assert_eq!(position, text(&made.body["changed"]["position"]));
    let read = |position: String| {
        let request = office.request(Method::GET, &format!("/v1{}", plan(GAUSS)), &anna);
        office.send(request.header("daybook-min-position", position))
    };
    assert_eq!(read(position.clone()).await.outcome(), "200");
    assert_eq!(read(position[2..].to_owned()).await.outcome(), "200", "bare digits mean the present epoch");
    let lost = read("1.999999".to_owned()).await;
    assert_eq!(lost.outcome(), "409 epoch-changed", "{}", lost.body);
    assert_eq!(lost.body["last_common"], position);
    assert_eq!(read("7.1".to_owned()).await.outcome(), "409 epoch-changed");
    assert_eq!(read("1.x".to_owned()).await.outcome(), "400 unreadable");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_in_pages_whose_cursors_stay_good() {
    let office = Office::open("pages").await;
    let anna = office.log_in("anna").await;
    for name in ["B", "D", "F", "H", "J"] {
        office.made(&anna, &format!("/rooms/{name}"), json!({})).await;
    }
    let first = office.get(&anna, &plan("/rooms?limit=2")).await;
    let names = |answer: &tests::office::Answer| -> Vec<String> {
        answer.body["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect()
    };
    assert_eq!(names(&first), ["B", "D"]);
    let link = first.header("link").unwrap();
    let next =
        link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap().to_owned();
    // What comes and goes before the cursor moves nobody.
    office.made(&anna, "/rooms/A", json!({})).await;
    office.made(&anna, "/rooms/E", json!({})).await;
    let second = office.send(office.request(Method::GET, &next, &anna)).await;
    assert_eq!(names(&second), ["E", "F"]);
    let after = text(&second.body["next"]);
    let third = office.get(&anna, &plan(&format!("/rooms?limit=2&after={after}"))).await;
    assert_eq!(names(&third), ["H", "J"]);
    assert_eq!((&third.body["next"], third.header("link")), (&json!(null), None));
    for bad in ["limit=0", "limit=1001", "limit=x", "after=%21", "colour=red", "limit=1&limit=2"] {
        for list in ["/rooms", "/lessons", "/sessions", "/locks", "/timetable", "/collisions", "/unplaced"] {
            let answer = office.get(&anna, &plan(&format!("{list}?{bad}"))).await;
            assert_eq!(answer.outcome(), "422 invalid", "{list}?{bad}");
        }
    }
    assert_eq!(office.get(&anna, &plan("/rooms?q=%zz")).await.outcome(), "400 unreadable");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_name_of_a_real_school_works_in_paths_and_queries() {
    let office = Office::open("names").await;
    let anna = office.log_in("anna").await;
    let names = [
        ("TS 3", "TS%203"),
        ("2.T1 + L", "2.T1%20%2B%20L"),
        ("5a/b", "5a%2Fb"),
        ("100%", "100%25"),
        ("Bäder", "B%C3%A4der"),
        ("a?b#c", "a%3Fb%23c"),
        ("a~b", "a~b"),
    ];
    for (name, encoded) in names {
        let made = office.made(&anna, &format!("/rooms/{encoded}"), json!({})).await;
        assert_eq!(made.body["id"], name);
        let shown = office.get(&anna, &plan(&format!("/rooms/{encoded}"))).await;
        assert_eq!(shown.body["id"], name, "{}", shown.body);
        let at = office.send(office.request(Method::GET, made.header("location").unwrap(), &anna)).await;
        assert_eq!(at.body["id"], name, "by its Location");
        let found = office.get(&anna, &plan(&format!("/rooms?q={encoded}"))).await;
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1, "{name}: {}", found.body);
        let stale = office.create(&anna, &plan(&format!("/rooms/{encoded}")), json!({})).await;
        assert_eq!(stale.body["record"], format!("rooms/{name}"));
    }
    for bad in ["%20a", "a%20", "a%00", "a%CC%88", &"x".repeat(51)] {
        let refused = office.create(&anna, &plan(&format!("/rooms/{bad}")), json!({})).await;
        assert_eq!(refused.outcome(), "422 invalid", "{bad}: {}", refused.body);
    }
    assert_eq!(office.create(&anna, &plan("/rooms/%FF"), json!({})).await.outcome(), "400 unreadable");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_a_problem_with_the_id_of_its_request() {
    let office = Office::open("problems").await;
    let anna = office.log_in("anna").await;
    let get = |path: &str| office.request(Method::GET, path, &anna).header("x-request-id", "my-own-7");
    let large = "x".repeat((1 << 20) + 1);
    let patch = |media: &str, body: String| {
        office
            .request(Method::PATCH, &format!("/v1{}", plan("/time-grid")), &anna)
            .header("content-type", media)
            .header("x-request-id", "my-own-7")
            .body(body)
    };
    let cases = [
        (get("/"), "404 not-found"),
        (get("/v1/nothing"), "404 not-found"),
        (
            office.client.get(format!("{}/v1/plans", office.base)).header("x-request-id", "my-own-7"),
            "401 not-logged-in",
        ),
        (office.request(Method::DELETE, "/v1/plans", &anna).header("x-request-id", "my-own-7"), "405 method"),
        (patch("text/plain", "{}".into()), "415 media-type"),
        (patch("application/json", "{".into()), "400 unreadable"),
        (patch("application/json", large), "413 too-large"),
        (patch("application/json", "{\"colour\": 1}".into()), "422 invalid"),
        (patch("application/merge-patch+json", "{}".into()), "428 revision-missing"),
    ];
    for (request, expected) in cases {
        let answer = office.send(request).await;
        assert_eq!(answer.outcome(), expected, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{expected}");
        assert_eq!(answer.header("x-request-id"), Some("my-own-7"), "{expected}");
        for member in ["type", "title", "status", "detail", "instance"] {
            assert!(answer.body.get(member).is_some(), "{expected} lacks {member}");
        }
        assert!(answer.header("ratelimit").is_some() && answer.header("ratelimit-policy").is_some());
        assert_eq!(answer.header("allow").is_some(), expected == "405 method");
        assert_eq!(answer.header("www-authenticate").is_some(), expected.starts_with("401"));
    }
    let english = office.send(get("/v1/nothing").header("accept-language", "xx, en;q=0.1")).await;
    assert_eq!(english.header("content-language"), Some("en"));
    office.close().await;
}
