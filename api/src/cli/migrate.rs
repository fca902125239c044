//! `daybook migrate`.

use clap::Args;
use serde_json::json;

use crate::service::{LEDGER_SCHEMA, Service};

use super::answer::AnswerArgs;
use super::failed::Failed;
use super::{say, say_json};

const EXAMPLES: &str = "\
Once, as the owner of the database (a superuser is not needed, but the right to create roles is):
  DAYBOOK_OWNER_URL=postgres://owner@db.example/daybook daybook migrate

A login for the service that owns nothing, in psql:
  create role daybook login password '…';
  grant daybook_service to daybook;

Then:
  DATABASE_URL=postgres://daybook@db.example/daybook daybook serve

A password belongs in the environment or in ~/.pgpass rather than on the command line, where others can read it.";

/// Sets up a PostgreSQL of one's own: the ledger's schema and the role that the service takes.
///
/// Doing it again brings the schema up to date; data is never touched. Without a PostgreSQL of one's own nothing needs to be
/// set up: `daybook serve` runs one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateArgs {
    /// The database as its owner.
    #[arg(long, env = "DAYBOOK_OWNER_URL", hide_env_values = true, value_name = "URL")]
    owner_url: String,
    /// The schema of the ledger.
    #[arg(long, env = "DAYBOOK_SCHEMA", value_name = "NAME", default_value = LEDGER_SCHEMA)]
    schema: String,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Carries it out.
pub async fn migrate(args: MigrateArgs) -> Result<(), Failed> {
    Service::migrate(&args.owner_url, &args.schema).await?;
    let role = eventstore::SERVICE_ROLE;
    if args.answer.json {
        say_json(&json!({ "schema": args.schema, "role": role }));
        return Ok(());
    }
    say(format_args!(
        "The ledger in schema {schema} is up to date.\n\
         The service takes the role {role}, which may add to the ledger and read it. Give it to the login of the service:\n  \
         grant {role} to LOGIN;\n\
         and start it with\n  \
         daybook serve --database-url postgres://LOGIN@HOST/DATABASE{named}",
        schema = args.schema,
        named =
            if args.schema == LEDGER_SCHEMA { String::new() } else { format!(" --schema {}", args.schema) },
    ));
    Ok(())
}
