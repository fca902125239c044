//! `daybook audit`.

use std::io::Write;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use domain::{AuditForm, AuditRead, Who};
use projections::audit::{AuditEvent, audit_event};
use serde_json::Value as Json;

use crate::audit::shown::{COLUMNS, Shown, headings};
use crate::audit::{Given, Order, Question, check_epoch, note};
use crate::desk::{Desk, Request};
use crate::http::GivenPosition;
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;

const EXAMPLES: &str = "\
Examples:
  daybook audit                                                    the newest hundred events
  daybook audit --plan 100234~2026-2027~1 --record teachers/GAUSS  what happened to a teacher
  daybook audit --actor anna --from 2026-11-22T08:00:00Z --order oldest
  daybook audit --type ChangeRefused --json                        one JSON object a line, all of them
  daybook audit --csv > audit.csv                                  everything, for a table
  daybook audit show 1.4711                                        one event in full

Reading is itself noted in the ledger, as done by the operator; what is shown ends before that note.
A record and a user are found by their last name with everything, by an earlier one with what happened while they bore it.

Exit status: 0 done, 1 refused, 2 used wrongly, 3 the ledger could not be reached.";

/// How many events are shown when nobody says how many.
const ROWS_DEFAULT: u64 = 100;
/// How long it is waited for the read models.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Asks who did what: everything that happened, by plan, record, actor, type, request and time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AuditArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows one event in full.
    Show {
        /// Where it stands, such as 1.4711.
        position: String,
    },
}

#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Which events")]
struct FilterArgs {
    /// Only events of this plan.
    #[arg(long, env = "DAYBOOK_AUDIT_PLAN")]
    plan: Option<String>,
    /// Only what is about this record, such as teachers/GAUSS; without --plan in whatever plan.
    #[arg(long, env = "DAYBOOK_AUDIT_RECORD")]
    record: Option<String>,
    /// Only what this user did, or a program (token:NAME), operator, system.
    #[arg(long, env = "DAYBOOK_AUDIT_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// Only events of this type, such as `RecordChanged`.
    #[arg(long = "type", env = "DAYBOOK_AUDIT_TYPE", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only what the request with this id did.
    #[arg(long, env = "DAYBOOK_AUDIT_REQUEST", value_name = "ID")]
    request: Option<String>,
    /// From this position or time on.
    #[arg(long, env = "DAYBOOK_AUDIT_FROM", value_name = "MOMENT")]
    from: Option<String>,
    /// Before this position or time.
    #[arg(long, env = "DAYBOOK_AUDIT_TO", value_name = "MOMENT")]
    to: Option<String>,
    /// What comes first [default: newest].
    #[arg(long, env = "DAYBOOK_AUDIT_ORDER")]
    order: Option<Order>,
    /// At most so many events [default: 100; with --json or --csv all].
    #[arg(long, env = "DAYBOOK_AUDIT_LIMIT", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Answers in comma-separated values, with the columns of the JSON.
    #[arg(long, env = "DAYBOOK_AUDIT_CSV", value_parser = BoolishValueParser::new())]
    csv: bool,
}

impl FilterArgs {
    fn given(&self) -> Given {
        Given {
            plan: self.plan.clone(),
            record: self.record.clone(),
            actor: self.actor.clone(),
            r#type: self.event_type.clone(),
            request: self.request.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            order: self.order,
        }
    }

    fn is_empty(&self) -> bool {
        self.given() == Given::default() && self.limit.is_none() && !self.csv
    }
}

/// Carries it out.
pub async fn audit(args: AuditArgs) -> Result<(), Failed> {
    if let Some(What::Show { position }) = &args.what {
        if !args.filters.is_empty() {
            return Err(Failed::misused("`daybook audit show` takes a position and no filters"));
        }
        let given = position.parse().map_err(|_| Failed::misused("a position is written like 1.4711"))?;
        return args
            .database
            .with_service(async |service| show(service, given, args.answer.json).await)
            .await;
    }
    let form = match (args.answer.json, args.filters.csv) {
        (true, true) => return Err(Failed::misused("choose one of --json and --csv")),
        (true, false) => AuditForm::Ndjson,
        (false, true) => AuditForm::Csv,
        (false, false) => AuditForm::Table,
    };
    let question =
        Question::read(args.filters.given()).map_err(|problem| Failed::from(problem).into_misused())?;
    let limit = args.filters.limit.or_else(|| (form == AuditForm::Table).then_some(ROWS_DEFAULT));
    args.database.with_service(async |service| list(service, question, form, limit).await).await
}

