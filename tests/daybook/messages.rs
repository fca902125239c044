//! Messages: between people, and from the service.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PLAN, plan};

async fn send(office: &Office, token: &str, to: Json, words: &str) -> Answer {
    let answer = office.post(token, "/messages", json!({"to": to, "text": words})).await;
    assert_eq!(answer.outcome(), "201", "{}", answer.body);
    answer
}

async fn read(office: &Office, token: &str, id: &str) -> Answer {
    let path = format!("/messages/{id}");
    office.send(office.write(Method::PATCH, token, &path, &json!({"read": true}))).await
}

fn texts(list: &Answer) -> Vec<&str> {
    list.body["items"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_reaches_whom_it_names_and_its_sender_sees_who_read_it() {
    let office = Office::open("messages").await;
    let anna = office.log_in("anna").await;
    let sent = send(&office, &anna, json!({"users": ["bert", "clara"]}), "The import begins at noon.").await;
    let id = text(&sent.body["id"]);
    assert_eq!(sent.header("daybook-position"), Some(id.as_str()));
    assert_eq!((&sent.body["kind"], &sent.body["from"]), (&json!("user"), &json!("anna")));
    // Bert was not logged in when it was sent.
    let bert = office.log_in("bert").await;
    let unread = office.get(&bert, "/messages?unread=true").await;
    let got = &unread.body["items"][0];
    assert_eq!(
        (&got["id"], &got["text"]),
        (&json!(id), &json!("The import begins at noon.")),
        "{}",
        unread.body
    );
    assert_eq!((&got["to"], &got["read_at"]), (&json!({"users": sent.body["to"]["users"]}), &Json::Null));
    let noted = read(&office, &bert, &id).await;
    assert_eq!(noted.outcome(), "200", "{}", noted.body);
    assert!(noted.body["read_at"].is_string(), "{}", noted.body);
    let head = office.head().await;
    let again = read(&office, &bert, &id).await;
    assert_eq!((again.outcome().as_str(), &again.body["read_at"]), ("200", &noted.body["read_at"]));
    assert_eq!(office.head().await, head, "read once, it stays read and nothing is written");
    assert_eq!(texts(&office.get(&bert, "/messages?unread=true").await), [""; 0]);
    assert_eq!(texts(&office.get(&bert, "/messages").await), ["The import begins at noon."]);
    let box_of_anna = office.get(&anna, "/messages?box=sent").await;
    let read_by = &box_of_anna.body["items"][0]["read_by"];
    assert_eq!(read_by, &json!([{"user": "bert", "at": noted.body["read_at"]}]), "{}", box_of_anna.body);
    assert_eq!(texts(&office.get(&anna, "/messages").await), [""; 0], "her own message is not for her");
    assert_eq!(office.get(&anna, &format!("/messages/{id}")).await.body["read_by"], *read_by);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_sees_a_message_or_says_that_it_was_read() {
    let office = Office::open("messages_private").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let admin = office.log_in_to_site("admin").await;
    let id = text(&send(&office, &anna, json!({"users": ["bert"]}), "Between us.").await.body["id"]);
    let path = format!("/messages/{id}");
    assert_eq!(office.get(&admin, &path).await.outcome(), "404 not-found");
    assert_eq!(read(&office, &admin, &id).await.outcome(), "404 not-found");
    assert_eq!(read(&office, &anna, &id).await.outcome(), "404 not-found", "it is not for its sender to say");
    assert_eq!(texts(&office.get(&admin, "/messages").await), [""; 0]);
    assert_eq!(office.get(&bert, &path).await.body["text"], "Between us.");
    for nothing in ["1.1", "99.1", "x", "1.999999"] {
        assert_eq!(read(&office, &bert, nothing).await.outcome(), "404 not-found", "{nothing}");
    }
    let unsaid = office.send(office.write(Method::PATCH, &bert, &path, &json!({"read": false}))).await;
    assert_eq!(
        (unsaid.outcome().as_str(), &unsaid.body["errors"][0]["pointer"]),
        ("422 invalid", &json!("/read"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_means_everybody_in_it() {
    let office = Office::open("messages_plan").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let admin = office.log_in_to_site("admin").await;
    let sent = send(&office, &admin, json!({"plan": PLAN}), "Please log out.").await;
    assert_eq!(sent.body["to"]["plan"], PLAN);
    for token in [&anna, &bert] {
        assert_eq!(texts(&office.get(token, "/messages?unread=true").await), ["Please log out."]);
    }
    let victor = office.log_in("victor").await;
    assert_eq!(texts(&office.get(&victor, "/messages").await), [""; 0], "he came later");
    for (to, pointer) in [
        (json!({"plan": "7~2026-2027~1"}), "/to/plan"),
        (json!({"plan": "x"}), "/to/plan"),
        (json!({"users": ["nobody"]}), "/to/users/0"),
        (json!({"users": []}), "/to/users"),
        (json!({}), "/to"),
        (json!({"users": ["bert"], "plan": PLAN}), "/to"),
    ] {
        let refused = office.post(&anna, "/messages", json!({"to": to, "text": "a"})).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(pointer))
        );
    }
    let long =
        office.post(&anna, "/messages", json!({"to": {"plan": PLAN}, "text": "x".repeat(2_001)})).await;
    assert_eq!(long.body["errors"][0]["pointer"], "/text");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_too_late_finds_a_message_in_his_language() {
    let office = Office::open("messages_refused").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let made = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss"})).await;
    let path = plan("/teachers/GAUSS");
    assert_eq!(office.try_log_in("clara", json!({"mode": "cover"})).await.outcome(), "201");
    let optimise = office.post(&bert, &plan("/locks"), json!({"action": "optimise", "periods": ["1"]})).await;
    assert_eq!(optimise.outcome(), "423 blocked", "{}", optimise.body);
    assert_eq!(office.patch(&anna, &path, &made.etag(), json!({"long_name": "Gauß"})).await.outcome(), "200");
    let late = office.patch(&bert, &path, &made.etag(), json!({"long_name": "Gaus"})).await;
    assert_eq!(late.outcome(), "412 stale");
    let head = office.head().await;
    let denied = office.post(&bert, &plan("/locks"), json!({"action": "data-import"})).await;
    assert_eq!(denied.outcome(), "409 not-alone");
    let request = office.request(Method::GET, "/v1/messages?unread=true", &bert);
    let position = (head + 1).to_string();
    let request = request.header("accept-language", "de").header("daybook-min-position", position);
    let list = office.send(request).await;
    assert_eq!(list.header("content-language"), Some("de"));
    assert_eq!(
        texts(&list),
        [
            "Sie haben die Sperre für „data-import“ nicht bekommen: Andere sind im Plan.",
            "Ihre Änderung an teachers/GAUSS wurde nicht gespeichert: anna war schneller.",
            "Sie haben die Sperre für „optimise“ nicht bekommen: Es wird gerade Vertretung geplant.",
        ]
    );
    assert_eq!(list.body["items"][2]["data"]["rule"], "cover");
    let refused = &list.body["items"][1];
    assert_eq!((&refused["kind"], &refused["from"]), (&json!("refused"), &json!("system")));
    assert_eq!(refused["data"]["record"], "teachers/GAUSS");
    assert_eq!(refused["data"]["winner"]["user"], "anna");
    assert_eq!(
        refused["data"]["changes"],
        json!([{"field": "long_name", "theirs": "Gauß", "yours": "Gaus"}])
    );
    let noted = read(&office, &bert, &text(&refused["id"])).await;
    assert_eq!(noted.body["text"], "Your change of teachers/GAUSS was not saved: anna changed it first.");
    assert_eq!(office.get(&bert, "/messages?unread=true").await.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(texts(&office.get(&anna, "/messages").await), [""; 0]);
    let first = office.get(&bert, "/messages?limit=1").await;
    let next = text(&first.body["next"]);
    assert_eq!(
        office.get(&bert, &format!("/messages?limit=1&after={next}")).await.body["items"][0]["id"],
        refused["id"]
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_off_and_who_is_there_when_an_outage_is_announced_is_told() {
    use api::desk::{Answer as Decided, Extra, Request};
    use domain::command::announce_outage::AnnounceOutage;
    use domain::command::sign_off::{SignOffSessions, Whom};
    use domain::{OutageId, SignOffId, Who};
    let office = Office::open("messages_service").await;
    let anna = office.log_in("anna").await;
    let desk = &office.service.as_ref().unwrap().desk;
    let id = uuid::Uuid::now_v7();
    let outage = AnnounceOutage {
        outage: OutageId(id),
        message: "At noon the service rests.".to_owned(),
        prevent_logins: false,
        until: None,
        begin: false,
    };
    let request = || Request::of(Who::Operator);
    desk.execute(request(), outage, Extra::default(), |_, _| Decided::empty(200)).await.unwrap();
    let sign_off = SignOffSessions {
        plan: PLAN.parse().unwrap(),
        sign_off: SignOffId(id),
        whom: Whom::Others,
        message: "The import begins.".to_owned(),
        grace_seconds: 90,
        lock: None,
    };
    desk.execute(request(), sign_off, Extra::default(), |_, _| Decided::empty(200)).await.unwrap();
    let head = office.head().await;
    let list = office.get_from(&anna, "/messages?unread=true", head).await;
    assert_eq!(
        texts(&list),
        ["operator will sign you off in 90 seconds: The import begins.", "At noon the service rests."]
    );
    assert_eq!(
        (&list.body["items"][0]["kind"], &list.body["items"][1]["kind"]),
        (&json!("sign-off"), &json!("outage"))
    );
    assert!(list.body["items"][0]["data"]["ends_at"].is_string());
    let outage = text(&list.body["items"][1]["id"]);
    assert_eq!(read(&office, &anna, &outage).await.outcome(), "200");
    assert_eq!(office.get(&anna, "/messages?unread=true").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(office.get(&anna, "/messages").await.body["items"].as_array().unwrap().len(), 2);
    let bert = office.log_in("bert").await;
    assert_eq!(texts(&office.get(&bert, "/messages").await), [""; 0], "he came later");
    assert_eq!(read(&office, &bert, &outage).await.outcome(), "404 not-found");
    office.close().await;
}
