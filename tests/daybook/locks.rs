//! The exclusive lock and what belongs to it.

use std::time::Duration;

use api::desk::Terms;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, plan};

const IMPORT: &str = "data-import";

async fn ask(office: &Office, token: &str, action: &str) -> Answer {
    office.post(token, &plan("/locks"), json!({ "action": action })).await
}

fn time(json: &Json) -> DateTime<Utc> {
    json.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_alone_is_told_who_else_is_there_and_that_is_recorded() {
    let office = Office::open("notalone").await;
    let (anna, victor) = (office.log_in("anna").await, office.log_in("victor").await);
    office
        .send(office.write(Method::PATCH, &victor, "/sessions/current", &json!({"activity": "looks"})))
        .await;
    let denied = ask(&office, &anna, IMPORT).await;
    assert_eq!(denied.outcome(), "409 not-alone", "{}", denied.body);
    let others = denied.body["sessions"].as_array().unwrap();
    assert_eq!(others.len(), 1);
    for (member, value) in [("user", "victor"), ("mode", "read"), ("activity", "looks")] {
        assert_eq!(others[0][member], value);
    }
    assert!(others[0]["session"].is_string() && others[0]["since"].is_string());
    let changes = office.changes(&anna).await;
    let last = changes.last().unwrap();
    assert_eq!(last["type"], "daybook.lock.denied", "{last}");
    assert_eq!(
        (&last["data"]["by"], &last["data"]["action"], &last["data"]["code"]),
        (&json!("anna"), &json!(IMPORT), &json!("not-alone"))
    );
    assert_eq!(last["data"]["held_by"][0]["user"], "victor", "{last}");
    // One's own second session is in the way too; reading with an API token is not.
    office.log_out(&victor).await;
    let second = office.log_in("anna").await;
    assert_eq!(ask(&office, &anna, IMPORT).await.outcome(), "409 not-alone");
    office.log_out(&second).await;
    let program = office.api_token("reader", "viewers").await;
    assert_eq!(office.get(&program, &plan("/teachers")).await.outcome(), "200");
    assert_eq!(ask(&office, &anna, IMPORT).await.outcome(), "201");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_lock_is_held_nobody_gets_in_and_the_holder_edits_as_usual() {
    let office = Office::open("shut").await;
    let anna = office.log_in("anna").await;
    let lock = ask(&office, &anna, IMPORT).await;
    assert_eq!(lock.outcome(), "201", "{}", lock.body);
    assert_eq!(
        (&lock.body["action"], &lock.body["periods"], &lock.body["user"]),
        (&json!(IMPORT), &json!(null), &json!("anna"))
    );
    assert_eq!(
        lock.header("daybook-position"),
        lock.body["token"].as_str(),
        "the token is the position of the grant"
    );
    assert_eq!(time(&lock.body["expires_at"]) - time(&lock.body["since"]), chrono::TimeDelta::seconds(60));
    let shown = office.send(office.request(Method::GET, lock.header("location").unwrap(), &anna)).await;
    for member in ["lock", "action", "token", "session", "user", "since"] {
        assert_eq!(shown.body[member], lock.body[member], "{member}");
    }
    assert_eq!(office.all(&anna, "/locks").await.len(), 1);
    for user in ["bert", "anna"] {
        let refused = office.try_log_in(user, json!({})).await;
        assert_eq!(refused.outcome(), "423 blocked", "{}", refused.body);
        assert_eq!(refused.body["rule"], "exclusive-lock");
        let holder = &refused.body["held_by"][0];
        assert_eq!(
            (&holder["user"], &holder["action"], &holder["periods"]),
            (&json!("anna"), &json!(IMPORT), &json!(null))
        );
        assert_eq!(holder["since"], lock.body["since"]);
    }
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let second = ask(&office, &anna, "time-grid").await;
    assert_eq!(second.outcome(), "409 lock-refused", "{}", second.body);
    assert_eq!(
        (&second.body["held_by"][0]["user"], &second.body["held_by"][0]["action"]),
        (&json!("anna"), &json!(IMPORT))
    );
    let path = plan(&format!("/locks/{}", text(&lock.body["lock"])));
    let renewed = office.send(office.request(Method::PATCH, &format!("/v1{path}"), &anna)).await;
    assert_eq!(renewed.outcome(), "200", "{}", renewed.body);
    assert!(time(&renewed.body["expires_at"]) > time(&lock.body["expires_at"]));
    assert!(renewed.header("daybook-position").is_some());
    // Logging out gives everything back.
    office.log_out(&anna).await;
    let bert = office.log_in("bert").await;
    assert_eq!(office.all(&bert, "/locks").await, Vec::<Json>::new());
    assert_eq!(office.get(&bert, &path).await.outcome(), "404 not-found");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_released_once_and_only_by_its_holder() {
    let office = Office::open("release").await;
    let program = office.api_token("program", "administrators").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, IMPORT).await;
    let path = plan(&format!("/locks/{lock}"));
    let renew = |token: &str| office.send(office.request(Method::PATCH, &format!("/v1{path}"), token));
    assert_eq!(office.delete(&program, &path).await.outcome(), "403 not-permitted");
    assert_eq!(renew(&program).await.outcome(), "403 not-permitted");
    let released = office.delete(&anna, &path).await;
    assert_eq!((released.outcome().as_str(), released.header("daybook-position").is_some()), ("204", true));
    let again = office.delete(&anna, &path).await;
    assert_eq!((again.outcome().as_str(), &again.body["action"]), ("409 lock-ended", &json!(IMPORT)));
    assert_eq!(renew(&anna).await.outcome(), "409 lock-ended");
    let bert = office.log_in("bert").await;
    assert_eq!(office.delete(&bert, &path).await.outcome(), "403 not-permitted");
    for unknown in ["00000000-0000-7000-8000-000000000000", "nonsense"] {
        assert_eq!(
            office.delete(&anna, &plan(&format!("/locks/{unknown}"))).await.outcome(),
            "404 not-found"
        );
        assert_eq!(office.get(&anna, &plan(&format!("/locks/{unknown}"))).await.outcome(), "404 not-found");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_renewed_ends_and_one_that_is_renewed_lives() {
    let terms = Terms { lock_lease: Duration::from_secs(3), ..Terms::default() };
    let office = Office::with_terms("lease", terms).await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "time-grid").await;
    let path = plan(&format!("/locks/{lock}"));
    for _ in 0..12 {
        let renewed = office.send(office.request(Method::PATCH, &format!("/v1{path}"), &anna)).await;
        assert_eq!(renewed.outcome(), "200", "{}", renewed.body);
        tokio::time::sleep(Duration::from_millis(350)).await;
    }
    let mut polls = 0;
    while office.get(&anna, &path).await.outcome() == "200" {
        tokio::time::sleep(Duration::from_millis(50)).await;
        polls += 1;
        assert!(polls < 200, "it never ends");
    }
    let grid = office.write(Method::PATCH, &anna, &plan("/time-grid"), &json!({"days": [1]}));
    let late = office.send(grid.header("if-match", "*").header("daybook-lock", &lock)).await;
    assert_eq!((late.outcome().as_str(), &late.body["action"]), ("409 lock-ended", &json!("time-grid")));
    let changes = office.changes(&anna).await;
    let ended = changes.iter().find(|it| it["type"] == "daybook.lock.ended").unwrap();
    assert_eq!(ended["data"]["action"], "time-grid", "{ended}");
    assert_eq!(
        changes.last().unwrap()["type"],
        "daybook.record.refused",
        "what was refused for the lock is recorded"
    );
    office.log_in("bert").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_grid_and_school_data_are_changed_under_their_own_lock() {
    let office = Office::open("settings").await;
    let anna = office.log_in("anna").await;
    let patch = |path: &str, lock: Option<&str>, body: Json| {
        let write = office.write(Method::PATCH, &anna, &plan(path), &body).header("if-match", "*");
        office.send(if let Some(lock) = lock { write.header("daybook-lock", lock) } else { write })
    };
    let grid = office.get(&anna, &plan("/time-grid")).await;
    assert_eq!(grid.body["days"], json!([1, 2, 3, 4, 5]));
    assert_eq!(grid.body["hours"].as_array().unwrap().len(), 12);
    let hours = json!({"days": [1, 2], "hours": [{"hour": 1, "from": "08:00", "to": "08:45"}, {"hour": 2}]});
    assert_eq!(patch("/time-grid", None, hours.clone()).await.outcome(), "409 lock-missing");
    assert_eq!(patch("/time-grid", Some("nonsense"), hours.clone()).await.outcome(), "409 lock-missing");
    let lock = office.lock(&anna, "time-grid").await;
    let other = patch("/school-data", Some(&lock), json!({"name": "Gymnasium"})).await;
    assert_eq!(
        (other.outcome().as_str(), &other.body["action"]),
        ("409 lock-missing", &json!("school-data"))
    );
    let changed = patch("/time-grid", Some(&lock), hours.clone()).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!((&changed.body["days"], &changed.body["hours"]), (&hours["days"], &hours["hours"]));
    let shown = office.get(&anna, &plan("/time-grid")).await;
    assert_eq!((shown.etag(), &shown.body["hours"]), (changed.etag(), &hours["hours"]));
    for bad in [
        json!({"days": []}),
        json!({"days": [8]}),
        json!({"hours": [{"hour": 2}]}),
        json!({"hours": [{"hour": 1, "from": "9"}]}),
    ] {
        assert_eq!(patch("/time-grid", Some(&lock), bad.clone()).await.outcome(), "422 invalid", "{bad}");
    }
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let lock = office.lock(&anna, "school-data").await;
    let body = json!({"name": "Gymnasium", "cover_restricted_to_period": true, "time_zone": "Europe/Vienna"});
    let changed = patch("/school-data", Some(&lock), body.clone()).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&changed.body[field], value);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_and_shapes_are_asked_before_who_is_there() {
    let office = Office::open("lockrights").await;
    let (anna, victor) = (office.log_in("anna").await, office.log_in("victor").await);
    let refused = ask(&office, &victor, IMPORT).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("import")));
    let refused = ask(&office, &anna, "licence").await;
    assert_eq!(
        (refused.outcome().as_str(), &refused.body["right"]),
        ("403 not-permitted", &json!("licence"))
    );
    for body in [
        json!({"action": "dance"}),
        json!({}),
        json!({"action": IMPORT, "periods": ["1"]}),
        json!({"action": "optimise"}),
    ] {
        assert_eq!(
            office.post(&anna, &plan("/locks"), body.clone()).await.outcome(),
            "422 invalid",
            "{body}"
        );
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_optimisation_blocks_edits_of_its_period_and_a_second_one() {
    let office = Office::open("optimise").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let body = json!({"action": "optimise", "periods": ["1"]});
    let lock = office.post(&anna, &plan("/locks"), body.clone()).await;
    assert_eq!((lock.outcome().as_str(), &lock.body["periods"]), ("201", &json!(["1"])), "{}", lock.body);
    let second = office.post(&bert, &plan("/locks"), body).await;
    assert_eq!(second.outcome(), "409 lock-refused", "{}", second.body);
    assert_eq!(
        (&second.body["held_by"][0]["user"], &second.body["held_by"][0]["periods"]),
        (&json!("anna"), &json!(["1"]))
    );
    for token in [&anna, &bert] {
        let edit = office.patch(token, &plan("/teachers/GAUSS"), "*", json!({"title": "Dr."})).await;
        assert_eq!(
            (edit.outcome().as_str(), &edit.body["rule"]),
            ("423 blocked", &json!("optimisation")),
            "{}",
            edit.body
        );
    }
    let cover = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!((cover.outcome().as_str(), &cover.body["rule"]), ("423 blocked", &json!("optimisation")));
    office.close().await;
}
