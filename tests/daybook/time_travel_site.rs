//! `as_of` on what concerns the whole site: notices, the outage, the status report.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};
use tests::outages::{announce, outage};

/// What is asked of the site.
const QUESTIONS: &[&str] = &["/notices", "/notices?limit=1", "/outage", "/status-report"];

async fn posted(office: &Office, token: &str, more: Json) -> Answer {
    let mut body = json!({"title": "Rest", "text": "From six to eight."});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = office.post(token, "/notices", body).await;
    assert_eq!(answer.outcome(), "201", "{}", answer.body);
    answer
}

/// An answer without what is no event, and without what goes on between two writes.
fn kept(answer: &Answer) -> (String, Json) {
    let mut body = answer.body.clone();
    forget(&mut body);
    (answer.outcome(), body)
}

fn forget(json: &mut Json) {
    const FORGOTTEN: &[&str] = &[
        "last_contact_at",
        "last_probe_at",
        "uptime_seconds",
        "nodes",
        // Here the answering node is called otherwise than the host.
        "node",
        "projections",
        "store_bytes",
        // The node that answers takes its own start from its clock, the ledger from the database's.
        "started_at",
        "since",
        // Counted in memory until the minute is over.
        "refused_logins",
        "failed_logins",
        // What was asked a little later was answered of another day.
        "course",
        "quietest",
    ];
    match json {
        Json::Object(object) => {
            object.retain(|member, _| !FORGOTTEN.contains(&member.as_str()));
            // Of a lock that is held.
            if object.contains_key("token") {
                object.remove("expires_at");
            }
            object.values_mut().for_each(forget);
        }
        Json::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

fn as_of(question: &str, moment: impl std::fmt::Display) -> String {
    let sign = if question.contains('?') { '&' } else { '?' };
    format!("{question}{sign}as_of={moment}")
}

/// One more thing that concerns the site.
async fn happen(office: &Office, admin: &str, step: usize) -> Answer {
    let notices = office.get(admin, "/notices?limit=1000").await.body["items"].clone();
    let one = |at: usize| {
        let all = notices.as_array().map_or(0, Vec::len);
        format!("/notices/{}", notices[at % all.max(1)]["id"].as_str().unwrap_or("0"))
    };
    let said = |gate: bool| json!({ "message": format!("Until {step}."), "prevent_logins": gate });
    match step % 12 {
        0 => posted(office, admin, json!({ "public": true, "title": format!("{step}") })).await,
        1 => posted(office, admin, json!({ "important": true, "show_from": "2999-01-01" })).await,
        2 => announce(office, admin, said(false)).await,
        3 => {
            office
                .patch(
                    admin,
                    &one(step),
                    "*",
                    json!({ "title": "Pause", "important": step.is_multiple_of(2) }),
                )
                .await
        }
        4 => announce(office, admin, said(true)).await,
        5 => office.delete(admin, "/outage").await,
        6 => office.try_log_in("bert", json!({ "mode": "read" })).await,
        7 => posted(office, admin, json!({ "hide_from": "2020-01-01" })).await,
        8 => office.remove(admin, &one(step), "*").await,
        9 => office.patch(admin, &one(step), "*", json!({ "hide_from": "2020-01-01" })).await,
        10 => office.patch(admin, &one(step), "\"1-99\"", json!({ "title": "late" })).await,
        _ => {
            let session = office.try_log_in("anna", json!({})).await;
            let token = session.body["token"].as_str().unwrap().to_owned();
            let lock = json!({ "action": "optimise", "periods": ["1"] });
            office.post(&token, &plan("/locks"), lock).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_of_the_site_then_is_told_of_then() {
    let office = Office::open("site_then").await;
    let admin = office.log_in_to_site("admin").await;
    let mut past = Vec::new();
    for step in 0..48 {
        let done = happen(&office, &admin, step).await;
        assert!(![400, 401, 403, 404, 422, 428].contains(&done.status.as_u16()), "{step}: {}", done.body);
        let position = office.head().await;
        let mut answers = Vec::new();
        for question in QUESTIONS {
            answers.push(kept(&office.get_from(&admin, question, position).await));
        }
        past.push((position, answers));
    }
    let users = office.get(&admin, "/users?limit=1000").await;
    let of_anna = users.body["items"].as_array().unwrap().iter().find(|it| it["name"] == "anna").unwrap();
    let path = format!("/users/{}", of_anna["id"].as_str().unwrap());
    let renamed = office.patch(&admin, &path, "*", json!({"name": "hanna", "group": "viewers"})).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    for (position, answers) in &past {
        for (question, then) in QUESTIONS.iter().zip(answers) {
            let answer = office.get(&admin, &as_of(question, format!("1.{position}"))).await;
            assert_eq!(answer.header("daybook-as-of"), Some(format!("1.{position}").as_str()), "{question}");
            assert_eq!(answer.header("etag"), None, "{question}");
            assert_eq!(&kept(&answer), then, "{question} as of {position}");
        }
        // One by one as in the list.
        let list = office.get(&admin, &as_of("/notices", position)).await;
        for notice in list.body["items"].as_array().unwrap().iter().take(2) {
            let path = format!("/notices/{}", notice["id"].as_str().unwrap());
            assert_eq!(&office.get(&admin, &as_of(&path, position)).await.body, notice);
        }
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_of_the_site_can_be_of_the_past() {
    let office = Office::open("site_past").await;
    let (admin, victor) = (office.log_in_to_site("admin").await, office.log_in("victor").await);
    let notice = posted(&office, &admin, json!({})).await;
    let (there, path) = (office.head().await, notice.header("location").unwrap()[3..].to_owned());
    let hidden = posted(&office, &admin, json!({ "hide_from": "2020-01-01" })).await;
    let hidden = hidden.header("location").unwrap()[3..].to_owned();
    let last = office.head().await;
    assert_eq!(office.remove(&admin, &path, "*").await.outcome(), "204");
    let gone = office.head().await;
    let description = api::routes::openapi();
    for (question, of_route) in [
        ("/notices", "/v1/notices"),
        (path.as_str(), "/v1/notices/{id}"),
        ("/outage", "/v1/outage"),
        ("/status-report", "/v1/status-report"),
    ] {
        let operation = &description["paths"][of_route]["get"];
        assert!(operation["parameters"].to_string().contains("parameters/as_of"), "{of_route}");
        assert!(operation["responses"]["200"]["headers"]["Daybook-As-Of"].is_object(), "{of_route}");
        for (moment, outcome) in [
            (there.to_string().as_str(), "200"),
            (&format!("1.{there}"), "200"),
            ("9999999", "422 invalid"),
            ("x", "422 invalid"),
            ("7.1", "409 epoch-changed"),
            ("1&as_of=1", "422 invalid"),
            ("1&what=1", "422 invalid"),
        ] {
            let answer = office.get(&admin, &as_of(question, moment)).await;
            assert_eq!(answer.outcome(), outcome, "{question} as of {moment}: {}", answer.body);
        }
        let url = format!("{}/v1{}", office.base, as_of(question, there));
        let stranger = office.send(office.client.get(url)).await;
        assert_eq!(stranger.outcome(), "401 not-logged-in", "{question}");
    }
    // Before anything was, and after it had gone.
    assert_eq!(office.get(&admin, &as_of(&path, there - 1)).await.outcome(), "404 not-found");
    assert_eq!(office.get(&admin, &as_of(&path, gone)).await.outcome(), "404 not-found");
    for beginning in ["0", "2000-01-01T00:00:00Z"] {
        let empty = office.get(&admin, &as_of("/notices", beginning)).await;
        assert_eq!((empty.outcome().as_str(), &empty.body["items"]), ("200", &json!([])));
        let open = office.get(&admin, &as_of("/outage", beginning)).await;
        assert_eq!(
            (&open.body["state"], &open.body["contact"]),
            (&json!("open"), &json!({"state": "ok", "since": null}))
        );
        let report = office.get(&admin, &as_of("/status-report", beginning)).await;
        assert_eq!(report.body["users"]["now"], json!({ "sessions": 0, "distinct": 0 }));
        assert_eq!(
            (&report.body["engine"]["head"], &report.body["service"]["version"]),
            (&json!("1.0"), &Json::Null)
        );
    }
    // What is to come is as it is now; rights are those of now.
    let future = office.get(&admin, &as_of("/notices", "2999-01-01T00:00:00Z")).await;
    assert_eq!(future.header("daybook-as-of"), Some(format!("1.{gone}").as_str()));
    assert_eq!(office.get(&victor, &as_of(&hidden, last)).await.outcome(), "404 not-found");
    assert_eq!(office.get(&admin, &as_of(&hidden, last)).await.outcome(), "200");
    let seen = office.get(&victor, &as_of("/notices", last)).await;
    assert_eq!(seen.body["items"].as_array().unwrap().len(), 1, "{}", seen.body);
    let forbidden = office.get(&victor, &as_of("/status-report", last)).await;
    assert_eq!(
        (forbidden.outcome().as_str(), &forbidden.body["right"]),
        ("403 not-permitted", &json!("maintenance"))
    );
    assert_eq!(office.get(&victor, &as_of("/outage", last)).await.outcome(), "200");
    // A stranger still reads what is now.
    assert_eq!(outage(&office).await["state"], "open");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_told_during_an_outage_as_far_as_anything_is() {
    let office = Office::open("site_down").await;
    let admin = office.log_in_to_site("admin").await;
    announce(&office, &admin, json!({ "message": "Soon.", "prevent_logins": true })).await;
    let refused = office.try_log_in("anna", json!({})).await;
    assert_eq!(refused.outcome(), "503 gate-closed");
    let gated = office.head().await;
    let down = json!({ "message": "Now.", "prevent_logins": true, "begin": true });
    assert_eq!(announce(&office, &admin, down).await.outcome(), "200");
    let then = office.get(&admin, &as_of("/outage", gated)).await;
    assert_eq!(
        (&then.body["state"], &then.body["message"]),
        (&json!("gated"), &json!("Soon.")),
        "{}",
        then.body
    );
    assert_eq!((&then.body["by"], &then.body["users"]), (&json!("admin"), &json!(1)));
    let report = office.get(&admin, &as_of("/status-report", gated)).await;
    assert_eq!(report.body["service"]["state"], "gated", "{}", report.body);
    assert_eq!(report.body["service"]["outage"], then.body);
    assert_eq!(office.get(&admin, &as_of("/notices", gated)).await.outcome(), "503 outage");
    assert_eq!(office.get(&admin, "/notices").await.outcome(), "200", "the public ones");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    let over = office.head().await;
    let report = office.get(&admin, &as_of("/status-report", over)).await;
    assert_eq!(report.body["service"]["outages"][0]["reason"], "administrator");
    let before = office.get(&admin, &as_of("/status-report", over - 1)).await;
    assert_eq!(before.body["service"]["outages"], json!([]));
    let body = json!({ "user": "anna", "password": PASSWORD, "plan": PLAN });
    assert_eq!(
        office
            .send(office.client.request(Method::POST, format!("{}/v1/sessions", office.base)).json(&body))
            .await
            .outcome(),
        "201"
    );
    office.close().await;
}
