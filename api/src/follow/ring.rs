//! The newest that happened in a plan, page by page, for as long as there is room.

use std::collections::VecDeque;
use std::sync::Arc;

use super::page::Page;

/// Pages that follow one upon the other.
#[derive(Default)]
pub struct Ring {
    /// The position after which it holds everything; nothing before the reader has come by.
    start: Option<i64>,
    /// Up to there.
    end: i64,
    /// The last position up to there at which an append ends.
    whole: i64,
    pages: VecDeque<Arc<Page>>,
    bytes: usize,
}

/// What is in a ring after a position.
pub enum Next {
    /// This, for now.
    Pages(Vec<Arc<Page>>),
    /// Nothing, up to there.
    Nothing {
        /// The last position that the ring knows of.
        end: i64,
        /// The last one at which an append ends.
        whole: i64,
    },
    /// The ring does not reach back so far.
    Before,
}

impl Ring {
    /// Whether the reader has come by.
    pub fn has_begun(&self) -> bool {
        self.start.is_some()
    }

    /// Begins anew at a position that all readers can have: what is before it, one has to read oneself.
    pub fn begin(&mut self, at: i64) {
        *self = Ring { start: Some(at), end: at, whole: at, ..Ring::default() };
    }

    /// Takes in a page, which begins where the last one ended; the oldest ones go when there is no room. The newest stays.
    pub fn push(&mut self, page: Arc<Page>, bytes_max: usize) {
        self.bytes += page.bytes();
        self.pages.push_back(page);
        while self.bytes > bytes_max && self.pages.len() > 1 {
            let Some(oldest) = self.pages.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.start = Some(oldest.upto);
        }
    }

    /// Nothing else happened up to there.
    pub fn advance(&mut self, end: i64, is_whole: bool) {
        self.end = end;
        if is_whole {
            self.whole = end;
        }
    }

    /// What is there after a position; about so many bytes of it, and at least a page.
    pub fn after(&self, position: i64, bytes_max: usize) -> Next {
        if self.start.is_none_or(|start| position < start) {
            return Next::Before;
        }
        let from = self.pages.partition_point(|page| page.upto <= position);
        let mut bytes = 0;
        let is_room = |page: &&Arc<Page>| {
            let room = bytes < bytes_max;
            bytes += page.bytes();
            room
        };
        let pages: Vec<_> = self.pages.range(from..).take_while(is_room).cloned().collect();
        if pages.is_empty() { Next::Nothing { end: self.end, whole: self.whole } } else { Next::Pages(pages) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::told;
    use super::*;
    use projections::change::Without;

    /// A page with a change at its end.
    fn page(after: i64, upto: i64) -> Arc<Page> {
        Arc::new(Page::of(after, upto, true, vec![told(upto, "teachers/A", Without::Nothing)], 1))
    }

    fn taken(ring: &Ring, position: i64) -> Option<Vec<i64>> {
        match ring.after(position, 1 << 20) {
            Next::Pages(pages) => Some(pages.iter().map(|page| page.upto).collect()),
            Next::Nothing { .. } => Some(Vec::new()),
            Next::Before => None,
        }
    }

    fn filled(bytes_max: usize) -> Ring {
        let mut ring = Ring::default();
        assert!(taken(&ring, 0).is_none() && !ring.has_begun());
        ring.begin(10);
        for upto in [12, 13, 20] {
            ring.push(page(ring.end, upto), bytes_max);
            ring.advance(upto, true);
        }
        ring
    }

    #[test]
    fn who_is_within_is_told_the_rest_and_who_is_before_reads_himself() {
        let mut ring = filled(1 << 20);
        assert_eq!(taken(&ring, 9), None);
        assert_eq!(taken(&ring, 10), Some(vec![12, 13, 20]));
        assert_eq!(taken(&ring, 11), Some(vec![12, 13, 20]), "a page of which he has had a part");
        assert_eq!(taken(&ring, 13), Some(vec![20]));
        assert_eq!(taken(&ring, 20), Some(vec![]));
        ring.advance(25, true);
        ring.advance(27, false);
        assert!(matches!(ring.after(20, 1), Next::Nothing { end: 27, whole: 25 }));
        assert!(matches!(ring.after(99, 1), Next::Nothing { .. }), "who is ahead waits");
    }

    #[test]
    fn what_there_is_no_room_for_goes_from_the_oldest_on() {
        let size = page(0, 12).bytes();
        let ring = filled(size * 2);
        assert_eq!(taken(&ring, 11), None, "the first page is gone");
        assert_eq!(taken(&ring, 12), Some(vec![13, 20]));
        let ring = filled(1);
        assert_eq!((taken(&ring, 12), taken(&ring, 13)), (None, Some(vec![20])), "the newest stays");
    }

    #[test]
    fn who_takes_gets_about_so_much_at_once_and_at_least_a_page() {
        let ring = filled(1 << 20);
        let Next::Pages(pages) = ring.after(10, 1) else { panic!("there are some") };
        assert_eq!(pages.len(), 1);
    }
}
