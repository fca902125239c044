//! What happened in a plan between two positions, written out for everybody who follows it.

use std::ops::Range;

use bytes::Bytes;
use domain::Position;
use projections::change::{Told, Without};
use uuid::Uuid;

use super::{Interest, text};

/// All that happened in a plan after a position and up to another one.
pub struct Page {
    /// The position before it.
    pub after: i64,
    /// Its last position.
    pub upto: i64,
    /// Whether an append ends there.
    pub is_whole: bool,
    /// As those read it who may read absences.
    full: Bytes,
    /// As the others read it; mostly the same bytes.
    plain: Bytes,
    lines: Vec<Line>,
}

/// One event of a page.
pub struct Line {
    /// Where it happened.
    pub position: i64,
    /// The filter `kind` that leaves it.
    pub kind: Option<String>,
    /// What it is about.
    pub subject_id: Option<Uuid>,
    /// What that was called.
    pub subject: String,
    /// What became of it.
    pub sort: Sort,
    full: Range<usize>,
    /// Empty where those are told nothing who may not read absences.
    plain: Range<usize>,
}

/// What an event does that followers have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Something came to be, or went.
    ComesOrGoes,
    /// Something is called otherwise.
    Renames,
    /// A session ended.
    EndsSession,
    /// Anything else.
    Other,
}

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub struct Reads<'a> {
    /// After this position.
    pub after: i64,
    /// What he wants of it.
    pub interest: &'a Interest,
    /// Whether he may read absences.
    pub sees_absences: bool,
}

impl Sort {
    fn of(told: &Told) -> Sort {
        match told.r#type.as_str() {
            "daybook.record.created" | "daybook.record.removed" => Sort::ComesOrGoes,
            "daybook.session.ended" => Sort::EndsSession,
            _ if told.renames => Sort::Renames,
            _ => Sort::Other,
        }
    }
}

