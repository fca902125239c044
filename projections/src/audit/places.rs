//! The places of events in a block of the ledger, by what leads to them.
//!
//! What few things are said of many events (plan, actor, type) has a word of its own, and its places are a set. What is said of few
//! events each (a record, a request) would make a row for nearly every event; many of those share a word, and beside each place stand
//! some more bits of the hash. So an event that is found may be of another record or request with the same bits: whoever reads it in
//! the ledger looks again.

use std::collections::BTreeMap;

use domain::Who;
use uuid::Uuid;

/// How many positions are in a block.
pub(super) const BLOCK: i64 = 4_096;
/// How many words records share, and requests. More would make more rows, fewer would make a question read more of them.
const SHARED_WORDS: u64 = 512;
/// A set with more places than these is written as bits.
const LISTED_MAX: usize = 255;

/// The block of a position.
pub(super) fn block_of(position: i64) -> i32 {
    i32::try_from(position / BLOCK).unwrap_or(i32::MAX)
}

/// The place of a position in its block.
fn place_of(position: i64) -> u16 {
    u16::try_from(position.rem_euclid(BLOCK)).unwrap_or_default()
}

/// What leads to places: a word, and a mark where several things share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub word: i64,
    pub mark: Option<u16>,
}

impl Key {
    /// All that belongs to a plan.
    pub fn plan(plan: &str) -> Key {
        Key::own(Hash::of(b'p').with(plan.as_bytes()))
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

    /// All that is about a record.
    pub fn record(record: Uuid) -> Key {
        Key::shared(b'r', Hash::of(b'r').with(record.as_bytes()))
    }

    /// All that a request did.
    pub fn request(request: &str) -> Key {
        Key::shared(b'q', Hash::of(b'q').with(request.as_bytes()))
    }

    fn own(hash: Hash) -> Key {
        Key { word: hash.finish().cast_signed(), mark: None }
    }

    fn shared(kind: u8, hash: Hash) -> Key {
        let hash = hash.finish();
        let word = Hash::of(b's').with(&[kind]).with(&(hash % SHARED_WORDS).to_be_bytes()).finish();
        // Other bits than those that chose the word.
        Key { word: word.cast_signed(), mark: Some((hash >> 48) as u16) }
    }
}

/// FNV-1a with a last stirring. What it makes is stored: it stays as it is.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn of(kind: u8) -> Hash {
        Hash(0xcbf2_9ce4_8422_2325).with(&[kind])
    }

    fn with(self, bytes: &[u8]) -> Hash {
        Hash(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn finish(self) -> u64 {
        let once = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let twice = (once ^ (once >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        twice ^ (twice >> 33)
    }
}

/// Places in one block, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits([u64; BLOCK as usize / 64]);

impl Bits {
    pub const NONE: Bits = Bits([0; BLOCK as usize / 64]);

    fn set(&mut self, place: u16) {
        if let Some(word) = self.0.get_mut(usize::from(place) / 64) {
            *word |= 1 << (place % 64);
        }
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

/// A stretch of places that lead to one thing among those that share a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    first: u16,
    last: u16,
    mark: u16,
}

/// The places of a word in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    Own(Vec<u16>),
    Many(Box<Bits>),
    Shared(Vec<Stretch>),
}

/// The bytes are not what [`Places::bytes`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("places in the audit that cannot be read")]
pub(super) struct NoPlaces;

impl Places {
    fn new(mark: Option<u16>) -> Places {
        if mark.is_some() { Places::Shared(Vec::new()) } else { Places::Own(Vec::new()) }
    }

    /// Adds a place; positions come in order. What is there already stays as it is.
    fn add(&mut self, place: u16, mark: Option<u16>) {
        match (&mut *self, mark) {
            (Places::Own(list), _) if list.last() == Some(&place) => {}
            (Places::Own(list), _) if list.len() < LISTED_MAX => list.push(place),
            (Places::Own(list), _) => {
                let mut bits = Bits::NONE;
                list.iter().chain([&place]).for_each(|place| bits.set(*place));
                *self = Places::Many(Box::new(bits));
            }
            (Places::Many(bits), _) => bits.set(place),
            (Places::Shared(list), Some(mark)) => {
                match list.iter_mut().rev().find(|stretch| stretch.mark == mark) {
                    Some(stretch) if stretch.last == place => {}
                    Some(stretch) if stretch.last + 1 == place => stretch.last = place,
                    _ => list.push(Stretch { first: place, last: place, mark }),
                }
            }
            (Places::Shared(_), None) => {}
        }
    }

    /// The places that a mark leads to; without one, all of them.
    pub fn bits(&self, mark: Option<u16>) -> Bits {
        let mut bits = Bits::NONE;
        match self {
            Places::Many(all) => return **all,
            Places::Own(list) => list.iter().for_each(|place| bits.set(*place)),
            Places::Shared(list) => {
                let own = list.iter().filter(|stretch| mark.is_none_or(|mark| stretch.mark == mark));
                own.for_each(|stretch| (stretch.first..=stretch.last).for_each(|place| bits.set(place)));
            }
        }
        bits
    }

    /// As they are stored.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Places::Own(list) => {
                std::iter::once(0).chain(list.iter().flat_map(|place| place.to_be_bytes())).collect()
            }
            Places::Many(bits) => {
                std::iter::once(1).chain(bits.0.iter().flat_map(|word| word.to_be_bytes())).collect()
            }
            Places::Shared(list) => {
                let numbers = list.iter().flat_map(|it| [it.first, it.last, it.mark]);
                std::iter::once(2).chain(numbers.flat_map(u16::to_be_bytes)).collect()
            }
        }
    }

    /// What was stored.
    pub fn read(bytes: &[u8]) -> Result<Places, NoPlaces> {
        let (form, rest) = bytes.split_first().ok_or(NoPlaces)?;
        let (pairs, left) = rest.as_chunks::<2>();
        let numbers: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        match form {
            0 if left.is_empty() => Ok(Places::Own(numbers)),
            1 => {
                let (words, left) = rest.as_chunks::<8>();
                let words: Vec<u64> = words.iter().map(|word| u64::from_be_bytes(*word)).collect();
                let whole = words.try_into().ok().filter(|_| left.is_empty()).ok_or(NoPlaces)?;
                Ok(Places::Many(Box::new(Bits(whole))))
            }
            2 if left.is_empty() => {
                let (triples, left) = numbers.as_chunks::<3>();
                let stretch =
                    |[first, last, mark]: &[u16; 3]| Stretch { first: *first, last: *last, mark: *mark };
                if left.is_empty() {
                    Ok(Places::Shared(triples.iter().map(stretch).collect()))
                } else {
                    Err(NoPlaces)
                }
            }
            _ => Err(NoPlaces),
        }
    }
}

