//! Parameters after the `?`.

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::page::Page;
use super::problem::Problem;
use super::strict::step;

/// Parameters as a struct. Give `T` `#[serde(deny_unknown_fields)]` and `Option` fields; unknown, repeated and bad ones are
/// refused with 422 at `/query/NAME`, broken percent-encoding with 400. For an address that takes none: [`NoQuery`].
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// No parameter is taken.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// Parameters of a list: `limit` and `after` as the [`Page`], what is left as `T` (which cannot be done by `serde(flatten)`,
/// because that switches `deny_unknown_fields` off).
#[derive(Debug, Clone)]
pub struct Listing<T = NoQuery> {
    /// The part of the list that is wanted.
    pub page: Page,
    /// The other parameters.
    pub filter: T,
}

/// What can be read from the parameters of an address, beside some that somebody else reads.
pub trait Parameters: Sized {
    /// Reads all but the `others`; what is unknown is refused.
    fn of(parts: &Parts, others: &[&str]) -> Result<Self, Problem>;
}

impl<T: DeserializeOwned> Parameters for Query<T> {
    fn of(parts: &Parts, others: &[&str]) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default(), others).map(Query)
    }
}

impl<T: DeserializeOwned> Parameters for Listing<T> {
    fn of(parts: &Parts, others: &[&str]) -> Result<Self, Problem> {
        let others: Vec<&str> = others.iter().copied().chain(["limit", "after"]).collect();
        let filter = parse(parts.uri.query().unwrap_or_default(), &others)?;
        Ok(Listing { page: Page::of(parts)?, filter })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Query::of(parts, &[])
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Listing<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Listing::of(parts, &[])
    }
}

/// Makes a `T` of the parameters that are not named in `others`.
fn parse<T: DeserializeOwned>(query: &str, others: &[&str]) -> Result<T, Problem> {
    check_encoding(query)?;
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !others.contains(&name.as_ref()));
    let reader = serde::de::value::MapDeserializer::new(pairs.map(|(name, value)| (name, Text(value))));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let text = error.inner().to_string();
        Problem::invalid(format!("/query{}", pointer_of(error.path(), &text)), text)
    })
}

/// Broken percent-encoding is nothing that anybody meant.
pub(super) fn check_encoding(query: &str) -> Result<(), Problem> {
    let broken = || Problem::unreadable("/query", "broken percent-encoding");
    let bytes = query.as_bytes();
    for (index, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        let digits = bytes.get(index + 1..index + 3).ok_or_else(broken)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(broken());
        }
    }
    percent_decode_str(query).decode_utf8().map(drop).map_err(|_| broken())
}

/// Where serde stopped, as a JSON pointer. A missing member is pointed at itself, not at what it is missing from.
pub(super) fn pointer_of(path: &Path, text: &str) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer = pointer + "/" + &step(key),
            Segment::Enum { variant } => pointer = pointer + "/" + &step(variant),
            Segment::Unknown => {}
        }
    }
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        pointer = pointer + "/" + &step(name);
    }
    pointer
}

use text::Text;

/// One value, read as whatever the field wants to be.
mod text {
    use serde::de::value::Error;
    use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
    use serde::forward_to_deserialize_any;
    use std::borrow::Cow;

    pub struct Text<'de>(pub Cow<'de, str>);

    macro_rules! parsed {
        ($($method:ident => $visit:ident: $expected:literal,)+) => {$(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                match self.0.parse() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Error::custom($expected)),
                }
            }
        )+};
    }

    impl<'de> Deserializer<'de> for Text<'de> {
        type Error = Error;

        parsed! {
            deserialize_bool => visit_bool: "must be true or false",
            deserialize_i8 => visit_i8: "must be a small whole number",
            deserialize_i16 => visit_i16: "must be a small whole number",
            deserialize_i32 => visit_i32: "must be a whole number",
            deserialize_i64 => visit_i64: "must be a whole number",
            deserialize_u8 => visit_u8: "must be a whole number from 0 to 255",
            deserialize_u16 => visit_u16: "must be a whole number from 0 to 65535",
            deserialize_u32 => visit_u32: "must be a whole number, not negative",
            deserialize_u64 => visit_u64: "must be a whole number, not negative",
            deserialize_f64 => visit_f64: "must be a number",
        }

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            }
        }

        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Error> {
            visitor.visit_newtype_struct(self)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            _: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            visitor.visit_enum(self.0.into_deserializer())
        }

        forward_to_deserialize_any! {
            f32 i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
        }
    }

    impl<'de> IntoDeserializer<'de, Error> for Text<'de> {
        type Deserializer = Self;

        fn into_deserializer(self) -> Self {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Code;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        period: Option<String>,
        week: Option<u8>,
        order: Option<Order>,
        unread: Option<bool>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Newest,
    }

    fn refused(query: &str) -> (Code, String) {
        let problem = parse::<Wanted>(query, &["limit", "after"]).unwrap_err();
        (problem.code, problem.members["errors"][0]["pointer"].as_str().unwrap().to_owned())
    }

    #[test]
    fn parameters_are_decoded() {
        let wanted: Wanted = parse("period=2.T1%20%2b+L&week=3&order=newest&unread=true", &[]).unwrap();
        assert_eq!(wanted.period.as_deref(), Some("2.T1 + L"));
        assert_eq!((wanted.week, wanted.order, wanted.unread), (Some(3), Some(Order::Newest), Some(true)));
        assert_eq!(parse::<Wanted>("", &[]).unwrap(), Wanted::default());
        assert_eq!(parse::<Wanted>("limit=3&after=x", &["limit", "after"]).unwrap(), Wanted::default());
    }

    #[test]
    fn unknown_repeated_and_bad_parameters_are_pointed_at() {
        for (query, pointer) in [
            ("weak=3", "/query/weak"),
            ("week=three", "/query/week"),
            ("week=", "/query/week"),
            ("week=300", "/query/week"),
            ("order=up", "/query/order"),
            ("unread=yes", "/query/unread"),
            ("limits=1", "/query/limits"),
        ] {
            assert_eq!(refused(query), (Code::Invalid, pointer.to_owned()), "{query}");
        }
        assert_eq!(refused("week=1&week=2").0, Code::Invalid);
    }

    #[test]
    fn broken_encoding_is_unreadable() {
        for query in ["period=%", "period=%1", "period=%zz", "period=%ff"] {
            assert_eq!(refused(query).0, Code::Unreadable, "{query}");
        }
    }
}
