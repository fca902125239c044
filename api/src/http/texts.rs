//! Titles and details of refusals, by code and language, with the refusal's members as arguments. All wording is here.

use http::HeaderMap;
use serde_json::{Map, Value};
use std::borrow::Cow;

use super::problem::Code;

/// A language that answers can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// The language of last resort.
    #[default]
    English,
}

impl Language {
    /// The one that `Accept-Language` likes best among those we have.
    pub fn accepted(_headers: &HeaderMap) -> Language {
        Language::English
    }

    /// As in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
        }
    }
}

/// What kind of refusal it is, the same for every one of the kind.
pub fn title(code: Code, language: Language) -> &'static str {
    match language {
        Language::English => english_title(code),
    }
}

/// What happened this time.
pub fn detail(code: Code, members: &Map<String, Value>, language: Language) -> Cow<'static, str> {
    match language {
        Language::English => english_detail(code, members),
    }
}

fn english_title(code: Code) -> &'static str {
    match code {
        Code::Unreadable => "Unreadable request",
        Code::NotLoggedIn => "Not logged in",
        Code::SignedOff => "Signed off",
        Code::SessionExpired => "Session expired",
        Code::NotPermitted => "Not permitted",
        Code::NotFound => "Not found",
        Code::Method => "Method not allowed",
        Code::TooLarge => "Too large",
        Code::MediaType => "Media type not supported",
        Code::Exists => "Exists already",
        Code::InUse => "In use",
        Code::NotAlone => "Not alone in the plan",
        Code::LockRefused => "Lock refused",
        Code::LockMissing => "Lock missing",
        Code::LockEnded => "Lock ended",
        Code::EpochChanged => "History was restored",
        Code::Stale => "Changed meanwhile",
        Code::Invalid => "Invalid",
        Code::ImportFaults => "Faults in the files",
        Code::KeyReused => "Idempotency-Key used for another request",
        Code::Blocked => "Blocked",
        Code::RevisionMissing => "Revision missing",
        Code::TooMany => "Too many requests",
        Code::Internal => "Internal error",
        Code::Outage => "Service outage",
        Code::GateClosed => "Log-ins are closed",
        Code::ProjectionBehind => "Not yet readable",
        Code::Busy => "Busy",
    }
}

fn english_detail(code: Code, members: &Map<String, Value>) -> Cow<'static, str> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match code {
        Code::Unreadable => first_error(members).unwrap_or("The request could not be read.".into()),
        Code::NotLoggedIn => "A valid token is needed, or user name and password are wrong.".into(),
        Code::SignedOff => match (text("by"), text("message")) {
            (Some(by), Some(message)) => format!("{by} ended this session: {message}").into(),
            (Some(by), None) => format!("{by} ended this session.").into(),
            _ => "This session was ended by another user.".into(),
        },
        Code::SessionExpired => "This session is over; log in again.".into(),
        Code::NotPermitted => match text("right") {
            Some("plan") => "Your group may not enter this plan.".into(),
            Some("mode") => "The mode of this session does not allow it.".into(),
            Some(right) => format!("This needs the right \"{right}\".").into(),
            None => "You may not do this.".into(),
        },
        Code::NotFound => "There is nothing at this address.".into(),
        Code::Method => "This address does not take the method; see the Allow header.".into(),
        Code::TooLarge => "The body is larger than this address takes.".into(),
        Code::MediaType => "The body must come as application/json.".into(),
        Code::Exists => "There is one of this name already.".into(),
        Code::InUse => "Others refer to it.".into(),
        Code::NotAlone => "Others are in the plan; this can only be done alone.".into(),
        Code::LockRefused => "Another lock stands in the way.".into(),
        Code::LockMissing | Code::LockEnded => lock_detail(code, text("action")),
        Code::EpochChanged => {
            "The ledger was restored since; read again from the last common position.".into()
        }
        Code::Stale => "Somebody changed it first; your change was not saved.".into(),
        Code::Invalid => first_error(members).unwrap_or("The request breaks a rule.".into()),
        Code::ImportFaults => "The files have faults; nothing was imported.".into(),
        Code::KeyReused => "Use a new Idempotency-Key for a new request.".into(),
        Code::Blocked => match text("rule") {
            Some("optimisation") => "A period that this touches is being optimised.".into(),
            Some("cover") => "Somebody is planning cover for a period that this touches.".into(),
            _ => "An exclusive lock is held on this plan.".into(),
        },
        Code::RevisionMissing => "Send If-Match with the ETag that the change is based on.".into(),
        Code::TooMany => "Slow down; Retry-After says when to come back.".into(),
        Code::Internal => "Something went wrong here; it has been logged under the request id.".into(),
        Code::Outage => text("message")
            .map_or("The service is not available at present.".into(), |own| own.to_owned().into()),
        Code::GateClosed => {
            text("message").map_or("Nobody can log in at present.".into(), |own| own.to_owned().into())
        }
        Code::ProjectionBehind => "The position asked for cannot be read yet; try again.".into(),
        Code::Busy => "Too much is going on; try again.".into(),
    }
}

fn lock_detail(code: Code, action: Option<&str>) -> Cow<'static, str> {
    match (code, action) {
        (Code::LockMissing, Some(action)) => format!("This needs a lock for \"{action}\".").into(),
        (Code::LockMissing, None) => "This needs a lock.".into(),
        (_, Some(action)) => format!("The lock for \"{action}\" has ended.").into(),
        (_, None) => "The lock has ended.".into(),
    }
}

/// The first of `errors`, with the number of the others: most people read one line only.
fn first_error(members: &Map<String, Value>) -> Option<Cow<'static, str>> {
    let errors = members.get("errors")?.as_array()?;
    let first = errors.first()?;
    let (pointer, detail) = (first.get("pointer")?.as_str()?, first.get("detail")?.as_str()?);
    let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
    let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
    Some(format!("{place}{detail}{more}").into())
}
