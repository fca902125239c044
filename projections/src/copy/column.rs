//! Values on their way into an empty table, as their types have them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Who;
use serde::Serialize;
use uuid::Uuid;

/// The seconds from 1970 to 2000, where PostgreSQL's times begin.
const EPOCH_SECONDS: i64 = 946_684_800;
/// The type `uuid` in PostgreSQL's catalogue, which is the same everywhere.
const UUID_TYPE: i32 = 2950;

/// A value that is written as its type has it. A column of another type than the value's is refused by the server or, worse, read
/// as something else; that the rows are those that [`crate::Projection::apply`] makes is tested.
pub(crate) trait Column: Sync {
    fn put(&self, bytes: &mut Vec<u8>);
}

fn sized(bytes: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).expect("a value is shorter than the batch that holds it");
    bytes.extend(length.to_be_bytes());
    bytes.extend(value);
}

/// A value whose length is known when it is written.
fn measured(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let length_at = bytes.len();
    bytes.extend([0; 4]);
    let begin = bytes.len();
    write(bytes);
    let length = i32::try_from(bytes.len() - begin).expect("a value is shorter than the batch that holds it");
    bytes[length_at..begin].copy_from_slice(&length.to_be_bytes());
}

impl Column for Uuid {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

impl Column for i64 {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &self.to_be_bytes());
    }
}

impl Column for bool {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &[u8::from(*self)]);
    }
}

impl Column for i32 {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &self.to_be_bytes());
    }
}

impl Column for &str {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

impl Column for String {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

/// A value of the type `bytea`.
impl Column for Vec<u8> {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self);
    }
}

impl Column for DateTime<Utc> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (self.timestamp_micros() - EPOCH_SECONDS * 1_000_000).put(bytes);
    }
}

impl<T: Column> Column for Option<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(bytes),
            None => bytes.extend((-1_i32).to_be_bytes()),
        }
    }
}

/// A date, or one of the two that lie before and after all others.
pub(crate) enum Day {
    On(NaiveDate),
    BeforeAll,
    AfterAll,
}

impl Column for Day {
    fn put(&self, bytes: &mut Vec<u8>) {
        let days = match self {
            Self::On(date) => i32::try_from(EPOCH_SECONDS / 86_400)
                .map(|to_2000| date.to_epoch_days() - to_2000)
                .expect("the years between 1970 and 2000 have few days"),
            Self::BeforeAll => i32::MIN,
            Self::AfterAll => i32::MAX,
        };
        days.put(bytes);
    }
}

/// As [`crate::who::who_text`] writes it.
impl Column for Who {
    fn put(&self, bytes: &mut Vec<u8>) {
        let (kind, id) = match self {
            Who::User(id) => ("user:", id.0),
            Who::Token(id) => ("token:", id.0),
            Who::Operator => return "operator".put(bytes),
            Who::System => return "system".put(bytes),
        };
        measured(bytes, |bytes| {
            bytes.extend(kind.as_bytes());
            bytes.extend(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
        });
    }
}

/// A text in small letters, in two lines.
pub(crate) struct Small<'a>(pub &'a str, pub &'a str);

impl Small<'_> {
    pub fn text(&self) -> String {
        format!("{}\n{}", self.0, self.1).to_lowercase()
    }
}

impl Column for Small<'_> {
    fn put(&self, bytes: &mut Vec<u8>) {
        if !self.0.is_ascii() || !self.1.is_ascii() {
            return self.text().put(bytes);
        }
        measured(bytes, |bytes| {
            let begin = bytes.len();
            for part in [self.0, "\n", self.1] {
                bytes.extend(part.as_bytes());
            }
            bytes[begin..].make_ascii_lowercase();
        });
    }
}

/// JSON in a column of the type `text`.
pub(crate) struct Json<'a, T>(pub &'a T);

impl<T: Serialize + Sync> Column for Json<'_, T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        measured(bytes, |bytes| serde_json::to_writer(bytes, self.0).expect("its keys are texts"));
    }
}

/// A value of the type `jsonb`, as text.
pub(crate) struct Jsonb(pub String);

impl Column for Jsonb {
    fn put(&self, bytes: &mut Vec<u8>) {
        let length =
            i32::try_from(self.0.len() + 1).expect("a value is shorter than the batch that holds it");
        bytes.extend(length.to_be_bytes());
        // The version of the format.
        bytes.push(1);
        bytes.extend(self.0.as_bytes());
    }
}

impl Column for Vec<Uuid> {
    fn put(&self, bytes: &mut Vec<u8>) {
        let count = i32::try_from(self.len()).expect("a list is shorter than the batch that holds it");
        // Without elements it has no dimension; else one, from 1 on.
        let header: &[i32] = if count == 0 { &[0, 0, UUID_TYPE] } else { &[1, 0, UUID_TYPE, count, 1] };
        let length = header.len() * 4 + self.len() * 20;
        bytes.extend(i32::try_from(length).expect("as above").to_be_bytes());
        bytes.extend(header.iter().flat_map(|part| part.to_be_bytes()));
        for id in self {
            id.put(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{TokenId, UserId};

    use super::*;
    use crate::who::who_text;

    fn put(column: &dyn Column) -> Vec<u8> {
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        bytes
    }

    #[test]
    fn values_are_written_with_their_lengths() {
        assert_eq!(put(&7_i64), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(put(&"ü"), [0, 0, 0, 2, 0xc3, 0xbc]);
        assert_eq!(put(&None::<i64>), [255, 255, 255, 255]);
        assert_eq!(put(&Jsonb("{}".to_owned())), [0, 0, 0, 3, 1, b'{', b'}']);
        assert_eq!(put(&DateTime::from_timestamp(EPOCH_SECONDS, 0)), put(&0_i64));
        assert_eq!(put(&Vec::<Uuid>::new()).len(), 4 + 12);
        assert_eq!(put(&vec![Uuid::nil()]).len(), 4 + 20 + 20);
    }

    #[test]
    fn what_is_written_straight_away_is_what_would_be_written_as_a_text() {
        let id = Uuid::from_u128(7);
        for who in [Who::User(UserId(id)), Who::Token(TokenId(id)), Who::Operator, Who::System] {
            assert_eq!(put(&who), put(&who_text(who)));
        }
        for small in [Small("Gauss", "Carl F."), Small("", ""), Small("Ärger", "ΣΑΣ"), Small("A", "É")] {
            assert_eq!(put(&small), put(&small.text()));
        }
        assert_eq!(put(&Json(&[1, 2])), put(&"[1,2]"));
    }
}
