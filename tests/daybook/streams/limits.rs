//! What is refused to those who want to follow, and what becomes of those who do not keep up.

use std::time::{Duration, Instant};

use api::follow::StreamLimits;
use api::http::ServeSettings;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::events::{Event, Listener};
use tests::office::{Answer, Office, plan};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::{number, pages};

/// How long something may take that has to come.
const WITHIN: Duration = Duration::from_secs(60);

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

/// Asks for a stream that is refused; the answer.
async fn refused(office: &Office, token: &str) -> Answer {
    let path = format!("/v1{}", plan("/changes"));
    office.send(office.request(Method::GET, &path, token).header("accept", "text/event-stream")).await
}

/// Asks for a stream until there is a place for it.
async fn placed(office: &Office, token: &str, query: &str, last: Option<&str>) -> Listener {
    let began = Instant::now();
    loop {
        let answer = office.ask_for_stream(token, query, last).await;
        if answer.status() == 200 {
            return Listener::of(answer);
        }
        assert!(began.elapsed() < WITHIN, "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_has_only_so_many_streams_and_so_has_a_node() {
    let streams = StreamLimits { of_node: 3, of_one: 2 };
    let office = Office::bounded("places", streams, ServeSettings::default()).await;
    let (anna, again) = (office.log_in("anna").await, office.log_in("anna").await);
    let (bert, clara) = (office.log_in("bert").await, office.log_in("clara").await);
    let _first = office.follow(&anna, "after=now").await;
    let second = office.follow(&again, "after=now").await;
    for token in [&anna, &again] {
        let answer = refused(&office, token).await;
        assert_eq!(answer.outcome(), "429 too-many", "the person counts, not the session");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    let _third = office.follow(&bert, "after=now").await;
    for token in [&bert, &clara, &anna] {
        let answer = refused(&office, token).await;
        assert_eq!((answer.outcome().as_str(), answer.header("retry-after")), ("503 busy", Some("5")));
    }
    assert_eq!(office.get(&clara, &plan("/changes")).await.outcome(), "200", "pages need no place");
    drop(second);
    drop(placed(&office, &clara, "after=now", None).await);
    drop(placed(&office, &anna, "after=now", None).await);
    office.close().await;
}

/// The ids of all events that stand whole in what was read; parts of chunks between the lines do no harm.
fn whole_events(text: &[u8]) -> Vec<i64> {
    let lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
    let is_whole = |four: &&[&[u8]]| four[1].starts_with(b"event: daybook.") && four[3].is_empty();
    let id = |four: &[&[u8]]| Some(number(std::str::from_utf8(four[0].strip_prefix(b"id: ")?).ok()?));
    lines.windows(4).filter(is_whole).filter_map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_is_cut_off_costs_no_memory_and_misses_nothing_when_he_comes_back() {
    let streams = StreamLimits { of_one: 1, ..StreamLimits::default() };
    let serving = ServeSettings { taken_within: Duration::from_secs(2), ..ServeSettings::default() };
    let office = Office::bounded("silent", streams, serving).await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let after = office.head().await;
    let mut stream = office.wire(&bert, "kind=rooms", after, Some(4 << 10)).await;
    // 24 MB to tell: more than the ring, the connection and both its sockets hold.
    let words = "\u{1d11e}".repeat(2_000);
    for batch in 0..25 {
        let body = json!({"long_name": words, "text": words, "description": words});
        let one = |n: usize| json!({"verb": "PUT", "path": format!("/rooms/R{batch}-{n}"), "body": body});
        let batch = json!({"changes": (0..40).map(one).collect::<Vec<_>>()});
        assert_eq!(office.post(&anna, &plan("/batch"), batch).await.outcome(), "200");
    }
    // When his place is free, he has been cut off.
    drop(placed(&office, &bert, "after=now", None).await);
    let mut had = Vec::new();
    // What lay in the sockets still comes; the end is none of a whole answer.
    while timeout(WITHIN, stream.read_buf(&mut had)).await.expect("an end").is_ok_and(|read| read > 0) {}
    assert!(!had.ends_with(b"0\r\n\r\n"), "he was told that this was all");
    assert!(had.len() < 16 << 20, "{} bytes were kept for him", had.len());
    let mut told = whole_events(&had);
    let last = format!("1.{}", told.last().copied().unwrap_or(after));
    let mut back = placed(&office, &bert, "kind=rooms", Some(&last)).await;
    let written: Vec<i64> = pages(&office, &anna, &format!("after=1.{after}&kind=rooms"))
        .await
        .iter()
        .map(|it| number(it["id"].as_str().unwrap()))
        .collect();
    assert_eq!(written.len(), 1_000);
    while told.len() < written.len() {
        let Event { id, .. } = back.record().await;
        told.push(number(&id.unwrap()));
    }
    assert_eq!(told, written, "each once, in order");
    office.close().await;
}
