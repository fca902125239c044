//! When streams end, and that nothing is told to anybody after he has lost what it rests on.

use std::time::{Duration, Instant};

use api::desk::Terms;
use serde_json::json;
use tests::doings::text;
use tests::events::{Came, Event, Listener};
use tests::office::{Office, PASSWORD, PLAN, plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_off_is_told_by_whom_why_and_until_when_and_then_the_stream_ends() {
    let office = Office::open("livesignoff").await;
    let admin = office.log_in("admin").await;
    let bert = office.log_in("bert").await;
    for grace in [2, 0] {
        let anna = office.log_in("anna").await;
        let mut listener = office.follow(&anna, "after=now").await;
        let mut other = office.follow(&bert, "after=now").await;
        let session = text(&office.get(&anna, "/sessions/current").await.body["session"]);
        let body = json!({"sessions": [session], "message": "import at ten", "grace_seconds": grace});
        let gone = office.post(&admin, &plan("/sign-offs"), body).await;
        assert_eq!(gone.outcome(), "202", "{}", gone.body);
        let (events, is_whole) = listener.end().await;
        assert!(is_whole, "a clean end");
        let told: Vec<_> = events.iter().filter(|it| it.name == "sign-off").collect();
        let expected =
            json!({"by": "admin", "message": "import at ten", "ends_at": gone.body["items"][0]["ends_at"]});
        assert_eq!(told[0].data, expected, "grace {grace}");
        assert_eq!(told[0].id, None);
        assert_eq!(told.last().unwrap().data["message"], "import at ten");
        assert_eq!(office.get(&anna, "/sessions/current").await.outcome(), "401 signed-off");
        let ended = loop {
            let event = other.event().await;
            assert_ne!(event.name, "sign-off", "it is not for bert");
            if event.name == "daybook.session.ended" {
                break event;
            }
        };
        assert_eq!(ended.data["subject"], format!("sessions/{session}"));
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_what_it_rests_on() {
    let office = Office::open("ends").await;
    let admin = office.log_in_to_site("admin").await;
    let clerks = json!({"id": "clerks", "rights": ["read", "data"], "plans": "*"});
    assert_eq!(office.post(&admin, "/groups", clerks).await.outcome(), "201");
    for name in ["carl", "cora", "cleo"] {
        let body = json!({"name": name, "group": "clerks", "password": PASSWORD});
        assert_eq!(office.post(&admin, "/users", body).await.outcome(), "201");
    }
    let program = office.post(&admin, "/tokens", json!({"name": "watcher", "group": "viewers"})).await;
    let (program, token_id) = (text(&program.body["token"]), text(&program.body["id"]));
    let anna = office.log_in("anna").await;
    let ends = async |what: &str, mut listener: Listener| {
        let (events, is_whole) = listener.end().await;
        assert!(is_whole, "{what}: a clean end");
        assert!(events.iter().all(|it| !it.data.to_string().contains("SECRET")), "{what}: {events:#?}");
    };
    // Logging out, from the plan and from the site.
    let carl = office.log_in("carl").await;
    let site = office.log_in_with(json!({"user": "carl", "password": PASSWORD})).await;
    let site = text(&site.body["token"]);
    for token in [&carl, &site] {
        let listener = office.follow(token, "after=now").await;
        office.log_out(token).await;
        office.made(&anna, &format!("/rooms/SECRET{}", &token[..8]), json!({})).await;
        ends("log-out", listener).await;
    }
    // A user who is disabled, and a token that is revoked.
    let cora = office.log_in("cora").await;
    let listener = office.follow(&cora, "after=now").await;
    let users = office.get(&admin, "/users").await.body["items"].clone();
    let id = text(&users.as_array().unwrap().iter().find(|it| it["name"] == "cora").unwrap()["id"]);
    assert_eq!(office.remove(&admin, &format!("/users/{id}"), "*").await.outcome(), "204");
    office.made(&anna, "/rooms/SECRET1", json!({})).await;
    ends("disabled", listener).await;
    let listener = office.follow(&program, "after=now").await;
    assert_eq!(office.delete(&admin, &format!("/tokens/{token_id}")).await.outcome(), "204");
    office.made(&anna, "/rooms/SECRET2", json!({})).await;
    ends("revoked", listener).await;
    // The right, and the plan.
    for patch in [json!({"rights": ["data"]}), json!({"rights": ["read"], "plans": ["999999~*~*"]})] {
        let body = json!({"rights": ["read", "data"], "plans": "*"});
        assert_eq!(office.patch(&admin, "/groups/clerks", "*", body).await.outcome(), "200");
        let cleo = office.try_log_in("cleo", json!({"mode": "read"})).await;
        let listener = office.follow(&text(&cleo.body["token"]), "after=now").await;
        assert_eq!(office.patch(&admin, "/groups/clerks", "*", patch.clone()).await.outcome(), "200");
        let name = format!("/rooms/SECRET{}", patch.to_string().len());
        office.made(&anna, &name, json!({})).await;
        ends("rights", listener).await;
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_that_was_written_after_the_reader_had_gone() {
    let office = Office::open("gone").await;
    let node = office.beside().await;
    let admin = office.log_in_to_site("admin").await;
    let other = json!({"school": "100234", "year": "2026-2027", "version": 9});
    assert_eq!(office.post(&admin, "/plans", other).await.outcome(), "201");
    let anna = office.log_in("anna").await;
    // More than is read of the past at once.
    let one = |n: usize| json!({"verb": "PUT", "path": format!("/rooms/R{n}"), "body": {}});
    let batch = json!({"changes": (0..300).map(one).collect::<Vec<_>>()});
    assert_eq!(office.post(&anna, &plan("/batch"), batch).await.outcome(), "200");
    let mut secrets = 0;
    for query in ["", "kind=rooms", "record=rooms/R1", "after=now", "kind=rooms&after=now"] {
        for (at, where_read) in [(&office, "here"), (&node, "at another node")] {
            for of in [Some(PLAN), Some("100234~2026-2027~9"), None] {
                let what = format!("{query}, a session of {of:?}, read {where_read}");
                let log_in = json!({"user": "bert", "password": PASSWORD, "plan": of});
                let bert = office.log_in_with(log_in).await;
                assert_eq!(bert.outcome(), "201", "{}", bert.body);
                let bert = text(&bert.body["token"]);
                let mut listener = at.follow(&bert, query).await;
                office.log_out(&bert).await;
                secrets += 1;
                let secret = format!("SECRET {secrets}.");
                let done = office.patch(&anna, &plan("/rooms/R1"), "*", json!({"long_name": secret})).await;
                assert_eq!(done.outcome(), "200", "{}", done.body);
                let (events, is_whole) = listener.end().await;
                assert!(is_whole, "{what}: a clean end");
                let is_secret = |it: &&Event| it.data.to_string().contains(&secret);
                assert_eq!(events.iter().find(is_secret), None, "{what}");
            }
        }
    }
    node.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_while_he_waits_for_a_page_is_told_nothing_either() {
    let office = Office::open("waits").await;
    let node = office.beside().await;
    let anna = office.log_in("anna").await;
    for (n, at) in [&office, &node, &office, &node].into_iter().enumerate() {
        let bert = office.log_in("bert").await;
        // The log-in itself is told too.
        let path = plan(&format!("/changes?wait=30&kind=rooms&after=1.{}", office.head().await));
        let leaves = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            office.log_out(&bert).await;
            office.made(&anna, &format!("/rooms/SECRET{n}"), json!({})).await;
        };
        let (page, ()) = tokio::join!(at.get(&bert, &path), leaves);
        assert_eq!(page.outcome(), "401 not-logged-in", "{}", page.body);
    }
    node.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_is_contact_and_a_comment_comes_every_fifteen_seconds() {
    let terms = Terms { session_idle: Duration::from_secs(7), ..Terms::default() };
    let office = Office::with_terms("contact", terms).await;
    let watcher = office.api_token("watcher", "viewers").await;
    let anna = office.log_in("anna").await;
    let began = Instant::now();
    let mut listener = office.follow(&anna, "after=now").await;
    let mut comments = 0;
    // Nobody else is heard of meanwhile: the stream alone keeps the session.
    while comments < 2 {
        match listener.came(Duration::from_secs(30)).await {
            Some(Came::Comment) => comments += 1,
            Some(Came::End(_)) => panic!("the session was not kept"),
            Some(_) => {}
            None => panic!("no comment comes"),
        }
    }
    assert!(began.elapsed() >= Duration::from_secs(15), "one at the beginning, one after 15 s");
    let here =
        async || office.get(&watcher, &plan("/sessions")).await.body["items"].as_array().unwrap().len();
    assert_eq!(here().await, 1);
    drop(listener);
    for _ in 0..600 {
        if here().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(here().await, 0, "without it the session ends");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_cleanly_when_the_service_stops() {
    let office = Office::open("drain").await;
    let anna = office.log_in("anna").await;
    let mut listeners = Vec::new();
    for query in ["", "after=now", "kind=teachers", "record=teachers/X"] {
        let mut listener = office.follow(&anna, query).await;
        assert_eq!(listener.came(Duration::from_secs(30)).await, Some(Came::Comment));
        listeners.push(listener);
    }
    office.close().await;
    for listener in &mut listeners {
        assert!(listener.end().await.1, "nobody had to be cut off");
    }
}
