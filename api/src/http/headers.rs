//! The other header fields of the conventions, in and out.

use axum::extract::OptionalFromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use domain::Position;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::problem::Problem;

/// `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `Idempotency-Replayed`.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// `Daybook-Position`.
pub const POSITION: HeaderName = HeaderName::from_static("daybook-position");
/// `Daybook-Min-Position`.
pub const MIN_POSITION: HeaderName = HeaderName::from_static("daybook-min-position");
/// `Last-Event-ID` of server-sent events.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// `Daybook-As-Of`.
pub const AS_OF: HeaderName = HeaderName::from_static("daybook-as-of");
/// `Daybook-Lock`.
pub const LOCK: HeaderName = HeaderName::from_static("daybook-lock");
/// `Daybook-Outage`.
pub const OUTAGE: HeaderName = HeaderName::from_static("daybook-outage");

/// The key under which a repeated write is recognised: 1 to 200 visible ASCII characters. Bare or quoted (a string of RFC 8941,
/// as the draft wants it) is the same key. Extracted as `Option<IdempotencyKey>`; a bad one is 400.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

/// `Daybook-Min-Position`: the read model must have come so far. Extracted as `Option<MinPosition>`; a bad one is 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinPosition(pub GivenPosition);

/// `Last-Event-ID`: the position after which a stream that was broken off goes on; an empty one is none. A bad one is 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEventId(pub GivenPosition);

/// `Daybook-Lock`: the lock under which a change is made, as the client wrote it. Extracted as `Option<LockHeader>`; what is
/// empty or no visible ASCII is 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHeader(pub String);

/// A position as clients write it: `1.4711`, or `4711`, which means the present epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenPosition {
    /// The epoch, when it was named.
    pub epoch: Option<i64>,
    /// The position in that epoch.
    pub number: i64,
}

/// The text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a position such as 1.4711")]
pub struct NoPosition;

impl FromStr for GivenPosition {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<i64>().ok()).flatten().ok_or(NoPosition)
        };
        match text.split_once('.') {
            Some((epoch, position)) => {
                Ok(GivenPosition { epoch: Some(number(epoch)?), number: number(position)? })
            }
            None => Ok(GivenPosition { epoch: None, number: number(text)? }),
        }
    }
}

impl GivenPosition {
    /// The position meant, when this is the present epoch.
    pub fn in_epoch(self, present: i64) -> Position {
        Position { epoch: self.epoch.unwrap_or(present), number: self.number }
    }
}

impl IdempotencyKey {
    /// Reads the header.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
        let Some(text) = single(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
        let key = if text.starts_with('"') { unquoted(text) } else { Some(text.to_owned()) };
        let visible =
            |key: &String| (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        key.filter(visible)
            .map(|key| Some(IdempotencyKey(key)))
            .ok_or_else(|| bad(&IDEMPOTENCY_KEY, "must have 1 to 200 visible ASCII characters"))
    }
}

impl MinPosition {
    /// Reads the header.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<MinPosition>, Problem> {
        let Some(text) = single(headers, &MIN_POSITION)? else { return Ok(None) };
        text.parse()
            .map(|position| Some(MinPosition(position)))
            .map_err(|why: NoPosition| bad(&MIN_POSITION, &why.to_string()))
    }
}

impl LastEventId {
    /// Reads the header.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<LastEventId>, Problem> {
        let Some(text) = single(headers, &LAST_EVENT_ID)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse()
            .map(|position| Some(LastEventId(position)))
            .map_err(|why: NoPosition| bad(&LAST_EVENT_ID, &why.to_string()))
    }
}

impl LockHeader {
    /// Reads the header.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<LockHeader>, Problem> {
        let Some(text) = single(headers, &LOCK)? else { return Ok(None) };
        if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Some(LockHeader(text.to_owned())))
        } else {
            Err(bad(&LOCK, "must name one lock"))
        }
    }
}

macro_rules! optional_header {
    ($($name:ident),+) => {$(
        impl<S: Send + Sync> OptionalFromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
                $name::in_headers(&parts.headers)
            }
        }
    )+};
}

optional_header!(IdempotencyKey, MinPosition, LastEventId, LockHeader);

/// One field of an answer, as a part of the response: `(WritePosition(position), Json(record))`.
macro_rules! answered {
    ($($(#[$doc:meta])* $name:ident = $header:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<P>(pub P);

        impl<P: fmt::Display> IntoResponseParts for $name<P> {
            type Error = Infallible;

            fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
                // What is no header value (a control character) is left out rather than failing a write that is done.
                if let Ok(value) = HeaderValue::try_from(self.0.to_string()) {
                    response.headers_mut().insert($header, value);
                }
                Ok(response)
            }
        }
    )+};
}

answered! {
    /// `Daybook-Position` of an answer to a write.
    WritePosition = POSITION,
    /// `Daybook-As-Of` of an answer to a reading of the past.
    AsOf = AS_OF,
    /// `Daybook-Outage`: `announced` or `gated`.
    OutageState = OUTAGE,
}

/// The field's only value without the blanks around it; twice, or not ASCII, is unreadable.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad(name, "is there twice"));
    }
    value.to_str().map(|text| Some(text.trim())).map_err(|_| bad(name, "must be ASCII"))
}

fn bad(name: &HeaderName, detail: &str) -> Problem {
    Problem::unreadable(format!("/header/{name}"), detail)
}

/// What stands between the quotes of a structured string; parameters after it mean nothing here.
fn unquoted(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut key = String::with_capacity(text.len());
    loop {
        match characters.next()? {
            '"' => break,
            '\\' => key.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    let rest = characters.as_str();
    (rest.is_empty() || rest.starts_with(';')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Code;

    fn key(value: &str) -> Result<Option<IdempotencyKey>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(value).unwrap());
        IdempotencyKey::in_headers(&headers)
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        let bare = key("8e03978e-40d5").unwrap();
        assert_eq!(bare, Some(IdempotencyKey("8e03978e-40d5".into())));
        assert_eq!(key("\"8e03978e-40d5\"").unwrap(), bare);
        assert_eq!(key(r#""a\"b\\c""#).unwrap(), Some(IdempotencyKey(r#"a"b\c"#.into())));
        assert_eq!(IdempotencyKey::in_headers(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn a_bad_key_is_unreadable() {
        let long = "k".repeat(201);
        for value in ["", "\"\"", "a b", "\"a b\"", "\"a", "\"a\"b", r#""a\x""#, "kä", long.as_str()] {
            assert_eq!(key(value).unwrap_err().code, Code::Unreadable, "{value}");
        }
        assert!(key(&"k".repeat(200)).is_ok());
        let mut twice = HeaderMap::new();
        twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        assert!(IdempotencyKey::in_headers(&twice).is_err());
    }

    #[test]
    fn positions_come_with_and_without_their_epoch() {
        assert_eq!("1.4711".parse(), Ok(GivenPosition { epoch: Some(1), number: 4711 }));
        assert_eq!("4711".parse(), Ok(GivenPosition { epoch: None, number: 4711 }));
        for text in ["", ".", "1.", ".1", "1.2.3", "-1", "+1", "1.-2", "99999999999999999999", "x"] {
            assert_eq!(text.parse::<GivenPosition>(), Err(NoPosition), "{text}");
        }
    }
}
