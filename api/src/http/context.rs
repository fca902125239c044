//! What is known about a request beside what it asks: its id, its trace, where it comes from.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::HeaderName;
use http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

use super::language::Language;

/// `X-Request-Id`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `traceparent` (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Id and trace of a request, both stored with the events, and the language of its answer. Made by [`conventions`](super::conventions); as an extractor it
/// cannot fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// The caller's `X-Request-Id` when it is sane (1 to 128 letters, digits, `-_.:/+=@`), else a new UUID.
    pub request_id: Arc<str>,
    /// The caller's `traceparent` when it is valid.
    pub traceparent: Option<Arc<str>>,
    /// What `Accept-Language` wants.
    accepted: Option<Language>,
    /// What the caller's account wants, once it is known who calls; shared, because whoever writes the answer has no account.
    own: Arc<OnceLock<Language>>,
}

impl RequestContext {
    /// Takes over what is sane.
    pub fn of(headers: &HeaderMap) -> RequestContext {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let request_id = match text(REQUEST_ID).filter(|id| is_request_id(id)) {
            Some(given) => given.into(),
            None => (&*Uuid::new_v4().hyphenated().encode_lower(&mut Uuid::encode_buffer())).into(),
        };
        RequestContext {
            request_id,
            traceparent: text(TRACEPARENT).filter(|trace| is_traceparent(trace)).map(Into::into),
            accepted: Language::accepted(headers),
            own: Arc::default(),
        }
    }

    /// The language of the answer: what `Accept-Language` wants, else what the caller's account says, else English.
    pub fn language(&self) -> Language {
        self.accepted.or_else(|| self.own.get().copied()).unwrap_or_default()
    }

    /// Whether the request leaves the language to the caller's account.
    pub fn leaves_language(&self) -> bool {
        self.accepted.is_none()
    }

    /// Takes in the language of the caller's account.
    pub fn note_own_language(&self, language: Language) {
        let _ = self.own.set(language);
    }
}

/// Whether an `X-Request-Id` is taken over: 1 to 128 letters, digits, `-_.:/+=@`.
pub fn is_request_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(allowed)
}

/// `version-trace-parent-flags` in lower-case hexadecimal, ids not all zero; later versions may have more behind.
fn is_traceparent(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut hex = |length: usize, zero: bool| {
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts.next().filter(|part| {
            part.len() == length && part.bytes().all(lower) && (zero || part.bytes().any(|byte| byte != b'0'))
        })
    };
    let (version, trace, parent, flags) = (hex(2, true), hex(32, false), hex(16, false), hex(2, true));
    let complete = trace.is_some() && parent.is_some() && flags.is_some();
    complete
        && version.is_some_and(|version| version != "ff" && (version != "00" || text.len() == 55))
        && text.len() <= 256
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| RequestContext::of(&parts.headers)))
    }
}

/// The address at the other end of the connection, put there by [`serve`](super::serve()). Behind a reverse proxy it is the proxy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Peer {
    /// The host's address, without the port.
    pub fn ip(self) -> IpAddr {
        self.0.ip().to_canonical()
    }
}

/// Where nobody told, as in tests.
impl Default for Peer {
    fn default() -> Self {
        Peer(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn context(name: HeaderName, value: &'static str) -> RequestContext {
        RequestContext::of(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn a_sane_request_id_is_taken_over() {
        assert_eq!(&*context(REQUEST_ID, "import-7/3").request_id, "import-7/3");
        for id in ["", "a b", "a\"b", "a;b", "<script>"] {
            let made = context(REQUEST_ID, id).request_id;
            assert!(Uuid::parse_str(&made).is_ok(), "{id} became {made}");
        }
        assert_ne!(
            RequestContext::of(&HeaderMap::new()).request_id,
            RequestContext::of(&HeaderMap::new()).request_id
        );
    }

    #[test]
    fn a_valid_trace_is_taken_over() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(context(TRACEPARENT, valid).traceparent.as_deref(), Some(valid));
        for trace in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "nonsense",
        ] {
            assert_eq!(context(TRACEPARENT, trace).traceparent, None, "{trace}");
        }
    }
}
