//! Users, groups, tokens, plans, the status report.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, PASSWORD, PLAN, plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_added_changed_and_disabled() {
    let office = Office::open("users").await;
    let admin = office.log_in_to_site("admin").await;
    let body = json!({"name": "emmy", "group": "planners", "password": PASSWORD, "full_name": "Emmy Noether", "email": "e@example.org", "language": "de"});
    let added = office.post(&admin, "/users", body.clone()).await;
    assert_eq!(added.outcome(), "201", "{}", added.body);
    assert_eq!(added.body.get("password"), None);
    let path = added.header("location").unwrap()[3..].to_owned();
    let shown = office.get(&admin, &path).await;
    assert_eq!((&shown.body, shown.etag()), (&added.body, added.etag()));
    assert_eq!(office.post(&admin, "/users", body).await.outcome(), "409 exists");
    let emmy = office.log_in("emmy").await;
    assert!(office.get(&admin, &path).await.body["last_login_at"].is_string());
    assert_eq!(
        office.send(office.write(Method::PATCH, &admin, &path, &json!({"language": "fi"}))).await.outcome(),
        "428 revision-missing"
    );
    let changed = office
        .patch(&admin, &path, &shown.etag(), json!({"name": "noether", "password": "another password"}))
        .await;
    assert_eq!(
        (changed.outcome().as_str(), &changed.body["name"]),
        ("200", &json!("noether")),
        "{}",
        changed.body
    );
    assert_eq!(
        office.patch(&admin, &path, &shown.etag(), json!({"language": "fi"})).await.outcome(),
        "412 stale"
    );
    assert_eq!(office.get(&emmy, "/sessions/current").await.body["user"], "noether");
    assert_eq!(
        office.try_log_in("noether", json!({})).await.outcome(),
        "401 not-logged-in",
        "the old password"
    );
    assert_eq!(office.try_log_in("noether", json!({"password": "another password"})).await.outcome(), "201");
    let own = |old: &str, new: &str| {
        office.send(office.write(Method::PUT, &emmy, "/users/me/password", &json!({"old": old, "new": new})))
    };
    assert_eq!(own("wrong password", PASSWORD).await.outcome(), "401 not-logged-in");
    assert_eq!(own("another password", "short").await.outcome(), "422 invalid");
    assert_eq!(own("another password", PASSWORD).await.outcome(), "204");
    assert_eq!(office.try_log_in("noether", json!({})).await.outcome(), "201");
    assert_eq!(office.remove(&admin, &path, &changed.etag()).await.outcome(), "204");
    assert_eq!(office.get(&admin, &path).await.body["disabled"], true);
    assert_eq!(office.try_log_in("noether", json!({})).await.outcome(), "401 not-logged-in");
    assert_eq!(
        office.get(&emmy, &plan("/teachers")).await.outcome(),
        "401 not-logged-in",
        "who is disabled is out"
    );
    for (bad, pointer) in [
        (json!({"name": " x", "group": "planners", "password": PASSWORD}), "/name"),
        (json!({"name": "token:x", "group": "planners", "password": PASSWORD}), "/name"),
        (json!({"name": "x", "group": "?", "password": PASSWORD}), "/group"),
        (json!({"name": "x", "group": "planners", "password": "short"}), "/password"),
        (json!({"name": "x", "group": "planners"}), "/password"),
    ] {
        let answer = office.post(&admin, "/users", bad.clone()).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(pointer)),
            "{bad}"
        );
    }
    let names: Vec<String> = office.get(&admin, "/users?limit=3").await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["name"]))
        .collect();
    assert_eq!(names, ["admin", "anna", "bert"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_from_the_start_have_their_rights_and_nobody_gives_more_than_he_has() {
    let office = Office::open("groups").await;
    let admin = office.log_in_to_site("admin").await;
    let groups = office.get(&admin, "/groups").await;
    let rights = |name: &str| {
        let all = groups.body["items"].as_array().unwrap();
        all.iter().find(|group| group["id"] == name).unwrap()["rights"].clone()
    };
    assert_eq!(
        rights("planners"),
        json!(["read", "read-absences", "data", "timetable", "optimise", "import", "settings", "plans"])
    );
    assert_eq!(rights("cover-planners"), json!(["read", "read-absences", "cover"]));
    assert_eq!((rights("viewers"), rights("maintenance")), (json!(["read"]), json!(["maintenance"])));
    assert_eq!(rights("auditors"), json!(["read", "read-absences", "audit"]));
    assert_eq!(rights("administrators").as_array().unwrap().len(), 14);
    let made = office
        .post(&admin, "/groups", json!({"id": "clerks", "rights": ["read", "users"], "plans": "*"}))
        .await;
    assert_eq!(
        (made.outcome().as_str(), made.header("location")),
        ("201", Some("/v1/groups/clerks")),
        "{}",
        made.body
    );
    let clerk = json!({"name": "carl", "group": "clerks", "password": PASSWORD});
    assert_eq!(office.post(&admin, "/users", clerk).await.outcome(), "201");
    let carl = office.log_in_to_site("carl").await;
    for (path, body, right) in [
        ("/groups", json!({"id": "mighty", "rights": ["audit"], "plans": "*"}), "audit"),
        ("/users", json!({"name": "x", "group": "auditors", "password": PASSWORD}), "read-absences"),
        ("/tokens", json!({"name": "x", "group": "planners"}), "read-absences"),
    ] {
        let answer = office.post(&carl, path, body).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["right"]),
            ("403 not-permitted", &json!(right)),
            "{path}"
        );
    }
    let changed = office
        .patch(&admin, "/groups/clerks", &made.etag(), json!({"rights": ["users"], "plans": ["100234~*~*"]}))
        .await;
    assert_eq!(
        (changed.outcome().as_str(), &changed.body["plans"]),
        ("200", &json!(["100234~*~*"])),
        "{}",
        changed.body
    );
    assert_eq!(
        office.get(&carl, &plan("/teachers")).await.outcome(),
        "403 not-permitted",
        "rights hold from now on"
    );
    assert_eq!(
        office.patch(&admin, "/groups/administrators", "*", json!({"rights": []})).await.outcome(),
        "422 invalid"
    );
    assert_eq!(office.remove(&admin, "/groups/clerks", &changed.etag()).await.outcome(), "409 in-use");
    for bad in [
        json!({"id": "x", "rights": ["fly"], "plans": "*"}),
        json!({"id": "x", "rights": [], "plans": ["100234"]}),
    ] {
        assert_eq!(office.post(&admin, "/groups", bad.clone()).await.outcome(), "422 invalid", "{bad}");
    }
    assert_eq!(office.get(&admin, "/groups/nobody").await.outcome(), "404 not-found");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_ends_when_it_is_called_back_or_over() {
    let office = Office::open("tokens").await;
    let admin = office.log_in_to_site("admin").await;
    let made = office.post(&admin, "/tokens", json!({"name": "program", "group": "viewers"})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let token = text(&made.body["token"]);
    assert!(token.starts_with("dbk_") && made.body["id"].is_string());
    let list = office.get(&admin, "/tokens").await;
    assert_eq!(
        (list.body["items"][0].get("token"), &list.body["items"][0]["name"]),
        (None, &json!("program"))
    );
    assert_eq!(
        office.post(&admin, "/tokens", json!({"name": "program", "group": "viewers"})).await.outcome(),
        "409 exists"
    );
    let now = office.service.as_ref().unwrap().desk.now();
    let soon = now + TimeDelta::seconds(4);
    let brief = office
        .post(&admin, "/tokens", json!({"name": "brief", "group": "viewers", "expires_at": soon}))
        .await;
    let brief = text(&brief.body["token"]);
    assert_eq!(office.get(&brief, "/plans").await.outcome(), "200");
    let path = format!("/tokens/{}", text(&made.body["id"]));
    assert_eq!(office.get(&token, "/plans").await.body["items"][0]["plan"], PLAN);
    assert_eq!(office.delete(&admin, &path).await.outcome(), "204");
    assert_eq!(office.get(&token, "/plans").await.outcome(), "401 not-logged-in");
    assert_eq!(office.get(&admin, &path).await.outcome(), "404 not-found");
    let past = json!({"name": "late", "group": "viewers", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(office.post(&admin, "/tokens", past).await.outcome(), "422 invalid");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(office.get(&brief, "/plans").await.outcome(), "401 not-logged-in");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_are_made_read_only_and_told_apart() {
    let office = Office::open("plans").await;
    let anna = office.log_in_to_site("anna").await;
    let body = json!({"school": "5", "year": "2027-2028", "version": 255, "title": "Draft"});
    let made = office.post(&anna, "/plans", body.clone()).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    assert_eq!(
        (&made.body["plan"], &made.body["state"], &made.body["title"]),
        (&json!("5~2027-2028~255"), &json!("open"), &json!("Draft"))
    );
    assert_eq!(office.post(&anna, "/plans", body).await.outcome(), "409 exists");
    let periods = office.get(&anna, "/plans/5~2027-2028~255/periods").await;
    let period = &periods.body["items"][0];
    assert_eq!(
        (&period["id"], &period["from"], &period["to"]),
        (&json!("1"), &json!("2027-08-01"), &json!("2028-07-31"))
    );
    for bad in [
        json!({"school": "a~b", "year": "2026-2027", "version": 1}),
        json!({"school": "5", "year": "2026-2028", "version": 1}),
        json!({"school": "5", "year": "2026-2027", "version": 0}),
        json!({"school": "5", "year": "2026-2027", "version": 256}),
        json!({"school": "5", "year": "2026-2027", "version": "1"}),
        json!({"school": "5", "year": "2026-2027"}),
    ] {
        assert_eq!(office.post(&anna, "/plans", bad.clone()).await.outcome(), "422 invalid", "{bad}");
    }
    let session = office.log_in("anna").await;
    office.made(&session, "/rooms/R", json!({})).await;
    let shown = office.get(&anna, &plan("")).await;
    assert_eq!(
        (&shown.body["counts"]["rooms"], &shown.body["sessions"], &shown.body["locks"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let closed =
        office.patch(&anna, &plan(""), &shown.etag(), json!({"state": "read-only", "title": "Old"})).await;
    assert_eq!(
        (closed.outcome().as_str(), &closed.body["state"]),
        ("200", &json!("read-only")),
        "{}",
        closed.body
    );
    let write = office.patch(&session, &plan("/rooms/R"), "*", json!({"capacity": 1})).await;
    assert_eq!((write.outcome().as_str(), &write.body["right"]), ("403 not-permitted", &json!("mode")));
    assert_eq!(
        office.patch(&anna, &plan(""), &shown.etag(), json!({"title": "x"})).await.outcome(),
        "412 stale"
    );
    let plans: Vec<String> = office.get(&anna, "/plans").await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["plan"]))
        .collect();
    assert_eq!(plans, [PLAN, "5~2027-2028~255"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_report_tells_who_is_there_what_is_locked_and_what_was_refused() {
    let office = Office::open("status").await;
    let admin = office.log_in_to_site("admin").await;
    let (anna, victor) = (office.log_in("anna").await, office.log_in("victor").await);
    office.made(&anna, "/rooms/R", json!({})).await;
    office.patch(&anna, &plan("/rooms/R"), "\"old\"", json!({"capacity": 1})).await;
    office.post(&anna, &plan("/locks"), json!({"action": "data-import"})).await;
    office.log_out(&victor).await;
    office.lock(&anna, "data-import").await;
    let report = office.get(&admin, "/status-report").await;
    assert_eq!(report.outcome(), "200", "{}", report.body);
    let body = &report.body;
    let of_plan = body["users"]["plans"].as_array().unwrap().iter().find(|it| it["plan"] == PLAN).unwrap();
    assert_eq!(
        (&of_plan["sessions"], &of_plan["distinct"], &of_plan["modes"]["timetable"]),
        (&json!(1), &json!(1), &json!(1)),
        "{of_plan}"
    );
    assert_eq!(body["users"]["now"]["sessions"], 2, "{}", body["users"]);
    assert_eq!(body["locks"][0]["action"], "data-import", "{}", body["locks"]);
    let count =
        |list: &Json| list.as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(
        (count(&body["conflicts"]["refused"]), count(&body["conflicts"]["denied"])),
        (1, 1),
        "{}",
        body["conflicts"]
    );
    assert_eq!(body["conflicts"]["records"][0]["record"], "rooms/R", "{}", body["conflicts"]);
    assert_eq!(body["engine"]["head"], format!("1.{}", office.head().await));
    assert!(!body["engine"]["projections"].as_array().unwrap().is_empty());
    assert_eq!(body["service"]["node"], "test");
    assert_eq!(office.get(&anna, "/status-report").await.outcome(), "403 not-permitted");
    office.close().await;
}
