//! Whoever comes too late with a change of a user, a group or a plan is told who won and what was not saved.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Office, PLAN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_change_of_a_user_a_group_or_a_plan_names_the_winner() {
    let office = Office::open("toolate").await;
    let (admin, second) =
        (office.log_in_to_site("admin").await, office.api_token("loader", "administrators").await);
    let made = office.post(&admin, "/groups", json!({ "id": "g", "rights": ["read"], "plans": "*" })).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let users = office.get(&admin, "/users").await;
    let anna = users.body["items"].as_array().unwrap().iter().find(|it| it["name"] == "anna").unwrap();
    let anna = format!("/users/{}", anna["id"].as_str().unwrap());
    let cases: [(&str, &str, Json, Json, Json); 3] = [
        (&anna, "email", Json::Null, json!("a@example.org"), json!("b@example.org")),
        ("/groups/g", "rights", json!(["read"]), json!(["read", "data"]), json!(["cover"])),
        (&format!("/plans/{PLAN}"), "title", Json::Null, json!("Main"), json!("Other")),
    ];
    for (path, field, base, theirs, yours) in cases {
        let before = office.get(&admin, path).await;
        assert_eq!(before.outcome(), "200", "{path}: {}", before.body);
        let base = if base.is_null() { before.body[field].clone() } else { base };
        let won = office.patch(&second, path, &before.etag(), json!({ field: theirs })).await;
        assert_eq!(won.outcome(), "200", "{path}: {}", won.body);
        let late = office.patch(&admin, path, &before.etag(), json!({ field: yours })).await;
        assert_eq!(late.outcome(), "412 stale", "{path}");
        assert_eq!(late.body["winner"]["user"], "token:loader", "{path}: {}", late.body);
        let position = won.header("daybook-position").unwrap();
        assert_eq!(late.body["winner"]["position"], position, "{path}");
        assert!(late.body["winner"]["at"].is_string(), "{path}");
        let change = json!({ "field": field, "base": base, "theirs": theirs, "yours": yours });
        assert_eq!(late.body["changes"], json!([change]), "{path}");
        assert_eq!(late.body["current"][field], theirs, "{path}");
        assert_eq!(late.body["revision"], won.body["revision"], "{path}");
        let again =
            office.request(Method::PATCH, &format!("/v1{path}"), &admin).json(&json!({ field: yours }));
        assert_eq!(office.send(again).await.outcome(), "428 revision-missing", "{path}");
    }
    office.close().await;
}
