//! Of what kind a substitution of GPU014 is: the bits of column 18, else the letter of column 20.
//!
//! The file may set several bits, the plan holds one word: the first of [`BITS`] that is set is the leading one. A move stands in the
//! file as two rows with numbers of their own, each becomes a `move` of its own: the hour that is gone from its place has no
//! `to_date` and `to_hour`; the one that came has its own place there.

use std::sync::Arc;

use super::cell::Cells;
use super::rows::Filled;
use crate::kind::{Field, Kind};
use crate::record::Record;
use crate::value::Value;

const KIND_COLUMN: u32 = 18;
const LETTER_COLUMN: u32 = 20;

/// Bits from the leading one down, each with the kind that it means, and whether the hour came here.
const BITS: [(u32, &str, bool); 9] = [
    (0, "cancel", false),
    (3, "move", false),
    (7, "move", true),
    (4, "release", false),
    (2, "special-duty", false),
    (1, "supervision", false),
    (5, "plus", false),
    (6, "partial", false),
    (16, "room", false),
];

/// Letters, for files that leave the bits out; every other letter is a cover.
const LETTERS: [(&str, &str, bool); 9] = [
    ("C", "cancel", false),
    ("T", "move", false),
    ("F", "move", true),
    ("L", "release", false),
    ("A", "special-duty", false),
    ("S", "supervision", false),
    ("+", "plus", false),
    ("P", "partial", false),
    ("R", "room", false),
];

/// The highest value of the bits.
const BITS_MAX: i64 = (1 << 31) - 1;

/// Adds the kind to what a row fills, and the place to which an hour came.
pub(super) fn read_kind(cells: &mut Cells, filled: &mut Vec<Filled>) {
    let bits = cells.whole(KIND_COLUMN, 0, BITS_MAX).unwrap_or(0);
    let letter = cells.text(LETTER_COLUMN, 100);
    let by_bits = BITS.iter().find(|(bit, ..)| bits >> bit & 1 == 1).map(|&(_, word, here)| (word, here));
    let by_letter = || {
        let letter = letter.as_deref().filter(|_| bits == 0)?;
        LETTERS.iter().find(|(it, ..)| *it == letter).map(|&(_, word, here)| (word, here))
    };
    let (word, came_here) = by_bits.or_else(by_letter).unwrap_or(("cover", false));
    filled.push(field("kind", Value::Text(Arc::from(word))));
    if came_here {
        for (to, from) in [("to_date", "date"), ("to_hour", "hour")] {
            let place = filled.iter().find(|it| it.field.name == from).map(|it| it.value.clone());
            filled.extend(place.map(|value| field(to, value)));
        }
    }
}

/// The bits that stand for the kind of a substitution. Where a moved hour went is in no column: it is gone from its place, or, when it
/// says that it came to its own place, it came there.
pub(super) fn kind_bits(record: &Record) -> i64 {
    let place = |date: &str, hour: &str| record.fields.get(date).zip(record.fields.get(hour));
    let here = place("to_date", "to_hour").is_some_and(|to| place("date", "hour") == Some(to));
    let word = record.fields.get("kind").and_then(Value::text);
    let bit = BITS.iter().find(|(_, it, came)| Some(*it) == word && *came == (here && *it == "move"));
    bit.map_or(0, |(bit, ..)| 1 << bit)
}

fn field(name: &str, value: Value<String>) -> Filled {
    let field: &'static Field = Kind::Substitutions.field(name).expect("substitutions have this field");
    Filled { column: KIND_COLUMN, field, value }
}
