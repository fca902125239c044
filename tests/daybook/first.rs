//! The thinnest way through the whole house.

use serde_json::json;
use tests::office::{Office, plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_log_in_to_an_event_to_a_read_model() {
    let office = Office::open("first").await;
    let anna = office.log_in("anna").await;
    let created = office.create(&anna, &plan("/teachers/GAUSS"), json!({"long_name": "Gauss"})).await;
    assert_eq!(created.outcome(), "201", "{}", created.body);
    assert_eq!(created.body["changed"]["by"], "anna");
    let shown = office.get(&anna, &plan("/teachers/GAUSS")).await;
    assert_eq!(shown.outcome(), "200", "{}", shown.body);
    assert_eq!(shown.body, created.body);
    assert_eq!(shown.etag(), created.etag());
    let changed =
        office.patch(&anna, &plan("/teachers/GAUSS"), &shown.etag(), json!({"long_name": "Gauß"})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let stale = office.patch(&anna, &plan("/teachers/GAUSS"), &shown.etag(), json!({"long_name": "x"})).await;
    assert_eq!(stale.outcome(), "412 stale", "{}", stale.body);
    assert_eq!(stale.body["changes"][0]["theirs"], "Gauß");
    let list = office.get(&anna, &plan("/teachers?limit=1")).await;
    assert_eq!(list.outcome(), "200", "{}", list.body);
    assert_eq!(list.body["items"][0]["editable"]["value"], true);
    let changes = office.get(&anna, &plan("/changes")).await;
    assert_eq!(changes.outcome(), "200", "{}", changes.body);
    println!("{:#}", changes.body);
    let here = office.get(&anna, &plan("/sessions")).await;
    assert_eq!(here.body["items"][0]["user"], "anna", "{}", here.body);
    office.close().await;
}
