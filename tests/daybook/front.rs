//! What anybody may ask: is it alive, is it ready, how is it described.

use reqwest::Method;
use serde_json::json;
use tests::office::Office;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_may_ask_whether_it_runs_and_what_it_can_do() {
    let office = Office::open("front").await;
    let get = |path: &str| office.client.get(format!("{}{path}", office.base));
    for path in ["/livez", "/readyz", "/readyz?verbose", "/metrics", "/openapi.json", "/docs"] {
        let answer = get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers().contains_key("x-request-id"), "{path}");
    }
    let verbose = office.send(get("/readyz?verbose")).await;
    assert!(verbose.body.is_object(), "{}", verbose.body);
    let description = office.send(get("/openapi.json")).await;
    assert_eq!(description.body["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert_eq!(description.body["paths"], api::routes::openapi()["paths"]);
    let metrics = get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("daybook_"), "{metrics}");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_the_description_loads_nothing_from_outside() {
    let office = Office::empty("docs").await;
    let page = office.client.get(format!("{}/docs", office.base)).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("http") && policy.contains("default-src 'none'"), "{policy}");
    let text = page.text().await.unwrap();
    for sign in ["src=\"http", "href=\"http", "src=\"//", "@import"] {
        assert!(!text.contains(sign), "{sign}");
    }
    let mut attributes =
        text.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css"));
    for address in attributes.by_ref() {
        let address = if address.starts_with('/') {
            address.to_owned()
        } else {
            format!("/docs/{}", address.trim_start_matches("./"))
        };
        let part = office.client.get(format!("{}{address}", office.base)).send().await.unwrap();
        assert_eq!(part.status(), 200, "{address}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_and_a_trace_are_kept_with_what_they_led_to() {
    let office = Office::open("trace").await;
    let anna = office.log_in("anna").await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let write = office.write(Method::PUT, &anna, &tests::office::plan("/rooms/R"), &json!({}));
    let write =
        write.header("if-none-match", "*").header("x-request-id", "abc-1").header("traceparent", parent);
    let made = office.send(write).await;
    assert_eq!((made.outcome().as_str(), made.header("x-request-id")), ("201", Some("abc-1")));
    let ledger = &office.service.as_ref().unwrap().ledger;
    let meta: String =
        sqlx::query_scalar("select convert_from(meta, 'utf8') from event order by position desc limit 1")
            .fetch_one(ledger.pool())
            .await
            .unwrap();
    assert!(meta.contains("abc-1") && meta.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{meta}");
    let own = office.get(&anna, "/plans").await;
    assert!(own.header("x-request-id").is_some_and(|id| id.len() >= 8), "one is made where none came");
    office.close().await;
}
