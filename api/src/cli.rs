//! The command line. One file a command: its options, what it does, what it says.
//!
//! Answers go to standard output, everything else to standard error, so that `$(daybook token add …)` is the token and
//! nothing but it. A command is carried out by the same ledger rules as a request over HTTP, as the operator of the host,
//! beside a running service or without one. No password is ever taken from the command line, where other users of the host
//! could read it.

mod address;
mod answer;
mod audit;
mod banner;
mod database;
mod demo;
mod export;
mod failed;
mod import;
mod logs;
mod migrate;
mod moment;
mod openapi;
mod outage;
mod password;
mod plan;
mod rebuild;
mod serve;
mod signals;
mod table;
mod token;
mod told;
mod traces;
mod user;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use answer::AnswerArgs;
use failed::Failed;
use signals::Signals;

/// What the program says about itself, with the first steps.
const FIRST_STEPS: &str = "\
First steps:
  daybook demo                                      look around; everything is thrown away at the end
  daybook serve                                     run the service, with a PostgreSQL of its own
  daybook user add admin --group administrators     the first administrator, beside the running service
  daybook plan add 100234~2026-2027~1               a plan: school number, school year, version
  daybook import 100234~2026-2027~1 GPU*.TXT        what Untis has exported

Exit status: 0 done, 1 refused or found wrong, 2 used wrongly, 3 the ledger could not be reached.
Every option can come from the environment too; `daybook COMMAND --help` names the variables.";

/// Keeps the planning data of schools that several people edit at once; every change is an event in one ledger.
#[derive(Debug, Parser)]
#[command(name = "daybook", version, after_help = FIRST_STEPS, max_term_width = 110, subcommand_required = true)]
#[command(arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    User(user::UserArgs),
    Token(token::TokenArgs),
    Plan(plan::PlanArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Outage(outage::OutageArgs),
    Migrate(migrate::MigrateArgs),
    Rebuild(rebuild::RebuildArgs),
    Verify(verify::VerifyArgs),
    Audit(audit::AuditArgs),
    Openapi(openapi::OpenapiArgs),
}

/// Runs the program with the arguments and the environment of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.answer().is_some_and(|answer| answer.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failed::wrong(format!("no threads can be started: {error}")).tell(json),
    };
    let done = runtime.block_on(cli.command.carry_out());
    // A password prompt or a name look-up that is still waiting must not keep the program alive.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.tell(json),
    }
}

impl Command {
    /// How it is to answer; nothing for those that run on, which begin their log by themselves, and for the description.
    fn answer(&self) -> Option<&AnswerArgs> {
        Some(match self {
            Command::User(args) => &args.answer,
            Command::Token(args) => &args.answer,
            Command::Plan(args) => &args.answer,
            Command::Import(args) => &args.answer,
            Command::Export(args) => &args.answer,
            Command::Outage(args) => &args.answer,
            Command::Migrate(args) => &args.answer,
            Command::Rebuild(args) => &args.answer,
            Command::Verify(args) => &args.answer,
            Command::Audit(args) => &args.answer,
            Command::Serve(_) | Command::Demo(_) | Command::Openapi(_) => return None,
        })
    }

    async fn carry_out(self) -> Result<(), Failed> {
        let mut signals = Signals::listen().map_err(|error| Failed::wrong(format!("no signals: {error}")))?;
        match self {
            Command::Serve(args) => serve::serve(args, signals).await,
            Command::Demo(args) => demo::demo(args, signals).await,
            short => tokio::select! {
                done = short.carry_out_short() => done,
                // What the command holds is dropped, and with it the private PostgreSQL that nobody else uses.
                () = signals.next() => Err(Failed::wrong("interrupted; what was not answered may be done or not")),
            },
        }
    }

    async fn carry_out_short(self) -> Result<(), Failed> {
        if let Some(answer) = self.answer() {
            answer.log.begin("warn", None)?;
        }
        match self {
            Command::User(args) => user::user(args).await,
            Command::Token(args) => token::token(args).await,
            Command::Plan(args) => plan::plan(args).await,
            Command::Import(args) => import::import(args).await,
            Command::Export(args) => export::export(args).await,
            Command::Outage(args) => outage::outage(args).await,
            Command::Migrate(args) => migrate::migrate(args).await,
            Command::Rebuild(args) => rebuild::rebuild(args).await,
            Command::Verify(args) => verify::verify(args).await,
            Command::Audit(args) => audit::audit(args).await,
            Command::Openapi(_) => openapi::openapi(),
            Command::Serve(_) | Command::Demo(_) => Ok(()),
        }
    }
}

/// Says something on standard output. Whoever has closed it does not want to hear it.
fn say(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Says something beside the answer, on standard error.
fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says an answer as indented JSON.
fn say_json(answer: &serde_json::Value) {
    say(format_args!("{answer:#}"));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_options_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_can_come_from_the_environment_and_says_so() {
        fn check(command: &clap::Command) {
            for option in command.get_opts() {
                let name = option.get_id().as_str();
                if matches!(name, "help" | "version") {
                    continue;
                }
                let variable = option.get_env().map(|it| it.to_string_lossy().into_owned());
                let variable = variable.unwrap_or_else(|| panic!("{} --{name} has none", command.get_name()));
                assert!(variable.starts_with("DAYBOOK_") || variable == "DATABASE_URL", "{variable}");
                assert!(!option.is_hide_env_set(), "{variable} is not shown");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn no_option_takes_a_password() {
        fn check(command: &clap::Command) {
            for option in command.get_opts().filter(|option| option.get_id().as_str().contains("password")) {
                assert!(!option.get_action().takes_values(), "{}", option.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
