//! What the program logs, and how: always to standard error.

use std::io::IsTerminal;

use clap::Args;
use clap::builder::BoolishValueParser;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::failed::Failed;
use crate::traces::Traces;

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
    /// Begins to log; `usual` is the filter when none is given. The spans that are meant for a collector go there, whatever is
    /// logged.
    pub fn begin(&self, usual: &str, traces: Option<&Traces>) -> Result<(), Failed> {
        let filter = self.log.as_deref().filter(|filter| !filter.is_empty()).unwrap_or(usual);
        let filter = EnvFilter::try_new(filter).map_err(|error| {
            Failed::misused(format!("--log {filter}: {error}"))
                .next("For example: --log info, --log warn,api=debug")
        })?;
        let log: Box<dyn Layer<Registry> + Send + Sync> = if self.log_json {
            layer().json().flatten_event(true).with_writer(std::io::stderr).with_filter(filter).boxed()
        } else {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            layer().with_ansi(colours).with_writer(std::io::stderr).with_filter(filter).boxed()
        };
        let mut layers = vec![log];
        layers.extend(traces.map(Traces::layer));
        let begun = tracing_subscriber::registry().with(layers).try_init();
        begun.map_err(|error| Failed::wrong(format!("nothing can be logged: {error}")))
    }
}
