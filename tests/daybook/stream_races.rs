//! Many follow one plan while changes arrive at a steady pace, and half of them break off and come back at random: each is told
//! every change once, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::doings::text;
use tests::office::{Office, plan};
use tests::rounds::{Dice, Rounds};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// Changes a second.
const PACE: u32 = 200;
/// Who change something; each has a room of his own.
const WRITERS: u32 = 16;
/// How long a change may be on its way before something is wrong.
const WITHIN: Duration = Duration::from_secs(60);

/// What the followers did.
#[derive(Default)]
struct Did {
    told: AtomicU64,
    breaks: AtomicU64,
}

/// The position in a line `id: 1.4711`.
fn position(line: &str) -> Option<i64> {
    line.strip_prefix("id: 1.")?.parse().ok()
}

/// How much of what was read is text; the rest of a letter may still be on its way.
fn text_of(read: &[u8]) -> &str {
    match std::str::from_utf8(read) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&read[..error.valid_up_to()]).unwrap(),
    }
}

/// Follows from a position until the end is known and reached; answers the positions of all changes of rooms that it was told. So
/// many do this that it is done on a bare connection, looking at no more of a line than where it ends and how it begins.
async fn follow(
    office: Arc<Office>,
    token: String,
    after: i64,
    number: u64,
    end: Arc<AtomicI64>,
    did: Arc<Did>,
) -> Vec<i64> {
    let (mut dice, mut at, mut seen) = (Dice::new(number), after, Vec::new());
    let breaks_off = number.is_multiple_of(2);
    // Nothing but rooms changes; some say so, and the others share what is written for all.
    let query = if number % 4 < 2 { "kind=rooms" } else { "" };
    while at < end.load(Ordering::SeqCst) {
        let mut stream = office.wire(&token, query, at, None).await;
        let mut left = if breaks_off { 1 + dice.below(150) } else { u64::MAX };
        let (mut read, mut is_change) = (Vec::with_capacity(64 << 10), false);
        'stream: loop {
            let more = timeout(WITHIN, stream.read_buf(&mut read)).await.expect("something comes");
            if more.expect("the answer goes on") == 0 {
                // Cut off because it did not keep up: it comes back from where it was.
                break;
            }
            let (text, mut begin) = (text_of(&read), 0);
            while let Some(length) = text[begin..].find('\n') {
                let line = &text[begin..begin + length];
                begin += length + 1;
                // The chunks of the answer bring lines of their own, which mean nothing here.
                if let Some(position) = position(line) {
                    assert!(position > at, "in order, none twice: {position} after {at}");
                    at = position;
                } else if let Some(name) = line.strip_prefix("event: ") {
                    is_change = name.starts_with("daybook.record.");
                } else if line.is_empty() {
                    if std::mem::take(&mut is_change) {
                        seen.push(at);
                        did.told.fetch_add(1, Ordering::Relaxed);
                        left -= 1;
                    }
                    // Between two events, so that none is counted half.
                    if left == 0 || at >= end.load(Ordering::SeqCst) {
                        break 'stream;
                    }
                }
            }
            read.drain(..begin);
        }
        if left == 0 {
            did.breaks.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(dice.below(400))).await;
        }
    }
    seen
}

/// Changes a room when it is due, now and then several fields of the plan in one append.
async fn write(office: Arc<Office>, token: String, writer: u32, rounds: Arc<Rounds>, began: Instant) {
    let room = format!("R{writer}");
    while let Some(round) = rounds.next() {
        let due = began + Duration::from_secs(1) * u32::try_from(round).unwrap() / PACE;
        tokio::time::sleep_until(due.into()).await;
        let path = plan(&format!("/rooms/{room}"));
        let done = if round % 20 == 0 {
            let change = |n: u64| json!({"verb": "PATCH", "path": format!("/rooms/{room}"), "if_match": "*", "body": {"capacity": round * 4 + n}});
            office
                .post(&token, &plan("/batch"), json!({"changes": (0..4).map(change).collect::<Vec<_>>()}))
                .await
        } else {
            office.patch(&token, &path, "*", json!({"capacity": round * 4})).await
        };
        assert_eq!(done.outcome(), "200", "{}", done.body);
    }
}

/// So many follow, and each round is a change.
pub async fn hammer(followers: u64, rounds: Rounds) -> (String, Rounds) {
    let office = Arc::new(Office::open("crowd").await);
    let anna = office.log_in("anna").await;
    let program = office.api_token("watcher", "viewers").await;
    for writer in 0..WRITERS {
        office.made(&anna, &format!("/rooms/R{writer}"), json!({})).await;
    }
    let after = office.head().await;
    let (end, did) = (Arc::new(AtomicI64::new(i64::MAX)), Arc::new(Did::default()));
    let following: Vec<_> = (0..followers)
        .map(|number| {
            tokio::spawn(follow(office.clone(), program.clone(), after, number, end.clone(), did.clone()))
        })
        .collect();
    let (rounds, began) = (Arc::new(rounds), Instant::now());
    let writing = (0..WRITERS)
        .map(|writer| tokio::spawn(write(office.clone(), anna.clone(), writer, rounds.clone(), began)));
    futures::future::join_all(writing).await.into_iter().for_each(Result::unwrap);
    let took = began.elapsed();
    let last =
        office.patch(&anna, &plan("/rooms/R0"), "*", json!({"capacity": 7, "long_name": "the last"})).await;
    let last: i64 = text(&last.body["changed"]["position"]).strip_prefix("1.").unwrap().parse().unwrap();
    end.store(last, Ordering::SeqCst);
    let mut written = Vec::new();
    let mut next = format!("1.{after}");
    loop {
        let page = office.get(&anna, &plan(&format!("/changes?kind=rooms&limit=1000&after={next}"))).await;
        let items = page.body["items"].as_array().unwrap();
        written.extend(
            items.iter().map(|it| text(&it["id"]).strip_prefix("1.").unwrap().parse::<i64>().unwrap()),
        );
        if items.is_empty() {
            break;
        }
        next = text(&page.body["next"]);
    }
    assert!(written.len() as u64 > rounds.done());
    for follower in following {
        assert_eq!(follower.await.unwrap(), written, "every change once, in order");
    }
    let told = did.told.load(Ordering::Relaxed);
    let summary = format!(
        "{followers} followers, {} changes in {:.0} s ({:.0}/s), {} reconnects in between: {told} times told, each change once, in order, to each",
        written.len(),
        took.as_secs_f64(),
        written.len() as f64 / took.as_secs_f64(),
        did.breaks.load(Ordering::Relaxed),
    );
    drop(did);
    Arc::into_inner(office).unwrap().close().await;
    (summary, Arc::into_inner(rounds).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_and_goes_is_told_every_change_once_in_order() {
    hammer(40, Rounds::quiet("crowd", 600)).await;
}
