//! Changes as they happen: server-sent events.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::events::{Came, Event, Listener};
use tests::office::{Office, plan};

mod beside;
mod ends;
mod limits;

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
    let change = listener.record().await;
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
    for listener in [&mut lessons, &mut viewer] {
        loop {
            let event = listener.event().await;
            assert_eq!(event.name, "position", "it is not for this one");
            if number(event.id.as_deref().unwrap()) >= number(&at) {
                break;
            }
        }
    }
    for (listener, token) in [(&lessons, &anna), (&viewer, &victor)] {
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
