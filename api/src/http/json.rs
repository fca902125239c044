//! JSON bodies, in and out.

use axum::RequestExt;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::objects::Objects;
use super::problem::{Code, Problem};
use super::query::pointer_of;
use super::strict;

/// A JSON body. Coming in it is judged in the order of API.md: 413 and 415, then 400 (no JSON, a member twice, too deep), then
/// 422 with a JSON pointer (wrong types, unknown members: give `T` `#[serde(deny_unknown_fields)]`).
///
/// A write by somebody logged in takes its body from [`Incoming`](crate::routes::incoming::Incoming), because rights and the existence
/// of the record are told before it.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        check_media_type(request.method(), request.headers())?;
        read(&body_bytes(request).await?).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Makes a value of a JSON text: 400 `unreadable`, then 422 `invalid`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if let Some(fault) = strict::fault(bytes) {
        return Err(Problem::unreadable(fault.pointer, fault.detail));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
        let text = error.inner().to_string();
        // The place is told by the pointer; lines and columns mean nothing to who sent one line.
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        Problem::invalid(pointer_of(error.path(), text), text)
    })
}

/// The whole body, within the route's limit (`DefaultBodyLimit`, 1 MiB unless the route says otherwise).
pub async fn body_bytes(request: Request) -> Result<Bytes, Problem> {
    request.extract::<Bytes, _>().await.map_err(|rejection: BytesRejection| match rejection.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge.into(),
        _ => Problem::unreadable("", "the body ended before it was complete"),
    })
}

fn check_media_type(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (name, parameters) = sent.split_once(';').unwrap_or((sent, ""));
    let name = name.trim();
    let known = name.eq_ignore_ascii_case("application/json")
        || (method == Method::PATCH && name.eq_ignore_ascii_case("application/merge-patch+json"));
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    if known && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")) {
        Ok(())
    } else {
        Err(Code::MediaType.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::header::CONTENT_LENGTH;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Teacher {
        name: String,
        #[serde(default)]
        hours: Vec<Hour>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Hour {
        day: u8,
    }

    fn request(method: &str, content_type: Option<&str>, body: &str) -> Request {
        let mut request = Request::builder().method(method).header(CONTENT_LENGTH, body.len());
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    async fn refusal(request: Request) -> Problem {
        <Json<Teacher> as FromRequest<()>>::from_request(request, &()).await.unwrap_err()
    }

    fn place(problem: &Problem) -> &Value {
        &problem.members["errors"][0]["pointer"]
    }

    #[tokio::test]
    async fn json_comes_as_json() {
        for (method, content_type) in [
            ("POST", "application/json"),
            ("PUT", "Application/JSON; charset=UTF-8"),
            ("PATCH", "application/merge-patch+json"),
        ] {
            let request = request(method, Some(content_type), r#"{"name":"Gauss"}"#);
            let taken = <Json<Teacher> as FromRequest<()>>::from_request(request, &()).await.unwrap();
            assert_eq!(taken.0.name, "Gauss");
        }
        for (method, content_type) in [
            ("POST", None),
            ("POST", Some("text/plain")),
            ("POST", Some("application/merge-patch+json")),
            ("POST", Some("application/json; charset=latin1")),
        ] {
            assert_eq!(
                refusal(request(method, content_type, "no json")).await.code,
                Code::MediaType,
                "{content_type:?}"
            );
        }
    }

    #[tokio::test]
    async fn unreadable_comes_before_invalid() {
        let twice =
            refusal(request("POST", Some("application/json"), r#"{"what":1,"name":"a","name":"b"}"#)).await;
        assert_eq!((twice.code, place(&twice)), (Code::Unreadable, &json!("/name")));
        let empty = refusal(request("POST", Some("application/json"), "")).await;
        assert_eq!(empty.code, Code::Unreadable);
    }

    #[tokio::test]
    async fn what_is_wrong_is_pointed_at() {
        for (body, pointer) in [
            (r#"{"name":"a","hours":[{"day":1},{"day":"x"}]}"#, "/hours/1/day"),
            (r#"{"name":"a","hours":[{"day":1,"x~y":2}]}"#, "/hours/0/x~0y"),
            (r#"{"name":"a","nick":"b"}"#, "/nick"),
            (r#"{"hours":[]}"#, "/name"),
            (r#"{"name":"a","hours":[{}]}"#, "/hours/0/day"),
            (r#"{"name":null}"#, "/name"),
            ("[]", ""),
            (r#"["a",[]]"#, ""),
            (r#"{"name":"a","hours":[[1]]}"#, "/hours/0"),
            ("7", ""),
        ] {
            let problem = refusal(request("POST", Some("application/json"), body)).await;
            assert_eq!((problem.code, place(&problem)), (Code::Invalid, &json!(pointer)), "{body}");
        }
    }
}
