//! `daybook outage`.

use chrono::{DateTime, Utc};
use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use domain::command::Command;
use domain::command::announce_outage::AnnounceOutage;
use domain::command::end_outage::EndOutage;
use domain::{OutageId, Who};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::desk::{Answer, Extra, Request};
use crate::outage::operator;
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::moment::moment;
use super::{note, say, say_json};

const EXAMPLES: &str = "\
Examples:
  daybook outage announce 'On Saturday from noon the service rests.' --until 2026-11-28T14:00:00Z
  daybook outage announce 'The service rests until two.' --prevent-logins     nobody new gets in
  daybook outage announce 'The service rests until two.' --begin              for everybody, at once
  daybook outage show
  daybook outage end                                                          the way back for whoever locked himself out";

/// Announces, shows and ends an outage of the service.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct OutageArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows message, gate and contact; of the running service also while the ledger is gone.
    Show,
    Announce(AnnounceArgs),
    /// Ends the outage: message and gate vanish. Without contact it goes on unannounced.
    End,
}

/// Announces an outage, or changes what the present one says.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct AnnounceArgs {
    /// What people read.
    message: String,
    /// Closes the gate: nobody new gets in.
    #[arg(long, env = "DAYBOOK_PREVENT_LOGINS", value_parser = BoolishValueParser::new())]
    prevent_logins: bool,
    /// When it is expected to be over, as 2026-11-28T14:00:00Z; only told.
    #[arg(long, env = "DAYBOOK_UNTIL", value_name = "TIME", value_parser = moment)]
    until: Option<DateTime<Utc>>,
    /// Begins it for everybody at once.
    #[arg(long, env = "DAYBOOK_BEGIN", value_parser = BoolishValueParser::new())]
    begin: bool,
}

/// Carries it out.
pub async fn outage(args: OutageArgs) -> Result<(), Failed> {
    let OutageArgs { what, database, answer } = args;
    // The running service knows more than the ledger alone: whether there is contact, and how many are there.
    let told = operator::ask(&database.operator_socket()?).await;
    let done = match what {
        What::Show => match &told {
            Some(told) => Ok(told["outage"].clone()),
            None => of_ledger(&database).await,
        },
        _ if told.as_ref().is_some_and(|told| told["ledger"] == "lost") => {
            Err(Failed::unreachable("the ledger could not be reached"))
        }
        What::Announce(it) => announce(&database, it).await,
        What::End => carry_out(&database, EndOutage).await,
    };
    let outage = done.map_err(|failed| gone(failed, told.as_ref()))?;
    if answer.json {
        say_json(&outage);
    } else {
        say(words(&outage));
    }
    if told.as_ref().is_some_and(|told| told["ledger"] == "lost") {
        note("The ledger is gone; this is what the running service has in memory.");
    }
    Ok(())
}

/// A ledger that is away cannot take anything in; what the service tells meanwhile is said along.
fn gone(failed: Failed, told: Option<&Json>) -> Failed {
    if !failed.is_unreachable() {
        return failed;
    }
    match told {
        Some(told) => failed.next(format!(
            "Nothing can be announced or ended before it is back. The running service says: {}",
            words(&told["outage"]),
        )),
        None => failed.next("No running service answers on this host either. Is PostgreSQL running?"),
    }
}

async fn announce(database: &DatabaseArgs, args: AnnounceArgs) -> Result<Json, Failed> {
    let command = AnnounceOutage {
        outage: OutageId(Uuid::now_v7()),
        message: args.message,
        prevent_logins: args.prevent_logins,
        until: args.until,
        begin: args.begin,
    };
    carry_out(database, command).await
}

async fn carry_out(
    database: &DatabaseArgs,
    command: impl Command + Send + Sync + 'static,
) -> Result<Json, Failed> {
    database
        .with_service_told(async |service| {
            let request = Request::of(Who::Operator);
            service.desk.execute(request, command, Extra::default(), |_, _| Answer::empty(204)).await?;
            shown(service).await
        })
        .await
}

async fn of_ledger(database: &DatabaseArgs) -> Result<Json, Failed> {
    database.with_service(shown).await
}

async fn shown(service: &Service) -> Result<Json, Failed> {
    service.desk.refresh_site().await?;
    service.desk.learn_figures().await?;
    Ok(service.desk.standing.json())
}

/// The outage for people to read.
fn words(outage: &Json) -> String {
    let word = |name: &str| outage[name].as_str().unwrap_or_default();
    let mut text = match word("state") {
        "open" => "open: no outage".to_owned(),
        "announced" => "announced: people see the message and work on".to_owned(),
        "gated" => "gated: people see the message and work on; nobody new gets in".to_owned(),
        "down-announced" => "down: everybody gets the message".to_owned(),
        _ => "down: unannounced, everybody gets a general text".to_owned(),
    };
    for (name, value) in [
        ("message", word("message")),
        ("by", word("by")),
        ("announced", word("announced_at")),
        ("gate closed", word("gated_at")),
        ("down since", word("down_at")),
        ("until", word("until")),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("\n  {name:<12} {value}"));
        }
    }
    let contact = &outage["contact"];
    let (state, since) = (contact["state"].as_str(), contact["since"].as_str());
    // Without a running service nobody asks for contact.
    if let (Some(state), Some(since), true) = (state, since, contact["last_probe_at"].is_string()) {
        text.push_str(&format!("\n  {:<12} {state} since {since}", "contact"));
    }
    text.push_str(&format!(
        "\n  {:<12} {} logged in, {} refused",
        "people", outage["users"], outage["refused_logins"]
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_outage_is_told_in_words() {
        let contact = json!({ "state": "ok", "since": "2026-11-21T10:00:00Z", "last_probe_at": "2026-11-21T11:00:00Z" });
        let outage = json!({ "state": "gated", "message": "Rest.", "contact": contact, "users": 3, "refused_logins": 1 });
        let text = words(&outage);
        assert!(text.starts_with("gated: "), "{text}");
        assert!(
            text.contains("message      Rest.") && text.contains("ok since 2026-11-21T10:00:00Z"),
            "{text}"
        );
        assert!(text.contains("3 logged in, 1 refused"), "{text}");
    }
}
