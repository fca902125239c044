//! `daybook token`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::command::issue_token::IssueToken;
use domain::command::revoke_token::RevokeToken;
use domain::{TokenId, Who};
use eventstore::CredentialChange;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::desk::{Answer, Desk, Extra, Request};
use crate::routes::tokens::token_json;
use crate::service::Service;
use crate::tokens::{API_PREFIX, issued_to, new_token};

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::moment::moment;
use super::table::{say_items, word};
use super::user::naming_groups;
use super::{note, say, say_json};

const EXAMPLES: &str = "\
Examples:
  TOKEN=$(daybook token add infoscreen --group viewers)
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/plans
  daybook token add exporter --group viewers --expires-at 2027-07-31T00:00:00Z
  daybook token revoke infoscreen";

/// Issues, lists and revokes API tokens, with which programs read and write.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct TokenArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    Add(AddArgs),
    /// Lists the tokens; their secret part is kept nowhere.
    List,
    /// Makes a token good for nothing.
    Revoke {
        /// What it is called.
        name: String,
    },
}

/// Issues a token and prints it once, alone on standard output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct AddArgs {
    /// What it is called; the ledger will know the program as `token:NAME`.
    name: String,
    /// The group that its rights come from.
    #[arg(long, env = "DAYBOOK_GROUP")]
    group: String,
    /// When it ends, as 2027-07-31T00:00:00Z; never, unless given.
    #[arg(long, env = "DAYBOOK_EXPIRES_AT", value_name = "TIME", value_parser = moment)]
    expires_at: Option<DateTime<Utc>>,
}

/// Carries it out.
pub async fn token(args: TokenArgs) -> Result<(), Failed> {
    let (database, json) = (&args.database, args.answer.json);
    match args.what {
        What::Add(add) => add_one(database, &add, json).await,
        What::List => list(database, json).await,
        What::Revoke { name } => revoke(database, &name, json).await,
    }
}

async fn add_one(database: &DatabaseArgs, args: &AddArgs, json: bool) -> Result<(), Failed> {
    let AddArgs { name, group, expires_at } = args;
    let issued = database
        .with_service_told(async |service| match issue(service, name, group, *expires_at).await {
            Err(failed) => Err(naming_groups(&service.desk, failed).await),
            issued => issued,
        })
        .await;
    let (id, token) = issued.map_err(|failed| {
        let step = format!("`daybook token revoke {name}` makes the name free.");
        failed.when("exists", format!("there is a token {name} already"), step)
    })?;
    if json {
        say_json(
            &json!({ "id": id, "name": name, "group": group, "expires_at": expires_at, "token": token }),
        );
        return Ok(());
    }
    note(format_args!("token {name} issued; it is shown this once:"));
    say(token);
    Ok(())
}

/// Issues a token: its id and the token itself.
pub async fn issue(
    service: &Service,
    name: &str,
    group: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(TokenId, String), Failed> {
    let (id, token) = (TokenId(Uuid::now_v7()), new_token(API_PREFIX));
    let extra = Extra { credentials: vec![issued_to(id, &token)], ..Extra::default() };
    let command =
        IssueToken { token: id, name: name.to_owned(), group: group.to_owned(), expires_at, replaces: None };
    service.desk.execute(Request::of(Who::Operator), command, extra, |_, _| Answer::empty(201)).await?;
    Ok((id, token))
}

async fn list(database: &DatabaseArgs, json: bool) -> Result<(), Failed> {
    let tokens = database.with_service(async |service| all(&service.desk).await).await?;
    let row = |token: &Json| {
        let end = token["expires_at"].as_str().unwrap_or("never");
        [word(token, "name"), word(token, "group"), end.to_owned()]
    };
    let none = "There is no token: daybook token add NAME --group viewers";
    say_items(&tokens, json, ["NAME", "GROUP", "ENDS"], row, none);
    Ok(())
}

async fn all(desk: &Desk) -> Result<Vec<Json>, Failed> {
    let mut tokens: Vec<Json> = desk
        .with_accounts(|accounts| {
            let good = accounts.tokens().filter(|token| !token.revoked);
            good.map(|token| token_json(token, accounts)).collect()
        })
        .await?;
    tokens.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    Ok(tokens)
}

async fn revoke(database: &DatabaseArgs, name: &str, json: bool) -> Result<(), Failed> {
    let id = database
        .with_service_told(async |service| {
            let named =
                service.desk.with_accounts(|accounts| accounts.token_named(name).map(|token| token.id));
            let token = named.await?.ok_or_else(|| {
                Failed::wrong(format!("there is no token {name}"))
                    .next("`daybook token list` shows them all.")
            })?;
            let command = RevokeToken { token };
            let request = Request::of(Who::Operator);
            let extra =
                Extra { credentials: vec![CredentialChange::DeleteOwner(token.0)], ..Extra::default() };
            service.desk.execute(request, command, extra, |_, _| Answer::empty(204)).await?;
            Ok(token)
        })
        .await?;
    if json {
        say_json(&json!({ "id": id, "name": name }));
    } else {
        say(format_args!("token {name} is good for nothing any more"));
    }
    Ok(())
}
