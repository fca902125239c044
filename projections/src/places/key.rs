//! What leads to events: a hash of what is said of them.
//!
//! What few things are said of many events (plan, actor, type) has a word of its own. What is said of few events each (a request)
//! would make a row for nearly every event; many of those share a word, and beside each place stand some more bits of the hash. So an
//! event that is found may be of another request with the same bits: whoever reads it in the ledger looks again.

use domain::Who;
use uuid::Uuid;

/// How many words requests share. More would make more rows, fewer would make a question read more of them.
const SHARED_WORDS: u64 = 512;

/// What leads to places: a word, and a mark where several things share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub word: i64,
    pub mark: Option<u16>,
}

impl Key {
    /// All that belongs to a plan.
    pub fn plan(plan: &str) -> Key {
        Key::own(Hash::of(b'p').with(plan.as_bytes()))
    }

    /// All that the feed of a plan shows.
    pub fn feed(plan: &str) -> Key {
        Key::own(Hash::of(b'f').with(plan.as_bytes()))
    }

    /// What it shows of a kind.
    pub fn feed_of(plan: &str, kind: &str) -> Key {
        Key::own(Hash::of(b'k').with(plan.as_bytes()).with(b"/").with(kind.as_bytes()))
    }

    /// All that somebody did.
    pub fn actor(who: Who) -> Key {
        let (kind, id) = match who {
            Who::User(id) => (1, id.0),
            Who::Token(id) => (2, id.0),
            Who::Operator => (3, Uuid::nil()),
            Who::System => (4, Uuid::nil()),
        };
        Key::own(Hash::of(b'a').with(&[kind]).with(id.as_bytes()))
    }

    /// All of a type.
    pub fn event_type(name: &str) -> Key {
        Key::own(Hash::of(b't').with(name.as_bytes()))
    }

    /// All that a request did.
    pub fn request(request: &str) -> Key {
        let hash = Hash::of(b'q').with(request.as_bytes()).finish();
        let word = Hash::of(b's').with(b"q").with(&(hash % SHARED_WORDS).to_be_bytes()).finish();
        // Other bits than those that chose the word.
        Key { word: word.cast_signed(), mark: Some((hash >> 48) as u16) }
    }

    fn own(hash: Hash) -> Key {
        Key { word: hash.finish().cast_signed(), mark: None }
    }
}

/// Eight bytes at a time, as FNV-1a takes one, with a turn between and a last stirring. What it makes is stored: it stays as it is.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn of(kind: u8) -> Hash {
        Hash(0xcbf2_9ce4_8422_2325).with(&[kind])
    }

    fn with(self, bytes: &[u8]) -> Hash {
        let (eights, rest) = bytes.as_chunks::<8>();
        let hash = eights.iter().fold(self, |hash, eight| hash.take(u64::from_le_bytes(*eight)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        // With the length, so that nothing is the same as zeros.
        hash.take(u64::from_le_bytes(last)).take(bytes.len() as u64)
    }

    fn take(self, bytes: u64) -> Hash {
        Hash((self.0 ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
    }

    fn finish(self) -> u64 {
        let once = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let twice = (once ^ (once >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        twice ^ (twice >> 33)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stored_and_never_change() {
        let request = Key::request("req-7");
        let keys =
            [Key::plan("100234~2026-2027~1"), Key::actor(Who::Operator), Key::event_type("RecordChanged")];
        let words = keys.map(|key| key.word);
        assert_eq!(words, WORDS);
        assert_eq!((request.word, request.mark), REQUEST);
        assert!(Key::request("a") != Key::request("b"));
    }

    const WORDS: [i64; 3] = [3_316_849_214_786_131_211, -291_184_453_474_348_826, 223_049_073_055_199_004];
    const REQUEST: (i64, Option<u16>) = (2_530_545_545_004_693_737, Some(20_035));
}
