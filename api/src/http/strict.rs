//! Judges a JSON text before anything is made of it: one value, nothing after it, no member twice, not nested too deep.
//!
//! `serde_json` alone takes the last of two equal members without a word, so that two readers of one text could see two things.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use super::problem::Fault;

/// Values may be nested this deep.
pub const DEPTH_MAX: usize = 64;

/// Up to so many members a list is searched faster than a set is filled.
const LINEAR_MAX: usize = 16;

/// The first reason why this is no acceptable JSON text.
pub fn fault(bytes: &[u8]) -> Option<Fault> {
    let path = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let judged = Judge { path: &path, depth: 0 }.deserialize(&mut reader).and_then(|()| reader.end());
    judged.err().map(|error| Fault::at(pointer(&path.into_inner()), error.to_string()))
}

/// One step of a JSON pointer (RFC 6901), escaped.
pub fn step(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

fn pointer(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |pointer, one| match one {
        Step::Member(name) => pointer + "/" + &step(name),
        Step::Item(index) => format!("{pointer}/{index}"),
    })
}

enum Step {
    Member(String),
    Item(usize),
}

/// Walks a value without keeping it. On an error the steps to where it happened stay in `path`.
#[derive(Clone, Copy)]
struct Judge<'a> {
    path: &'a RefCell<Vec<Step>>,
    depth: usize,
}

impl Judge<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Judge { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Judge<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Judge<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        for index in 0.. {
            self.path.borrow_mut().push(Step::Item(index));
            let more = items.next_element_seed(inside)?;
            self.path.borrow_mut().pop();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut seen = Names::default();
        while let Some(name) = members.next_key_seed(Name)? {
            let twice = !seen.add(name.clone());
            self.path.borrow_mut().push(Step::Member(name.into_owned()));
            if twice {
                return Err(A::Error::custom("this member is there twice"));
            }
            members.next_value_seed(inside)?;
            self.path.borrow_mut().pop();
        }
        Ok(())
    }
}

/// The names seen in one object.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    /// False when it was there before.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        if self.few.len() < LINEAR_MAX {
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().cloned());
        }
        self.many.insert(name)
    }
}

/// A member's name, borrowed from the text where it can be.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<String> {
        fault(text.as_bytes()).map(|fault| fault.pointer)
    }

    #[test]
    fn ordinary_json_passes() {
        for text in
            ["{}", "[]", "null", "-1.5e3", r#"{"a":{"a":[{"a":1},{"a":"\u00e4"}]},"b":true}"#, " \n[1] \t"]
        {
            assert_eq!(fault(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn broken_json_is_told_with_its_place() {
        for text in ["", "{", "{\"a\":1,}", "[1] 2", "{'a':1}", "nul", "\"\\ud800\"", "1e999", "[NaN]"] {
            assert!(fault(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(place(r#"{"a":[1,{"b/c":tru}]}"#).as_deref(), Some("/a/1/b~1c"));
        assert!(fault(b"{\"a\":\"\xff\"}").is_some());
    }

    #[test]
    fn a_member_twice_is_told_however_it_is_written() {
        assert_eq!(place(r#"{"a":1,"b":{"x":1,"\u0078":2}}"#).as_deref(), Some("/b/x"));
        let many: String = (0..40).map(|n| format!("\"m{n}\":1,")).collect();
        assert_eq!(place(&format!("{{{many}\"m3\":1}}")).as_deref(), Some("/m3"));
        assert_eq!(place(&format!("{{{many}\"z\":1}}")), None);
    }

    #[test]
    fn nesting_ends_at_sixty_four() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(fault(nested(DEPTH_MAX).as_bytes()).is_none());
        assert!(fault(nested(DEPTH_MAX + 1).as_bytes()).is_some());
        assert!(fault(nested(100_000).as_bytes()).is_some());
    }
}
