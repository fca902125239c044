//! The other end: takes batches of spans by HTTP (OTLP, protobuf).

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long one batch may take; the next ones wait in the queue meanwhile.
const TAKEN_WITHIN: Duration = Duration::from_secs(3);
/// A collector that is away is told of once in so long.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// As much of its answer is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Where a collector takes traces, below its address.
const TRACES: &str = "/v1/traces";

/// The address of a collector, as it was given; what is sent with every batch.
#[derive(Debug, Clone)]
pub struct Endpoint {
    uri: Uri,
    host: String,
    port: u16,
    is_tls: bool,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Endpoint, String> {
        let unreadable = || "a collector is written http://host:4318 or https://host/path".to_owned();
        let given: Uri = text.parse().map_err(|_| unreadable())?;
        let (is_tls, usual_port) = match given.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(unreadable()),
        };
        let authority = given.authority().filter(|it| !it.host().is_empty()).ok_or_else(unreadable)?;
        if authority.as_str().contains('@') {
            return Err("a password does not belong in an address; it goes with --otlp-headers".to_owned());
        }
        let path = given.path().trim_end_matches('/');
        let path = if path.ends_with(TRACES) { path.to_owned() } else { format!("{path}{TRACES}") };
        Ok(Endpoint {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(usual_port),
            is_tls,
            uri: Uri::builder()
                .scheme(given.scheme_str().unwrap_or("http"))
                .authority(authority.as_str())
                .path_and_query(path)
                .build()
                .map_err(|_| unreadable())?,
        })
    }
}

/// A header of every message to a collector, written `name=value`.
#[derive(Debug, Clone)]
pub struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Header, String> {
        let unreadable = || "a header is written name=value".to_owned();
        let (name, value) = text.split_once('=').ok_or_else(unreadable)?;
        let name = name.trim().parse().map_err(|_| unreadable())?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_| unreadable())?;
        value.set_sensitive(true);
        Ok(Header(name, value))
    }
}

/// Where spans are sent.
#[derive(Debug)]
pub struct Collector {
    sending: Arc<Sending>,
    resource: ResourceAttributesWithSchema,
    runtime: Handle,
    silence: Mutex<Silence>,
}

#[derive(Debug)]
struct Sending {
    endpoint: Endpoint,
    headers: HeaderMap,
}

/// Since when nobody takes anything.
#[derive(Debug, Default)]
struct Silence {
    lost: u64,
    told_at: Option<Instant>,
}

impl Collector {
    /// At this address. Must be made within the runtime, which does the sending.
    pub fn new(endpoint: Endpoint, headers: Vec<Header>) -> Collector {
        let mut all = HeaderMap::new();
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        all.insert(USER_AGENT, HeaderValue::from_static(concat!("daybook/", env!("CARGO_PKG_VERSION"))));
        all.extend(headers.into_iter().map(|Header(name, value)| (name, value)));
        Collector {
            sending: Arc::new(Sending { endpoint, headers: all }),
            resource: ResourceAttributesWithSchema::default(),
            runtime: Handle::current(),
            silence: Mutex::default(),
        }
    }

    /// Tells once in a while that spans are lost, and once that they are taken again.
    fn note(&self, result: &Result<(), String>, spans: u64) {
        let outcome = if result.is_ok() { "sent" } else { "lost" };
        metrics::counter!("daybook_trace_spans_total", "outcome" => outcome).increment(spans);
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(()) if silence.told_at.is_some() => {
                tracing::info!(lost = silence.lost, "the collector of traces takes them again");
                *silence = Silence::default();
            }
            Ok(()) => {}
            Err(cause) => {
                silence.lost += spans;
                if silence.told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
                    tracing::warn!(cause, lost = silence.lost, "the collector takes no traces");
                    silence.told_at = Some(Instant::now());
                }
            }
        }
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let sending = Arc::clone(&self.sending);
        // This is asked by a thread that is none of the runtime's.
        let sent = self.runtime.spawn(async move {
            tokio::time::timeout(TAKEN_WITHIN, sending.send(body.into()))
                .await
                .unwrap_or_else(|_| Err("no answer in time".to_owned()))
        });
        let result = sent.await.unwrap_or_else(|_| Err("the service has stopped".to_owned()));
        self.note(&result, spans);
        result.map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl Sending {
    async fn send(&self, body: Bytes) -> Result<(), String> {
        let Endpoint { host, port, is_tls, .. } = &self.endpoint;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| error.to_string())?;
        if !is_tls {
            return self.post(stream, body).await;
        }
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        let connector = crate::tls::connector().map_err(|error| error.to_string())?;
        self.post(connector.connect(name, stream).await.map_err(|error| error.to_string())?, body).await
    }

    /// A connection for each batch: they are seconds apart.
    async fn post<T>(&self, stream: T, body: Bytes) -> Result<(), String>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let told = |error: hyper::Error| error.to_string();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(told)?;
        let uri = &self.endpoint.uri;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_str(uri.path()).map_err(|error| error.to_string())?;
        *request.headers_mut() = self.headers.clone();
        let host = uri.authority().map_or("", |authority| authority.as_str());
        request.headers_mut().insert(HOST, HeaderValue::from_str(host).map_err(|error| error.to_string())?);
        let asked = async {
            let answer = sender.send_request(request).await.map_err(told)?;
            let status = answer.status();
            // Read to its end, so that the collector is not cut off; what it says is of no use here.
            let _ = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
        };
        tokio::select! {
            answered = asked => answered,
            ended = connection => Err(ended.err().map_or("it hung up".to_owned(), told)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_written_as_everywhere() {
        let read = |text: &str| {
            let endpoint: Endpoint = text.parse().unwrap();
            (endpoint.host, endpoint.port, endpoint.uri.path().to_owned(), endpoint.is_tls)
        };
        let of = |host: &str, port, path: &str, is_tls| (host.to_owned(), port, path.to_owned(), is_tls);
        assert_eq!(read("http://tempo:4318"), of("tempo", 4318, "/v1/traces", false));
        assert_eq!(read("http://tempo:4318/"), of("tempo", 4318, "/v1/traces", false));
        assert_eq!(read("https://tempo/otlp"), of("tempo", 443, "/otlp/v1/traces", true));
        assert_eq!(read("https://tempo/otlp/v1/traces"), of("tempo", 443, "/otlp/v1/traces", true));
        assert_eq!(read("http://[::1]:4318"), of("::1", 4318, "/v1/traces", false));
    }

    #[test]
    fn what_is_no_address_or_header_is_refused() {
        for text in ["", "tempo", "tempo:4318", "grpc://tempo", "http://", "http://u:p@tempo"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        for text in ["", "authorization", "a b=c", "x=a\nb"] {
            assert!(text.parse::<Header>().is_err(), "{text:?}");
        }
        assert!("authorization=Bearer a=b".parse::<Header>().is_ok());
    }
}
