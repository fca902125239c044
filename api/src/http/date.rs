//! Dates in bodies and parameters.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de};

/// A date, written `YYYY-MM-DD` and in no other way; chrono alone would also take `2026-1-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let digits = |at: std::ops::Range<usize>| {
            text.get(at).is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()))
        };
        let is_written_so = text.len() == 10 && digits(0..4) && digits(5..7) && digits(8..10);
        let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| is_written_so);
        date.map(Date).ok_or_else(|| de::Error::custom("a date, written YYYY-MM-DD, belongs here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_spelling() {
        let read = |text: &str| serde_json::from_value::<Date>(text.into()).ok();
        assert_eq!(read("2026-11-21"), Some(Date(NaiveDate::from_ymd_opt(2026, 11, 21).unwrap())));
        for text in
            ["2026-1-1", "2026-02-30", "+2026-1-01", " 2026-1-1", "2026-11-21T00:00:00Z", "", "0x26-11-21"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
