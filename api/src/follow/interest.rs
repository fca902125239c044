//! What somebody wants to be told: everything, or only what concerns a kind or a record.

use projections::change::{Called, kind_of_subject};

use super::page::{Line, Page, Sort};

/// What somebody wants to be told.
#[derive(Debug, Clone, Default)]
pub struct Interest {
    kind: Option<String>,
    record: Option<String>,
    /// Which records the name means; nothing before somebody has looked.
    called: Option<Called>,
}

impl Interest {
    /// Only what is of a kind, only what is about a record (`teachers/GAUSS`), or both.
    pub fn new(kind: Option<String>, record: Option<String>) -> Interest {
        Interest { kind, record, called: None }
    }

    /// The kind.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The record.
    pub fn record(&self) -> Option<&str> {
        self.record.as_deref()
    }

    /// Whether it is everything.
    pub fn is_all(&self) -> bool {
        self.kind.is_none() && self.record.is_none()
    }

    /// Takes in which records are called so.
    pub fn learn(&mut self, called: Called) {
        if self.record.is_some() {
            self.called = Some(called);
        }
    }

    /// Whether the record's name may mean other records after a page: then what is in it has to be asked of the read model, which
    /// knows who was called what.
    pub fn has_to_ask(&self, page: &Page) -> bool {
        let Some(record) = &self.record else { return false };
        if self.called.is_none() {
            return true;
        }
        let kind = record.split('/').next();
        page.lines().iter().any(|line| match line.sort {
            Sort::ComesOrGoes => line.subject == *record,
            Sort::Renames => line.subject.split('/').next() == kind,
            Sort::EndsSession | Sort::Other => false,
        })
    }

    /// Whether nothing can be told before the read model has been asked what the record's name means.
    pub fn is_unknown(&self) -> bool {
        self.record.is_some() && self.called.is_none()
    }

    /// Whether an event belongs to it.
    pub fn takes(&self, line: &Line) -> bool {
        let Some(record) = &self.record else {
            return self.kind.is_none() || self.kind == line.kind;
        };
        let Some((called, id)) = self.called.as_ref().zip(line.subject_id) else { return false };
        called.ever.contains(&id)
            && (called.now.contains(&id) || line.subject == *record)
            && self.kind.as_deref().is_none_or(|kind| kind_of_subject(&line.subject) == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::told;
    use super::*;
    use projections::change::{Told, Without};
    use uuid::Uuid;

    fn page(told: Told) -> Page {
        Page::of(0, told.position, true, vec![told], 1)
    }

    #[test]
    fn a_record_is_told_of_under_its_newest_name_and_another_only_what_it_did_under_that_name() {
        let mut interest = Interest::new(None, Some("teachers/A".to_owned()));
        let id = |number| Uuid::from_u128(number);
        let takes = |interest: &Interest, position, subject| {
            interest.takes(&page(told(position, subject, Without::Nothing)).lines()[0])
        };
        assert!(interest.is_unknown() && !takes(&interest, 7, "teachers/A"));
        interest.learn(Called { ever: vec![id(7), id(8)], now: vec![id(7)], ..Called::default() });
        assert!(!interest.is_unknown());
        assert!(takes(&interest, 7, "teachers/A") && takes(&interest, 7, "teachers/B"));
        assert!(takes(&interest, 8, "teachers/A") && !takes(&interest, 8, "teachers/B"));
        assert!(!takes(&interest, 9, "teachers/A"), "nobody has looked who that is");
        interest.kind = Some("rooms".to_owned());
        assert!(!takes(&interest, 7, "teachers/A"));
    }

    #[test]
    fn who_was_called_what_is_asked_again_when_a_name_comes_goes_or_changes() {
        let mut interest = Interest::new(None, Some("teachers/A".to_owned()));
        interest.learn(Called::default());
        let of = |r#type: &str, subject: &str, renames| {
            page(Told { r#type: r#type.to_owned(), renames, ..told(1, subject, Without::Nothing) })
        };
        for (page, asks) in [
            (of("daybook.record.changed", "teachers/A", false), false),
            (of("daybook.record.created", "teachers/A", false), true),
            (of("daybook.record.removed", "teachers/A", false), true),
            (of("daybook.record.created", "teachers/B", false), false),
            (of("daybook.record.changed", "teachers/B", true), true),
            (of("daybook.record.changed", "rooms/B", true), false),
        ] {
            assert_eq!(interest.has_to_ask(&page), asks, "{}", page.lines()[0].subject);
            assert!(!Interest::default().has_to_ask(&page));
        }
    }
}
