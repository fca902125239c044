//! Outages that people announce: with and without a gate, begun, over; on nodes that come and go.

use api::desk::Terms;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, PASSWORD, plan};
use tests::outages::{announce, outage, past};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_shows_at_once_and_people_work_on() {
    let office = Office::open("announced").await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    assert_eq!(outage(&office).await["state"], "open");
    let before = office.get(&anna, &plan("/teachers")).await;
    assert_eq!(before.header("daybook-outage"), None);
    let body = json!({ "message": "At noon.", "prevent_logins": false, "until": "2026-11-28T14:00:00Z" });
    let announced = announce(&office, &admin, body).await;
    assert_eq!(announced.outcome(), "200", "{}", announced.body);
    assert_eq!(announced.header("daybook-outage"), Some("announced"));
    let shown = outage(&office).await;
    for body in [&announced.body, &shown] {
        assert_eq!(body["state"], "announced");
        assert_eq!((&body["message"], &body["by"]), (&json!("At noon."), &json!("admin")));
        assert_eq!(body["until"], "2026-11-28T14:00:00Z");
        assert_eq!((&body["gated_at"], &body["down_at"]), (&Json::Null, &Json::Null));
        assert_eq!(body["contact"]["state"], "ok");
    }
    assert_eq!(announced.body["announced_at"], shown["announced_at"]);
    assert_eq!(shown["users"], 2);
    let made = office.create(&anna, &plan("/teachers/NEW"), json!({})).await;
    assert_eq!(made.outcome(), "201");
    assert_eq!(made.header("daybook-outage"), Some("announced"));
    let refused = office.get(&anna, "/users").await;
    assert_eq!(refused.outcome(), "403 not-permitted");
    assert_eq!(refused.header("daybook-outage"), Some("announced"), "refusals carry it too");
    let bert = office.try_log_in("bert", json!({})).await;
    assert_eq!((bert.outcome().as_str(), bert.header("daybook-outage")), ("201", Some("announced")));
    let stranger = office.send(office.client.get(format!("{}/v1/plans", office.base))).await;
    assert_eq!((stranger.status.as_u16(), stranger.header("daybook-outage")), (401, None));
    let ended = office.delete(&admin, "/outage").await;
    assert_eq!(ended.outcome(), "204");
    assert_eq!(outage(&office).await["state"], "open");
    assert_eq!(office.get(&anna, &plan("/teachers")).await.header("daybook-outage"), None);
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204", "it is over already");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_lets_nobody_in_by_any_way_and_keeps_nobody_from_working() {
    let office = Office::open("gated").await;
    let api_token = office.api_token("loader", "planners").await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    let gate = json!({ "message": "Closed until two.", "prevent_logins": true });
    let gated = announce(&office, &admin, gate).await;
    assert_eq!((gated.outcome().as_str(), &gated.body["state"]), ("200", &json!("gated")));
    assert!(gated.body["gated_at"].is_string());
    let nobody = office.try_log_in("bert", json!({ "plan": "1~2026-2027~1" })).await;
    assert_eq!(nobody.outcome(), "503 gate-closed", "before it is looked whether there is the plan");
    let site = office.log_in_with(json!({ "user": "admin", "password": PASSWORD })).await;
    let program = office.log_in_by_token(&api_token).await;
    for refused in [office.try_log_in("bert", json!({})).await, site, program] {
        assert_eq!(refused.outcome(), "503 gate-closed", "{}", refused.body);
        assert_eq!(refused.body["message"], "Closed until two.");
        assert!(refused.header("retry-after").is_some());
    }
    let wrong = office.try_log_in("bert", json!({ "password": "wrong" })).await;
    assert_eq!(wrong.outcome(), "401 not-logged-in");
    let made = office.create(&anna, &plan("/teachers/NEW"), json!({})).await;
    assert_eq!((made.outcome().as_str(), made.header("daybook-outage")), ("201", Some("gated")));
    assert_eq!(office.get(&api_token, &plan("/teachers")).await.outcome(), "200", "programs read on");
    assert_eq!(outage(&office).await["users"], 2);
    office.log_out(&anna).await;
    let shown = outage(&office).await;
    assert_eq!((&shown["users"], &shown["refused_logins"]), (&json!(1), &json!(4)));
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "503 gate-closed", "who goes stays out");
    let open = announce(&office, &admin, json!({ "message": "Come in.", "prevent_logins": false })).await;
    assert_eq!((&open.body["state"], &open.body["gated_at"]), (&json!("announced"), &Json::Null));
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "201");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn begun_by_hand_every_call_answers_with_the_message() {
    let office = Office::open("begun").await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    let body = json!({ "message": "The service rests.", "prevent_logins": false, "begin": true, "until": "2026-11-28T14:00:00Z" });
    let begun = announce(&office, &admin, body).await;
    assert_eq!((begun.outcome().as_str(), &begun.body["state"]), ("200", &json!("down-announced")));
    for refused in [
        office.get(&anna, &plan("/teachers")).await,
        office.get(&anna, &plan("/nothing")).await,
        office.create(&anna, &plan("/teachers/NEW"), json!({})).await,
        office.get(&admin, "/users").await,
        office.try_log_in("bert", json!({})).await,
    ] {
        if refused.status == 404 {
            continue;
        }
        assert_eq!(refused.outcome(), "503 outage", "{}", refused.body);
        assert_eq!(refused.body["message"], "The service rests.");
        assert_eq!(refused.body["until"], "2026-11-28T14:00:00Z");
        assert_eq!(refused.body["since"], begun.body["down_at"]);
        assert!(refused.header("retry-after").is_some());
    }
    let stranger = office.send(office.client.get(format!("{}/v1/users", office.base))).await;
    assert_eq!(stranger.outcome(), "401 not-logged-in", "401 comes before 503");
    assert_eq!(office.get(&admin, "/status-report").await.outcome(), "200");
    assert_eq!(office.get(&anna, "/status-report").await.outcome(), "403 not-permitted");
    for path in ["/livez", "/readyz", "/metrics"] {
        let answer = office.client.get(format!("{}{path}", office.base)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let edited = announce(&office, &admin, json!({ "message": "Longer.", "prevent_logins": false })).await;
    assert_eq!(edited.body["state"], "down-announced", "leaving `begin` out undoes nothing");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    assert_eq!(office.get(&anna, &plan("/teachers")).await.outcome(), "200");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_announcements_are_told_what_is_wrong() {
    let office = Office::open("announcing").await;
    let admin = office.log_in_to_site("admin").await;
    for (body, pointer) in [
        (json!({ "message": "", "prevent_logins": false }), "/message"),
        (json!({ "message": "x".repeat(2_001), "prevent_logins": false }), "/message"),
        (json!({ "message": "x" }), "/prevent_logins"),
        (json!({ "message": "x", "prevent_logins": false, "until": "noon" }), "/until"),
        (json!({ "message": "x", "prevent_logins": false, "end": 1 }), "/end"),
    ] {
        let refused = announce(&office, &admin, body).await;
        assert_eq!(refused.outcome(), "422 invalid", "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    assert_eq!(outage(&office).await["state"], "open");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_first_node_that_starts_ends_an_outage() {
    let office = Office::open("restarted").await;
    let admin = office.log_in_to_site("admin").await;
    announce(&office, &admin, json!({ "message": "At noon.", "prevent_logins": true })).await;
    let second = office.beside().await;
    assert_eq!(outage(&second).await["state"], "gated", "the second node's start ends nothing");
    let refused = second.try_log_in("anna", json!({})).await;
    assert_eq!(refused.outcome(), "503 gate-closed");
    let changed = announce(&second, &admin, json!({ "message": "At two.", "prevent_logins": true })).await;
    assert_eq!(changed.outcome(), "200");
    let seen = office.get(&admin, "/groups").await;
    assert_eq!(seen.header("daybook-outage"), Some("gated"));
    assert_eq!(outage(&office).await["message"], "At two.", "acknowledged, it shows on every node");
    second.close().await;
    assert_eq!(outage(&office).await["state"], "gated", "and neither does its end");
    let database = office.database.clone();
    office.close().await;
    let again = Office::on(database, Terms::default()).await;
    assert_eq!(outage(&again).await["state"], "open");
    let over = past(&again).await;
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].reason.as_str(), over[0].message.as_deref()), ("restart", Some("At two.")));
    assert_eq!(over[0].refused_logins, 1, "what was counted is written when a node stops");
    assert_eq!(again.get(&admin, "/groups").await.outcome(), "200", "sessions outlive a restart");
    again.close().await;
}

/// The words of the host's command.
#[test]
fn the_operator_announces_and_ends_beside_the_running_service() {
    use super::command_line::program::{Program, directory};
    let data = directory();
    let program = Program::on_data(data.path());
    let mut service = program.start(&["serve", "--listen", "127.0.0.1:0", "--quiet"]);
    let shown = |args: &[&str]| {
        let done = program.run(args);
        assert_eq!(done.status, 0, "{done:?}");
        done.json()
    };
    assert_eq!(shown(&["outage", "show", "--json"])["state"], "open");
    let announced = shown(&["outage", "announce", "At noon.", "--prevent-logins", "--json"]);
    assert_eq!((text(&announced["state"]), text(&announced["by"])), ("gated".into(), "operator".into()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = runtime.block_on(async {
        reqwest::get(format!("{}/v1/outage", service.url)).await.unwrap().json::<Json>().await.unwrap()
    });
    assert_eq!(asked["state"], "gated");
    assert!(program.run(&["outage", "show"]).out.starts_with("gated: "));
    assert_eq!(program.run(&["outage", "announce", " "]).status, 1);
    assert_eq!(program.run(&["outage", "announce", "x", "--until", "noon"]).status, 2);
    assert_eq!(shown(&["outage", "end", "--json"])["state"], "open");
    assert_eq!(service.stop(), 0);
}
