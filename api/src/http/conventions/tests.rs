//! Whole requests against a small router with the conventions around it.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

use super::{Settings, conventions};
use crate::http::{
    Bearer, Code, ETag, IfNoneMatch, Json, Path, Problem, Query, Quota, RequestContext, metrics_handler,
    tagged,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    period: Option<String>,
}

fn router() -> Router {
    let own = Router::new()
        .route("/teachers/{id}", get(show).put(async |Json(body): Json<Value>| Json(body)))
        .route("/teachers", get(async |Query(wanted): Query<Wanted>| wanted.period.unwrap_or_default()))
        .route("/panic", get(async || -> String { panic!("the inside") }))
        .route("/fault", get(async || -> Result<(), Problem> { Err(Problem::internal("the inside")) }))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(5)).await))
        .route("/id", get(async |context: RequestContext| context.request_id.to_string()))
        .route("/who", get(async |bearer: Bearer| bearer.token))
        .route(
            "/stored",
            get(async || {
                (StatusCode::CONFLICT, [("content-type", "application/problem+json")], "{\"kept\":1}")
            }),
        )
        .route("/text", post(async |body: String| body));
    Router::new().nest("/v1", own).route("/metrics", get(metrics_handler))
}

async fn show(Path(id): Path<String>, given: Option<IfNoneMatch>) -> Result<Response, Problem> {
    if id == "NOBODY" {
        return Err(Code::NotFound.into());
    }
    Ok(tagged(ETag { epoch: 1, revision: 3 }, given.as_ref(), json!({ "id": id })))
}

fn settings() -> Settings {
    Settings { answer_within: Duration::from_millis(50), ..Settings::default() }
}

async fn answer_with(settings: Settings, request: Request) -> (StatusCode, HeaderMap, String) {
    let response = conventions(router(), settings).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn answer(request: http::request::Builder, body: &str) -> (StatusCode, HeaderMap, String) {
    answer_with(settings(), request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn get_answer(path: &str) -> (StatusCode, HeaderMap, String) {
    answer(Request::get(path), "").await
}

fn assert_problem((status, headers, body): &(StatusCode, HeaderMap, String), code: Code) -> Value {
    assert_eq!(*status, code.status(), "{body}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["content-language"], "en");
    assert!(headers.contains_key("x-request-id"));
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["type"], format!("urn:daybook:problem:{}", code.text()));
    assert_eq!(body["status"], code.status().as_u16());
    body
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    for (path, code) in [
        ("/v1/nothing", Code::NotFound),
        ("/nothing", Code::NotFound),
        ("/v1/teachers/NOBODY", Code::NotFound),
        ("/v1/teachers/%ff", Code::Unreadable),
        ("/v1/teachers?perod=1", Code::Invalid),
        ("/v1/teachers?period=%f", Code::Unreadable),
        ("/v1/panic", Code::Internal),
        ("/v1/fault", Code::Internal),
        ("/v1/slow", Code::Busy),
        ("/v1/who", Code::NotLoggedIn),
    ] {
        let body = assert_problem(&get_answer(path).await, code);
        let instance = path.split('?').next().unwrap();
        assert_eq!(body["instance"], instance, "{path}");
        assert!(!body.to_string().contains("the inside"), "{path}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let refused = answer(Request::delete("/v1/teachers/A"), "").await;
    assert_problem(&refused, Code::Method);
    let allowed = refused.1["allow"].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("PUT") && !allowed.contains("DELETE"), "{allowed}");
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let put = || Request::put("/v1/teachers/A").header("content-type", "application/json");
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    assert_problem(&answer(put(), &large).await, Code::TooLarge);
    assert_problem(&answer(put(), "{").await, Code::Unreadable);
    assert_problem(&answer(Request::put("/v1/teachers/A"), "{}").await, Code::MediaType);
    assert_problem(&answer(Request::post("/v1/text"), &large).await, Code::TooLarge);
    let below = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    assert_eq!(answer(put(), &below).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_problem_of_401_asks_for_a_token() {
    let refused = get_answer("/v1/who").await;
    assert_eq!(refused.1["www-authenticate"], "Bearer realm=\"daybook\"");
    assert_eq!(answer(Request::get("/v1/who").header("authorization", "Bearer t"), "").await.2, "t");
}

#[tokio::test]
async fn a_problem_that_was_stored_is_answered_as_it_is() {
    let (status, headers, body) = get_answer("/v1/stored").await;
    assert_eq!((status, body.as_str()), (StatusCode::CONFLICT, "{\"kept\":1}"));
    assert!(headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn a_head_has_the_same_headers_and_no_body() {
    let (status, headers, body) = answer(Request::head("/v1/teachers/A"), "").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
    assert_eq!(headers["etag"], "\"1-3\"");
}

#[tokio::test]
async fn the_request_id_is_answered() {
    let (_, headers, body) = answer(Request::get("/v1/id").header("x-request-id", "mine-1"), "").await;
    assert_eq!((headers["x-request-id"].to_str().unwrap(), body.as_str()), ("mine-1", "mine-1"));
    let (_, headers, body) = answer(Request::get("/v1/id").header("x-request-id", "not sane"), "").await;
    assert_eq!(headers["x-request-id"], body);
    assert_ne!(body, "not sane");
}

#[tokio::test]
async fn what_has_a_revision_may_be_asked_for_again_and_all_else_is_not_kept() {
    let (_, headers, _) = get_answer("/v1/teachers/A").await;
    assert_eq!(
        (&headers["cache-control"], &headers["etag"]),
        (&"private, no-cache".parse().unwrap(), &"\"1-3\"".parse().unwrap())
    );
    let (status, headers, body) =
        answer(Request::get("/v1/teachers/A").header("if-none-match", "\"1-3\""), "").await;
    assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(headers["etag"], "\"1-3\"");
    assert_eq!(get_answer("/v1/id").await.1["cache-control"], "no-store");
    assert_eq!(get_answer("/v1/id").await.1["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn nobody_else_may_read_an_answer_in_a_browser() {
    let (_, headers, _) = answer(Request::get("/v1/id").header("origin", "https://evil.example"), "").await;
    assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
}

#[tokio::test]
async fn one_token_too_often_is_too_many() {
    let quota = Some(Quota { requests: 2, window: Duration::from_secs(3600) });
    let router = conventions(router(), Settings { quota, ..settings() });
    let ask = async |token: &str| {
        let request = Request::get("/v1/who")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    let first = ask("a").await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"default\";q=2;w=3600");
    assert_eq!(first.headers()["ratelimit"], "\"default\";r=1;t=3600");
    assert_eq!(ask("a").await.status(), StatusCode::OK);
    let third = ask("a").await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.headers()["retry-after"], "3600");
    assert_eq!(third.headers()["ratelimit"], "\"default\";r=0;t=3600");
    assert_eq!(third.headers()["content-type"], "application/problem+json");
    assert_eq!(ask("b").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    get_answer("/v1/teachers/GAUSS").await;
    answer(Request::put("/v1/teachers/GAUSS"), "").await;
    answer(Request::delete("/v1/teachers/GAUSS"), "").await;
    let (status, headers, text) = get_answer("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    for line in [
        r#"daybook_http_requests_total{route="/v1/teachers/{id}",method="GET",status="200"}"#,
        r#"daybook_http_requests_total{route="/v1/teachers/{id}",method="PUT",status="415"}"#,
        r#"daybook_http_requests_total{route="/v1/teachers/{id}",method="DELETE",status="405"}"#,
        r#"daybook_http_request_seconds_bucket{route="/v1/teachers/{id}",method="GET",le="0.01"}"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("GAUSS"));
}
