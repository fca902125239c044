//! `as_of`: which moment a reading is about.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use http::request::Parts;

use super::headers::GivenPosition;
use super::problem::Problem;
use super::query::Parameters;

/// The parameters of a GET below a plan: those of `Q`, which is a [`Query`](super::Query) or a [`Listing`](super::Listing), and the
/// moment that it asks for.
#[derive(Debug, Clone)]
pub struct InTime<Q> {
    /// `as_of`; now when it is absent.
    pub as_of: Option<GivenMoment>,
    /// The other parameters.
    pub query: Q,
}

/// A moment as clients write it: a position, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenMoment {
    /// After the write that this position belongs to.
    Position(GivenPosition),
    /// After the last write that was recorded by then.
    Time(DateTime<Utc>),
}

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a position such as 1.4711 or a time such as 2026-11-22T08:00:00Z")]
pub struct NoMoment;

impl FromStr for GivenMoment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Ok(position) = text.parse() {
            return Ok(GivenMoment::Position(position));
        }
        // In an address a bare `+` is a blank.
        let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map_err(|_| NoMoment)?;
        Ok(GivenMoment::Time(time.to_utc()))
    }
}

impl GivenMoment {
    /// Reads the value of a parameter; what is no moment is 422.
    pub fn read(name: &str, text: &str) -> Result<GivenMoment, Problem> {
        text.parse().map_err(|why: NoMoment| Problem::invalid(format!("/query/{name}"), why.to_string()))
    }
}

impl<S: Send + Sync, Q: Parameters + Send> FromRequestParts<S> for InTime<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = Q::of(parts, &["as_of"])?;
        let mut as_of = None;
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if name == "as_of" && as_of.replace(GivenMoment::read("as_of", &value)?).is_some() {
                return Err(Problem::invalid("/query/as_of", "is there twice"));
            }
        }
        Ok(InTime { as_of, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Listing, NoQuery, Query};
    use axum::extract::Request;

    async fn read<Q: Parameters + Send>(query: &str) -> Result<InTime<Q>, Problem> {
        let (mut parts, ()) = Request::builder().uri(format!("/?{query}")).body(()).unwrap().into_parts();
        InTime::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_moment_is_a_position_or_a_time() {
        let position = |epoch| Some(GivenMoment::Position(GivenPosition { epoch, number: 4711 }));
        let time = "2026-11-22T08:00:00Z".parse().ok().map(GivenMoment::Time);
        for (query, moment) in [
            ("", None),
            ("as_of=4711", position(None)),
            ("as_of=1.4711", position(Some(1))),
            ("as_of=2026-11-22T08:00:00Z", time),
            ("as_of=2026-11-22T09:00:00%2B01:00", time),
            ("as_of=2026-11-22T09:00:00+01:00", time),
        ] {
            assert_eq!(read::<Query<NoQuery>>(query).await.unwrap().as_of, moment, "{query}");
            assert_eq!(read::<Listing>(&format!("limit=3&{query}")).await.unwrap().as_of, moment, "{query}");
        }
    }

    #[tokio::test]
    async fn what_is_no_moment_is_refused() {
        for query in ["as_of=", "as_of=x", "as_of=-1", "as_of=2026-11-22", "as_of=1&as_of=1", "asof=1"] {
            assert!(read::<Query<NoQuery>>(query).await.is_err(), "{query}");
        }
    }
}
