//! `daybook openapi`.

use clap::Args;

use super::failed::Failed;
use super::say;

/// Prints the description of the HTTP interface (OpenAPI 3.1, JSON).
///
/// It is made from the code, and is what a running service has at `/openapi.json`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daybook openapi > openapi.json")]
pub struct OpenapiArgs {}

/// Carries it out.
pub fn openapi() -> Result<(), Failed> {
    let description = serde_json::to_string_pretty(&crate::routes::openapi())
        .map_err(|error| Failed::wrong(format!("the description cannot be written: {error}")))?;
    say(description);
    Ok(())
}
