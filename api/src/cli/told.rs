//! How far a long command is: a bar on a terminal, a line now and then otherwise, JSON lines for programs.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use projections::{FoldProgress, Phase};
use serde_json::json;

use super::{note, say};

/// How often a line is written where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Tells how far a rebuild or a verification is.
pub struct Told {
    way: Way,
}

enum Way {
    Bar(ProgressBar),
    Lines(Mutex<Option<Instant>>),
    Json,
}

impl Told {
    /// A bar or lines on standard error; with `json` lines on standard output.
    pub fn new(json: bool) -> Told {
        if json {
            return Told { way: Way::Json };
        }
        if !std::io::stderr().is_terminal() {
            return Told { way: Way::Lines(Mutex::new(None)) };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = "{msg:12} {wide_bar} {human_pos} of {human_len} events";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
        Told { way: Way::Bar(bar) }
    }

    /// Tells it.
    pub fn tell(&self, progress: &FoldProgress) {
        match &self.way {
            Way::Bar(bar) => {
                bar.set_length(unsigned(progress.head));
                bar.set_position(unsigned(progress.position));
                bar.set_message(words(progress));
            }
            Way::Lines(last) => {
                let mut last = last.lock().expect("nobody panics while holding it");
                if last.is_some_and(|last| last.elapsed() < LINE_EVERY) {
                    return;
                }
                *last = Some(Instant::now());
                note(format_args!("{} of {} events, {}", progress.position, progress.head, words(progress)));
            }
            Way::Json => say(json!({
                "progress": progress.phase.word(),
                "position": progress.position,
                "head": progress.head,
                "events_per_second": progress.rate().round(),
                "seconds_left": progress.left().map(|left| left.as_secs()),
            })),
        }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Way::Bar(bar) = &self.way {
            bar.finish_and_clear();
        }
    }
}

fn words(progress: &FoldProgress) -> String {
    match progress.phase {
        Phase::Folding | Phase::CatchingUp => {
            let left = progress.left().map_or_else(|| "?".to_owned(), |left| left.as_secs().to_string());
            format!("{:.0} a second, about {left} s left", progress.rate())
        }
        Phase::Indexing => "making the indexes".to_owned(),
        Phase::Dropping => "waiting until nobody reads the old ones".to_owned(),
        Phase::Comparing => "comparing".to_owned(),
    }
}

fn unsigned(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}
