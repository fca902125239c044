//! `daybook demo`.

mod progress;
mod school;
mod tries;

use std::path::PathBuf;

use clap::Args;

use crate::desk::Terms;
use crate::private_postgres::{DATABASE, PrivatePostgres};
use crate::service::{Database, LEDGER_SCHEMA, Service, Settings, StartError};

use super::address;
use super::failed::Failed;
use super::logs::LogArgs;
use super::serve::{ListenArgs, Running, TermsArgs, run};
use super::signals::Signals;

use progress::Progress;
use school::School;

const EXAMPLES: &str = "\
Examples:
  daybook demo
  daybook demo --listen 127.0.0.1:0      any free port

The sample school (25 classes, 40 teachers, 315 lessons, two deliberate collisions) is part of the program. It is made by
the same commands that you would use. Everything is thrown away when the demo stops.";

/// Runs the service with a sample school in it, and throws all of it away at the end.
///
/// Prints addresses, log-ins, a token and three things to try.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    terms: TermsArgs,
    /// The folder of PostgreSQL's programs, when they are not found by themselves.
    #[arg(long, env = "DAYBOOK_POSTGRES_BIN", value_name = "DIR")]
    postgres_bin: Option<PathBuf>,
    #[command(flatten)]
    log: LogArgs,
}

/// Carries it out.
pub async fn demo(args: DemoArgs, mut signals: Signals) -> Result<(), Failed> {
    args.log.begin("warn", None)?;
    crate::http::metrics::recorder();
    let listener = address::listen(&args.listen.listen, "--listen").await?;
    let mut progress = Progress::new();
    let postgres = tokio::select! {
        started = progress.step("starting a PostgreSQL for the demo", PrivatePostgres::start_temporary(args.postgres_bin.clone())) => started.map_err(StartError::from)?,
        () = signals.next() => return Ok(()),
    };
    let ran = on(&postgres, &args, listener, progress, &mut signals).await;
    tokio::select! {
        stopped = postgres.stop() => {
            if let Err(error) = stopped {
                tracing::warn!(%error, "the demo's PostgreSQL did not stop");
            }
            ran
        }
        () = signals.next() => Err(Failed::wrong("stopped at once, as asked")),
    }
}

async fn on(
    postgres: &PrivatePostgres,
    args: &DemoArgs,
    listener: tokio::net::TcpListener,
    mut progress: Progress,
    signals: &mut Signals,
) -> Result<(), Failed> {
    let settings = Settings {
        database: Database::Url(postgres.url(DATABASE)),
        schema: LEDGER_SCHEMA.to_owned(),
        terms: Terms { ..args.terms.terms() },
    };
    let started = tokio::select! {
        started = progress.step("making an empty ledger", Service::start(&settings)) => started?,
        () = signals.next() => return Ok(()),
    };
    let is_local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let made = tokio::select! {
        made = School::make(&started, &mut progress, is_local) => made.map(Some),
        () = signals.next() => Ok(None),
    };
    let ran = match made {
        Ok(Some(school)) => {
            let login_rate = args.terms.login_rate();
            let running = Running { service: &started, listener, listen: &args.listen, login_rate };
            run(running, signals, async |addresses| Ok(tries::block(&addresses, &school))).await
        }
        Ok(None) => Ok(()),
        Err(failed) => Err(failed),
    };
    started.stop().await;
    ran
}
