//! Looking is noted, and pages stay what they are beside that and whatever else is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};
use tests::office::PLAN;

use super::{audited, found, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_is_noted_before_he_sees_anything() {
    let (office, otto) = audited("audit_noted").await;
    let before = office.head().await;
    let query = format!("/audit/events?plan={PLAN}&actor=anna&limit=1&order=oldest&from=1.1");
    let first = office.get(&otto, &query).await;
    assert_eq!(first.outcome(), "200", "{}", first.body);
    assert_eq!(office.head().await, before + 1, "one reading, one note");
    let readings = found(&office, &otto, "type=AuditRead&actor=otto").await;
    assert_eq!(readings.len(), 1, "{readings:?}");
    let data = &readings[0]["data"];
    assert_eq!((&data["form"], &data["plan"], &data["limit"]), (&json!("page"), &json!(PLAN), &json!(1)));
    assert_eq!(
        (&data["actor"]["open"], &data["from"], &data["oldest_first"]),
        (&json!("anna"), &json!("1.1"), &json!(true))
    );
    assert_eq!((&readings[0]["stream"], &readings[0]["actor"]), (&json!("audit"), &json!("otto")));
    let request = first.header("x-request-id").unwrap();
    assert_eq!(readings[0]["request"], request);

    // A list that is read from its oldest event on, one by one, has an end although each page is noted.
    let head = office.head().await;
    let all = found(&office, &otto, "limit=1&order=oldest&type=AuditRead").await;
    assert_eq!(all.len() as i64, head - before, "what was noted before it began");

    // What is refused is shown to nobody and leaves nothing.
    let anna = office.log_in("anna").await;
    let head = office.head().await;
    for (token, query, outcome) in [
        (&anna, "", "403 not-permitted"),
        (&otto, "?plan=1", "422 invalid"),
        (&otto, "?record=sessions/1", "422 invalid"),
        (&otto, "?actor=", "422 invalid"),
        (&otto, "?from=yesterday", "422 invalid"),
        (&otto, "?order=sideways", "422 invalid"),
        (&otto, "?after=x", "422 invalid"),
        (&otto, "?as_of=1", "422 invalid"),
        (&otto, "?request=a%20b", "422 invalid"),
        (&otto, "?from=7.1", "409 epoch-changed"),
        (&otto, "/1.100000", "404 not-found"),
        (&otto, "/x", "404 not-found"),
        (&otto, "/0", "404 not-found"),
        (&otto, "/7.1", "409 epoch-changed"),
    ] {
        let answer = office.get(token, &format!("/audit/events{query}")).await;
        assert_eq!(answer.outcome(), outcome, "{query}: {}", answer.body);
    }
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_stay_what_they_are_while_people_write() {
    let (office, otto) = audited("audit_stable").await;
    let office = Arc::new(office);
    let anna = office.log_in("anna").await;
    for n in 0..60 {
        office.made(&anna, &format!("/rooms/R{n}"), json!({})).await;
    }
    let before = found(&office, &otto, "type=RecordCreated&order=oldest").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (office, stop, anna) = (office.clone(), stop.clone(), anna.clone());
        async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                office.made(&anna, &format!("/rooms/W{written}"), json!({})).await;
                written += 1;
            }
            written
        }
    });
    for order in ["oldest", "newest"] {
        let mut all = found(&office, &otto, &format!("type=RecordCreated&limit=3&order={order}")).await;
        if order == "newest" {
            all.reverse();
        }
        assert_eq!(all[..before.len()], before[..], "{order}");
        let numbers: Vec<i64> = all.iter().map(|it| number(&it["position"])).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "each once, in order: {numbers:?}");
        let shown = number(&all[all.len() - 1]["position"]);
        let mut missing =
            found(&office, &otto, &format!("type=RecordCreated&order=oldest&to=1.{}", shown + 1)).await;
        missing.retain(|it| !all.contains(it));
        assert_eq!(missing, [] as [Json; 0], "none was skipped");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    Arc::into_inner(office).unwrap().close().await;
}
