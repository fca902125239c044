//! Whether what a decision looked at still stands. Pure; the caller answers for the versions being true.

use std::collections::HashMap;

use domain::StreamName;

use crate::append::{Append, Expected};

/// How many events each stream has, for the streams that have been looked up.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    known: HashMap<StreamName, i64>,
}

/// More streams than this are not kept in memory; all are looked up again then.
const STREAMS_KEPT_MAX: usize = 65_536;

impl Versions {
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    pub(crate) fn forget_when_many(&mut self) {
        if self.known.len() > STREAMS_KEPT_MAX {
            self.known.clear();
        }
    }

    pub(crate) fn learn(&mut self, stream: StreamName, version: i64) {
        self.known.insert(stream, version);
    }

    /// The streams of an append that have to be looked up before it can be judged.
    pub(crate) fn missing<'a>(&'a self, append: &'a Append) -> impl Iterator<Item = &'a StreamName> {
        streams(append).filter(|stream| !self.known.contains_key(*stream))
    }

    /// Judges an append. When it stands, its events count from now on, and the version before the first event of each
    /// of its writes is added to `befores`.
    pub(crate) fn admit(&mut self, append: &Append, befores: &mut Vec<i64>) -> bool {
        let read_stands = append.looked_at.iter().all(|(stream, version)| self.at(stream) == *version);
        let writes_stand = append.writes.iter().enumerate().all(|(index, write)| match write.expected {
            Expected::Any => true,
            Expected::Exactly(version) => {
                let earlier = append.writes[..index].iter().filter(|earlier| earlier.stream == write.stream);
                self.at(&write.stream) + earlier.map(|earlier| count(&earlier.events)).sum::<i64>() == version
            }
        });
        if !(read_stands && writes_stand) {
            return false;
        }
        for write in &append.writes {
            if let Some(version) = self.known.get_mut(&write.stream) {
                befores.push(*version);
                *version += count(&write.events);
            }
        }
        true
    }

    fn at(&self, stream: &StreamName) -> i64 {
        *self.known.get(stream).expect("the streams of an append are looked up before it is judged")
    }
}

/// Every stream that an append names; the same one perhaps more than once.
pub(crate) fn streams(append: &Append) -> impl Iterator<Item = &StreamName> {
    append.writes.iter().map(|write| &write.stream).chain(append.looked_at.iter().map(|(stream, _)| stream))
}

fn count<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).expect("fewer events than memory holds")
}

#[cfg(test)]
mod tests {
    use domain::{Actor, CommandId, Meta};
    use uuid::Uuid;

    use super::*;
    use crate::append::{NewEvent, Write};

    fn versions(known: &[(&str, i64)]) -> Versions {
        let mut versions = Versions::default();
        for (stream, version) in known {
            versions.learn(StreamName::from(*stream), *version);
        }
        versions
    }

    fn append(writes: &[(&str, Expected, usize)], looked_at: &[(&str, i64)]) -> Append {
        let event = NewEvent { r#type: "Happened", subject: None, data: b"{}".to_vec() };
        let mut append = Append::new(Meta::new(CommandId(Uuid::nil()), Actor::System));
        append.writes = writes
            .iter()
            .map(|(stream, expected, events)| Write {
                stream: StreamName::from(*stream),
                expected: *expected,
                events: vec![event.clone(); *events],
            })
            .collect();
        append.looked_at =
            looked_at.iter().map(|(stream, version)| (StreamName::from(*stream), *version)).collect();
        append
    }

    #[test]
    fn an_append_stands_only_on_the_version_it_expected() {
        let write = |version| append(&[("a", Expected::Exactly(version), 2)], &[]);
        let mut befores = Vec::new();
        assert!(!versions(&[("a", 3)]).admit(&write(2), &mut befores));
        assert!(!versions(&[("a", 3)]).admit(&write(4), &mut befores));
        assert!(befores.is_empty());
        assert!(versions(&[("a", 3)]).admit(&write(3), &mut befores));
        assert_eq!(befores, [3]);
    }

    #[test]
    fn earlier_appends_of_a_batch_count_for_later_ones() {
        let mut versions = versions(&[("a", 0)]);
        let mut befores = Vec::new();
        assert!(versions.admit(&append(&[("a", Expected::Exactly(0), 2)], &[]), &mut befores));
        assert!(!versions.admit(&append(&[("a", Expected::Exactly(0), 1)], &[]), &mut befores));
        assert!(versions.admit(&append(&[("a", Expected::Exactly(2), 1)], &[]), &mut befores));
        assert_eq!(befores, [0, 2]);
    }

    #[test]
    fn what_was_only_looked_at_must_stand_too() {
        let decided = append(&[("a", Expected::Any, 1)], &[("b", 4)]);
        assert!(versions(&[("a", 9), ("b", 4)]).admit(&decided, &mut Vec::new()));
        assert!(!versions(&[("a", 9), ("b", 5)]).admit(&decided, &mut Vec::new()));
    }

    #[test]
    fn a_refused_append_leaves_no_trace_on_any_of_its_streams() {
        let mut versions = versions(&[("a", 0), ("b", 1)]);
        let both = append(&[("a", Expected::Exactly(0), 1), ("b", Expected::Exactly(0), 1)], &[]);
        assert!(!versions.admit(&both, &mut Vec::new()));
        assert_eq!(versions.at(&StreamName::from("a")), 0);
    }

    #[test]
    fn a_second_write_to_a_stream_expects_what_the_first_adds() {
        let twice = |second| {
            append(&[("a", Expected::Exactly(5), 2), ("a", Expected::Exactly(second), 1)], &[("a", 5)])
        };
        let mut befores = Vec::new();
        assert!(!versions(&[("a", 5)]).admit(&twice(5), &mut befores));
        assert!(versions(&[("a", 5)]).admit(&twice(7), &mut befores));
        assert_eq!(befores, [5, 7]);
    }

    #[test]
    fn the_streams_that_are_not_known_are_named() {
        let append = append(&[("a", Expected::Any, 1)], &[("b", 4)]);
        let versions = versions(&[("a", 9)]);
        assert_eq!(versions.missing(&append).collect::<Vec<_>>(), [&StreamName::from("b")]);
    }
}
