//! A stretch of the ledger that is looked through from one of its ends.

use crate::places::BLOCK;

/// Positions after one and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub after: i64,
    pub upto: i64,
}

impl Range {
    pub fn is_empty(self) -> bool {
        self.after >= self.upto
    }

    /// What it has in common with another.
    pub fn within(self, after: i64, upto: i64) -> Range {
        Range { after: self.after.max(after), upto: self.upto.min(upto) }
    }

    /// Cuts off the first so many positions, from the end that comes first.
    pub fn take(&mut self, count: i64, newest_first: bool) -> Range {
        let whole = *self;
        if newest_first {
            self.upto = whole.upto.saturating_sub(count).max(whole.after);
            Range { after: self.upto, upto: whole.upto }
        } else {
            self.after = whole.after.saturating_add(count).min(whole.upto);
            Range { after: whole.after, upto: self.after }
        }
    }

    /// Cuts off the first so many blocks.
    pub fn take_blocks(&mut self, blocks: i64, newest_first: bool) -> Range {
        let count = if newest_first {
            let first = (self.upto / BLOCK + 1 - blocks) * BLOCK;
            self.upto - first + 1
        } else {
            let last = ((self.after + 1) / BLOCK + blocks) * BLOCK - 1;
            last - self.after
        };
        self.take(count, newest_first)
    }

    /// Cuts off everything up to a position and that itself.
    pub fn go_behind(&mut self, position: i64, newest_first: bool) {
        if newest_first {
            self.upto = position - 1;
        } else {
            self.after = position;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_into_whole_blocks_from_either_end() {
        let cut = |mut range: Range, newest_first: bool| {
            let (mut parts, mut blocks) = (Vec::new(), 1);
            while !range.is_empty() {
                let part = range.take_blocks(blocks, newest_first);
                parts.push((part.after, part.upto));
                blocks *= 2;
            }
            parts
        };
        let range = Range { after: 10, upto: 20_000 };
        assert_eq!(cut(range, false), [(10, 4_095), (4_095, 12_287), (12_287, 20_000)]);
        assert_eq!(cut(range, true), [(16_383, 20_000), (8_191, 16_383), (10, 8_191)]);
        assert_eq!(cut(Range { after: 5, upto: 5 }, true), []);
        let mut open = Range { after: i64::MAX - 5, upto: i64::MAX };
        open.take(100, false);
        assert!(open.is_empty());
    }
}
