//! Revisions as `ETag`s, and the preconditions made of them (RFC 9110, sections 8.8 and 13).

use axum::extract::OptionalFromRequestParts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::json::Json;
use super::problem::Problem;

/// The state of a record: the epoch of its last change and its revision, `"1-7"` in a header. Strong, and opaque to clients.
///
/// As part of a response it becomes the `ETag` header: `(StatusCode::CREATED, etag, Json(record))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag {
    /// The epoch of the last change.
    pub epoch: i64,
    /// The number of changes the record has seen.
    pub revision: i64,
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}-{}\"", self.epoch, self.revision)
    }
}

impl ETag {
    /// That of a state, which counts revisions without a sign.
    pub fn of(epoch: i64, revision: u64) -> ETag {
        ETag { epoch, revision: i64::try_from(revision).unwrap_or(i64::MAX) }
    }

    /// The header's value.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("digits, a dash and quotes are a header value")
    }
}

/// What stands between the quotes of a tag that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOurs;

impl FromStr for ETag {
    type Err = NotOurs;

    /// Reads what stands between the quotes.
    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let (epoch, revision) = text.split_once('-').ok_or(NotOurs)?;
        Ok(ETag { epoch: number(epoch).ok_or(NotOurs)?, revision: number(revision).ok_or(NotOurs)? })
    }
}

/// One state has one spelling, so that equal tags are equal bytes.
fn number(text: &str) -> Option<i64> {
    let plain = text == "0"
        || (text.starts_with(|first| ('1'..='9').contains(&first))
            && text.bytes().all(|b| b.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten()
}

/// One tag of a precondition. A tag that we cannot have given out is `ours: None` and never equals anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Given {
    weak: bool,
    ours: Option<ETag>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    List(Vec<Given>),
}

/// `If-Match`. That it is missing is 428, which the rules say when its turn has come; malformed is 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Tags);

/// `If-None-Match`; extracted as `Option<IfNoneMatch>`, malformed is 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Tags);

impl IfMatch {
    /// Reads the header; what the changes of a batch carry is read as one, too.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<IfMatch>, Problem> {
        read_header(headers, &IF_MATCH).map(|tags| tags.map(IfMatch))
    }

    /// The states named by strong tags of ours, as epoch and revision; a tag that we never gave out names none.
    pub fn revisions(&self) -> Vec<(i64, u64)> {
        let Tags::List(tags) = &self.0 else { return Vec::new() };
        let strong = tags.iter().filter(|tag| !tag.weak).filter_map(|tag| tag.ours);
        strong.filter_map(|tag| Some((tag.epoch, u64::try_from(tag.revision).ok()?))).collect()
    }

    /// Whether it is `*`: the record as it stands, whatever it is.
    pub fn is_any(&self) -> bool {
        self.0 == Tags::Any
    }
}

impl IfNoneMatch {
    /// Reads the header.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<IfNoneMatch>, Problem> {
        read_header(headers, &IF_NONE_MATCH).map(|tags| tags.map(IfNoneMatch))
    }

    /// Whether the client has this state already (weak comparison).
    pub fn matches(&self, current: ETag) -> bool {
        match &self.0 {
            Tags::Any => true,
            Tags::List(tags) => tags.iter().any(|tag| tag.ours == Some(current)),
        }
    }

    /// Whether it is `*`: only if there is no such record.
    pub fn is_any(&self) -> bool {
        self.0 == Tags::Any
    }
}

/// The answer to a GET of something with a state: 304 when the client has it, else 200 with the body. Both carry the `ETag`.
pub fn tagged(etag: ETag, given: Option<&IfNoneMatch>, body: impl Serialize) -> Response {
    if given.is_some_and(|given| given.matches(etag)) {
        (StatusCode::NOT_MODIFIED, etag, ()).into_response()
    } else {
        (etag, Json(body)).into_response()
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().insert(ETAG, self.header());
        Ok(response)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        IfNoneMatch::in_headers(&parts.headers)
    }
}

fn read_header(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let mut lines = headers.get_all(name).iter().map(HeaderValue::as_bytes).peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    let tags = read_all(lines);
    tags.map(Some)
        .ok_or_else(|| Problem::unreadable(format!("/header/{name}"), "is not a list of entity tags"))
}

/// `*` alone, or tags with commas between; several header lines are one list.
fn read_all<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Tags> {
    let mut tags = Vec::with_capacity(1);
    let mut any = false;
    for line in lines {
        let mut rest = line.trim_ascii();
        if rest == b"*" {
            any = true;
            continue;
        }
        loop {
            let (tag, after) = read_tag(rest)?;
            tags.push(tag);
            rest = after.trim_ascii_start();
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(b",")?.trim_ascii_start();
        }
    }
    match (any, tags.is_empty()) {
        (true, true) => Some(Tags::Any),
        (false, false) => Some(Tags::List(tags)),
        _ => None,
    }
}

fn read_tag(text: &[u8]) -> Option<(Given, &[u8])> {
    let (weak, text) = text.strip_prefix(b"W/").map_or((false, text), |text| (true, text));
    let text = text.strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let (opaque, after) = (&text[..end], &text[end + 1..]);
    let allowed = |byte: &u8| *byte == 0x21 || (0x23..=0x7e).contains(byte) || *byte >= 0x80;
    if !opaque.iter().all(allowed) {
        return None;
    }
    let ours = std::str::from_utf8(opaque).ok().and_then(|text| text.parse().ok());
    Some((Given { weak, ours }, after))
}

#[cfg(test)]
mod tests;
