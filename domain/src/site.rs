//! The state of `site`: nodes; notices and outages come here.

use crate::{At, Event, Fold, Stamp, StreamName};

/// What concerns everybody.
#[derive(Debug, Clone, Default)]
pub struct Site {
    starts: u64,
}

impl Site {
    /// The stream.
    pub fn stream() -> StreamName {
        StreamName::from("site")
    }

    /// How often a node has been started.
    pub fn starts(&self) -> u64 {
        self.starts
    }
}

impl Fold for Site {
    fn evolve(&mut self, event: &Event, _at: &At) {
        if let Event::NodeStarted(_) = event {
            self.starts += 1;
        }
    }

    fn settle(&mut self, _event: &Event, _stamp: &Stamp) {}
}
