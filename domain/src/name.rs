//! Names of records, and what may not be one.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The longest name of a record, in Unicode characters.
pub const NAME_LENGTH_MAX: usize = 50;

/// Says what is wrong with `name` as the name of a record, or nothing.
///
/// A name has 1 to 50 Unicode characters in NFC, no control characters and no blanks at its ends.
/// Names are compared exactly: `a` and `A` are two names.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a name has at least one character");
    }
    if name.chars().count() > NAME_LENGTH_MAX {
        return Some("a name has at most 50 characters");
    }
    if name.chars().any(char::is_control) {
        return Some("a name has no control characters");
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Some("a name has no blanks at its ends");
    }
    if !is_nfc(name) {
        return Some("a name is written in Unicode normalisation form C");
    }
    None
}

/// The text in Unicode normalisation form C.
pub fn normalised(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_schools_are_names() {
        for name in ["TS 3", "2.T1 + L", "AWR -DirTr.", "Gebäudereiniger", "5a/b", "100%"] {
            assert_eq!(name_fault(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_told_why() {
        for name in ["", " a", "a ", "a\u{7}", "a\u{308}", &"x".repeat(51)] {
            assert!(name_fault(name).is_some(), "{name:?}");
        }
    }
}
