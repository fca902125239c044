//! What a write brings along, and how it is answered.

use axum::extract::{FromRequest, Request as HttpRequest};
use axum::response::{IntoResponse, Response};
use domain::command::{CarriedLock, Command, Office, Precondition, Stream};
use domain::{CommandId, Event, PlanId, Right, Who};
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::desk::{Answer, Answered, Caller, Extra, Failure, Request};
use crate::http::headers::IDEMPOTENCY_REPLAYED;
use crate::http::json::body_bytes;
use crate::http::texts::{self, Language};
use crate::http::{
    ETag, IdempotencyKey, IfMatch, IfNoneMatch, LockHeader, PlanPath, Problem, Query, RequestContext,
    WritePosition,
};

mod body;

pub use body::{Body, record_fields, refusal};

/// A write by somebody who has shown a good token. The body is read but not looked at: what API.md wants judged before it comes first.
pub struct Incoming {
    /// Who writes.
    pub caller: Caller,
    /// `If-Match` and `If-None-Match`.
    pub precondition: Precondition,
    /// `Daybook-Lock`.
    pub lock: CarriedLock,
    body: Body,
    key: Option<IdempotencyKey>,
    context: RequestContext,
    fingerprint: Sha256,
    secrets: &'static [&'static str],
}

impl FromRequest<App> for Incoming {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let (caller, context) = super::reader::caller_of(&mut parts, app).await?;
        let key = IdempotencyKey::in_headers(&parts.headers);
        let precondition = precondition(&parts.headers);
        let lock = LockHeader::in_headers(&parts.headers);
        let fault = [key.as_ref().err(), precondition.as_ref().err(), lock.as_ref().err()];
        let fault = fault.into_iter().flatten().next().cloned();
        let (key, precondition) = (key.unwrap_or_default(), precondition.unwrap_or(Precondition::None));
        // What is no id is no lock of ours: it names one that nobody holds.
        let lock = lock.unwrap_or_default().map(|lock| domain::LockId(lock.0.parse().unwrap_or(Uuid::nil())));
        let media_type =
            parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let uri = parts
            .extensions
            .get::<axum::extract::OriginalUri>()
            .map_or_else(|| parts.uri.clone(), |whole| whole.0.clone());
        let fingerprint = fingerprint(&parts.method, &uri, &parts.headers);
        let bytes = body_bytes(HttpRequest::from_parts(parts, body)).await;
        Ok(Incoming {
            caller,
            precondition,
            lock,
            body: Body { bytes, media_type, fault },
            key,
            context,
            fingerprint,
            secrets: &[],
        })
    }
}

/// What makes two requests the same: method, path, query, preconditions, lock and, behind them, the body.
fn fingerprint(method: &Method, uri: &Uri, headers: &http::HeaderMap) -> Sha256 {
    let mut fingerprint = Sha256::new();
    let mut part = |bytes: &[u8]| {
        fingerprint.update((bytes.len() as u64).to_be_bytes());
        fingerprint.update(bytes);
    };
    part(method.as_str().as_bytes());
    part(uri.path().as_bytes());
    part(uri.query().unwrap_or_default().as_bytes());
    for name in ["if-match", "if-none-match", "daybook-lock"] {
        part(headers.get(name).map_or(&[][..], HeaderValue::as_bytes));
    }
    fingerprint
}

/// What a request is based on.
pub(super) fn precondition(headers: &http::HeaderMap) -> Result<Precondition, Problem> {
    let absent = IfNoneMatch::in_headers(headers)?;
    let present = IfMatch::in_headers(headers)?;
    Ok(match (present, absent) {
        (Some(tags), _) if tags.is_any() => Precondition::Present,
        (Some(tags), _) => Precondition::Revisions(tags.revisions()),
        (None, Some(tags)) if tags.is_any() => Precondition::Absent,
        _ => Precondition::None,
    })
}

impl Incoming {
    /// Opens the plan of the path, when it is there and the caller's group covers it: 404, 403.
    pub async fn enter(&self, app: &App, plan: Result<PlanPath, Problem>) -> Result<PlanId, Problem> {
        let PlanPath(plan) = plan?;
        app.desk.check_plan(&self.caller, &plan).await?;
        Ok(plan)
    }

    /// The same for whoever has a right in it.
    pub async fn enter_with(
        &self,
        app: &App,
        plan: Result<PlanPath, Problem>,
        right: Right,
    ) -> Result<PlanId, Problem> {
        let PlanPath(plan) = plan?;
        app.desk.check_right(&self.caller, Some(&plan), right).await?;
        Ok(plan)
    }

