//! `daybook plan`.

use std::time::Duration;

use clap::{Args, Subcommand};
use domain::command::create_plan::CreatePlan;
use domain::{PlanId, Who};
use projections::{Moment, Page};

use serde_json::{Value as Json, json};

use crate::desk::{Answer, Extra, Request};
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::table::{say_items, word};
use super::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  daybook plan add 100234~2026-2027~1 --title 'Lindenhafen 2026/27'
  daybook plan list

A plan is written school number ~ school year ~ version (1-255). It begins with one period, 1, over the whole school
year, days 1-5 and hours 1-12.";

/// How many plans are asked for at a time.
const PAGE: i64 = 500;

/// How long the list waits for what has just been written.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(10);

/// Adds and lists plans.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct PlanArgs {
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
    /// Lists the plans with what is in them.
    List,
}

/// Makes a plan.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct AddArgs {
    /// School number, school year and version: 100234~2026-2027~1.
    plan: PlanId,
    /// What people will call it; else its own spelling.
    #[arg(long, env = "DAYBOOK_TITLE", value_name = "TEXT")]
    title: Option<String>,
}

/// Carries it out.
pub async fn plan(args: PlanArgs) -> Result<(), Failed> {
    let (database, json) = (&args.database, args.answer.json);
    match args.what {
        What::Add(add) => add_one(database, add, json).await,
        What::List => list(database, json).await,
    }
}

async fn add_one(database: &DatabaseArgs, args: AddArgs, json: bool) -> Result<(), Failed> {
    let AddArgs { plan, title } = args;
    let named = plan.clone();
    let made = database.with_service_told(async |service| create(service, plan, title).await).await;
    let made = made.map_err(|failed| {
        failed.when(
            "exists",
            format!("there is a plan {named} already"),
            "`daybook plan list` shows them all.",
        )
    })?;
    if json {
        say_json(&made);
    } else {
        say(format_args!("plan {named} made; `daybook import {named} FILE…` fills it"));
    }
    Ok(())
}

/// Makes a plan.
pub async fn create(service: &Service, plan: PlanId, title: Option<String>) -> Result<Json, Failed> {
    let shown =
        json!({ "plan": plan, "title": title.clone().unwrap_or_else(|| plan.to_string()), "state": "open" });
    let command = CreatePlan::empty(plan, title);
    let answered = service
        .desk
        .execute(Request::of(Who::Operator), command, Extra::default(), move |_, _| {
            Answer::new(201, shown.clone())
        })
        .await?;
    Ok(answered.answer.body.unwrap_or_default())
}

async fn list(database: &DatabaseArgs, json: bool) -> Result<(), Failed> {
    let plans = database.with_service(all).await?;
    let number = |number: &Json| number.as_u64().unwrap_or_default().to_string();
    let row = |plan: &Json| {
        let [name, title, state] = ["plan", "title", "state"].map(|member| word(plan, member));
        let [classes, teachers, lessons] =
            ["classes", "teachers", "lessons"].map(|kind| number(&plan["counts"][kind]));
        [name, title, state, classes, teachers, lessons, number(&plan["sessions"])]
    };
    let headings = ["PLAN", "TITLE", "STATE", "CLASSES", "TEACHERS", "LESSONS", "SESSIONS"];
    let none = "There is no plan yet: daybook plan add 100234~2026-2027~1";
    say_items(&plans, json, headings, row, none);
    Ok(())
}

async fn all(service: &Service) -> Result<Vec<Json>, Failed> {
    let head = service.ledger.head().await?;
    if service.projections.wait_for(head.position, CAUGHT_UP_WITHIN).await.is_err() {
        return Err(Failed::wrong("the read models are behind the ledger")
            .next("A running service catches up by itself; `--log info` says what holds it up."));
    }
    let mut plans = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, limit: PAGE };
        let found = projections::plan::plans(service.projections.pool(), Moment::Now, &page);
        let found = found.await?;
        plans.extend(found.items.into_iter().map(|view| Json::Object(view.json)));
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok(plans),
        }
    }
}
