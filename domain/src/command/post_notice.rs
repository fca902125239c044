//! A new notice.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{FieldFault, NoticeContent, NoticeId, NoticePosted, PlanId, Refusal, Right, said};

/// The most characters of a title.
pub const NOTICE_TITLE_LENGTH_MAX: usize = 200;
/// The most characters of a text.
pub const NOTICE_TEXT_LENGTH_MAX: usize = 10_000;
/// The most notices that are not withdrawn; all of them are held in memory, for the login page.
pub const NOTICES_MAX: usize = 1_000;

/// Posts a notice.
#[derive(Debug, Clone)]
pub struct PostNotice {
    /// The id that it will have.
    pub notice: NoticeId,
    /// What it says, and when it shows.
    pub content: NoticeContent,
}

impl Command for PostNotice {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Maintenance)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let mut faults = shape_faults(&self.content);
        faults.extend(days_fault(&self.content));
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        if office.site.notices().len() >= NOTICES_MAX {
            return Err(Refusal::fault("", said!("notices-too-many", max = NOTICES_MAX)).into());
        }
        let NoticeContent { title, text, public, important, show_from, hide_from } = self.content.clone();
        let posted = NoticePosted {
            notice: self.notice,
            title,
            text,
            public,
            important,
            show_from,
            hide_from,
            by: ask.who,
        };
        Ok(vec![(Stream::Site, posted.into())])
    }
}

/// What is wrong with the texts of a notice.
pub(super) fn shape_faults(content: &NoticeContent) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let title = content.title.as_str();
    if title.trim().is_empty() || title.chars().any(char::is_control) {
        faults.push(FieldFault::new("/title", said!("notice-title")));
    } else if title.chars().count() > NOTICE_TITLE_LENGTH_MAX {
        faults.push(FieldFault::new("/title", said!("text-too-long", max = NOTICE_TITLE_LENGTH_MAX)));
    }
    faults.extend(
        words_fault(&content.text, NOTICE_TEXT_LENGTH_MAX).map(|said| FieldFault::new("/text", said)),
    );
    faults
}

/// What is wrong with words that people write to people: they say something, not too much, and nothing that is not text.
pub(super) fn words_fault(text: &str, length_max: usize) -> Option<crate::Said> {
    if text.trim().is_empty() {
        return Some(said!("text-missing"));
    }
    if text.chars().count() > length_max {
        return Some(said!("text-too-long", max = length_max));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    text.chars().any(control).then(|| said!("text-control-characters"))
}

/// A notice shows for a day at least.
pub(super) fn days_fault(content: &NoticeContent) -> Option<FieldFault> {
    let (Some(show), Some(hide)) = (content.show_from, content.hide_from) else { return None };
    (hide <= show).then(|| FieldFault::new("/hide_from", said!("notice-hidden-before-shown", date = show)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::testing::Desk;
    use crate::{Event, NoticeState, Who};
    use chrono::NaiveDate;
    use uuid::Uuid;

    pub fn day(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 11, day)
    }

    pub fn content(title: &str) -> NoticeContent {
        NoticeContent {
            title: title.to_owned(),
            text: "From six to eight.".to_owned(),
            public: false,
            important: false,
            show_from: None,
            hide_from: None,
        }
    }

    pub fn post(desk: &mut Desk, content: NoticeContent) -> NoticeId {
        let notice = NoticeId(Uuid::from_u128(5_000 + desk.site().notices().len() as u128));
        let events = desk.done_as(Who::Operator, None, &PostNotice { notice, content });
        assert!(matches!(&events[..], [Event::NoticePosted(_)]), "{events:?}");
        notice
    }

    #[test]
    fn important_notices_come_first_then_the_newest() {
        let mut desk = Desk::with_plan();
        post(&mut desk, NoticeContent { important: true, ..content("first, important") });
        post(&mut desk, content("second"));
        post(&mut desk, content("third"));
        post(&mut desk, NoticeContent { important: true, ..content("fourth, important") });
        let titles: Vec<&str> =
            desk.site().notices().in_order().iter().map(|notice| notice.content.title.as_str()).collect();
        assert_eq!(titles, ["fourth, important", "first, important", "third", "second"]);
    }

    #[test]
    fn a_notice_shows_from_its_first_day_and_on_the_day_it_is_hidden_no_more() {
        let shown = NoticeContent { show_from: day(20), hide_from: day(22), ..content("a") };
        let states: Vec<NoticeState> = (19..=22).map(|on| shown.state(day(on).unwrap())).collect();
        let (waiting, showing, over) = (NoticeState::Waiting, NoticeState::Showing, NoticeState::Over);
        assert_eq!(states, [waiting, showing, showing, over]);
        assert_eq!(content("b").state(day(1).unwrap()), showing);
    }

    #[test]
    fn what_is_wrong_with_a_notice_is_told_all_at_once() {
        let mut desk = Desk::with_plan();
        let content = NoticeContent {
            title: "a\nb".to_owned(),
            text: " ".to_owned(),
            show_from: day(20),
            hide_from: day(20),
            ..content("")
        };
        let refusal = desk.refused(&PostNotice { notice: NoticeId(Uuid::nil()), content });
        let errors = refusal.members["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/title", "/text", "/hide_from"]);
    }

    #[test]
    fn posting_takes_the_right_of_maintenance() {
        let mut desk = Desk::with_plan();
        let anna = desk.user("anna");
        let post = PostNotice { notice: NoticeId(Uuid::nil()), content: content("a") };
        assert_eq!(desk.try_as(anna, None, &post).unwrap_err().members["right"], "maintenance");
    }

    #[test]
    fn there_are_not_any_number_of_notices() {
        let mut desk = Desk::with_plan();
        for _ in 0..NOTICES_MAX {
            post(&mut desk, content("a"));
        }
        let refusal = desk.refused(&PostNotice { notice: NoticeId(Uuid::nil()), content: content("a") });
        assert_eq!(refusal.members["errors"][0]["detail"]["said"], "notices-too-many");
    }
}
