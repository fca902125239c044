//! What is refused to those who want to follow, and what it costs to keep those who do not keep up.

use serde_json::Value as Json;
use tests::office::Office;

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
