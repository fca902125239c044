//! What holds for every answer, in one layer around every route: request id, trace, span and log line, counters, rate limit,
//! time limit, panics, problems for whatever the framework refuses, caching and sniffing.
//!
//! One layer and one boxed future instead of ten: at 10,000 requests a second and two cores each box counts.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use eventstore::trace;

use super::bearer::token_in;
use super::context::{Peer, REQUEST_ID, RequestContext};
use super::metrics::RouteMetrics;
use super::problem::{Code, Problem};
use super::rate::{Left, Quota, RateLimiter};

/// What is asked every few seconds by those who watch the service; nobody looks for it among traces.
const UNTRACED: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The settings of [`conventions`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Largest body in bytes, 1 MiB; a route takes more with a `DefaultBodyLimit` layer of its own.
    pub body_bytes_max: usize,
    /// A handler that takes longer is given up with 503 `busy`. It must exceed the longest `wait` (30 s).
    pub answer_within: Duration,
    /// Routes (as registered, `/v1/plans/{plan}/imports`) that may take another time.
    pub answer_within_of: Vec<(&'static str, Duration)>,
    /// Requests of one token, or of one address where there is none; `None` is no limit.
    pub quota: Option<Quota>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            body_bytes_max: 1 << 20,
            answer_within: Duration::from_secs(60),
            answer_within_of: Vec::new(),
            // Far above what two cores can do: it stops a program that runs wild, not a busy one.
            quota: Some(Quota { requests: 50_000, window: Duration::from_secs(1) }),
        }
    }
}

/// Puts the conventions around every route of `router` and around its 404 and 405. To be called last, with all routes there.
pub fn conventions(router: Router, settings: Settings) -> Router {
    let body_limit = DefaultBodyLimit::max(settings.body_bytes_max);
    let limiter = settings.quota.map(RateLimiter::new);
    router.layer((Conventions(Arc::new(Shared { settings, limiter })), body_limit))
}

struct Shared {
    settings: Settings,
    limiter: Option<RateLimiter>,
}

#[derive(Clone)]
struct Conventions(Arc<Shared>);

/// The conventions around one route and method.
#[derive(Clone)]
struct Around<S> {
    inner: S,
    shared: Arc<Shared>,
    metrics: Arc<OnceLock<RouteMetrics>>,
}

impl<S> Layer<S> for Conventions {
    type Service = Around<S>;

    fn layer(&self, inner: S) -> Around<S> {
        Around { inner, shared: Arc::clone(&self.0), metrics: Arc::default() }
    }
}

impl<S> Service<Request> for Around<S>
where
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let began = Instant::now();
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (shared, metrics) = (Arc::clone(&self.shared), Arc::clone(&self.metrics));
        let asked = Asked::of(&mut request);
        let span = tracing::info_span!("request", id = %asked.context.request_id, method = asked.method, route = asked.route());
        let trace = asked.trace();
        let answering = async move {
            let left = shared.limiter.as_ref().map(|limiter| asked.count(limiter, &request));
            let response = if left.is_some_and(|left| left.requests.is_none()) {
                metrics::counter!("daybook_http_limited_total", "limit" => "requests").increment(1);
                Problem::new(Code::TooMany).retry_after(left.map_or(1, |left| left.seconds)).into_response()
            } else {
                let within = asked.answer_within(&shared.settings);
                answer(
                    AssertUnwindSafe(async { inner.call(request).await.map(IntoResponse::into_response) }),
                    within,
                )
                .await
            };
            let response = asked.finish(response, shared.limiter.as_ref().zip(left));
            asked.record(&metrics, response.status(), began.elapsed());
            Ok(response)
        };
        Box::pin(answering.instrument(trace).instrument(span))
    }
}

/// The answer of the route, or of what became of it.
async fn answer(
    handled: AssertUnwindSafe<impl Future<Output = Result<Response, Infallible>>>,
    within: Duration,
) -> Response {
    match tokio::time::timeout(within, handled.catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        // The panic hook has written where and why; the message may name what was worked on, so it goes nowhere else.
        Ok(Err(_panic)) => Problem::internal("a handler panicked").into_response(),
        Err(_elapsed) => {
            tracing::warn!(seconds = within.as_secs(), "gave a request up");
            Problem::new(Code::Busy).into_response()
        }
    }
}

