//! Refusals as the outside sees them: RFC 9457 problems. The only file that knows the status of a refusal.
//!
//! A handler answers `Result<_, Problem>`. [`Problem`] carries a [`Code`] and the members that API.md gives that code; title
//! and detail are looked up by code and language when the answer leaves the house
//! ([`conventions`](super::conventions) does it, and adds `instance`).

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::Said;
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::texts::{self, Language};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident $text:literal,)+) => {
        /// Why a request was refused; the table "Codes of refusal".
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as it stands in `type`, after `urn:daybook:problem:`.
            pub fn text(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }

            /// The status that the answer carries.
            pub fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status),+ }
            }
        }
    };
}

codes! {
    /// The request cannot be read: JSON, headers, encoding.
    Unreadable = BAD_REQUEST "unreadable",
    /// No token, an unknown one, or a wrong password.
    NotLoggedIn = UNAUTHORIZED "not-logged-in",
    /// Somebody signed the session off.
    SignedOff = UNAUTHORIZED "signed-off",
    /// The session ended by its age or for lack of contact.
    SessionExpired = UNAUTHORIZED "session-expired",
    /// A right is missing, or the session's mode forbids it.
    NotPermitted = FORBIDDEN "not-permitted",
    /// Nothing has this address.
    NotFound = NOT_FOUND "not-found",
    /// The address does not know this verb.
    Method = METHOD_NOT_ALLOWED "method",
    /// The body is larger than the route takes.
    TooLarge = PAYLOAD_TOO_LARGE "too-large",
    /// The body is not of a type that the route reads.
    MediaType = UNSUPPORTED_MEDIA_TYPE "media-type",
    /// There is one of this name already.
    Exists = CONFLICT "exists",
    /// Others refer to it.
    InUse = CONFLICT "in-use",
    /// An exclusive action, and somebody else is in the plan.
    NotAlone = CONFLICT "not-alone",
    /// Another lock stands in the way of the wanted one.
    LockRefused = CONFLICT "lock-refused",
    /// The change needs a lock and came without it.
    LockMissing = CONFLICT "lock-missing",
    /// The lock that the change carries is over.
    LockEnded = CONFLICT "lock-ended",
    /// The position belongs to a future that a restore has undone.
    EpochChanged = CONFLICT "epoch-changed",
    /// Somebody changed the record first.
    Stale = PRECONDITION_FAILED "stale",
    /// Readable, but against the shape or a rule.
    Invalid = UNPROCESSABLE_ENTITY "invalid",
    /// Imported files have faults.
    ImportFaults = UNPROCESSABLE_ENTITY "import-faults",
    /// The Idempotency-Key was used for another request.
    KeyReused = UNPROCESSABLE_ENTITY "key-reused",
    /// An optimisation, a cover session or an exclusive lock stands in the way.
    Blocked = LOCKED "blocked",
    /// If-Match is missing.
    RevisionMissing = PRECONDITION_REQUIRED "revision-missing",
    /// More requests than the limit lets through.
    TooMany = TOO_MANY_REQUESTS "too-many",
    /// A failure of ours.
    Internal = INTERNAL_SERVER_ERROR "internal",
    /// The service is down.
    Outage = SERVICE_UNAVAILABLE "outage",
    /// Nobody may log in at present.
    GateClosed = SERVICE_UNAVAILABLE "gate-closed",
    /// The read model is not yet where the request wants it.
    ProjectionBehind = SERVICE_UNAVAILABLE "projection-behind",
    /// A queue is full, or it took too long.
    Busy = SERVICE_UNAVAILABLE "busy",
}

/// A refusal on its way out.
///
/// It serializes as data (code, members), so that it can be stored and answered again later, in whatever language is
/// then wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of refusal.
    pub code: Code,
    /// The members that belong to the code.
    #[serde(default)]
    pub members: Map<String, Value>,
    /// Seconds after which trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// One entry of `errors`: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer into the body; parameters are `/query/NAME`, headers `/header/NAME`.
    pub pointer: String,
    /// What is wrong.
    pub detail: Said,
}