/// The places of some blocks, while events are taken in.
#[derive(Default)]
pub(super) struct Blocks(BTreeMap<i32, BTreeMap<i64, Places>>);

impl Blocks {
    /// What is there already.
    pub fn load(&mut self, block: i32, word: i64, places: Places) {
        self.0.entry(block).or_default().insert(word, places);
    }

    /// An event is found by this; events come in order.
    pub fn add(&mut self, position: i64, keys: impl IntoIterator<Item = Key>) {
        let words = self.0.entry(block_of(position)).or_default();
        for key in keys {
            let places = words.entry(key.word).or_insert_with(|| Places::new(key.mark));
            places.add(place_of(position), key.mark);
        }
    }

    /// Takes out what lies before a block: nothing is added to that any more.
    pub fn before(&mut self, block: i32) -> Blocks {
        let rest = self.0.split_off(&block);
        Blocks(std::mem::replace(&mut self.0, rest))
    }

    /// All rows: block, word, places.
    pub fn rows(&self) -> impl Iterator<Item = (i32, i64, &Places)> {
        self.0.iter().flat_map(|(block, words)| words.iter().map(|(word, places)| (*block, *word, places)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(key: Key, positions: impl IntoIterator<Item = i64>) -> Places {
        let mut blocks = Blocks::default();
        positions.into_iter().for_each(|position| blocks.add(position, [key]));
        let (_, _, places) = blocks.rows().next().expect("something was added");
        places.clone()
    }

    #[test]
    fn what_is_stored_is_read_back_whatever_its_form() {
        let plan = Key::plan("100234~2026-2027~1");
        for count in [1, 255, 256, 4_000] {
            let places = added(plan, 4_096..4_096 + count);
            assert_eq!(Places::read(&places.bytes()), Ok(places.clone()));
            assert_eq!(
                places.bits(None).positions(1).collect::<Vec<_>>(),
                (4_096..4_096 + count).collect::<Vec<_>>()
            );
            assert!(places.bytes().len() <= 513, "{count}");
        }
        for broken in [&[][..], &[3], &[0, 1], &[1, 0], &[2, 0, 0]] {
            assert_eq!(Places::read(broken), Err(NoPlaces), "{broken:?}");
        }
    }

    #[test]
    fn those_that_share_a_word_are_told_apart_by_their_marks() {
        let mut blocks = Blocks::default();
        let (one, other) = (Key { word: 7, mark: Some(1) }, Key { word: 7, mark: Some(2) });
        for position in 0..100 {
            blocks.add(position, if position % 10 == 9 { [other] } else { [one] });
            // An event can name a record twice.
            blocks.add(position, if position % 10 == 9 { [other] } else { [one] });
        }
        let rows: Vec<_> = blocks.rows().collect();
        let [(0, 7, places)] = rows[..] else { panic!("{rows:?}") };
        assert_eq!(places.bytes().len(), 1 + 20 * 6, "what stands in a row is one stretch");
        let found: Vec<i64> = places.bits(other.mark).positions(0).collect();
        assert_eq!(found, [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]);
        assert_eq!(places.bits(one.mark).positions(0).count(), 90);
        assert_eq!(Places::read(&places.bytes()).as_ref(), Ok(places));
    }

    #[test]
    fn words_are_stored_and_never_change() {
        let record = Key::record(Uuid::from_u128(7));
        let keys =
            [Key::plan("100234~2026-2027~1"), Key::actor(Who::Operator), Key::event_type("RecordChanged")];
        let words = keys.map(|key| key.word);
        assert_eq!(words, WORDS);
        assert_eq!((record.word, record.mark), RECORD);
        assert!(Key::request("a") != Key::request("b"));
    }

    const WORDS: [i64; 3] = [6_319_205_824_415_066_873, 338_154_889_979_465_867, 594_329_540_312_329_686];
    const RECORD: (i64, Option<u16>) = (2_342_864_296_869_490_656, Some(38_227));

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