    /// Checks a right of the site: 403.
    pub async fn permit(&self, app: &App, right: Right) -> Result<(), Problem> {
        Ok(app.desk.check_right(&self.caller, None, right).await?)
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The body as JSON: 413, 415, 400, 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.body.json()
    }

    /// The parameters; what is wrong with them is told when the body's turn comes.
    pub fn parameters<T: Default>(&mut self, query: Result<Query<T>, Problem>) -> T {
        match query {
            Ok(Query(parameters)) => parameters,
            Err(fault) => {
                self.body.fault.get_or_insert(fault);
                T::default()
            }
        }
    }

    /// The same, with members of the body that leave no trace, not even in the digest by which a repeated request is known.
    pub fn hiding(self, secrets: &'static [&'static str]) -> Incoming {
        Incoming { secrets, ..self }
    }

    fn digest(&self) -> [u8; 32] {
        let mut fingerprint = self.fingerprint.clone();
        match &self.body.bytes {
            Ok(bytes) if self.secrets.is_empty() => fingerprint.update(bytes),
            Ok(bytes) => {
                let mut body: Json = serde_json::from_slice(bytes).unwrap_or_default();
                if let Json::Object(members) = &mut body {
                    members.retain(|name, _| !self.secrets.contains(&name.as_str()));
                }
                fingerprint.update(body.to_string());
            }
            Err(_) => {}
        }
        fingerprint.finalize().into()
    }

    /// Under which name the ledger knows the request.
    pub fn request(&self) -> Request {
        let keyed = self.key.as_ref().map(|key| (key_id(self.caller.who, &key.0), self.digest()));
        Request {
            who: self.caller.who,
            session: self.caller.session,
            keyed,
            request_id: Some(self.context.request_id.to_string()),
            traceparent: self.context.traceparent.as_ref().map(ToString::to_string),
        }
    }

    /// Carries a command out and answers.
    pub async fn execute<C>(
        self,
        app: &App,
        command: C,
        extra: Extra,
        render: impl Fn(&Office<'_>, &[(Stream, Event)]) -> Answer + Send + Sync + 'static,
    ) -> Result<Response, Problem>
    where
        C: Command + Send + Sync + 'static,
    {
        self.body.readable()?;
        let answered = app.desk.execute(self.request(), command, extra, render).await;
        respond_in(app, answered, self.context.language())
    }
}

/// The id of the command under a key: keys of different users never meet.
pub fn key_id(who: Who, key: &str) -> CommandId {
    let scope = match who {
        Who::User(id) => format!("user:{id}"),
        Who::Token(id) => format!("token:{id}"),
        Who::Operator => "operator".to_owned(),
        Who::System => "system".to_owned(),
    };
    let digest = Sha256::digest(format!("{scope}\n{key}").as_bytes());
    let mut id = [0_u8; 16];
    id.copy_from_slice(&digest[..16]);
    CommandId(uuid::Builder::from_custom_bytes(id).into_uuid())
}

/// The answer to a write as a response.
pub fn respond(app: &App, answered: Result<Answered, Failure>) -> Result<Response, Problem> {
    respond_in(app, answered, Language::default())
}

/// The same, with what is said in it put into words.
pub fn respond_in(
    app: &App,
    answered: Result<Answered, Failure>,
    language: Language,
) -> Result<Response, Problem> {
    let Answered { mut answer, position, replayed } = answered?;
    app.note_acknowledged(position.number);
    if let Some(problem) = answer.refusal {
        let mut response = problem.into_response();
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        return Ok(response);
    }
    for pointer in &answer.said_at {
        match answer.body.as_mut().and_then(|body| body.pointer_mut(pointer)) {
            Some(list @ Json::Array(_)) => texts::word_list(Some(list), language),
            Some(said) => texts::word(said, language),
            None => {}
        }
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = match &answer.body {
        Some(body) => (status, WritePosition(position), crate::http::Json(body)).into_response(),
        None => (status, WritePosition(position), ()).into_response(),
    };
    let headers = response.headers_mut();
    if !answer.said_at.is_empty() {
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
    if let Some((epoch, revision)) = answer.revision {
        headers.insert(http::header::ETAG, ETag::of(epoch, revision).header());
    }
    if let Some(location) = answer.location.and_then(|path| HeaderValue::try_from(path).ok()) {
        headers.insert(LOCATION, location);
    }
    if replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