impl Fault {
    /// A fault at a place.
    pub fn at(pointer: impl Into<String>, detail: impl Into<Said>) -> Fault {
        Fault { pointer: pointer.into(), detail: detail.into() }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Problem { code, members: Map::new(), retry_after: None }
    }
}

impl Problem {
    /// A bare refusal; `Problem::from(code)` by another name.
    pub fn new(code: Code) -> Problem {
        code.into()
    }

    /// With one more member. A value that cannot be JSON (a map with keys that are no text) becomes `null`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Problem {
        self.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
        self
    }

    /// With `Retry-After`, in seconds, at least 1.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// 400 for one place.
    pub fn unreadable(pointer: impl Into<String>, detail: impl Into<Said>) -> Problem {
        Problem::new(Code::Unreadable).with("errors", [Fault::at(pointer, detail)])
    }

    /// 422 for one place.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<Said>) -> Problem {
        Problem::invalid_all(&[Fault::at(pointer, detail)])
    }

    /// 422 for several places.
    pub fn invalid_all(errors: &[Fault]) -> Problem {
        Problem::new(Code::Invalid).with("errors", errors)
    }

    /// 403: the right that is missing, or `plan`, or `mode`.
    pub fn not_permitted(right: impl Serialize) -> Problem {
        Problem::new(Code::NotPermitted).with("right", right)
    }

    /// 409 `epoch-changed`: the last position that both histories share.
    pub fn epoch_changed(last_common: impl Serialize) -> Problem {
        Problem::new(Code::EpochChanged).with("last_common", last_common)
    }

    /// 500 with nothing of the inside; the cause goes to the log, once, here.
    pub fn internal(cause: impl std::fmt::Display) -> Problem {
        tracing::error!(cause = %format_args!("{cause:#}"), "a request failed");
        Code::Internal.into()
    }

    /// The status that the answer carries.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The document, as the outside gets it.
    pub fn document(&self, instance: &str, language: Language) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            r#type: String,
            title: String,
            status: u16,
            detail: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            instance: &'a str,
            #[serde(flatten)]
            members: &'a Map<String, Value>,
        }
        // Only faults are in words that depend on the language; the other members go out as they are.
        let mut members = Cow::Borrowed(&self.members);
        if members.contains_key("errors") {
            texts::word_errors(members.to_mut(), language);
        }
        let detail = texts::detail(self.code, &members, language);
        // An outage that nobody announced has no message of its own; people read a general text.
        if self.code == Code::Outage && members.get("message").is_none_or(Value::is_null) {
            members.to_mut().insert("message".to_owned(), detail.to_string().into());
        }
        let document = Document {
            r#type: format!("urn:daybook:problem:{}", self.code.text()),
            title: texts::title(self.code, language),
            status: self.status().as_u16(),
            detail: &detail,
            instance,
            members: &members,
        };
        serde_json::to_vec(&document).expect("strings and JSON values serialize")
    }

    /// The whole answer.
    pub fn answer(&self, instance: &str, language: Language) -> Response {
        let mut response = Response::new(Body::from(self.document(instance, language)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some((name, value)) = self.fixed_header() {
            headers.insert(name, value);
        }
        if let Some(seconds) = self.wait() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    fn fixed_header(&self) -> Option<(HeaderName, HeaderValue)> {
        (self.status() == StatusCode::UNAUTHORIZED)
            .then_some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"daybook\"")))
    }

    /// Codes that always say when to come back say so even when nobody thought of it.
    fn wait(&self) -> Option<u32> {
        self.retry_after.or(match self.code {
            Code::TooMany | Code::ProjectionBehind | Code::Busy => Some(1),
            Code::Outage | Code::GateClosed => Some(30),
            _ => None,
        })
    }
}

/// Only the status goes out from here; [`conventions`](super::conventions) finds the problem among the response's extensions and
/// writes the document, because it knows path and language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
