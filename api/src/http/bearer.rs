//! Who asks: the token of a request.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use std::fmt;

use super::problem::{Code, Problem};

/// The cookie of the console. `__Host-` makes browsers insist on https, path `/` and no domain.
pub const SESSION_COOKIE: &str = "__Host-daybook";

/// The token that came with a request, from `Authorization: Bearer` or else the console's cookie; without one 401
/// `not-logged-in`. `Option<Bearer>` where one may be missing. Nothing is known about it yet: it may be wrong.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The token as it came.
    pub token: String,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// The token as it stands in the header fields, without a copy.
///
/// A cookie is sent by the browser, whoever made it send the request: with a method that changes something it counts only
/// when the browser says that the page is ours.
pub fn token_in<'a>(method: &Method, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        return (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' '))
            .then_some(token);
    }
    let token = cookie(headers)?;
    (method.is_safe() || comes_from_our_page(headers)).then_some(token)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE && !value.is_empty()).then_some(value)
    })
}

fn comes_from_our_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin)| origin == host),
        // Neither: no browser of this decade.
        (origin, _) => origin.is_none(),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let token = token_in(&parts.method, &parts.headers).ok_or(Code::NotLoggedIn)?;
        Ok(Bearer { token: token.to_owned() })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        Ok(token_in(&parts.method, &parts.headers).map(|token| Bearer { token: token.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn token(method: &Method, fields: &[(&'static str, &'static str)]) -> Option<String> {
        let fields = fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        token_in(method, &fields.collect()).map(str::to_owned)
    }

    #[test]
    fn the_token_comes_in_the_header_or_in_the_cookie() {
        assert_eq!(token(&Method::GET, &[("authorization", "Bearer abc")]).as_deref(), Some("abc"));
        assert_eq!(token(&Method::GET, &[("authorization", "bearer  abc")]).as_deref(), Some("abc"));
        let cookie = ("cookie", "a=b; __Host-daybook=xyz; c=d");
        assert_eq!(token(&Method::GET, &[cookie]).as_deref(), Some("xyz"));
        assert_eq!(token(&Method::GET, &[cookie, ("authorization", "Bearer abc")]).as_deref(), Some("abc"));
    }

    #[test]
    fn what_is_no_bearer_token_is_none() {
        for value in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b"] {
            assert_eq!(token(&Method::GET, &[("authorization", value)]), None, "{value}");
        }
        assert_eq!(token(&Method::GET, &[("cookie", "daybook=xyz")]), None);
    }

    #[test]
    fn another_site_cannot_change_anything_with_our_cookie() {
        let cookie = ("cookie", "__Host-daybook=xyz");
        assert_eq!(token(&Method::POST, &[cookie, ("sec-fetch-site", "cross-site")]), None);
        assert_eq!(
            token(&Method::POST, &[cookie, ("origin", "https://evil.example"), ("host", "plan.example")]),
            None
        );
        assert!(
            token(&Method::POST, &[cookie, ("origin", "https://plan.example"), ("host", "plan.example")])
                .is_some()
        );
        assert!(token(&Method::POST, &[cookie, ("sec-fetch-site", "same-origin")]).is_some());
        assert!(token(&Method::GET, &[cookie, ("sec-fetch-site", "cross-site")]).is_some());
    }

    #[test]
    fn a_token_is_not_written_into_logs() {
        assert!(!format!("{:?}", Bearer { token: "secret".into() }).contains("secret"));
    }
}