/// What must be known of a request after it has been handed on.
struct Asked {
    context: RequestContext,
    method: &'static str,
    matched: Option<MatchedPath>,
    path: http::Uri,
}

impl Asked {
    fn of(request: &mut Request) -> Asked {
        let context = RequestContext::of(request.headers());
        request.extensions_mut().insert(context.clone());
        Asked {
            context,
            method: method_name(request.method()),
            matched: request.extensions().get().cloned(),
            path: request.uri().clone(),
        }
    }

    /// The route as registered; never the path, which holds names.
    fn route(&self) -> &str {
        self.matched.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// What a collector of traces sees of the request.
    fn trace(&self) -> Span {
        let route = self.route();
        if UNTRACED.contains(&route) {
            return Span::none();
        }
        let span = tracing::debug_span!(target: trace::TARGET, "request", otel.name = format!("{} {route}", self.method),
            otel.kind = "server", otel.status_code = Empty, http.request.method = self.method, http.route = route,
            http.response.status_code = Empty, daybook.request_id = &*self.context.request_id);
        if let Some(caller) = &self.context.traceparent {
            trace::go_on_from(&span, caller);
        }
        span
    }

    fn answer_within(&self, settings: &Settings) -> Duration {
        let own = settings.answer_within_of.iter().find(|(route, _)| *route == self.route());
        own.map_or(settings.answer_within, |(_, within)| *within)
    }

    fn count(&self, limiter: &RateLimiter, request: &Request) -> Left {
        match token_in(request.method(), request.headers()) {
            Some(token) => limiter.count(token),
            None => limiter.count(request.extensions().get::<Peer>().copied().unwrap_or_default().ip()),
        }
    }

    fn finish(&self, mut response: Response, limit: Option<(&RateLimiter, Left)>) -> Response {
        if let Some(problem) = refusal(&mut response) {
            metrics::counter!("daybook_http_refusals_total", "code" => problem.code.text()).increment(1);
            let document = problem.answer(self.path.path(), self.context.language());
            let (document, body) = document.into_parts();
            *response.status_mut() = document.status;
            *response.body_mut() = body;
            response.headers_mut().remove(http::header::CONTENT_LENGTH);
            response.headers_mut().extend(document.headers);
        }
        let tagged = response.headers().contains_key(ETAG);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.context.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some((limiter, left)) = limit {
            limiter.announce(left, headers);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // What has a revision may be kept by the browser and asked for again; everything else is of the moment, and for one person.
        let caching = if tagged { "private, no-cache" } else { "no-store" };
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
        if tagged {
            headers.entry(VARY).or_insert(HeaderValue::from_static("Authorization, Cookie"));
        }
        // Nothing here is a page, and what a browser takes for one may load nothing; /docs brings its own policy.
        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        response
    }

    fn record(&self, metrics: &OnceLock<RouteMetrics>, status: StatusCode, took: Duration) {
        let own = metrics.get_or_init(|| RouteMetrics::new(self.route(), self.method));
        if own.is_of(self.route(), self.method) {
            own.record(status.as_u16(), took);
        } else {
            // HEAD comes through the route of GET, and whatever is refused for its method through one route.
            RouteMetrics::new(self.route(), self.method).record(status.as_u16(), took);
        }
        let span = Span::current();
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        let (status, microseconds) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if status < 400 {
            tracing::debug!(status, microseconds, "answered");
        } else {
            tracing::info!(status, microseconds, "refused");
        }
    }
}

/// A method is a label of counters, so that there must not be any number of them.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The problem that a response stands for: the handler's own, or one made of a refusal of the framework, which is bare or text.
fn refusal(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove() {
        return Some(problem);
    }
    let status = response.status();
    if status.is_success() || status.is_redirection() || status.is_informational() {
        return None;
    }
    // A handler that wrote a document meant it: a stored problem that is answered again, a /readyz that says what is missing.
    let media_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if media_type.starts_with(b"application/") && media_type != b"application/octet-stream" {
        return None;
    }
    Some(Problem::new(match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::Method,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MediaType,
        StatusCode::UNPROCESSABLE_ENTITY => Code::Invalid,
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Code::Busy,
        status if status.is_client_error() => {
            return Some(Problem::unreadable("", "the request could not be read"));
        }
        _ => Code::Internal,
    }))
}

#[cfg(test)]
mod tests;
