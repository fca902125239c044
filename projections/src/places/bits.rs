//! Positions of one block of the ledger, as bits.

/// How many positions are in a block.
pub(crate) const BLOCK: i64 = 4_096;

/// The block of a position.
pub(crate) fn block_of(position: i64) -> i32 {
    i32::try_from(position / BLOCK).unwrap_or(i32::MAX)
}

/// The place of a position in its block.
pub(crate) fn place_of(position: i64) -> u16 {
    u16::try_from(position.rem_euclid(BLOCK)).unwrap_or_default()
}

/// Places in one block, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits(pub [u64; BLOCK as usize / 64]);

impl Bits {
    pub const NONE: Bits = Bits([0; BLOCK as usize / 64]);

    pub fn set(&mut self, place: u16) {
        if let Some(word) = self.0.get_mut(usize::from(place) / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Those of these positions, which all lie in one block.
    pub fn of(positions: &[i64]) -> Bits {
        let mut bits = Bits::NONE;
        positions.iter().for_each(|position| bits.set(place_of(*position)));
        bits
    }

    /// Those of a block that lie after one position and up to another.
    pub fn between(block: i32, after: i64, upto: i64) -> Bits {
        let first = i64::from(block) * BLOCK;
        if after < first && upto >= first + BLOCK - 1 {
            return Bits([u64::MAX; BLOCK as usize / 64]);
        }
        let mut bits = Bits::NONE;
        for position in first.max(after.saturating_add(1))..=(first + BLOCK - 1).min(upto) {
            bits.set(place_of(position));
        }
        bits
    }

    /// Whether a position of the block is among them.
    pub fn holds(&self, position: i64) -> bool {
        let place = place_of(position);
        self.0.get(usize::from(place) / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Those that are in both.
    pub fn and(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own &= other);
        self
    }

    /// Those that are in one of both.
    pub fn or(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
        self
    }

    /// The positions, in order.
    pub fn positions(&self, block: i32) -> impl Iterator<Item = i64> {
        let first = i64::from(block) * BLOCK;
        // Most blocks of a long ledger have none or few.
        let words = (0..).step_by(64).zip(self.0).filter(|(_, word)| *word != 0);
        words.flat_map(move |(begin, word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| first + begin + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_cuts_a_block() {
        let bits = Bits::between(1, 4_100, 4_103);
        assert_eq!(bits.positions(1).collect::<Vec<_>>(), [4_101, 4_102, 4_103]);
        assert_eq!(Bits::between(0, 4_100, 9_000), Bits::NONE);
        assert_eq!(Bits::between(0, -1, i64::MAX).positions(0).count(), 4_096);
        let low = Bits::between(0, -1, 9);
        assert_eq!(low.and(&Bits::between(0, 5, 20)).positions(0).collect::<Vec<_>>(), [6, 7, 8, 9]);
        assert_eq!(low.or(&Bits::between(0, 9, 11)).positions(0).count(), 12);
    }
}
