//! The places of events in a block of the ledger, by the word that leads to them.

use std::collections::BTreeMap;

use super::bits::{Bits, block_of, place_of};
use super::key::Key;

/// A set with more places than these is written as bits.
const LISTED_MAX: usize = 255;

/// A stretch of places that lead to one thing among those that share a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    first: u16,
    last: u16,
    mark: u16,
}

/// The places of a word in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Places {
    Own(Vec<u16>),
    Many(Box<Bits>),
    Shared(Vec<Stretch>),
}

/// The bytes are not what [`Places::bytes`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("places in the audit that cannot be read")]
pub(crate) struct NoPlaces;

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
pub(crate) struct Blocks(BTreeMap<i32, BTreeMap<i64, Places>>);

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
}
