//! The state of `site`: nodes, notices and outages.

use serde::{Deserialize, Serialize};

use crate::{At, Event, Fold, Notices, Outages, Stamp, StreamName};

/// What concerns everybody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    starts: u64,
    outages: Outages,
    notices: Notices,
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

    /// The notices that there are.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// The outage that there is, and contact.
    pub fn outages(&self) -> &Outages {
        &self.outages
    }
}

impl Fold for Site {
    fn evolve(&mut self, event: &Event, at: &At) {
        if let Event::NodeStarted(_) = event {
            self.starts += 1;
        }
        self.outages.evolve(event, at);
        self.notices.evolve(event, at);
    }

    fn settle(&mut self, event: &Event, stamp: &Stamp) {
        self.outages.settle(event, stamp);
        self.notices.settle(event, stamp);
    }
}
