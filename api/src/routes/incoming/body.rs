//! The body of a write, judged when its turn has come.

use bytes::Bytes;
use domain::{FieldFault, Kind, Refusal, RefusalCode, Wanted, read_fields};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::http::json::read;
use crate::http::{Code, Problem};

/// A body that nobody has looked at yet.
pub struct Body {
    pub(super) bytes: Result<Bytes, Problem>,
    pub(super) media_type: Option<String>,
    /// A header or a parameter that cannot be read: told when the body would be.
    pub(super) fault: Option<Problem>,
}

impl Body {
    /// The body as JSON: 413, 415, 400, 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json = |media: &str| {
            let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "application/json" || essence == "application/merge-patch+json"
        };
        self.readable()?;
        let bytes = self.bytes.as_ref().map_err(Clone::clone)?;
        if !self.media_type.as_deref().is_some_and(json) {
            return Err(Problem::new(Code::MediaType));
        }
        read(bytes)
    }

    /// What is wrong with headers and parameters: 400, 422.
    pub fn readable(&self) -> Result<(), Problem> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// The fields of a record, or what is wrong with them, to be told when its turn comes.
    pub fn fields(&self, kind: Kind) -> Result<Vec<Wanted>, Refusal> {
        self.object().and_then(|object| record_fields(kind, &object))
    }

    /// A JSON object, or what is wrong with it.
    pub fn object(&self) -> Result<Map<String, Json>, Refusal> {
        match self.json::<Json>().map_err(refusal)? {
            Json::Object(object) => Ok(object),
            _ => Err(Refusal::invalid(&[FieldFault::new("", "an object belongs here")])),
        }
    }
}

/// The fields of a record in a JSON object. Time zones are looked at here: the rules know no list of them.
pub fn record_fields(kind: Kind, object: &Map<String, Json>) -> Result<Vec<Wanted>, Refusal> {
    let wanted = read_fields(kind, object).map_err(|faults| Refusal::invalid(&faults))?;
    let zone = wanted.iter().find(|(field, _)| kind == Kind::SchoolData && field.name == "time_zone");
    let zone = zone.and_then(|(_, value)| value.as_ref()?.text());
    if zone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
        let detail = "there is no such time zone; one is called Europe/Berlin, for example";
        return Err(Refusal::fault("/time_zone", detail));
    }
    Ok(wanted)
}

/// A problem of the body as the rules hold it.
pub fn refusal(problem: Problem) -> Refusal {
    let code = match problem.code {
        Code::MediaType => RefusalCode::MediaType,
        Code::TooLarge => RefusalCode::TooLarge,
        Code::Unreadable => RefusalCode::Unreadable,
        _ => RefusalCode::Invalid,
    };
    Refusal { code, members: problem.members, event: None }
}
