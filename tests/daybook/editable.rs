//! Windows that open for reading, and say why one cannot edit in them.

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, PLAN, plan};

async fn why(office: &Office, token: &str, path: &str) -> (Json, Vec<String>) {
    let shown = office.get(token, &plan(path)).await;
    assert_eq!(shown.outcome(), "200", "{path}: {}", shown.body);
    let told = shown.body["editable"].clone();
    assert_eq!(told["value"], told["why"].is_null(), "{path}: {told}");
    let held = told["held_by"].as_array().unwrap().iter();
    (told["why"].clone(), held.map(|it| format!("{} {}", text(&it["user"]), text(&it["action"]))).collect())
}

fn no(why: &str, held_by: &[&str]) -> (Json, Vec<String>) {
    (why.into(), held_by.iter().map(|&it| it.to_owned()).collect())
}

fn yes() -> (Json, Vec<String>) {
    (Json::Null, Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cause_is_told_in_lists_and_singletons() {
    let office = Office::open("windows").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    office.made(&anna, "/lessons/7", json!({ "hours_per_week": 1 })).await;
    let hours = "/lessons/7/placements";
    assert_eq!(why(&office, &anna, "/lessons").await, yes());
    for path in ["/periods", "/holidays", "/time-grid", "/school-data"] {
        assert_eq!(why(&office, &anna, path).await, no("not-alone", &[]), "{path}");
    }
    let clara = office.try_log_in("clara", json!({ "mode": "cover" })).await;
    let clara = text(&clara.body["token"]);
    assert_eq!(why(&office, &anna, hours).await, no("cover", &["clara cover"]));
    assert_eq!(why(&office, &anna, "/teachers").await, yes());
    assert_eq!(why(&office, &clara, "/absences").await, yes());
    assert_eq!(why(&office, &clara, "/teachers").await, no("right", &[]));
    assert_eq!(why(&office, &anna, "/absences").await, no("right", &[]));
    office.log_out(&clara).await;
    let begun = office.post(&bert, &plan("/optimisations"), json!({ "periods": ["1"] })).await;
    for token in [&anna, &bert] {
        for path in ["/lessons", "/teachers", hours] {
            assert_eq!(why(&office, token, path).await, no("optimisation", &["bert optimise"]), "{path}");
        }
    }
    let id = text(&begun.body["optimisation"]);
    assert_eq!(office.delete(&bert, &plan(&format!("/optimisations/{id}"))).await.outcome(), "204");
    office.log_out(&bert).await;
    assert_eq!(why(&office, &anna, "/holidays").await, no("lock-missing", &[]));
    office.lock(&anna, "holidays").await;
    assert_eq!(why(&office, &anna, "/holidays").await, yes());
    assert_eq!(
        why(&office, &anna, "/periods").await,
        no("lock-missing", &[]),
        "a lock serves its own action"
    );
    office.log_out(&anna).await;
    let victor = office.log_in("victor").await;
    assert_eq!(why(&office, &victor, "/lessons").await, no("mode", &[]));
    let program = office.api_token("reader", "planners").await;
    assert_eq!(why(&office, &program, "/lessons").await, no("session", &[]));
    let admin = office.log_in_to_site("admin").await;
    for state in ["read-only", "archived"] {
        let changed = office.patch(&admin, &format!("/plans/{PLAN}"), "*", json!({ "state": state })).await;
        assert_eq!(changed.outcome(), "200", "{}", changed.body);
        assert_eq!(why(&office, &victor, "/lessons").await, no(state, &[]));
    }
    office.close().await;
}
