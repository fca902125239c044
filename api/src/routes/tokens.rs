//! API tokens, for programs.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::command::issue_token::IssueToken;
use domain::command::revoke_token::RevokeToken;
use domain::command::{Office, Stream};
use domain::{Accounts, CommandId, Event, Right, Token, TokenId};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::{Incoming, key_id, respond};
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Answered, Extra, Failure, Request};
use crate::http::openapi::{READ, READ_LIST, reading, writing};
use crate::http::{Code, Listing, NoQuery, Paged, Path, Problem, Query};
use crate::tokens::{API_PREFIX, issued_to, new_token};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_tokens), &[READ_LIST]))
        .routes(writing(routes!(issue_token), &[], &[&[Code::Exists]]))
        .routes(reading(routes!(show_token), &[READ]))
        .routes(writing(routes!(revoke_token), &[], &[]))
}

/// The tokens that are good for something, by name; never the token itself.
#[utoipa::path(get, path = "/tokens", operation_id = "list_tokens", tag = "users",
    responses((status = 200, description = "Tokens by name", body = schemas::Page<schemas::Token>)))]
async fn list_tokens(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    reader
        .list_accounts(
            &app,
            list,
            |accounts| accounts.tokens().filter(|token| !token.revoked).collect(),
            |token| &token.name,
            token_json,
        )
        .await
}

/// A new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is called: the program bears the user name `token:NAME`.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// The name of its group.
    group: String,
    /// When it ends; absent, it is good until it is called back.
    expires_at: Option<DateTime<Utc>>,
}

/// Issues a token; it is shown this once.
///
/// A repeated request under the same key issues a new token and ends the one whose answer was lost.
#[utoipa::path(post, path = "/tokens", operation_id = "issue_token", tag = "users", request_body = NewToken,
    responses((status = 201, description = "The token", body = schemas::IssuedToken)))]
async fn issue_token(
    State(app): State<App>,
    key: Option<crate::http::IdempotencyKey>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Users).await?;
    let body: NewToken = incoming.json()?;
    // Whoever sends the same key at the same moment may be quicker; then this is the repeated request.
    for _ in 0..KEYED_TRIES_MAX {
        let turn = identity(&app, &incoming, key.as_ref()).await?;
        let issued = issue(&app, &incoming, &body, turn).await;
        if !(key.is_some() && matches!(issued, Err(Failure::KeyReused))) {
            return respond(&app, issued);
        }
    }
    Err(Problem::new(Code::Busy).retry_after(1))
}

/// So often a request under a key tries to be the newest.
const KEYED_TRIES_MAX: usize = 5;

async fn issue(app: &App, incoming: &Incoming, body: &NewToken, turn: Turn) -> Result<Answered, Failure> {
    let Turn { id, before, keyed } = turn;
    let token = new_token(API_PREFIX);
    let extra = Extra { credentials: vec![issued_to(id, &token)], secret: true, ..Extra::default() };
    let command = IssueToken {
        token: id,
        name: body.name.clone(),
        group: body.group.clone(),
        expires_at: body.expires_at,
        replaces: before,
    };
    let request = Request { keyed, ..incoming.request() };
    let render = move |office: &Office<'_>, _: &[(Stream, Event)]| {
        let mut shown =
            office.accounts.token(id).map_or(Json::Null, |issued| token_json(issued, office.accounts));
        shown["token"] = token.clone().into();
        Answer::new(201, shown).location(format!("/v1/tokens/{id}"))
    };
    app.desk.execute(request, command, extra, render).await
}

/// The token that a request issues.
struct Turn {
    id: TokenId,
    /// The one of an earlier request under the same key, whose answer may have been lost.
    before: Option<TokenId>,
    keyed: Option<(CommandId, [u8; 32])>,
}

async fn identity(
    app: &App,
    incoming: &Incoming,
    key: Option<&crate::http::IdempotencyKey>,
) -> Result<Turn, Problem> {
    let (Some(key), Some((first, digest))) = (key, incoming.request().keyed) else {
        return Ok(Turn { id: TokenId(Uuid::now_v7()), before: None, keyed: None });
    };
    let known = app.desk.ledger.command(first).await?;
    if known.is_some_and(|known| known.request_digest.is_none_or(|before| before != digest)) {
        return Err(Problem::new(Code::KeyReused));
    }
    let mut before = None;
    for turn in 0..1_000 {
        let command = key_id(incoming.caller.who, &format!("token {turn} {}", key.0));
        let id = TokenId(command.0);
        if !app.desk.with_accounts(|accounts| accounts.token(id).is_some()).await? {
            let command = if turn == 0 { first } else { command };
            return Ok(Turn { id, before, keyed: Some((command, digest)) });
        }
        before = Some(id);
    }
    Err(Problem::new(Code::KeyReused))
}

/// A token, without the token itself.
#[utoipa::path(get, path = "/tokens/{id}", operation_id = "show_token", tag = "users", params(("id" = String, Path)),
    responses((status = 200, description = "The token", body = schemas::Token)))]
async fn show_token(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<crate::http::Json<Json>, Problem> {
    reader.permit(&app, Right::Users).await?;
    query?;
    let id: TokenId = id.parse().map_err(|_| Code::NotFound)?;
    let found = app
        .desk
        .with_accounts(|accounts| {
            accounts.token(id).filter(|token| !token.revoked).map(|token| token_json(token, accounts))
        })
        .await?;
    found.map(crate::http::Json).ok_or_else(|| Problem::new(Code::NotFound))
}

/// Calls a token back: it is good for nothing any more.
#[utoipa::path(delete, path = "/tokens/{id}", operation_id = "revoke_token", tag = "users", params(("id" = String, Path)),
    responses((status = 204, description = "It is called back")))]
async fn revoke_token(
    State(app): State<App>,
    path: Result<Path<TokenId>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Users).await?;
    let Path(token) = path?;
    let command = RevokeToken { token };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// A token as API.md shows it, without the token itself.
pub fn token_json(token: &Token, accounts: &Accounts) -> Json {
    json!({
        "id": token.id,
        "name": token.name,
        "group": accounts.group(token.group).map(|group| group.name.clone()),
        "expires_at": token.expires_at,
    })
}