impl Page {
    /// Writes out what happened, in order. `epoch` is the present one: by it a follower comes back, also to what is older.
    pub fn of(after: i64, upto: i64, is_whole: bool, told: Vec<Told>, epoch: i64) -> Page {
        let (mut full, mut plain) = (Vec::new(), Vec::new());
        let is_plain = told.iter().all(|told| told.without_absences == Without::Nothing);
        let mut lines = Vec::with_capacity(told.len());
        for told in told {
            let position = Position { epoch, number: told.position };
            let sort = Sort::of(&told);
            let begins = (full.len(), plain.len());
            text::event_at(&mut full, position, &told.r#type, &told.json);
            match &told.without_absences {
                Without::Nothing if is_plain => {}
                Without::Nothing => plain.extend_from_slice(&full[begins.0..]),
                Without::Some(json) => text::event_at(&mut plain, position, &told.r#type, json),
                Without::Everything => {}
            }
            let written = begins.0..full.len();
            lines.push(Line {
                position: told.position,
                kind: told.kind,
                subject_id: told.subject_id,
                subject: told.subject,
                sort,
                plain: if is_plain { written.clone() } else { begins.1..plain.len() },
                full: written,
            });
        }
        let full = Bytes::from(full);
        let plain = if is_plain { full.clone() } else { plain.into() };
        Page { after, upto, is_whole, full, plain, lines }
    }

    /// What it holds of the memory, about.
    pub fn bytes(&self) -> usize {
        let plain = if self.plain.as_ptr() == self.full.as_ptr() { 0 } else { self.plain.len() };
        self.full.len() + plain + self.lines.len() * size_of::<Line>() + 256
    }

    /// The events in it.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Where a session ended, after a position.
    pub fn end_of(&self, session: Uuid, after: i64) -> Option<i64> {
        let ends = |line: &&Line| {
            line.sort == Sort::EndsSession && line.subject_id == Some(session) && line.position > after
        };
        self.lines.iter().find(ends).map(|line| line.position)
    }

    /// The bytes that all share, where somebody is told everything.
    pub fn shared(&self, reads: Reads<'_>) -> Option<Bytes> {
        let is_all = reads.after <= self.after && reads.interest.is_all();
        is_all.then(|| if reads.sees_absences { self.full.clone() } else { self.plain.clone() })
    }

    /// Writes out what somebody is told up to a position; answers the last position that he was told.
    pub fn write(&self, out: &mut Vec<u8>, reads: Reads<'_>, upto: i64) -> Option<i64> {
        let mut last = None;
        let from = self.lines.partition_point(|line| line.position <= reads.after);
        for line in self.lines[from..].iter().take_while(|line| line.position <= upto) {
            let (bytes, range) =
                if reads.sees_absences { (&self.full, &line.full) } else { (&self.plain, &line.plain) };
            if !range.is_empty() && reads.interest.takes(line) {
                out.extend_from_slice(&bytes[range.clone()]);
                last = Some(line.position);
            }
        }
        last
    }

    /// The last position that somebody is told who is told everything.
    pub fn last_shared(&self, sees_absences: bool) -> Option<i64> {
        let told = |line: &&Line| sees_absences || !line.plain.is_empty();
        self.lines.iter().rev().find(told).map(|line| line.position)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn told(position: i64, subject: &str, without_absences: Without) -> Told {
        let kind = subject.split('/').next().map(str::to_owned);
        Told {
            plan: "p".to_owned(),
            position,
            r#type: "daybook.record.changed".to_owned(),
            kind,
            subject_id: Some(Uuid::from_u128(position.unsigned_abs().into())),
            subject: subject.to_owned(),
            renames: false,
            json: format!("{{\"of\":\"{subject}\"}}"),
            without_absences,
        }
    }

    fn page() -> Page {
        let hidden = Without::Some("{}".to_owned());
        let all = vec![
            told(3, "teachers/A", Without::Nothing),
            told(4, "absences/1", Without::Everything),
            told(6, "substitutions/1", hidden),
        ];
        Page::of(2, 7, true, all, 1)
    }

    fn ids(bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().filter_map(|line| line.strip_prefix("id: ")).map(str::to_owned).collect()
    }

    #[test]
    fn who_may_not_read_absences_is_told_the_rest() {
        let (page, interest) = (page(), Interest::default());
        let all = page.shared(Reads { after: 2, interest: &interest, sees_absences: true }).unwrap();
        assert_eq!(ids(&all), ["1.3", "1.4", "1.6"]);
        let some = page.shared(Reads { after: 0, interest: &interest, sees_absences: false }).unwrap();
        assert_eq!(ids(&some), ["1.3", "1.6"]);
        assert!(!String::from_utf8(some.to_vec()).unwrap().contains("\"of\":\"substitutions"));
        assert_eq!((page.last_shared(true), page.last_shared(false)), (Some(6), Some(6)));
    }

    #[test]
    fn who_has_had_a_part_is_told_what_is_left() {
        let (page, interest) = (page(), Interest::default());
        for (after, upto, sees_absences, expected) in [
            (3, 7, true, vec!["1.4", "1.6"]),
            (3, 5, true, vec!["1.4"]),
            (3, 5, false, vec![]),
            (2, 7, false, vec!["1.3", "1.6"]),
            (6, 7, true, vec![]),
        ] {
            let reads = Reads { after, interest: &interest, sees_absences };
            let mut out = Vec::new();
            let last = page.write(&mut out, reads, upto);
            assert_eq!(ids(&out), expected, "after {after} up to {upto}");
            assert_eq!(last.map(|it| format!("1.{it}")).as_deref(), expected.last().copied());
            assert!(after <= 2 || page.shared(reads).is_none());
        }
    }

    #[test]
    fn a_filter_leaves_a_kind() {
        let interest = Interest::new(Some("absences".to_owned()), None);
        let mut out = Vec::new();
        page().write(&mut out, Reads { after: 0, interest: &interest, sees_absences: true }, 7);
        assert_eq!(ids(&out), ["1.4"]);
    }
}
