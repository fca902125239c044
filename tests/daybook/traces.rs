//! What a collector of traces sees of a request, from its first byte to the read models.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::Method;
use serde_json::json;
use tests::cluster::TestDatabase;
use tests::office::{Office, PASSWORD, PLAN, plan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::command_line::program::{Program, Service};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const UNWANTED: &str = "11f92f3577b34da6a3ce929d0e0e4736";

/// Takes what it is sent, and keeps it.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    async fn open() -> (Collector, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Collector::default();
        let own = collector.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().take(stream));
            }
        });
        (collector, url)
    }

    async fn take(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a whole head");
        };
        let text = String::from_utf8(bytes[..head].to_vec()).unwrap().to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        let length: usize = length.trim().parse().unwrap();
        while bytes.len() < head + length {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a whole body");
        }
        let sent = ExportTraceServiceRequest::decode(&bytes[head..]).expect("it is as OTLP says");
        let scopes = sent.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        self.spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        self.heads.lock().unwrap().push(text);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }

    fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

/// The program on a database with a plan, anna and a session of hers.
async fn serving(database: &TestDatabase, args: &[&str]) -> (Service, Office, String) {
    let daybook = Program::on_url(&database.url);
    let add = ["user", "add", "anna", "--group", "planners", "--password-stdin"];
    assert_eq!(daybook.run_with(&add, &format!("{PASSWORD}\n")).status, 0);
    assert_eq!(daybook.run(&["plan", "add", PLAN]).status, 0);
    let serve: Vec<&str> =
        ["serve", "--listen", "127.0.0.1:0", "--quiet"].iter().chain(args).copied().collect();
    let service = daybook.start(&serve);
    let office = Office::elsewhere(&service.url);
    let anna = office.log_in("anna").await;
    (service, office, anna)
}

