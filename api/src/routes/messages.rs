//! Messages: what people tell each other, and what the service tells somebody. Only the sender and those who get one see it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::command::read_message::ReadMessage;
use domain::command::send_message::{Addressees, SendMessage};
use domain::{PlanId, Position, Said, Who, said};
use projections::message::{MessageView, received, sent};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{READ, READ_LIST, reading, writing};
use crate::http::{Code, Fault, Language, Listing, NoQuery, Path, Problem, Query, texts};

/// The most messages of a page: each can name a thousand people.
const PAGE_MAX: i64 = 100;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_messages), &[READ_LIST]))
        .routes(writing(routes!(send_message), &[], &[]))
        .routes(reading(routes!(show_message), &[READ]))
        .routes(writing(routes!(read_message), &[], &[]))
}

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those that wait to be read.
    unread: Option<bool>,
    /// `sent`: those that were sent, with who has read them; else those that were got.
    #[serde(rename = "box")]
    which: Option<MessageBox>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MessageBox {
    Received,
    Sent,
}

/// The own messages, newest first; a page has at most 100.
#[utoipa::path(get, path = "/messages", operation_id = "list_messages", tag = "messages",
    params(("unread" = Option<bool>, Query, description = "Only those that wait to be read"),
        ("box" = Option<String>, Query, description = "`sent`: those that were sent, with who has read them; else `received`")),
    responses((status = 200, description = "The newest first", body = schemas::Page<schemas::Message>)))]
async fn list_messages(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing<Wanted>, Problem>,
) -> Result<Response, Problem> {
    reader.catch_up(&app).await?;
    let mut list = list?;
    let is_sent = list.filter.which == Some(MessageBox::Sent);
    if is_sent && list.filter.unread.is_some() {
        return Err(Problem::invalid("/query/unread", said!("unread-of-sent")));
    }
    list.page.limit = list.page.limit.min(u16::try_from(PAGE_MAX).unwrap_or(u16::MAX));
    let before = list.page.after::<i64>()?.unwrap_or(i64::MAX);
    let limit = i64::from(list.page.limit) + 1;
    let found =
        seen(&app, reader.caller.who, is_sent, list.filter.unread == Some(true), before, limit).await?;
    let language = reader.language();
    let page = list.page.answer(found, |view| view.position);
    Ok(spoken(page.map(|view| shown(view, language)).into_response(), language))
}

async fn seen(
    app: &App,
    who: Who,
    is_sent: bool,
    unread: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<MessageView>, Problem> {
    let accounts = app.desk.accounts().await?;
    let name_of = |who| accounts.name_of(who);
    let pool = app.projections.pool();
    let found = if is_sent {
        sent(pool, who, before, limit, &name_of).await
    } else {
        received(pool, who, unread, before, limit, &name_of).await
    };
    Ok(found?)
}

/// One message that somebody may see: got, or else sent.
async fn one(app: &App, who: Who, position: i64) -> Result<Option<MessageView>, Problem> {
    for is_sent in [false, true] {
        let before = position.saturating_add(1);
        let newest = seen(app, who, is_sent, false, before, 1).await?.pop();
        if let Some(found) = newest.filter(|view| view.position == position) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// A message.
#[utoipa::path(get, path = "/messages/{id}", operation_id = "show_message", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, description = "The message", body = schemas::Message)))]
async fn show_message(
    State(app): State<App>,
    reader: Reader,
    path: Result<Path<String>, Problem>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Response, Problem> {
    reader.catch_up(&app).await?;
    let position = message_position(&app, path)?;
    query?;
    let found = one(&app, reader.caller.who, position).await?;
    let found = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let language = reader.language();
    Ok(spoken(crate::http::Json(shown(found, language)).into_response(), language))
}

/// A new message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    to: NewAddressees,
    /// What it says.
    #[schema(min_length = 1, max_length = 2_000)]
    text: String,
}

/// To chosen users, whether logged in or not, or to everybody else who is in a plan now: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAddressees {
    /// Their names or ids.
    #[schema(min_items = 1, max_items = 1_000)]
    users: Option<Vec<String>>,
    /// The plan.
    plan: Option<String>,
}

/// Sends a message.
#[utoipa::path(post, path = "/messages", operation_id = "send_message", tag = "messages", request_body = NewMessage,
    responses((status = 201, description = "The message", body = schemas::Message)))]
