//! Time in which the service was away counts towards no deadline, and a node that starts gives nobody more time.

use std::time::{Duration, Instant};

use api::desk::Terms;
use reqwest::Method;
use serde_json::json;
use tests::office::{Office, plan};

fn short() -> Terms {
    Terms { session_idle: Duration::from_secs(6), lock_lease: Duration::from_secs(6), ..Terms::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_thrown_out_for_the_time_in_which_the_service_was_away() {
    let office = Office::with_terms("away", short()).await;
    let (api_token, anna) = (office.api_token("watcher", "viewers").await, office.log_in("anna").await);
    let lock = office.lock(&anna, "time-grid").await;
    let database = office.database.clone();
    office.close().await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    let office = Office::on(database, short()).await;
    // Longer than a sweep, shorter than what was left of the six seconds.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(office.get(&anna, "/sessions/current").await.outcome(), "200");
    let renewed = office.request(Method::PATCH, &format!("/v1{}", plan(&format!("/locks/{lock}"))), &anna);
    assert_eq!(office.send(renewed).await.outcome(), "200", "the lock is held as before");
    // Time in which it is there counts.
    let began = Instant::now();
    while !office.all(&api_token, "/sessions").await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "whoever is silent ends");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_again_and_again_gives_nobody_more_time() {
    let office = Office::with_terms("restarts", short()).await;
    let watcher = office.api_token("watcher", "viewers").await;
    let began = Instant::now();
    office.try_log_in("anna", json!({})).await;
    while !office.all(&watcher, "/sessions").await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "the silent session never ends");
        let other = Office::on(office.database.clone(), short()).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.close().await;
    }
    office.close().await;
}
