//! The changes: from the ring that all share, or from the past that the follower reads himself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::past::{Past, read_past};
use super::{Follower, UnderWay};
use crate::desk::Failure;
use crate::follow::page::{Page, Reads};
use crate::follow::ring::{Next, Ring};

/// About so many bytes are written out at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Who has once caught up and falls behind what the ring holds may take this long to catch up again, by reading the past.
const LATE_MAX: Duration = Duration::from_secs(30);

/// What happened, taken for a follower and not yet told.
pub(super) enum Taken {
    /// From the ring.
    Shared(Vec<Arc<Page>>),
    /// What he read himself.
    Past(Past),
}

// Nothing may be told that was written after its reader's session, token or right had ended. What ended it is an event of a lower
// position, and whoever reads for followers lets the desk hear of everything up to the end of a page before the page is handed out
// (`Desk::hear`; what this node decides is in the states before it is written). So by the time a page is in hand the end has moved
// one of the states that are asked for a follower's welcome, whichever node wrote it. Therefore the look at them comes after the page
// was taken, never before: where their marks are as they were when he was last found welcome, he still is; where they have moved, and
// for all that is read of the past, whose filter may have left out the end of his session, the page stays in hand until a question
// that was begun after it was taken has been answered. One answer is enough for it, however often the marks move meanwhile, so that
// a follower goes on by a page with each question even where every moment somebody is given a right.
impl Follower {
    /// Tells what is in the ring, or begins to read what is not there any more.
    pub(super) fn go(&mut self) -> Bytes {
        if let Some(taken) = self.in_hand.take() {
            return self.tell_taken(taken);
        }
        self.moved.borrow_and_update();
        let next = if self.begin.interest.is_unknown() {
            Next::Before
        } else {
            self.place.followed.with_ring(|ring| ring.after(self.at, CHUNK_BYTES))
        };
        match next {
            Next::Pages(pages) => {
                (self.has_caught_up, self.late_since) = (true, None);
                if self.marks == self.current_marks() {
                    return self.tell(&pages);
                }
                self.hold(Taken::Shared(pages));
            }
            Next::Nothing { end, whole } => {
                (self.has_caught_up, self.late_since) = (true, None);
                self.at = self.at.max(end);
                self.whole = self.whole.max(whole);
                self.is_idle = true;
            }
            Next::Before => {
                let late = self.late_since.get_or_insert_with(Instant::now).elapsed();
                if self.has_caught_up && late > LATE_MAX {
                    tracing::info!("a follower who does not keep up is cut off");
                    self.is_over = true;
                }
                self.begin_reading();
            }
        }
        Bytes::new()
    }

    /// Keeps what was taken until he is found welcome by a question that begins now.
    fn hold(&mut self, taken: Taken) {
        self.in_hand = Some(taken);
        self.ask_anew();
    }

    fn tell_taken(&mut self, taken: Taken) -> Bytes {
        let Past { page, called } = match taken {
            Taken::Shared(pages) => return self.tell(&pages),
            Taken::Past(past) => past,
        };
        self.begin.interest.learn(called);
        let mut out = Vec::new();
        if self.write(&mut out, &page) {
            // Where nobody reads for all yet, that is waited for.
            self.is_idle = page.is_whole && !self.place.followed.with_ring(Ring::has_begun);
        }
        out.into()
    }

    fn tell(&mut self, pages: &[Arc<Page>]) -> Bytes {
        let mut out = Vec::new();
        for page in pages {
            if self.begin.interest.has_to_ask(page) {
                self.begin_reading();
                break;
            }
            if pages.len() == 1
                && let Some(shared) = self.shared(page)
            {
                return shared;
            }
            if !self.write(&mut out, page) {
                break;
            }
        }
        out.into()
    }

    fn reads(&self) -> Reads<'_> {
        let (interest, sees_absences) = (&self.begin.interest, self.begin.sees_absences);
        Reads { after: self.at, interest, sees_absences }
    }

    /// Where his own session ended in a page.
    fn end_in(&self, page: &Page) -> Option<i64> {
        let session = self.begin.caller.session?;
        page.end_of(session.0, self.at)
    }

    /// The bytes that all share, where he is told all of a page; then he has been told it.
    fn shared(&mut self, page: &Page) -> Option<Bytes> {
        let shared = page.shared(self.reads()).filter(|_| self.end_in(page).is_none())?;
        self.told = page.last_shared(self.begin.sees_absences).unwrap_or(self.told);
        self.pass(page);
        Some(shared)
    }

    /// Writes what he is told of a page; false when he may not be welcome after some of it.
    fn write(&mut self, out: &mut Vec<u8>, page: &Page) -> bool {
        let end = self.end_in(page);
        self.told = page.write(out, self.reads(), end.unwrap_or(page.upto)).unwrap_or(self.told);
        if let Some(end) = end {
            self.at = end;
            self.ask_anew();
            return false;
        }
        self.pass(page);
        true
    }

    fn pass(&mut self, page: &Page) {
        self.at = page.upto;
        if page.is_whole {
            self.whole = page.upto;
        }
    }

    fn begin_reading(&mut self) {
        if self.reading.is_none() && !self.is_over {
            let (plan, interest) = (self.begin.plan.clone(), self.begin.interest.clone());
            self.reading = Some(UnderWay::begin(read_past(self.app.clone(), plan, interest, self.at)));
        }
    }

    /// What could not be read is tried again.
    pub(super) fn take_read(&mut self, read: Result<Past, Failure>) -> Bytes {
        if let Ok(past) = read {
            self.hold(Taken::Past(past));
        }
        Bytes::new()
    }
}