/// Waits until the read models show everything that is in the ledger now.
async fn ready(service: &Service) -> Result<(), Failed> {
    let head = service.ledger.head().await?;
    service.projections.wait_for(head.position, READY_WITHIN).await.map_err(|behind| {
        Failed::wrong(behind.to_string())
            .next("They come nearer by themselves; `daybook rebuild audit change` is faster.")
    })
}

async fn list(
    service: &Service,
    question: Question,
    form: AuditForm,
    limit: Option<u64>,
) -> Result<(), Failed> {
    ready(service).await?;
    let desk = &service.desk;
    let question = question.resolve(desk).await?;
    let noted = question.note(desk, Request::of(Who::Operator), form, None, limit).await?;
    let mut walk = question.walk(service.projections.pool(), noted, None, limit);
    match form {
        AuditForm::Csv if !write(&headings()) => return Ok(()),
        AuditForm::Table if !write(&table_row(&TABLE.map(|(name, _)| name.to_uppercase()))) => return Ok(()),
        _ => {}
    }
    while let Some(page) = walk.next().await? {
        let text = lines(desk, form, &page.events).await?;
        // Whoever has closed it does not want to hear more.
        if !text.is_empty() && !write(&text) {
            return Ok(());
        }
    }
    Ok(())
}

async fn lines(desk: &Desk, form: AuditForm, events: &[AuditEvent]) -> Result<String, Failed> {
    let accounts = desk.accounts().await?;
    let shown = Shown { accounts: &accounts, epoch: desk.epoch(), absences: true };
    let one = |event| match form {
        AuditForm::Csv => shown.row(event),
        AuditForm::Table => {
            let json = shown.json(event);
            table_row(&TABLE.map(|(name, _)| word(&json[name])))
        }
        AuditForm::Ndjson | AuditForm::Page | AuditForm::Event => shown.line(event),
    };
    Ok(events.iter().map(one).collect())
}

/// The columns on a terminal, each with its least width: the rows are shown as they are read, whatever comes behind them.
const TABLE: [(&str, usize); 6] =
    [("position", 10), ("at", 27), ("actor", 14), ("type", 18), ("plan", 20), ("record", 0)];

fn table_row(cells: &[String; 6]) -> String {
    let padded: Vec<String> =
        cells.iter().zip(TABLE).map(|(cell, (_, width))| format!("{cell:width$}")).collect();
    format!("{}\n", padded.join("  ").trim_end())
}

fn word(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn show(service: &Service, given: GivenPosition, json: bool) -> Result<(), Failed> {
    ready(service).await?;
    let desk = &service.desk;
    check_epoch(desk, given).await?;
    let found = audit_event(service.projections.pool(), given.number).await?;
    let event = found.ok_or_else(|| {
        Failed::wrong("nothing has this position yet")
            .next("`daybook audit --limit 1` shows the newest event.")
    })?;
    let reading = AuditRead { position: Some(given.number), ..AuditRead::new(AuditForm::Event) };
    note(desk, Request::of(Who::Operator), reading, None).await?;
    let accounts = desk.accounts().await?;
    let shown = Shown { accounts: &accounts, epoch: desk.epoch(), absences: true };
    if json {
        write(&shown.line(&event));
        return Ok(());
    }
    let whole = shown.json(&event);
    let member = |name: &&str| format!("{name:10}{}\n", word(&whole[*name])).trim_end().to_owned() + "\n";
    let members: String =
        COLUMNS.iter().filter(|name| **name != "data" && !whole[**name].is_null()).map(member).collect();
    write(&format!("{members}data      {:#}\n", whole["data"]));
    Ok(())
}

/// Writes to standard output; whether somebody is there to take it.
fn write(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}
