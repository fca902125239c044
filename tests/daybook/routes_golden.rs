//! All routes with the right that each needs: a committed list, and a test that each keeps to it.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Office, PLAN};

/// Routes that anybody may call.
const PUBLIC: &[&str] = &[
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /docs",
    "GET /v1/login-page",
    "GET /v1/outage",
];
/// The log-in is the way to a token, not the other way round.
pub(crate) const LOG_IN: &str = "POST /v1/sessions";
/// Routes about oneself: any token will do.
const OWN: &[&str] = &[
    "GET /v1/sessions/current",
    "PATCH /v1/sessions/current",
    "DELETE /v1/sessions/current",
    "PUT /v1/users/me/password",
    // What shows is for everybody who is logged in.
    "GET /v1/notices",
    "GET /v1/notices/{id}",
    // Only who sent or got a message sees it.
    "GET /v1/messages",
    "GET /v1/messages/{id}",
    "POST /v1/messages",
    "PATCH /v1/messages/{id}",
    // Only the holder renews or releases; whoever holds none is told so.
    "PATCH /v1/plans/{plan}/locks/{lock}",
    "DELETE /v1/plans/{plan}/locks/{lock}",
    "DELETE /v1/plans/{plan}/optimisations/{id}",
];

/// Method and path of every route, with the statuses that it declares.
pub(crate) fn routes() -> BTreeMap<String, Vec<String>> {
    let description = api::routes::openapi();
    let mut routes = BTreeMap::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(responses) = operation["responses"].as_object() {
                let statuses = responses.keys().cloned().collect();
                routes.insert(format!("{} {path}", method.to_uppercase()), statuses);
            }
        }
    }
    routes
}

/// The committed list: a route a line, then the right.
pub(crate) fn golden() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("daybook/routes.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no right in {line:?}")))
        .map(|(route, right)| (route.to_owned(), right.to_owned()))
        .collect()
}

#[test]
fn every_route_is_in_the_committed_list_and_every_line_is_a_route() {
    let (routes, golden) = (routes(), golden());
    let missing: Vec<&String> = routes.keys().filter(|route| !golden.contains_key(*route)).collect();
    let gone: Vec<&String> = golden.keys().filter(|route| !routes.contains_key(*route)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in routes.txt: {missing:#?}; no route any more: {gone:#?}"
    );
    for (route, right) in &golden {
        let is = |list: &[&str]| list.contains(&route.as_str());
        assert_eq!(right == "public", is(PUBLIC), "{route}");
        assert_eq!(right == "own", is(OWN), "{route}");
    }
}

/// A real address for a route, about things that are there.
pub(crate) fn address(path: &str) -> String {
    let id = "00000000-0000-7000-8000-000000000000";
    let number =
        if ["/users/", "/tokens/", "/notices/"].iter().any(|it| path.contains(it)) { id } else { "1" };
    path.replace("{plan}", PLAN)
        .replace("{school}", "100234")
        .replace("{id}", number)
        .replace("{n}", "1")
        .replace("{lock}", id)
}

pub(crate) async fn ask(office: &Office, route: &str, token: Option<&str>) -> tests::office::Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let url = format!("{}{}", office.base, address(path));
    let mut request = office.client.request(method.clone(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if method == Method::PUT || method == Method::PATCH || method == Method::DELETE {
        request = request.header("if-match", "*");
    }
    if method != Method::GET && method != Method::DELETE {
        request = request.json(&body_of(route));
    }
    office.send(request).await
}

/// A body whose shape is right where the right depends on what is asked for.
fn body_of(route: &str) -> Json {
    match route {
        "POST /v1/plans/{plan}/locks" => json!({"action": "data-import"}),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_a_stranger_and_whoever_lacks_the_right() {
    let office = Office::open("strangers").await;
    let admin = office.log_in_to_site("admin").await;
    let all: Vec<Json> = office.get(&admin, "/groups").await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["id"] == "administrators")
        .unwrap()["rights"]
        .as_array()
        .unwrap()
        .clone();
    let head = office.head().await;
    let golden = golden();
    for (route, statuses) in routes() {
        let declared = |answer: &tests::office::Answer| {
            let status = answer.status.as_u16().to_string();
            assert!(
                statuses.contains(&status),
                "{route} answers {status}, which it does not declare: {statuses:?}"
            );
        };
        let stranger = ask(&office, &route, None).await;
        declared(&stranger);
        match golden[&route].as_str() {
            "public" => assert_eq!(stranger.status, 200, "{route}"),
            _ if route == LOG_IN => assert_eq!(stranger.outcome(), "422 invalid"),
            _ => {
                assert_eq!(stranger.outcome(), "401 not-logged-in", "{route}");
                let garbage = ask(&office, &route, Some("dbk_garbage")).await;
                assert_eq!(garbage.outcome(), "401 not-logged-in", "{route}");
            }
        }
    }
    assert_eq!(office.head().await, head, "nothing was stored");
    // For every right a session that has all the others.
    let mut needed: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (route, right) in &golden {
        needed.entry(right.clone()).or_default().push(route);
    }
    for (right, routes_of) in
        needed.iter().filter(|(right, _)| !["public", "own", "log-in"].contains(&right.as_str()))
    {
        let lacks: Vec<&str> = right.split(" or ").collect();
        let others: Vec<&Json> = all.iter().filter(|it| !lacks.contains(&it.as_str().unwrap())).collect();
        let group = format!("all but {}", lacks.join(" "));
        let made = office.post(&admin, "/groups", json!({"id": group, "rights": others, "plans": "*"})).await;
        assert_eq!(made.outcome(), "201", "{}", made.body);
        let name = format!("without-{}", lacks.join("-"));
        let body = json!({"name": name, "group": group, "password": tests::office::PASSWORD});
        assert_eq!(office.post(&admin, "/users", body).await.outcome(), "201");
        let mode =
            if others.iter().any(|it| **it == "data" || **it == "settings") { "timetable" } else { "read" };
        let session = office.try_log_in(&name, json!({ "mode": mode })).await;
        let session = session.body["token"].as_str().unwrap_or_else(|| panic!("{}", session.body)).to_owned();
        let head = office.head().await;
        for route in routes_of {
            let refused = ask(&office, route, Some(&session)).await;
            assert_eq!(refused.outcome(), "403 not-permitted", "{route} without {right}: {}", refused.body);
            assert_eq!(refused.body["right"], lacks[0], "{route}");
        }
        assert_eq!(office.head().await, head, "nothing was stored without {right}");
        office.log_out(&session).await;
    }
    office.close().await;
}
