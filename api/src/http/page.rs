//! Lists in pages: `limit`, `after`, `{items, next}`, `Link: rel="next"`.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Uri;
use http::header::{HeaderValue, LINK};
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::json::Json;
use super::problem::Problem;
use super::query::check_encoding;

/// Items of a page when the client names no `limit`.
pub const LIMIT_DEFAULT: u16 = 100;
/// The largest `limit`.
pub const LIMIT_MAX: u16 = 1000;

/// The part of a list that a request wants.
#[derive(Debug, Clone)]
pub struct Page {
    /// At most so many items, 1 to 1000.
    pub limit: u16,
    /// Whether the request said so.
    pub is_limited: bool,
    after: Option<String>,
    uri: Uri,
}

impl Page {
    /// Reads `limit` and `after`.
    pub fn of(parts: &Parts) -> Result<Page, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        check_encoding(query)?;
        let (mut limit, mut after) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (pointer, twice) = match name.as_ref() {
                "limit" => ("/query/limit", limit.replace(read_limit(&value)?).is_some()),
                "after" => ("/query/after", after.replace(value.into_owned()).is_some()),
                _ => continue,
            };
            if twice {
                return Err(Problem::invalid(pointer, "is there twice"));
            }
        }
        // Inside a nested router the path is cut; a link needs the whole one.
        let uri = parts
            .extensions
            .get::<axum::extract::OriginalUri>()
            .map_or_else(|| parts.uri.clone(), |whole| whole.0.clone());
        Ok(Page { limit: limit.unwrap_or(LIMIT_DEFAULT), is_limited: limit.is_some(), after, uri })
    }

    /// Where the last page ended, in the list's own terms; `None` at the start. 422 when it is no cursor of this list.
    pub fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, Problem> {
        let Some(text) = &self.after else { return Ok(None) };
        let cursor =
            BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        cursor
            .map(Some)
            .ok_or_else(|| Problem::invalid("/query/after", "is not a cursor that this list has given out"))
    }

    /// What of `all` is on this page, in the order of names after `after`, and one more, as [`Page::answer`] wants it.
    pub fn by_name<'a, T>(
        &self,
        all: impl IntoIterator<Item = &'a T>,
        after: Option<&String>,
        name: impl Fn(&T) -> &String,
    ) -> Vec<&'a T> {
        let mut rest: Vec<&T> =
            all.into_iter().filter(|it| after.is_none_or(|after| name(it) > after)).collect();
        rest.sort_by(|one, other| name(one).cmp(name(other)));
        rest.truncate(usize::from(self.limit) + 1);
        rest
    }

    /// The answer to a list of which up to `limit + 1` items were read: the one too many tells that there is a next page,
    /// which begins after the cursor that `cursor` makes of the last item given out.
    pub fn answer<T, C: Serialize>(self, mut items: Vec<T>, cursor: impl FnOnce(&T) -> C) -> Paged<T> {
        let limit = usize::from(self.limit);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| encode(&cursor(last)));
        let link = next.as_deref().and_then(|next| self.link(next));
        Paged { items, open: None, next, editable: None, link }
    }

    /// The answer to a list whose reader has seen by itself where the next page begins.
    pub fn answer_next<T, C: Serialize>(self, items: Vec<T>, next: Option<C>) -> Paged<T> {
        let next = next.map(|cursor| encode(&cursor));
        let link = next.as_deref().and_then(|next| self.link(next));
        Paged { items, open: None, next, editable: None, link }
    }

    /// The address of the next page: this request's with another `after`.
    fn link(&self, next: &str) -> Option<HeaderValue> {
        let others = self.uri.query().unwrap_or_default().split('&').filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !name.is_empty() && name != "after"
        });
        let mut query: Vec<&str> = others.collect();
        let after = format!("after={next}");
        query.push(&after);
        HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", self.uri.path(), query.join("&"))).ok()
    }
}

