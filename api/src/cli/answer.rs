//! How a command answers: in words or in JSON, and what is logged beside it.

use clap::Args;
use clap::builder::BoolishValueParser;

use super::logs::LogArgs;

/// How a command answers that comes back by itself.
#[derive(Debug, Clone, Args)]
pub struct AnswerArgs {
    /// Answers in JSON.
    // Whatever heading the options before it stand under.
    #[arg(long, env = "DAYBOOK_JSON", value_parser = BoolishValueParser::new(), global = true)]
    #[arg(help_heading = None::<&'static str>)]
    pub json: bool,
    #[command(flatten)]
    pub log: LogArgs,
}
