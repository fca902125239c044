//! `daybook serve`.

mod run;
mod terms;

use clap::Args;
use clap::builder::BoolishValueParser;

use tokio_util::sync::CancellationToken;

use crate::desk::Terms;
use crate::outage::operator;
use crate::service::Service;

use super::address;
use super::banner;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::logs::LogArgs;
use super::signals::Signals;
use super::traces::TraceArgs;

pub use run::{Addresses, Running, run};
pub use terms::TermsArgs;

const EXAMPLES: &str = "\
Examples:
  daybook serve                                                 with a private PostgreSQL
  daybook serve --data /srv/daybook --listen 0.0.0.0:8080
  DATABASE_URL=postgres://daybook@db/daybook daybook serve      with a PostgreSQL of one's own, see `daybook migrate`
  daybook serve --session-idle 5m --login-rate 20

SIGTERM and SIGINT (Ctrl-C) let open requests end and stop; a second one stops at once. Data survives either.";

/// Runs the service. Prints `listening on http://…` when it is ready.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Where the service listens.
#[derive(Debug, Clone, Args)]
pub struct ListenArgs {
    /// Where to listen; port 0 is any free one.
    #[arg(long, env = "DAYBOOK_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Has `/metrics` here, and no more at the other address.
    #[arg(long, env = "DAYBOOK_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<String>,
    /// What this node is called in the status report; else the name of the host.
    #[arg(long, env = "DAYBOOK_NODE", value_name = "NAME")]
    pub node: Option<String>,
    /// Prints nothing but the line `listening on …`.
    #[arg(long, env = "DAYBOOK_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,
}

/// Carries it out.
pub async fn serve(args: ServeArgs, signals: Signals) -> Result<(), Failed> {
    let mut terms = args.terms.terms();
    if let Some(node) = args.listen.node.clone().filter(|name| !name.is_empty()) {
        terms.contact.node = node;
    }
    let traces = args.traces.traces(&terms.contact.node);
    args.log.begin("info", traces.as_ref())?;
    crate::http::metrics::recorder();
    let served = serve_on(args, &terms, signals).await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    served
}

async fn serve_on(args: ServeArgs, terms: &Terms, mut signals: Signals) -> Result<(), Failed> {
    let settings = args.database.settings(terms)?;
    let socket = args.database.operator_socket()?;
    let listener = address::listen(&args.listen.listen, "--listen").await?;
    let started = tokio::select! {
        started = Service::start(&settings) => started?,
        () = signals.next() => return Ok(()),
    };
    let told = CancellationToken::new();
    let telling = tokio::spawn(operator::answer(started.desk.clone(), socket, told.clone()));
    let running =
        Running { service: &started, listener, listen: &args.listen, login_rate: args.terms.login_rate() };
    let ran = run(running, &mut signals, async |addresses| {
        banner::of_service(&addresses, &settings, &args.database, &started).await
    })
    .await;
    told.cancel();
    let _ = telling.await;
    tokio::select! {
        () = started.stop() => ran,
        // Dropping the rest asks the private PostgreSQL to stop and waits for nothing.
        () = signals.next() => Err(Failed::wrong("stopped at once, as asked")),
    }
}
