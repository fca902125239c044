//! What changed, from a position on.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, plan};

async fn page(office: &Office, token: &str, query: &str) -> (Vec<Json>, String) {
    let answer = office.get(token, &plan(&format!("/changes?{query}"))).await;
    assert_eq!(answer.outcome(), "200", "{query}: {}", answer.body);
    (answer.body["items"].as_array().unwrap().clone(), text(&answer.body["next"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_a_cloud_event_with_who_what_from_and_to() {
    let office = Office::open("cloudevents").await;
    let anna = office.log_in("anna").await;
    let (_, now) = page(&office, &anna, "after=now").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss"})).await;
    let changed =
        office.patch(&anna, &plan("/teachers/GAUSS"), &made.etag(), json!({"long_name": "Gauß"})).await;
    let (items, next) = page(&office, &anna, &format!("after={now}")).await;
    assert_eq!(items.len(), 2, "{items:#?}");
    let (one, two) = (&items[0], &items[1]);
    assert_eq!(
        (&one["type"], &two["type"]),
        (&json!("daybook.record.created"), &json!("daybook.record.changed"))
    );
    assert_eq!(
        (&two["specversion"], &two["source"]),
        (&json!("1.0"), &json!("/v1/plans/100234~2026-2027~1"))
    );
    assert_eq!(
        (&two["subject"], &two["id"], &two["sequence"]),
        (&json!("teachers/GAUSS"), &changed.body["changed"]["position"], &two["id"])
    );
    assert_eq!(two["time"], changed.body["changed"]["at"]);
    assert_eq!(next, text(&two["id"]));
    let data = &two["data"];
    assert_eq!((&data["by"], &data["revision"]), (&json!("anna"), &json!(2)));
    assert_eq!(data["changes"], json!([{"field": "long_name", "from": "Gauss", "to": "Gauß"}]));
    let session = office.get(&anna, "/sessions/current").await;
    assert_eq!(data["session"], session.body["session"]);
    let (empty, same) = page(&office, &anna, &format!("after={next}")).await;
    assert_eq!((empty.len(), same), (0, next));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_moves_on_over_what_was_not_asked_for() {
    let office = Office::open("filtered").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/rooms/R", json!({})).await;
    let (_, start) = page(&office, &anna, "after=now").await;
    for n in 0..5 {
        office.patch(&anna, &plan("/rooms/R"), "*", json!({"capacity": n})).await;
    }
    office.made(&anna, "/teachers/T", json!({})).await;
    let (rooms, _) = page(&office, &anna, "kind=rooms").await;
    assert_eq!(rooms.len(), 6);
    let (one, _) = page(&office, &anna, "record=teachers/T").await;
    assert_eq!(one.iter().map(|it| text(&it["subject"])).collect::<Vec<_>>(), ["teachers/T"]);
    let (none, next) = page(&office, &anna, &format!("after={start}&kind=lessons")).await;
    assert!(none.is_empty());
    assert_eq!(next, format!("1.{}", office.head().await));
    let (two, after) = page(&office, &anna, &format!("after={start}&limit=2")).await;
    assert_eq!(two.len(), 2);
    let (rest, _) = page(&office, &anna, &format!("after={after}")).await;
    assert_eq!(rest.len(), 4);
    let (all, _) = page(&office, &anna, "after=0").await;
    assert_eq!(all.len(), office.changes(&anna).await.len(), "bare digits mean the present epoch");
    for (bad, outcome) in [
        ("wait=31", "422 invalid"),
        ("wait=-1", "422 invalid"),
        ("after=x", "422 invalid"),
        ("limit=0", "422 invalid"),
        ("colour=red", "422 invalid"),
        ("after=1.999999", "409 epoch-changed"),
        ("after=9.1", "409 epoch-changed"),
    ] {
        assert_eq!(office.get(&anna, &plan(&format!("/changes?{bad}"))).await.outcome(), outcome, "{bad}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_woken_at_once_on_every_node() {
    let office = Office::open("waiting").await;
    let node = office.beside().await;
    let anna = office.log_in("anna").await;
    for there in [&office, &node] {
        let (_, now) = page(there, &anna, "after=now").await;
        let began = Instant::now();
        let waiting = page(there, &anna, "wait=1&after=now");
        assert_eq!(waiting.await.0.len(), 0);
        assert!(began.elapsed() >= Duration::from_millis(950), "nothing happened: it waits to the end");
        let writing = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            office.post(&anna, &plan("/lessons"), json!({})).await;
            Instant::now()
        };
        let query = format!("wait=30&after={now}");
        let ((items, _), written) = tokio::join!(page(there, &anna, &query), writing);
        let took = written.elapsed();
        assert_eq!(items.len(), 1);
        assert!(took < Duration::from_secs(10), "it took {took:?}");
    }
    node.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_never_seen_half() {
    let office = Office::open("halfimport").await;
    let anna = office.log_in("anna").await;
    let watcher = office.api_token("watcher", "viewers").await;
    let lock = office.lock(&anna, "data-import").await;
    let rows: String = (0..500).map(|n| format!("R{n},Room {n}\n")).collect();
    let files = vec![("GPU005.TXT".to_owned(), rows.into_bytes())];
    let (_, mut after) = page(&office, &watcher, "after=now").await;
    let importing = office.import(&anna, Some(&lock), &files, &[]);
    let watching = async {
        for _ in 0..100 {
            let (items, next) = page(&office, &watcher, &format!("wait=5&limit=10&after={after}")).await;
            after = next;
            if !items.is_empty() {
                return items;
            }
        }
        panic!("nothing came");
    };
    let (done, items) = tokio::join!(importing, watching);
    assert_eq!(done.outcome(), "201", "{}", done.body);
    assert_eq!(items.len(), 501, "all of one write come together, whatever the limit");
    assert_eq!(items.last().unwrap()["type"], "daybook.import.done");
    office.close().await;
}