async fn send_message(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    let body: NewMessage = incoming.json()?;
    let to = match (body.to.users, body.to.plan) {
        (Some(users), None) => Addressees::Users(users),
        (None, Some(plan)) => {
            let unknown = || Fault::at("/to/plan", said!("no-such-plan", plan = &plan));
            Addressees::Plan(plan.parse::<PlanId>().map_err(|_| Problem::invalid_all(&[unknown()]))?)
        }
        _ => return Err(Problem::invalid("/to", said!("message-addressees"))),
    };
    let plan = match &to {
        Addressees::Plan(plan) => Some(plan.to_string()),
        Addressees::Users(_) => None,
    };
    let command = SendMessage { to, text: body.text };
    incoming
        .execute(&app, command, Extra::default(), move |office, events| {
            let Some((_, domain::Event::MessageSent(event))) = events.first() else {
                return Answer::empty(201);
            };
            let users: Vec<String> = event.to.iter().map(|who| office.accounts.name_of(*who)).collect();
            let mut to = json!({ "users": users });
            if let Some(plan) = &plan {
                to["plan"] = plan.as_str().into();
            }
            let body = json!({
                "id": null, "kind": "user", "from": office.accounts.name_of(event.from), "to": to,
                "text": event.text.open, "data": {}, "sent_at": null, "read_at": null, "read_by": [],
            });
            Answer::new(201, body).position_at(&["/id"]).moment_at(&["/sent_at"])
        })
        .await
}

/// That a message has been read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessagePatch {
    /// `true`; a message that was read stays so.
    read: bool,
}

/// Notes that a message has been read; that is for who got it to say.
#[utoipa::path(patch, path = "/messages/{id}", operation_id = "read_message", tag = "messages", request_body = MessagePatch,
    params(("id" = String, Path)), responses((status = 200, description = "The message", body = schemas::Message)))]
async fn read_message(
    State(app): State<App>,
    path: Result<Path<String>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let (position, who) = (message_position(&app, path)?, incoming.caller.who);
    app.show_own_writes().await;
    let found = seen(&app, who, false, false, position.saturating_add(1), 1).await?.pop();
    let found = found.filter(|view| view.position == position).ok_or_else(|| Problem::new(Code::NotFound))?;
    let body: MessagePatch = incoming.json()?;
    if !body.read {
        return Err(Problem::invalid("/read", said!("message-stays-read")));
    }
    let (told, is_read) = app.desk.told(position, who).await?;
    let command = ReadMessage { message: position, told, is_read };
    let said = said_of(&found).and_then(|said| serde_json::to_value(said).ok());
    let mut json = found.json;
    json.insert("text".into(), said.unwrap_or_else(|| found.text.into()));
    incoming
        .execute(&app, command, Extra::default(), move |_, events| {
            let answer = Answer::new(200, Json::Object(json.clone())).said_at(&["/text"]);
            if events.is_empty() { answer } else { answer.moment_at(&["/read_at"]) }
        })
        .await
}

/// A message is known by the position of its event; one of another epoch is none of this ledger's.
fn message_position(app: &App, path: Result<Path<String>, Problem>) -> Result<i64, Problem> {
    let Path(id) = path?;
    let position = Position::parse(&id, app.desk.epoch()).ok().filter(|it| it.epoch <= app.desk.epoch());
    position.map(|it| it.number).ok_or_else(|| Problem::new(Code::NotFound))
}

/// The message as the API shows it, in a language.
pub(crate) fn shown(view: MessageView, language: Language) -> Json {
    let text = said_of(&view).map(|said| texts::say(&said, language));
    let mut json = view.json;
    json.insert("text".into(), text.or(view.text).into());
    Json::Object(json)
}

/// What the service has to say, from what it is about; nothing where people speak.
fn said_of(view: &MessageView) -> Option<Said> {
    let word = |name: &str| view.data.get(name).and_then(Json::as_str).unwrap_or("none");
    match view.kind.as_str() {
        "refused" => {
            let by = view.data.get("winner").and_then(|winner| winner["user"].as_str()).unwrap_or("none");
            let (code, rule, record, action) = (word("code"), word("rule"), word("record"), word("action"));
            let code = if code == "blocked" && action != "none" { "lock-blocked" } else { code };
            Some(said!(
                "message-refused",
                code = code,
                rule = rule,
                record = record,
                action = action,
                by = by
            ))
        }
        "sign-off" => {
            let by = view.json.get("from").and_then(Json::as_str).unwrap_or_default();
            let seconds = view.data.get("grace_seconds").and_then(Json::as_i64).unwrap_or_default();
            Some(said!("message-sign-off", by = by, seconds = seconds, message = word("message")))
        }
        _ => None,
    }
}

fn spoken(mut response: Response, language: Language) -> Response {
    let tag = http::HeaderValue::from_static(language.tag());
    response.headers_mut().insert(http::header::CONTENT_LANGUAGE, tag);
    response
}