fn encode(cursor: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).expect("a cursor is plain data"))
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What the cover list shows beside its substitutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    open: Option<Vec<serde_json::Value>>,
    /// What to send as `after` for the next page; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
    /// Whether whoever asks could edit such records, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    editable: Option<serde_json::Value>,
    #[serde(skip)]
    #[schema(ignore)]
    link: Option<HeaderValue>,
}

impl<T> Paged<T> {
    /// The same page with other items.
    pub fn map<S>(self, change: impl FnMut(T) -> S) -> Paged<S> {
        let Paged { items, open, next, editable, link } = self;
        Paged { items: items.into_iter().map(change).collect(), open, next, editable, link }
    }

    /// With the open hours of a cover list.
    #[must_use]
    pub fn open(mut self, open: Vec<serde_json::Value>) -> Paged<T> {
        self.open = Some(open);
        self
    }

    /// With what is said about editing such records.
    #[must_use]
    pub fn editable(mut self, editable: serde_json::Value) -> Paged<T> {
        self.editable = Some(editable);
        self
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(mut self) -> Response {
        let link = self.link.take();
        let mut response = Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Page::of(parts)
    }
}

fn read_limit(text: &str) -> Result<u16, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..=LIMIT_MAX).contains(number));
    number.ok_or_else(|| {
        Problem::invalid("/query/limit", format!("must be a whole number from 1 to {LIMIT_MAX}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::Request;
    use serde_json::{Value, json};

    async fn page(uri: &str) -> Result<Page, Problem> {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        Page::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_page_names_the_next_one_and_keeps_the_other_parameters() {
        let first = page("/v1/plans/1/teachers?q=a%20b&limit=2&after=").await.unwrap();
        assert_eq!(first.limit, 2);
        let answer = first.answer(vec!["A", "B", "C"], |last| (*last).to_owned()).into_response();
        let link = answer.headers()[LINK].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["items"], json!(["A", "B"]));
        let next = body["next"].as_str().unwrap();
        assert_eq!(link, format!("</v1/plans/1/teachers?q=a%20b&limit=2&after={next}>; rel=\"next\""));
        let second = page(link.split(['<', '>']).nth(1).unwrap()).await.unwrap();
        assert_eq!(second.after::<String>().unwrap().as_deref(), Some("B"));
        let answer = second.answer(vec!["C"], |last| (*last).to_owned());
        assert_eq!(serde_json::to_value(&answer).unwrap(), json!({ "items": ["C"], "next": null }));
        assert!(answer.into_response().headers().get(LINK).is_none());
    }

    #[tokio::test]
    async fn a_page_that_is_just_full_is_the_last_one() {
        let full = page("/?limit=2").await.unwrap().answer(vec![1, 2], |last| *last);
        assert_eq!((full.items.len(), full.next), (2, None));
    }

    #[test]
    fn the_description_says_that_next_is_there_and_may_be_null() {
        use utoipa::PartialSchema;
        let schema = serde_json::to_value(Paged::<String>::schema()).unwrap();
        assert_eq!(schema["required"], json!(["items", "next"]));
        assert_eq!(schema["properties"]["next"]["type"], json!(["string", "null"]));
        assert_eq!(schema["properties"].as_object().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn bad_limits_and_cursors_are_refused() {
        for limit in ["0", "1001", "-1", "+5", "x", "", "1.5", "99999999"] {
            assert!(page(&format!("/?limit={limit}")).await.is_err(), "{limit}");
        }
        assert!(page("/?limit=1&limit=2").await.is_err());
        assert_eq!(page("/").await.unwrap().limit, LIMIT_DEFAULT);
        assert!(page("/?after=%2a").await.unwrap().after::<String>().is_err());
        let number = BASE64_URL_SAFE_NO_PAD.encode("5");
        assert!(page(&format!("/?after={number}")).await.unwrap().after::<String>().is_err());
    }
}
