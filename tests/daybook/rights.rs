//! Who gets in where: sessions that are over, the groups from the start, groups bound to plans, and rights that change. What is
//! asked is made from the description, so that no route is forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use api::desk::Terms;
use serde_json::{Value as Json, json};
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

use crate::routes_golden::{LOG_IN, ask, golden, routes};

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text")).to_owned()
}

/// Every route that asks who calls, with the rights of which one is needed.
fn guarded() -> BTreeMap<String, Vec<String>> {
    let golden = golden();
    let of = |route: String| (golden[&route] != "public" && route != LOG_IN).then_some(route);
    let rights = |route: &String| match golden[route].as_str() {
        "own" => Vec::new(),
        some => some.split(" or ").map(str::to_owned).collect(),
    };
    routes().into_keys().filter_map(of).map(|route| (route.clone(), rights(&route))).collect()
}

async fn add_user(office: &Office, admin: &str, name: &str, group: &str) {
    let body = json!({"name": name, "group": group, "password": PASSWORD});
    assert_eq!(office.post(admin, "/users", body).await.outcome(), "201", "{name}");
}

/// What a session of the plan sees; else the other says why it did not come to be.
async fn session_of(office: &Office, user: &str, mode: &str) -> Result<String, Answer> {
    let answer = office.try_log_in(user, json!({ "mode": mode })).await;
    if answer.outcome() == "201" { Ok(text(&answer.body["token"])) } else { Err(answer) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_a_session_that_expired() {
    let terms = Terms { session_age: Duration::from_secs(2), ..Terms::default() };
    let office = Office::with_terms("expired", terms).await;
    let anna = office.log_in("anna").await;
    let admin = office.log_in_to_site("admin").await;
    for token in [&anna, &admin] {
        for _ in 0..200 {
            if office.get(token, "/sessions/current").await.outcome() != "200" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for route in guarded().keys() {
            let refused = ask(&office, route, Some(token)).await;
            assert_eq!(refused.outcome(), "401 session-expired", "{route}");
            assert!(refused.body["at"].is_string(), "{route}: {}", refused.body);
        }
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_groups_from_the_start_get_in_where_they_have_the_right_and_nowhere_else() {
    let office = Office::open("groups").await;
    let admin = office.log_in_to_site("admin").await;
    let groups = office.get(&admin, "/groups").await.body["items"].as_array().unwrap().clone();
    assert_eq!(groups.len(), 6);
    for group in &groups {
        let name = text(&group["id"]);
        let has: Vec<String> = group["rights"].as_array().unwrap().iter().map(text).collect();
        let user = format!("one-of-{name}");
        add_user(&office, &admin, &user, &name).await;
        let mode = if has.iter().any(|right| right == "data") { "timetable" } else { "read" };
        let session = match session_of(&office, &user, mode).await {
            Ok(session) => session,
            Err(_) => {
                text(&office.log_in_with(json!({"user": user, "password": PASSWORD})).await.body["token"])
            }
        };
        let head = office.head().await;
        for (route, rights) in
            guarded().iter().filter(|(_, rights)| !rights.iter().any(|it| has.contains(it)))
        {
            if rights.is_empty() {
                continue;
            }
            let refused = ask(&office, route, Some(&session)).await;
            assert_eq!(refused.outcome(), "403 not-permitted", "{route} for {name}: {}", refused.body);
            assert!(rights.iter().any(|right| refused.body["right"] == **right), "{route}: {}", refused.body);
        }
        assert_eq!(office.head().await, head, "nothing was stored for {name}");
        // And in where they may: what comes back is not about rights. PUT and DELETE would change what the rest is asked about.
        for (route, rights) in &guarded() {
            let writes_nothing =
                route.starts_with("GET") || route.starts_with("POST") || route.starts_with("PATCH");
            if !writes_nothing || rights.is_empty() || !rights.iter().all(|right| has.contains(right)) {
                continue;
            }
            let answer = ask(&office, route, Some(&session)).await;
            let right = answer.body["right"].as_str().unwrap_or("mode");
            assert!(answer.status != 401 && right == "mode", "{route} for {name}: {}", answer.body);
        }
        office.log_out(&session).await;
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_bound_to_plans_neither_reads_nor_writes_others() {
    let office = Office::open("bound").await;
    let admin = office.log_in_to_site("admin").await;
    let other = "999999~2026-2027~1";
    let body = json!({"school": "999999", "year": "2026-2027", "version": 1});
    assert_eq!(office.post(&admin, "/plans", body).await.outcome(), "201");
    let all = office.get(&admin, "/groups/administrators").await.body["rights"].clone();
    let body = json!({"id": "elsewhere", "rights": all, "plans": ["999999~*~*"]});
    assert_eq!(office.post(&admin, "/groups", body).await.outcome(), "201");
    add_user(&office, &admin, "ella", "elsewhere").await;
    let refused = office.try_log_in("ella", json!({})).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("plan")));
    let own = office.log_in_with(json!({"user": "ella", "password": PASSWORD, "plan": other})).await;
    let own = text(&own.body["token"]);
    let site = text(&office.log_in_with(json!({"user": "ella", "password": PASSWORD})).await.body["token"]);
    let program = office.api_token("program", "elsewhere").await;
    let head = office.head().await;
    for token in [&own, &site, &program] {
        for route in guarded().keys().filter(|route| route.contains("/plans/{plan}")) {
            let refused = ask(&office, route, Some(token)).await;
            assert_eq!(refused.outcome(), "403 not-permitted", "{route}: {}", refused.body);
            assert_eq!(refused.body["right"], "plan", "{route}");
        }
        let plans = office.get(token, "/plans").await.body["items"].clone();
        let named: Vec<String> = plans.as_array().unwrap().iter().map(|it| text(&it["plan"])).collect();
        assert_eq!(named, [other], "it does not even see that there are others");
        assert_eq!(office.get(token, &format!("/plans/{other}/teachers")).await.outcome(), "200");
    }
    assert_eq!(office.head().await, head, "nothing was stored");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_rights_takes_effect_on_the_next_request() {
    let office = Office::open("rights-change").await;
    let admin = office.log_in_to_site("admin").await;
    let everything = json!({"id": "clerks", "rights": ["read", "data", "timetable"], "plans": "*"});
    assert_eq!(office.post(&admin, "/groups", everything.clone()).await.outcome(), "201");
    add_user(&office, &admin, "carl", "clerks").await;
    let carl = office.log_in("carl").await;
    let reads = async || office.get(&carl, &plan("/rooms")).await;
    let writes = async |name: &str| office.create(&carl, &plan(&format!("/rooms/{name}")), json!({})).await;
    let becomes = async |patch: Json| {
        let etag = office.get(&admin, "/groups/clerks").await.etag();
        assert_eq!(office.patch(&admin, "/groups/clerks", &etag, patch).await.outcome(), "200");
    };
    assert_eq!((reads().await.outcome(), writes("A").await.outcome()), ("200".into(), "201".into()));

    becomes(json!({"rights": ["read"]})).await;
    let refused = writes("B").await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("data")));
    assert_eq!(reads().await.outcome(), "200");

    becomes(json!({"rights": []})).await;
    let refused = reads().await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("read")));

    becomes(json!({"rights": ["read", "data", "timetable"], "plans": ["999999~*~*"]})).await;
    for refused in [reads().await, writes("C").await] {
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["right"]),
            ("403 not-permitted", &json!("plan"))
        );
    }

    becomes(json!({"plans": [PLAN]})).await;
    assert_eq!((reads().await.outcome(), writes("D").await.outcome()), ("200".into(), "201".into()));

    // The user moves to another group, and is disabled.
    let users = office.get(&admin, "/users").await.body["items"].clone();
    let id = text(&users.as_array().unwrap().iter().find(|user| user["name"] == "carl").unwrap()["id"]);
    let address = format!("/users/{id}");
    let etag = office.get(&admin, &address).await.etag();
    let moved = office.patch(&admin, &address, &etag, json!({"group": "viewers"})).await;
    assert_eq!(moved.outcome(), "200");
    assert_eq!(
        (reads().await.outcome(), writes("E").await.outcome()),
        ("200".into(), "403 not-permitted".into())
    );
    let disabled = office.patch(&admin, &address, &moved.etag(), json!({"disabled": true})).await;
    assert_eq!(disabled.outcome(), "200");
    assert_eq!(reads().await.outcome(), "401 not-logged-in");
    office.close().await;
}
