//! The browsable page `/docs` of `/openapi.json`, which loads nothing from outside.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

use super::problem::{Code, Problem};

/// The page may load from this service and nowhere else; Swagger UI sets styles and draws images of its own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What the page consists of. The page itself is a route like others, which answers [`page`].
pub fn docs() -> Router {
    Router::new()
        .route("/docs/", get(async || page()))
        .route("/docs/{*file}", get(async |Path(name): Path<String>| file(&name)))
}

/// The page.
pub fn page() -> Response {
    file("")
}

/// One file of Swagger UI, which is part of the program.
fn file(name: &str) -> Response {
    // Without a validator: it is a picture from a server outside, which would be told the address of ours.
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        Arc::new(Config::from("/openapi.json").validator_url("none").display_request_duration(true))
    });
    let file = match utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => file,
        Ok(None) => return Problem::new(Code::NotFound).into_response(),
        Err(error) => return Problem::internal(error).into_response(),
    };
    let mut body = file.bytes.into_owned();
    if file.content_type.starts_with("text/html") {
        // The page is at /docs as well as at /docs/, so its links must not depend on where one stands.
        let page = String::from_utf8_lossy(&body)
            .replace("\"./", "\"/docs/")
            .replace("\"index.css", "\"/docs/index.css");
        body = page.into_bytes();
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    if let Ok(media_type) = HeaderValue::try_from(file.content_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    if file.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::Request;
    use http::StatusCode;
    use tower::ServiceExt;

    async fn text(path: &str) -> (StatusCode, String) {
        let router = docs().route("/docs", get(async || page()));
        let response =
            router.oneshot(Request::builder().uri(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn the_page_loads_what_the_service_has() {
        for path in ["/docs", "/docs/"] {
            let (status, page) = text(path).await;
            assert_eq!(status, StatusCode::OK);
            assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
            for link in page
                .split('"')
                .filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"))
            {
                assert!(link.starts_with("/docs/"), "{link}");
                assert_eq!(text(link).await.0, StatusCode::OK, "{link}");
            }
        }
        assert_eq!(text("/docs/nothing.js").await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_page_asks_no_validator() {
        let (_, script) = text("/docs/swagger-initializer.js").await;
        assert!(
            script.contains("\"validatorUrl\": \"none\"") && script.contains("/openapi.json"),
            "{script}"
        );
        assert!(!script.contains("https://"), "{script}");
    }
}
