//! Real connections, well and badly behaved.

use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

async fn started(settings: ServeSettings) -> (SocketAddr, Shutdown, JoinHandle<Drained>) {
    let shutdown = Shutdown::new();
    let stream_ends = shutdown.clone();
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/peer", get(async |peer: Peer| peer.ip().to_string()))
        .route("/slow", get(async || sleep(Duration::from_millis(300)).await))
        .route("/stuck", get(async || sleep(Duration::from_secs(3600)).await))
        .route("/endless", get(async || Body::from_stream(futures::stream::repeat_with(zeros))))
        .route("/ticking", get(async || Body::from_stream(futures::stream::unfold(0, tick))))
        .route("/stream", get(async move || stream_ends.begun().await));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, shutdown.clone(), tokio::spawn(serve(listener, router, settings, shutdown)))
}

fn zeros() -> Result<Vec<u8>, std::convert::Infallible> {
    Ok(vec![0; 64 << 10])
}

async fn tick(number: u32) -> Option<(Result<String, std::convert::Infallible>, u32)> {
    sleep(Duration::from_millis(100)).await;
    (number < 10).then(|| (Ok(format!("tick {number}\n")), number + 1))
}

async fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _cut_off = stream.read_to_string(&mut answer).await;
    answer
}

fn get_once(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn requests_are_answered_and_know_where_they_come_from() {
    let (address, shutdown, service) = started(ServeSettings::default()).await;
    assert!(ask(address, &get_once("/")).await.ends_with("here"));
    assert!(ask(address, &get_once("/peer")).await.ends_with("127.0.0.1"));
    shutdown.begin();
    assert_eq!(service.await.unwrap(), Drained::Whole);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn open_requests_end_and_idle_connections_do_not_hold_the_stop() {
    let (address, shutdown, service) = started(ServeSettings::default()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let slow = tokio::spawn(async move { ask(address, &get_once("/slow")).await });
    let stream = tokio::spawn(async move { ask(address, &get_once("/stream")).await });
    sleep(Duration::from_millis(100)).await;
    shutdown.begin();
    assert_eq!(timeout(Duration::from_secs(5), service).await.unwrap().unwrap(), Drained::Whole);
    assert!(slow.await.unwrap().starts_with("HTTP/1.1 200"));
    assert!(stream.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off() {
    let (taken_within, drain) = (Duration::from_millis(300), Duration::from_secs(30));
    let settings = ServeSettings { taken_within, drain, ..ServeSettings::default() };
    let (address, shutdown, service) = started(settings).await;
    let mut deaf = TcpStream::connect(address).await.unwrap();
    deaf.write_all(get_once("/endless").as_bytes()).await.unwrap();
    // It would go on for ever: that the service stops shows that nobody is there any more.
    shutdown.begin();
    assert_eq!(timeout(Duration::from_secs(20), service).await.unwrap().unwrap(), Drained::Whole);
    drop(deaf);
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_not_cut_off() {
    let short = Duration::from_millis(300);
    let settings = ServeSettings { head_within: short, taken_within: short, ..ServeSettings::default() };
    let (address, shutdown, service) = started(settings).await;
    let answer = timeout(Duration::from_secs(20), ask(address, &get_once("/ticking"))).await.unwrap();
    assert!(answer.contains("tick 9\n") && answer.ends_with("0\r\n\r\n"), "{answer}");
    shutdown.begin();
    assert_eq!(service.await.unwrap(), Drained::Whole);
}

#[tokio::test]
async fn who_does_not_end_is_cut_off() {
    let settings = ServeSettings { drain: Duration::from_millis(200), ..ServeSettings::default() };
    let (address, shutdown, service) = started(settings).await;
    let stuck = tokio::spawn(async move { ask(address, &get_once("/stuck")).await });
    sleep(Duration::from_millis(100)).await;
    shutdown.begin();
    assert_eq!(timeout(Duration::from_secs(5), service).await.unwrap().unwrap(), Drained::Cut(1));
    assert_eq!(stuck.await.unwrap(), "");
}

#[tokio::test]
async fn heads_are_bounded_in_time_and_size() {
    let settings = ServeSettings {
        head_within: Duration::from_millis(200),
        head_bytes_max: 8192,
        ..ServeSettings::default()
    };
    let (address, shutdown, service) = started(settings).await;
    let unfinished =
        timeout(Duration::from_secs(5), ask(address, "GET / HTTP/1.1\r\nhost: a\r\n")).await.unwrap();
    assert!(!unfinished.contains("here"), "{unfinished}");
    shutdown.begin();
    service.await.unwrap();
}

#[tokio::test]
async fn what_is_no_request_is_told_so_in_a_problem() {
    let settings = ServeSettings { head_bytes_max: 8192, ..ServeSettings::default() };
    let (address, shutdown, service) = started(settings).await;
    let (long, many) = ("x".repeat(20_000), "x: y\r\n".repeat(200));
    for head in [
        format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{many}\r\n"),
        "GET / HTTP/1.1\r\nno field\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: many\r\n\r\n".to_owned(),
    ] {
        let refused = ask(address, &head).await;
        assert!(
            refused.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json"),
            "{refused}"
        );
        assert!(refused.contains("urn:daybook:problem:unreadable"), "{refused}");
    }
    shutdown.begin();
    service.await.unwrap();
}

#[tokio::test]
async fn who_sends_too_much_still_gets_the_refusal() {
    let (address, shutdown, service) = started(ServeSettings::default()).await;
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let size = 20 << 20;
    to.write_all(format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    to.write_all(&vec![b'x'; size]).await.unwrap();
    to.write_all(get_once("/").as_bytes()).await.unwrap();
    let mut answers = String::new();
    from.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 405") && answers.ends_with("here"), "{answers}");
    shutdown.begin();
    service.await.unwrap();
}

#[tokio::test]
async fn a_connection_too_many_waits_for_a_place() {
    let settings = ServeSettings { connections_max: 1, ..ServeSettings::default() };
    let (address, shutdown, service) = started(settings).await;
    let holder = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let second = tokio::spawn(async move { ask(address, &get_once("/")).await });
    sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished());
    drop(holder);
    assert!(timeout(Duration::from_secs(5), second).await.unwrap().unwrap().ends_with("here"));
    shutdown.begin();
    service.await.unwrap();
}
