//! The door of the interface during an outage, in one place: who is answered, who is told the message, and what is told beside.
//!
//! [`stand`] lies around every route and knows only what is in memory: when the ledger is gone, nothing of a request reaches
//! anything that would wait for it. [`admit`] comes after a good token and before everything else: 401, then 503.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::OutageState;
use http::request::Parts;
use http::{HeaderValue, Method};

use super::outage::asks_for_past;
use crate::app::App;
use crate::http::bearer::token_in;
use crate::http::headers::OUTAGE;
use crate::http::{Code, Problem};

/// The log-in, which needs no token and cannot be answered from memory.
const LOG_IN: &str = "/v1/sessions";

/// GETs that are answered from memory when the ledger is gone.
const FROM_MEMORY: &[&str] =
    &["/livez", "/readyz", "/metrics", "/openapi.json", "/v1/login-page", "/v1/outage", "/v1/notices"];

/// What is still answered to those who are logged in while nobody is served, as long as the ledger stands. Of the outage it is the
/// past that takes being logged in.
const WHILE_DOWN: &[(Method, &str)] = &[
    (Method::GET, "/v1/outage"),
    (Method::PUT, "/v1/outage"),
    (Method::DELETE, "/v1/outage"),
    (Method::GET, "/v1/status-report"),
];

/// How long a request that was under way when the ledger went may go on waiting.
const WAIT_WITHIN: Duration = Duration::from_secs(1);

/// Set when the caller has shown a good token.
#[derive(Debug, Clone, Default)]
struct LoggedIn(Arc<AtomicBool>);

/// Stands around every route.
pub async fn stand(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let standing = &app.desk.standing;
    let logged_in = LoggedIn::default();
    request.extensions_mut().insert(logged_in.clone());
    let route = route(request.extensions().get());
    let is_log_in = route == LOG_IN && request.method() == Method::POST;
    let response = if is_from_memory(request.method(), route) && !asks_for_past(request.uri()) {
        next.run(request).await
    } else if !is_log_in && token_in(request.method(), request.headers()).is_none() {
        // Refused with 401, or public: neither asks the ledger.
        next.run(request).await
    } else if standing.is_ledger_gone() {
        standing.known().problem().into_response()
    } else {
        tokio::select! {
            response = next.run(request) => response,
            () = standing.gone_for(WAIT_WITHIN) => standing.known().problem().into_response(),
        }
    };
    let is_in = logged_in.0.load(Ordering::Relaxed) || (is_log_in && response.status().is_success());
    tell(&app, response, is_in)
}

/// Puts on the way out what belongs to every answer: the header for those who are in, and the message where a ledger was met that
/// does not answer.
fn tell(app: &App, mut response: Response, is_in: bool) -> Response {
    let standing = &app.desk.standing;
    if let Some(problem) = response.extensions_mut().get_mut::<Problem>()
        && problem.code == Code::Outage
        && !problem.members.contains_key("since")
    {
        standing.note_trouble();
        let known = standing.known();
        let told = known.problem();
        if told.code == Code::Outage {
            *problem = told;
        }
        if known.down_since().is_none() {
            // Nobody has noticed before this request did.
            problem.members.insert("since".to_owned(), serde_json::json!(app.desk.now()));
        }
    }
    if is_in {
        let state = standing.known().state();
        if matches!(state, OutageState::Announced | OutageState::Gated) {
            response.headers_mut().insert(OUTAGE, HeaderValue::from_static(state.word()));
        }
    }
    response
}

/// 503 `outage` while the ledger is gone.
pub fn check_ledger(app: &App) -> Result<(), Problem> {
    let standing = &app.desk.standing;
    if standing.is_ledger_gone() { Err(standing.known().problem()) } else { Ok(()) }
}

/// Lets somebody who has shown a good token in: 503 `outage` while nobody is served.
pub fn admit(app: &App, parts: &Parts) -> Result<(), Problem> {
    if let Some(logged_in) = parts.extensions.get::<LoggedIn>() {
        logged_in.0.store(true, Ordering::Relaxed);
    }
    let known = app.desk.standing.known();
    if !known.state().is_down() {
        return Ok(());
    }
    let route = route(parts.extensions.get());
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    if WHILE_DOWN.iter().any(|(of, path)| of == method && *path == route) {
        return Ok(());
    }
    Err(known.problem())
}

fn route(matched: Option<&MatchedPath>) -> &str {
    matched.map_or("", MatchedPath::as_str)
}

fn is_from_memory(method: &Method, route: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && (FROM_MEMORY.contains(&route) || route.starts_with("/docs"))
}
