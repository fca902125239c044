//! `daybook user`.

use clap::{Args, Subcommand};
use domain::command::Precondition;
use domain::command::add_user::{AddUser, Person};
use domain::command::change_password::ChangePassword;
use domain::command::change_user::{ChangeUser, user_json};
use domain::{UserId, Who};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::desk::{Answer, Desk, Extra, Request};
use crate::routes::users::new_password;
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::password::{NewPassword, PasswordArgs};
use super::table::{say_items, word};
use super::{note, say, say_json};

const EXAMPLES: &str = "\
The first administrator, asked for a password twice:
  daybook user add admin --group administrators

From a script:
  pass show daybook/anna | daybook user add anna --group planners --full-name 'Anna Berg' --password-stdin
  daybook user add bert --group planners --generate-password

Groups from the start: administrators, planners, cover-planners, viewers, auditors, maintenance.";

/// Adds, lists and disables users, and sets their passwords.
///
/// It works on an empty ledger too: this is how the first administrator comes to be.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct UserArgs {
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
    /// Lists all users.
    List,
    Password(OneArgs),
    /// Disables a user: he can no longer log in, and his sessions are no longer welcome.
    Disable {
        /// What he logs in with.
        name: String,
    },
}

/// Adds a user.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct AddArgs {
    /// What he logs in with.
    name: String,
    /// The group that his rights come from.
    #[arg(long, env = "DAYBOOK_GROUP")]
    group: String,
    /// His full name.
    #[arg(long, env = "DAYBOOK_FULL_NAME", value_name = "TEXT")]
    full_name: Option<String>,
    /// His mail address.
    #[arg(long, env = "DAYBOOK_EMAIL", value_name = "ADDRESS")]
    email: Option<String>,
    /// The language he is spoken to in, such as en, de, sv, fi.
    #[arg(long, env = "DAYBOOK_LANGUAGE", value_name = "TAG")]
    language: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Sets a user's password.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  daybook user password anna\n  daybook user password anna --generate-password"
)]
struct OneArgs {
    /// What he logs in with.
    name: String,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Carries it out.
pub async fn user(args: UserArgs) -> Result<(), Failed> {
    let (database, json) = (&args.database, args.answer.json);
    match args.what {
        What::Add(add) => add_one(database, add, json).await,
        What::List => list(database, json).await,
        What::Password(one) => set_password(database, &one, json).await,
        What::Disable { name } => disable(database, &name, json).await,
    }
}

async fn add_one(database: &DatabaseArgs, args: AddArgs, json: bool) -> Result<(), Failed> {
    let NewPassword { password, generated } = args.password.choose(&args.name)?;
    let person = Person {
        name: args.name,
        group: args.group,
        full_name: args.full_name,
        email: args.email,
        language: args.language,
    };
    let name = person.name.clone();
    let done = database
        .with_service_told(async |service| match add(service, person, password.clone()).await {
            Err(failed) => Err(naming_groups(&service.desk, failed).await),
            added => added,
        })
        .await;
    let mut user = done.map_err(|failed| {
        let text = format!("there is a user {name} already");
        failed.when("exists", text, format!("`daybook user password {name}` sets a new password."))
    })?;
    let made = generated.then(|| password.expose_secret());
    if json {
        if let Some(made) = made {
            user["password"] = made.into();
        }
        say_json(&user);
        return Ok(());
    }
    tell_password(&format!("user {name} added to {}", user["group"].as_str().unwrap_or_default()), made);
    Ok(())
}

/// A password that nobody knows yet is the answer; what was done stands beside it.
fn tell_password(done: &str, made: Option<&str>) {
    match made {
        Some(made) => {
            note(format_args!("{done}; the password is shown this once:"));
            say(made);
        }
        None => say(done),
    }
}

/// Adds a user with a password; the user as the HTTP interface shows him.
pub async fn add(service: &Service, person: Person, password: SecretString) -> Result<Json, Failed> {
    let user = UserId(Uuid::now_v7());
    let extra = with_password(service, user, password).await?;
    let answered = service
        .desk
        .execute(Request::of(Who::Operator), AddUser { user, person }, extra, move |office, _| {
            let shown = office.accounts.user(user).map(|added| user_json(added, office.accounts));
            Answer::new(201, shown.unwrap_or_default())
        })
        .await?;
    Ok(answered.answer.body.unwrap_or_default())
}

async fn with_password(service: &Service, user: UserId, password: SecretString) -> Result<Extra, Failed> {
    let hash = service.passwords.hash(password).await.map_err(|error| Failed::wrong(error.to_string()))?;
    Ok(Extra { credentials: vec![new_password(user, hash)], ..Extra::default() })
}

async fn list(database: &DatabaseArgs, json: bool) -> Result<(), Failed> {
    let users = database.with_service(async |service| all(&service.desk).await).await?;
    let row = |user: &Json| {
        let state = if user["disabled"] == true { "disabled" } else { "" };
        [word(user, "name"), word(user, "group"), word(user, "full_name"), state.to_owned()]
    };
    let none = "There is no user yet: daybook user add admin --group administrators";
    say_items(&users, json, ["NAME", "GROUP", "FULL NAME", ""], row, none);
    Ok(())
}

async fn all(desk: &Desk) -> Result<Vec<Json>, Failed> {
    let mut users: Vec<Json> = desk
        .with_accounts(|accounts| accounts.users().map(|user| user_json(user, accounts)).collect())
        .await?;
    users.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    Ok(users)
}

async fn set_password(database: &DatabaseArgs, args: &OneArgs, json: bool) -> Result<(), Failed> {
    let NewPassword { password, generated } = args.password.choose(&args.name)?;
    database
        .with_service_told(async |service| {
            let user = known(&service.desk, &args.name).await?;
            let extra = with_password(service, user, password.clone()).await?;
            let command = ChangePassword { user, own: false };
            service
                .desk
                .execute(Request::of(Who::Operator), command, extra, |_, _| Answer::empty(204))
                .await?;
            Ok(())
        })
        .await?;
    let made = generated.then(|| password.expose_secret());
    if json {
        say_json(
            &made.map_or_else(
                || json!({ "name": args.name }),
                |it| json!({ "name": args.name, "password": it }),
            ),
        );
    } else {
        tell_password(&format!("user {} has a new password", args.name), made);
    }
    Ok(())
}

async fn disable(database: &DatabaseArgs, name: &str, json: bool) -> Result<(), Failed> {
    let shown = database
        .with_service_told(async |service| {
            let user = known(&service.desk, name).await?;
            let command = ChangeUser::disabling(user, Precondition::Present);
            let render = move |office: &domain::command::Office<'_>, _: &[_]| {
                let shown = office.accounts.user(user).map(|user| user_json(user, office.accounts));
                Answer::new(200, shown.unwrap_or_default())
            };
            let done =
                service.desk.execute(Request::of(Who::Operator), command, Extra::default(), render).await?;
            Ok(done.answer.body.unwrap_or_default())
        })
        .await?;
    if json {
        say_json(&shown);
    } else {
        say(format_args!("user {name} is disabled"));
    }
    Ok(())
}

/// With the groups that there are, when it was the group that was wrong.
pub async fn naming_groups(desk: &Desk, failed: Failed) -> Failed {
    let is_group = |fault: &Json| fault["pointer"] == "/group";
    if !failed.member("errors").and_then(Json::as_array).is_some_and(|faults| faults.iter().any(is_group)) {
        return failed;
    }
    let names = desk.with_accounts(|accounts| {
        let mut names: Vec<String> = accounts.groups().map(|group| group.name.clone()).collect();
        names.sort();
        names.join(", ")
    });
    match names.await {
        Ok(names) => failed.next(format!("There are the groups {names}.")),
        Err(_) => failed,
    }
}

async fn known(desk: &Desk, name: &str) -> Result<UserId, Failed> {
    let found = desk.with_accounts(|accounts| accounts.user_named(name).map(|user| user.id)).await?;
    found.ok_or_else(|| {
        Failed::wrong(format!("there is no user {name}")).next("`daybook user list` shows them all.")
    })
}
