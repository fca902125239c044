//! The licence of a school: read by many, changed by one who is alone in every plan of the school.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, plan};

const LICENCE: &str = "/schools/100234/licence";
const OTHER: &str = "100234~2026-2027~2";

async fn with_two_plans(name: &str) -> Office {
    let office = Office::open(name).await;
    let admin = office.log_in_to_site("admin").await;
    let body = json!({ "school": "100234", "year": "2026-2027", "version": 2 });
    assert_eq!(office.post(&admin, "/plans", body).await.outcome(), "201");
    office
}

async fn log_in_to(office: &Office, user: &str, plan: &str) -> Answer {
    office.log_in_with(json!({ "user": user, "password": PASSWORD, "plan": plan })).await
}

async fn change(office: &Office, token: &str, lock: Option<&str>, etag: &str, body: Json) -> Answer {
    let write = office.write(Method::PATCH, token, LICENCE, &body).header("if-match", etag);
    office.send(if let Some(lock) = lock { write.header("daybook-lock", lock) } else { write }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_licence_is_changed_by_one_who_is_alone_in_every_plan_of_the_school() {
    let office = with_two_plans("licence").await;
    let admin = office.log_in("admin").await;
    let shown = office.get(&admin, LICENCE).await;
    assert_eq!(shown.outcome(), "200", "{}", shown.body);
    assert_eq!(
        (&shown.body["revision"], &shown.body["editable"]["why"]),
        (&json!(1), &json!("lock-missing"))
    );

    let other = log_in_to(&office, "victor", OTHER).await;
    let refused = office.post(&admin, &plan("/locks"), json!({ "action": "licence" })).await;
    assert_eq!(refused.outcome(), "409 not-alone", "{}", refused.body);
    assert_eq!(refused.body["sessions"][0]["user"], "victor");
    office.log_out(&text(&other.body["token"])).await;

    let lock = office.lock(&admin, "licence").await;
    let shut = log_in_to(&office, "victor", OTHER).await;
    assert_eq!((shut.outcome().as_str(), &shut.body["rule"]), ("423 blocked", &json!("exclusive-lock")));
    assert_eq!(shut.body["held_by"][0]["action"], "licence");
    assert_eq!(office.get(&admin, LICENCE).await.body["editable"]["value"], true);
    let reader = office.api_token("reader", "viewers").await;
    let read = office.get(&reader, LICENCE).await;
    assert_eq!((read.outcome().as_str(), &read.body["editable"]["why"]), ("200", &json!("right")));

    let body = json!({ "licensee": "Gymnasium", "number": "L-7", "valid_until": "2027-07-31" });
    let bare = office.send(office.write(Method::PATCH, &admin, LICENCE, &body)).await;
    assert_eq!(bare.outcome(), "428 revision-missing");
    assert_eq!(change(&office, &admin, None, "*", body.clone()).await.outcome(), "409 lock-missing");
    let changed = change(&office, &admin, Some(&lock), &shown.etag(), body.clone()).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!((&changed.body["licensee"], &changed.body["revision"]), (&json!("Gymnasium"), &json!(2)));
    assert_eq!(changed.body["changed"]["by"], "admin");
    let again = change(&office, &admin, Some(&lock), &changed.etag(), body).await;
    assert_eq!((again.outcome().as_str(), again.etag()), ("200", changed.etag()));
    let stale = change(&office, &admin, Some(&lock), &shown.etag(), json!({ "number": "L-8" })).await;
    assert_eq!(stale.outcome(), "412 stale", "{}", stale.body);
    assert_eq!(
        stale.body["changes"][1],
        json!({ "field": "number", "base": null, "theirs": "L-7", "yours": "L-8" })
    );
    let unset = change(&office, &admin, Some(&lock), "*", json!({ "number": null })).await;
    assert_eq!(unset.body.get("number"), None, "{}", unset.body);
    for bad in [json!({ "number": 5 }), json!({ "colour": "red" }), json!({ "valid_until": "soon" })] {
        assert_eq!(
            change(&office, &admin, Some(&lock), "*", bad.clone()).await.outcome(),
            "422 invalid",
            "{bad}"
        );
    }
    let now = office.get(&admin, LICENCE).await;
    assert_eq!((now.etag(), &now.body["valid_until"]), (unset.etag(), &json!("2027-07-31")));

    office.delete(&admin, &plan(&format!("/locks/{lock}"))).await;
    assert_eq!(change(&office, &admin, Some(&lock), "*", json!({})).await.outcome(), "409 lock-ended");
    assert_eq!(log_in_to(&office, "victor", OTHER).await.outcome(), "201");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_without_a_plan_is_not_found_and_who_is_in_no_plan_of_it_holds_no_lock() {
    let office = with_two_plans("licence_far").await;
    let admin = office.log_in_to_site("admin").await;
    assert_eq!(office.get(&admin, "/schools/7/licence").await.outcome(), "404 not-found");
    assert_eq!(office.get(&admin, "/schools/a~b/licence").await.outcome(), "404 not-found");
    let write =
        office.write(Method::PATCH, &admin, LICENCE, &json!({ "number": "1" })).header("if-match", "*");
    assert_eq!(office.send(write).await.outcome(), "409 lock-missing");
    let group = json!({ "id": "elsewhere", "rights": ["read", "licence"], "plans": ["7~*~*"] });
    assert_eq!(office.post(&admin, "/groups", group).await.outcome(), "201");
    let token = office.api_token("elsewhere", "elsewhere").await;
    let refused = office.get(&token, LICENCE).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("plan")));
    office.close().await;
}
