//! What a person is told, as data: the key of a message and what it names. The words stand in the message files of `api`
//! (`api/texts/*.ftl`), one for each language, and are chosen when the answer goes out; so nothing that is kept or computed here
//! is bound to a language.
//!
//! What chooses between words (singular and plural, one of several cases) has a key: [`said!`](crate::said!). A plain sentence may be
//! written as it is, in English; the message files have it under its words.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A message by its key, with its arguments; made with [`said!`](crate::said!).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The key in the message files.
    pub key: &'static str,
    /// What the message names, by the names that the files use.
    pub args: Vec<(&'static str, Word)>,
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A text: a name, a quotation, or a word that the message chooses by.
    Text(String),
    /// A whole number, by which a message may choose singular or plural.
    Number(i64),
}

/// A message of the message files with its arguments: `said!("no-such-period", name = name)`.
#[macro_export]
macro_rules! said {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Said { key: $key, args: ::std::vec![$((stringify!($name), $crate::Word::from($value))),*] }
    };
}

/// As it stands in a refusal's members: `{"said": key, "with": {…}}`; `api` puts the words in its place.
impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("said", self.key)?;
        map.serialize_entry("with", &With(&self.args))?;
        map.end()
    }
}

struct With<'a>(&'a [(&'static str, Word)]);

impl Serialize for With<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, word)| (name, word)))
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Word::Text(text) => serializer.serialize_str(text),
            Word::Number(number) => serializer.serialize_i64(*number),
        }
    }
}

macro_rules! words {
    ($($from:ty),+) => {$(
        impl From<$from> for Word {
            fn from(number: $from) -> Word {
                Word::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )+};
}

words!(u8, u16, u32, u64, usize, i32, i64);

impl From<&str> for Word {
    fn from(text: &str) -> Word {
        Word::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Word {
        Word::Text(text)
    }
}

impl From<&String> for Word {
    fn from(text: &String) -> Word {
        Word::Text(text.clone())
    }
}

impl From<crate::Kind> for Word {
    fn from(kind: crate::Kind) -> Word {
        Word::Text(kind.to_string())
    }
}

impl From<chrono::NaiveDate> for Word {
    fn from(date: chrono::NaiveDate) -> Word {
        Word::Text(date.to_string())
    }
}

/// The key of a plain sentence, whose one argument is its words.
const PLAIN: &str = "plain";

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said { key: PLAIN, args: vec![("text", Word::Text(text))] }
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Said {
        Said::from(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_said_is_a_key_with_its_arguments() {
        let said = said!("no-such-day", day = 6_u8, name = "Größe");
        let json = serde_json::to_value(&said).unwrap();
        assert_eq!(json, json!({ "said": "no-such-day", "with": { "day": 6, "name": "Größe" } }));
    }
}
