//! What followers are told beside the changes: messages, outages, and that the ledger is away.

use std::time::{Duration, Instant};

use api::desk::Terms;
use api::outage::ContactTerms;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::events::Listener;
use tests::office::{Office, plan};
use tests::proxy::Proxy;

use super::number;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_come_at_once_and_those_that_wait_at_the_beginning() {
    let office = Office::open("livemessages").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let mut listener = office.follow(&bert, "after=now").await;
    let say = async |words: &str| {
        let body = json!({"to": {"users": ["bert"]}, "text": words});
        let sent = office.post(&anna, "/messages", body).await;
        assert_eq!(sent.outcome(), "201", "{}", sent.body);
        text(&sent.body["id"])
    };
    let first = say("lunch?").await;
    let told = listener.event_named("message").await;
    assert_eq!((&told.data["text"], &told.data["id"]), (&json!("lunch?"), &json!(first)));
    assert_eq!((&told.data["from"], &told.data["read_at"]), (&json!("anna"), &Json::Null));
    // What the service has to say comes in the same way: bert is told that his change was not saved.
    let room = office.made(&anna, "/rooms/R", json!({})).await;
    office.patch(&anna, &plan("/rooms/R"), &room.etag(), json!({"capacity": 1})).await;
    let stale = office.patch(&bert, &plan("/rooms/R"), &room.etag(), json!({"capacity": 2})).await;
    assert_eq!(stale.outcome(), "412 stale");
    let refused = listener.event_named("message").await;
    assert_eq!(
        (&refused.data["kind"], &refused.data["data"]["record"]),
        (&json!("refused"), &json!("rooms/R"))
    );
    // Whoever comes back is told what came meanwhile, and not what he was told before.
    while number(listener.cursor()) < number(&text(&refused.data["id"])) {
        listener.event().await;
    }
    let cursor = listener.cursor().to_owned();
    drop(listener);
    let second = say("still there?").await;
    let mut back = office.follow_from(&bert, "after=now", Some(&cursor)).await;
    assert_eq!(back.event_named("message").await.data["id"], json!(second));
    // From the start on: everything that waits to be read.
    let read = office.send(office.write(
        Method::PATCH,
        &bert,
        &format!("/messages/{first}"),
        &json!({"read": true}),
    ));
    assert_eq!(read.await.outcome(), "200");
    let mut anew = office.follow(&bert, "").await;
    for _ in 0..2 {
        assert_ne!(anew.event_named("message").await.data["id"], json!(first), "it has been read");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_told_to_those_who_follow() {
    let office = Office::open("liveoutage").await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    let mut listener = office.follow(&anna, "after=now").await;
    let put = async |body: Json| {
        let done = office.send(office.write(Method::PUT, &admin, "/outage", &body)).await;
        assert_eq!(done.outcome(), "200", "{}", done.body);
    };
    // A busy machine may lose contact for a moment, which is told too.
    let until = async |listener: &mut Listener, state: &str| loop {
        let told = listener.event_named("outage").await.data;
        if told["state"] == state {
            return told;
        }
    };
    put(json!({"message": "new disks at ten", "prevent_logins": false})).await;
    assert_eq!(until(&mut listener, "announced").await["by"], "admin");
    put(json!({"message": "new disks at ten", "prevent_logins": true})).await;
    until(&mut listener, "gated").await;
    // Who begins to follow now is told too.
    let mut late = office.follow(&anna, "after=now").await;
    assert_eq!(late.event_named("outage").await.data["message"], "new disks at ten");
    put(json!({"message": "new disks", "prevent_logins": true, "begin": true})).await;
    for stream in [&mut listener, &mut late] {
        until(stream, "down-announced").await;
    }
    assert_eq!(office.ask_for_stream(&anna, "", None).await.status(), 503, "nobody new is served");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    until(&mut listener, "open").await;
    // And the stream goes on.
    office.made(&anna, "/rooms/R", json!({})).await;
    assert_eq!(listener.record().await.data["subject"], "rooms/R");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_outlives_the_absence_of_the_ledger_and_tells_of_it() {
    let first = Office::open("streamgone").await;
    let proxy = Proxy::start(&first.database.options).await.unwrap();
    let every = Duration::from_millis(200);
    let terms = Terms { contact: ContactTerms { every, ..ContactTerms::default() }, ..Terms::default() };
    let office = Office::through(&first, proxy.options(), terms).await;
    first.close().await;
    let anna = office.log_in("anna").await;
    let mut listener = office.follow(&anna, "after=now").await;
    assert_eq!(listener.event().await.name, "position");
    proxy.set_away(true);
    loop {
        let told = listener.event_named("outage").await;
        assert_eq!(told.data["contact"]["state"], "lost");
        if told.data["state"] == "down-unannounced" {
            break;
        }
    }
    proxy.set_away(false);
    while listener.event_named("outage").await.data["state"] != "open" {}
    let began = Instant::now();
    while office.create(&anna, &plan("/rooms/AFTERWARDS"), json!({})).await.outcome() != "201" {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody is served again");
    }
    assert_eq!(listener.record().await.data["subject"], "rooms/AFTERWARDS");
    office.close().await;
}
