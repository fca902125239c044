//! Changes as they happen: server-sent events.

use std::time::{Duration, Instant};

use api::desk::Terms;
use api::outage::ContactTerms;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::events::{Came, Event, Listener};
use tests::office::{Office, PASSWORD, plan};
use tests::proxy::Proxy;

/// Renames, changes and removals, which filters have to follow.
async fn busy_day(office: &Office, token: &str) {
    let patch = async |path: &str, body: Json| {
        let done = office.patch(token, &plan(path), "*", body).await;
        assert_eq!(done.outcome(), "200", "{path}: {}", done.body);
    };
    for name in ["GAUSS", "EULER"] {
        office.made(token, &format!("/teachers/{name}"), json!({})).await;
        patch(&format!("/teachers/{name}"), json!({"long_name": name})).await;
    }
    office.made(token, "/rooms/GAUSS", json!({})).await;
    patch("/teachers/GAUSS", json!({"id": "RIEMANN"})).await;
    patch("/teachers/RIEMANN", json!({"long_name": "Riemann"})).await;
    patch("/teachers/EULER", json!({"id": "GAUSS"})).await;
    patch("/teachers/GAUSS", json!({"long_name": "Gauss again"})).await;
    patch("/teachers/RIEMANN", json!({"email": "r@example.org"})).await;
    let gone = office.remove(token, &plan("/teachers/GAUSS"), "*").await;
    assert_eq!(gone.outcome(), "204", "{}", gone.body);
    office.made(token, "/teachers/GAUSS", json!({"long_name": "the third"})).await;
}

/// What the pages of the same question tell.
async fn pages(office: &Office, token: &str, query: &str) -> Vec<Json> {
    let first = query.split('&').find_map(|it| it.strip_prefix("after=")).unwrap_or("1.0");
    let filter: Vec<_> = query.split('&').filter(|it| !it.starts_with("after=")).collect();
    let (mut items, mut after, filter) = (Vec::new(), first.to_owned(), filter.join("&"));
    loop {
        let answer = office.get(token, &plan(&format!("/changes?limit=1000&after={after}&{filter}"))).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        let next = text(&answer.body["next"]);
        items.extend(answer.body["items"].as_array().unwrap().iter().cloned());
        if next == after {
            return items;
        }
        after = next;
    }
}

/// So many changes.
async fn changes(listener: &mut Listener, count: usize) -> Vec<Json> {
    let mut all = Vec::new();
    while all.len() < count {
        all.push(listener.change().await.data);
    }
    all
}

