//! The `daybook` program; everything it does is in [`api::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::run()
}
