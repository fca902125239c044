//! Dice that fall the same way every time.

use uuid::{Builder, Uuid};

/// `SplitMix64`: quick, and good enough for choosing.
pub struct Dice {
    state: u64,
    /// What ids are made of: they grow with time as those of the service do.
    made: u64,
}

impl Dice {
    /// The same number, the same throws.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, made: 0 }
    }

    /// 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// The same for something small.
    pub fn small(&mut self, bound: u8) -> u8 {
        (self.roll() % u64::from(bound)) as u8
    }

    /// A place in something that has so many, at least one.
    pub fn place(&mut self, count: usize) -> usize {
        (self.roll() % count as u64) as usize
    }

    /// An id as the service makes them: the newer, the larger, ten to a millisecond.
    pub fn uuid(&mut self) -> Uuid {
        self.made += 1;
        let millis = 1_790_000_000_000 + self.made / 10;
        let random: [u8; 16] = (u128::from(self.roll()) << 64 | u128::from(self.roll())).to_be_bytes();
        let rest = random[..10].try_into().expect("ten bytes");
        Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
    }
}