fn number(id: &str) -> i64 {
    id.strip_prefix("1.").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_comes_as_it_happens_with_its_position_its_type_and_its_cloud_event() {
    let office = Office::open("live").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let response = office.ask_for_stream(&anna, "after=now", None).await;
    for (header, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(response.headers()[header], value);
    }
    drop(response);
    let mut listener = office.follow(&anna, "after=now").await;
    let within = Duration::from_secs(30);
    assert_eq!(listener.came(within).await, Some(Came::Comment), "something comes at once");
    assert!(matches!(listener.came(within).await, Some(Came::Retry(1..))));
    let Some(Came::Event(now)) = listener.came(within).await else { panic!("the position of now") };
    assert_eq!((now.name.as_str(), &now.data["position"]), ("position", &json!(now.id)));
    let made = office.made(&bert, "/teachers/GAUSS", json!({"long_name": "Gauss"})).await;
    let change = listener.change().await;
    assert_eq!(change.name, "daybook.record.created");
    assert_eq!(change.id.as_deref(), made.body["changed"]["position"].as_str());
    assert_eq!(json!([change.data]), json!(pages(&office, &anna, "record=teachers/GAUSS").await));
    // The page of the same address goes to everybody who does not ask for events.
    let page = office.get(&anna, &plan("/changes?after=now")).await;
    assert!(page.body["items"].is_array());
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_is_told_the_rest_also_from_within_an_append() {
    let office = Office::open("resume").await;
    let anna = office.log_in("anna").await;
    let start = format!("1.{}", office.head().await);
    let one = |n: usize| json!({"verb": "PUT", "path": format!("/rooms/R{n}"), "body": {}});
    let batch = json!({"changes": (0..7).map(one).collect::<Vec<_>>()});
    let done = office.post(&anna, &plan("/batch"), batch).await;
    assert_eq!(done.outcome(), "200", "{}", done.body);
    office.made(&anna, "/teachers/LAST", json!({})).await;
    let ids = |all: &[Event]| all.iter().map(|it| it.id.clone().unwrap()).collect::<Vec<_>>();
    let mut whole = office.follow(&anna, &format!("after={start}")).await;
    let mut all = Vec::new();
    while all.len() < 8 {
        all.push(whole.change().await);
    }
    for had in 0..8 {
        // The address still says where it began; the last id goes before it.
        let mut rest = office.follow_from(&anna, &format!("after={start}"), Some(&ids(&all)[had])).await;
        let mut told = all[..=had].to_vec();
        while told.len() < 8 {
            told.push(rest.change().await);
        }
        assert_eq!(told, all, "after {had}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_what_the_pages_tell_whatever_is_asked_for() {
    let office = Office::open("filters").await;
    let anna = office.log_in("anna").await;
    let queries = [
        "",
        "kind=teachers",
        "kind=rooms",
        "kind=sessions",
        "record=teachers/GAUSS",
        "record=teachers/RIEMANN",
        "record=teachers/EULER",
        "record=rooms/GAUSS&kind=rooms",
        "record=rooms/GAUSS&kind=teachers",
    ];
    let mut early = Vec::new();
    for query in queries {
        early.push(office.follow(&anna, query).await);
    }
    busy_day(&office, &anna).await;
    for (query, listener) in queries.into_iter().zip(&mut early) {
        let pages = pages(&office, &anna, query).await;
        let mut late = office.follow(&anna, query).await;
        assert_eq!(changes(&mut late, pages.len()).await, pages, "from the start: {query}");
        if query.starts_with("record=teachers") {
            // Who was there heard of each under the name that it had then, which is what it is about.
            continue;
        }
        assert_eq!(changes(listener, pages.len()).await, pages, "as it happened: {query}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_means_whoever_has_it_or_had_it_last() {
    let office = Office::open("named").await;
    let anna = office.log_in("anna").await;
    let mut listener = office.follow(&anna, "after=now&record=teachers/A").await;
    let patch = async |path: &str, body: Json| {
        assert_eq!(office.patch(&anna, &plan(path), "*", body).await.outcome(), "200", "{path}");
    };
    let mut told = async |expected: &str| {
        let event = listener.change().await;
        let subject = text(&event.data["subject"]);
        assert_eq!(format!("{} {subject}", event.name.rsplit('.').next().unwrap()), expected);
    };
    office.made(&anna, "/teachers/A", json!({})).await;
    told("created teachers/A").await;
    patch("/teachers/A", json!({"id": "B"})).await;
    told("changed teachers/B").await;
    patch("/teachers/B", json!({"long_name": "nobody else is A"})).await;
    told("changed teachers/B").await;
    office.made(&anna, "/teachers/A", json!({})).await;
    told("created teachers/A").await;
    patch("/teachers/B", json!({"long_name": "this is not A any more"})).await;
    patch("/teachers/A", json!({"long_name": "this is"})).await;
    told("changed teachers/A").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_position_moves_on_over_what_is_not_for_this_reader() {
    let office = Office::open("moveson").await;
    let (anna, victor) = (office.log_in("anna").await, office.log_in("victor").await);
    let clara = office.try_log_in("clara", json!({"mode": "cover"})).await;
    let clara = text(&clara.body["token"]);
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let mut lessons = office.follow(&anna, "after=now&kind=lessons").await;
    let mut viewer = office.follow(&victor, "after=now").await;
    let mut cover = office.follow(&clara, "after=now").await;
    let body = json!({"of": "teacher", "name": "GAUSS", "from": "2026-11-23", "to": "2026-11-23"});
    let made = office.post(&clara, &plan("/absences"), body).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let at = text(&made.body["changed"]["position"]);
    let told = cover.change().await;
    assert_eq!((told.id.as_deref(), told.name.as_str()), (Some(at.as_str()), "daybook.record.created"));
    for (listener, token) in [(&mut lessons, &anna), (&mut viewer, &victor)] {
        loop {
            let event = listener.event().await;
            assert_eq!(event.name, "position", "it is not for this one");
            if number(event.id.as_deref().unwrap()) >= number(&at) {
                break;
            }
        }
        // From there on nothing is missing and nothing comes twice.
        let mut back = office.follow_from(token, "", Some(listener.cursor())).await;
        let lesson = office.post(&anna, &plan("/lessons"), json!({})).await;
        assert_eq!(lesson.outcome(), "201", "{}", lesson.body);
        let expected = pages(&office, token, &format!("after={}", listener.cursor())).await;
        assert!(expected.iter().any(|it| it["id"] == lesson.body["changed"]["position"]));
        assert_eq!(changes(&mut back, expected.len()).await, expected);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_followed_is_refused_before_a_stream_begins() {
    let office = Office::open("refusedstream").await;
    let anna = office.log_in("anna").await;
    let past = format!("as_of=1.{}", office.head().await);
    for (query, id, status) in [
        ("after=9.1", None, 409),
        ("after=1.999999", None, 409),
        ("", Some("9.1"), 409),
        ("", Some("1.999999"), 409),
        ("after=x", None, 422),
        ("", Some("x"), 400),
        ("", Some(""), 200),
        (&past, None, 422),
        ("colour=red", None, 422),
        ("wait=31", None, 422),
        ("wait=3&limit=10", None, 200),
    ] {
        let answer = office.ask_for_stream(&anna, query, id).await;
        assert_eq!(answer.status(), status, "{query} {id:?}");
        let r#type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let expected = if status == 200 { "text/event-stream" } else { "application/problem+json" };
        assert_eq!(r#type, expected, "{query} {id:?}");
        if status == 409 {
            let body: Json = answer.json().await.unwrap();
            assert_eq!(body["type"], "urn:daybook:problem:epoch-changed");
            assert_eq!(body["last_common"], format!("1.{}", office.head().await));
        }
    }
    assert_eq!(office.ask_for_stream("nobody", "", None).await.status(), 401);
    office.close().await;
}

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
async fn an_open_stream_is_contact_and_a_comment_comes_every_fifteen_seconds() {
    let terms = Terms { session_idle: Duration::from_secs(3), ..Terms::default() };
    let office = Office::with_terms("contact", terms).await;
    let watcher = office.api_token("watcher", "viewers").await;
    let anna = office.log_in("anna").await;
    let mut listener = office.follow(&anna, "after=now").await;
    let began = Instant::now();
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
    assert!(began.elapsed() >= Duration::from_secs(14), "one at the beginning, one after 15 s");
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
async fn an_outage_is_told_to_those_who_follow() {
    let office = Office::open("liveoutage").await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    let mut listener = office.follow(&anna, "after=now").await;
    let put = async |body: Json| {
        let done = office.send(office.write(Method::PUT, &admin, "/outage", &body)).await;
        assert_eq!(done.outcome(), "200", "{}", done.body);
    };
    put(json!({"message": "new disks at ten", "prevent_logins": false})).await;
    let told = listener.event_named("outage").await;
    assert_eq!((&told.data["state"], &told.data["by"]), (&json!("announced"), &json!("admin")));
    put(json!({"message": "new disks at ten", "prevent_logins": true})).await;
    assert_eq!(listener.event_named("outage").await.data["state"], "gated");
    // Who begins to follow now is told too.
    let mut late = office.follow(&anna, "after=now").await;
    assert_eq!(late.event_named("outage").await.data["message"], "new disks at ten");
    put(json!({"message": "new disks", "prevent_logins": true, "begin": true})).await;
    for stream in [&mut listener, &mut late] {
        assert_eq!(stream.event_named("outage").await.data["state"], "down-announced");
    }
    assert_eq!(office.ask_for_stream(&anna, "", None).await.status(), 503, "nobody new is served");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    assert_eq!(listener.event_named("outage").await.data["state"], "open");
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
    let began = Instant::now();
    office.close().await;
    assert!(began.elapsed() < Duration::from_secs(8), "nobody had to be cut off: {:?}", began.elapsed());
    for listener in &mut listeners {
        assert!(listener.end().await.1, "the answer was whole");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_at_one_node_is_told_what_happens_at_another() {
    let office = Office::open("twonodes").await;
    let node = office.beside().await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let mut there = node.follow(&anna, "after=now").await;
    let mut expected = Vec::new();
    for n in 0..20 {
        let at = if n % 2 == 0 { &office } else { &node };
        let made = at.made(&bert, &format!("/rooms/R{n}"), json!({})).await;
        expected.push(text(&made.body["changed"]["position"]));
    }
    let mut told = Vec::new();
    while told.len() < 10 {
        told.push(there.record().await.id.unwrap());
    }
    // What was begun at one node goes on at the other.
    let mut here = office.follow_from(&anna, "", Some(there.cursor())).await;
    while told.len() < 20 {
        told.push(here.record().await.id.unwrap());
    }
    assert_eq!(told, expected);
    office.log_out(&anna).await;
    let (_, is_whole) = there.end().await;
    assert!(is_whole, "logged out at the one, ended at the other");
    node.close().await;
    office.close().await;
}
