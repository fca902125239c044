//! Segments of a path, percent-decoded.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, RawPathParamsRejection};
use axum::extract::{FromRequestParts, RawPathParams};
use domain::PlanId;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};

/// All segments, as a tuple or a struct. A segment that is no such thing (a number that is none) names nothing: 404. Bytes
/// that are no UTF-8 are 400.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The `{plan}` of a path, whatever else is in it; what is no plan name is 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPath(pub PlanId);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(segments)) => Ok(Path(segments)),
            Err(PathRejection::FailedToDeserializePathParams(failed)) => Err(match failed.kind() {
                ErrorKind::InvalidUtf8InPathParam { .. } => not_utf8(),
                ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
                    Problem::internal(failed)
                }
                _ => Code::NotFound.into(),
            }),
            Err(other) => Err(Problem::internal(other)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PlanPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = match RawPathParams::from_request_parts(parts, state).await {
            Ok(segments) => segments,
            Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => return Err(not_utf8()),
            Err(other) => return Err(Problem::internal(other)),
        };
        let Some((_, plan)) = segments.iter().find(|(name, _)| *name == "plan") else {
            return Err(Problem::internal("a route without {plan} asked for the plan"));
        };
        plan.parse().map(PlanPath).map_err(|_| Code::NotFound.into())
    }
}

fn not_utf8() -> Problem {
    Problem::unreadable("/path", "broken percent-encoding: not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    async fn answer(path: &str) -> (StatusCode, String) {
        let record = |PlanPath(plan): PlanPath, Path((_, name)): Path<(String, String)>| async move {
            format!("{plan} {name}")
        };
        let numbered = |Path((plan, n)): Path<(PlanId, u16)>| async move { format!("{plan} {n}") };
        let router = Router::new()
            .route("/{plan}/teachers/{id}", get(record))
            .route("/{plan}/hours/{n}", get(numbered));
        let response =
            router.oneshot(Request::builder().uri(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn names_come_decoded() {
        let (status, text) = answer("/100234~2026-2027~1/teachers/2.T1%20+%20L%2F%C3%A4").await;
        assert_eq!((status, text.as_str()), (StatusCode::OK, "100234~2026-2027~1 2.T1 + L/ä"));
        assert_eq!(answer("/100234%7E2026-2027%7E1/hours/3").await.1, "100234~2026-2027~1 3");
    }

    #[tokio::test]
    async fn what_names_nothing_is_not_found() {
        for path in [
            "/x/teachers/A",
            "/1~2026-2028~1/teachers/A",
            "/1~2026-2027~1/hours/x",
            "/1~2026-2027~1/hours/-1",
            "/x/hours/1",
        ] {
            assert_eq!(answer(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_unreadable() {
        assert_eq!(answer("/1~2026-2027~1/teachers/%ff").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(answer("/%ff/teachers/A").await.0, StatusCode::BAD_REQUEST);
    }
}
