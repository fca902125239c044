//! What the demo is doing: a spinner at a terminal, else a line a step.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The steps of the demo, on standard error.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// No step yet.
    pub fn new() -> Progress {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress { bar }
    }

    /// Carries a step out and says so.
    pub async fn step<T>(&mut self, what: &str, work: impl Future<Output = T>) -> T {
        if self.bar.is_hidden() {
            crate::cli::note(format_args!("{what} …"));
        } else {
            self.bar.set_message(format!("{what} …"));
        }
        work.await
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
