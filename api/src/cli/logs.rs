//! What the program logs, and how: always to standard error.

use std::io::IsTerminal;

use clap::Args;
use clap::builder::BoolishValueParser;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::failed::Failed;

/// What is logged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log (standard error)")]
pub struct LogArgs {
    /// What is logged: error, warn, info, debug, trace, also per part: `info,eventstore=debug`.
    #[arg(long, env = "DAYBOOK_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// One JSON object a line, for programs that collect logs.
    #[arg(long, env = "DAYBOOK_LOG_JSON", value_parser = BoolishValueParser::new())]
    log_json: bool,
}

impl LogArgs {
    /// Begins to log; `usual` is the filter when none is given.
    pub fn begin(&self, usual: &str) -> Result<(), Failed> {
        let filter = self.log.as_deref().filter(|filter| !filter.is_empty()).unwrap_or(usual);
        let filter = EnvFilter::try_new(filter).map_err(|error| {
            Failed::misused(format!("--log {filter}: {error}"))
                .next("For example: --log info, --log warn,api=debug")
        })?;
        let registry = tracing_subscriber::registry().with(filter);
        let begun = if self.log_json {
            registry.with(layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
        } else {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            registry.with(layer().with_ansi(colours).with_writer(std::io::stderr)).try_init()
        };
        begun.map_err(|error| Failed::wrong(format!("nothing can be logged: {error}")))
    }
}