/// Changes the phone of a teacher with a trace of the caller's own.
async fn change(office: &Office, anna: &str, etag: &str, phone: &str, traceparent: &str) -> String {
    let request = office
        .request(Method::PATCH, &format!("/v1{}", plan("/teachers/GAUSS")), anna)
        .header("if-match", etag)
        .header("traceparent", traceparent)
        .header("x-request-id", "request-7")
        .json(&json!({ "phone": phone }));
    let answer = office.send(request).await;
    assert_eq!(answer.outcome(), "200", "{}", answer.body);
    answer.etag()
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let found = span.attributes.iter().find(|it| it.key == key)?.value.as_ref()?.value.as_ref()?;
    Some(match found {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_leads_from_a_request_to_its_events_and_the_read_models_that_took_them() {
    let database = TestDatabase::empty("traces").await;
    let (collector, url) = Collector::open().await;
    let args = ["--otlp-endpoint", &url, "--otlp-headers", "authorization=Bearer for-the-collector"];
    let (mut service, office, anna) = serving(&database, &args).await;
    let made = office.create(&anna, &plan("/teachers/GAUSS"), json!({ "long_name": "Gauss" })).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let etag = change(&office, &anna, &made.etag(), "0551-1777", &format!("00-{TRACE}-{CALLER}-01")).await;
    change(&office, &anna, &etag, "0551-1855", &format!("00-{UNWANTED}-{CALLER}-00")).await;
    // The read models have it before the service stops, and what is left is sent while it does.
    assert_eq!(office.get(&anna, &plan("/teachers/GAUSS")).await.body["phone"], "0551-1855");
    assert_eq!(service.stop(), 0);

    let spans = collector.spans();
    let of = |trace: &str| spans.iter().filter(|span| hex(&span.trace_id) == trace).collect::<Vec<_>>();
    let named = |trace: &str, name: &str| {
        let found: Vec<&Span> = of(trace).into_iter().filter(|span| span.name == name).collect();
        assert_eq!(
            found.len(),
            1,
            "{name} in {:?}",
            of(trace).iter().map(|span| &span.name).collect::<Vec<_>>()
        );
        found[0].clone()
    };
    let request = named(TRACE, "PATCH /v1/plans/{plan}/teachers/{id}");
    let command = named(TRACE, "WriteRecord");
    let append = named(TRACE, "append");
    assert_eq!(hex(&request.parent_span_id), CALLER);
    assert_eq!(attribute(&request, "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(attribute(&request, "daybook.request_id").as_deref(), Some("request-7"));
    assert_eq!(command.parent_span_id, request.span_id);
    assert_eq!(attribute(&command, "outcome").as_deref(), Some("done"));
    assert_eq!(append.parent_span_id, command.span_id);
    assert_eq!(attribute(&append, "outcome").as_deref(), Some("written"));

    let come_of = |name: &'static str, trace: &str, span: &[u8]| {
        let links =
            |it: &&Span| it.links.iter().any(|link| hex(&link.trace_id) == trace && link.span_id == span);
        let found: Vec<&Span> = spans.iter().filter(|it| it.name == name).filter(links).collect();
        assert_eq!(found.len(), 1, "{name} of {trace}");
        found[0].clone()
    };
    let commit = come_of("commit", TRACE, &append.span_id);
    assert!(append.links.iter().any(|link| link.span_id == commit.span_id), "and back");
    let caller = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];
    let project = come_of("project", TRACE, &caller);
    let applied: Vec<String> = spans
        .iter()
        .filter(|span| span.name == "apply" && span.parent_span_id == project.span_id)
        .filter_map(|span| attribute(span, "projection"))
        .collect();
    assert!(applied.contains(&"record".to_owned()) && applied.contains(&"change".to_owned()), "{applied:?}");

    // A request whose caller began no trace begins one, which its events carry.
    let put = spans.iter().find(|span| span.name == "PUT /v1/plans/{plan}/teachers/{id}").unwrap();
    let own = hex(&put.trace_id);
    let putting = of(&own).into_iter().find(|span| span.parent_span_id == put.span_id).unwrap();
    come_of("project", &own, &putting.span_id);
    // A caller who wants no spans gets none.
    assert!(of(UNWANTED).is_empty());

    let told = format!("{spans:?}");
    for private in ["GAUSS", "Gauss", "0551", "anna", "100234", PASSWORD, "for-the-collector"] {
        assert!(!told.contains(private), "{private} in {told}");
    }
    let names: BTreeMap<&str, usize> = spans.iter().fold(BTreeMap::new(), |mut names, span| {
        *names.entry(span.name.as_str()).or_default() += 1;
        names
    });
    assert!(!names.keys().any(|name| name.contains("/readyz") || name.contains("/livez")), "{names:?}");
    let heads = collector.heads.lock().unwrap();
    for head in heads.iter() {
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: bearer for-the-collector\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_traces_that_no_caller_began_only_a_share_is_sent() {
    let database = TestDatabase::empty("share_of_traces").await;
    let (collector, url) = Collector::open().await;
    let (mut service, office, anna) =
        serving(&database, &["--otlp-endpoint", &url, "--otlp-share", "0"]).await;
    let made = office.create(&anna, &plan("/teachers/GAUSS"), json!({})).await;
    change(&office, &anna, &made.etag(), "0551-1777", &format!("00-{TRACE}-{CALLER}-01")).await;
    office.get(&anna, &plan("/teachers/GAUSS")).await;
    assert_eq!(service.stop(), 0);
    let spans = collector.spans();
    let of_caller = |span: &Span| {
        let linked = span.links.iter().any(|link| hex(&link.trace_id) == TRACE);
        hex(&span.trace_id) == TRACE || linked || span.name == "apply"
    };
    assert!(spans.iter().any(|span| span.name == "project") && spans.iter().all(of_caller), "{spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_nobody_up() {
    let database = TestDatabase::empty("silent_collector").await;
    // It takes connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (mut service, office, anna) = serving(&database, &["--otlp-endpoint", &url]).await;
    let working = async {
        let mut etag = office.create(&anna, &plan("/teachers/GAUSS"), json!({})).await.etag();
        for number in 0..50 {
            etag =
                change(&office, &anna, &etag, &number.to_string(), &format!("00-{TRACE}-{CALLER}-01")).await;
        }
    };
    // With a wait for the collector in any of them this would take minutes.
    tokio::time::timeout(Duration::from_secs(60), working).await.expect("nobody waits for the collector");
    let stopped = tokio::task::spawn_blocking(move || service.stop());
    let status = tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it stops all the same");
    assert_eq!(status.unwrap(), 0);
    drop(listener);
}

#[test]
fn an_address_that_is_none_is_told_at_once() {
    let daybook = Program::on_url("postgres://nowhere");
    let done = daybook.run(&["serve", "--otlp-endpoint", "tempo:4318"]);
    assert_eq!(done.status, 2, "{}", done.err);
    assert!(done.err.contains("http://host:4318"), "{}", done.err);
}
