//! The changes: from the ring that all share, or from the past that the follower reads himself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Follower;
use super::past::{Past, read_past};
use crate::desk::Failure;
use crate::follow::page::{Page, Reads};
use crate::follow::ring::{Next, Ring};

/// About so many bytes are written out at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Who has once caught up and falls behind what the ring holds may take this long to catch up again, by reading the past.
const LATE_MAX: Duration = Duration::from_secs(30);

impl Follower {
    /// Tells what is in the ring, or begins to read what is not there any more.
    pub(super) fn go(&mut self) -> Bytes {
        self.moved.borrow_and_update();
        let next = if self.begin.interest.is_unknown() {
            Next::Before
        } else {
            self.place.followed.with_ring(|ring| ring.after(self.at, CHUNK_BYTES))
        };
        if self.must_ask_first() {
            return Bytes::new();
        }
        match next {
            Next::Pages(pages) => {
                (self.has_caught_up, self.late_since) = (true, None);
                return self.tell(&pages);
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

    /// Whether his welcome has to be asked for anew before he is told what is at hand. Looked at after that was taken: what ended a
    /// session or a right before it was written has moved a mark by then.
    fn must_ask_first(&mut self) -> bool {
        let has_moved = self.marks != self.current_marks();
        if has_moved {
            self.must_ask = true;
            self.begin_asking();
        }
        has_moved
    }

    fn tell(&mut self, pages: &[Arc<Page>]) -> Bytes {
        let mut out = Vec::new();
        for page in pages {
            if self.begin.interest.has_to_ask(page) {
                self.begin_reading();
                break;
            }
            if let ([_], Some(shared)) = (pages, self.shared(page)) {
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

    /// The bytes that all share, where he is told all of a page.
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
            self.reading = Some(Box::pin(read_past(self.app.clone(), plan, interest, self.at)));
        }
    }

    pub(super) fn take_read(&mut self, read: Result<Past, Failure>) -> Bytes {
        let Ok(Past { page, called }) = read else { return Bytes::new() };
        self.begin.interest.learn(called);
        let mut out = Vec::new();
        if self.write(&mut out, &page) {
            // Where nobody reads for all yet, that is waited for.
            self.is_idle = page.is_whole && !self.place.followed.with_ring(Ring::has_begun);
        }
        out.into()
    }
}
