//! What a notice says, and when it shows.

use chrono::NaiveDate;
use serde_json::{Value as Json, json};

use super::post_notice::{days_fault, shape_faults};
use super::stale::{known_history, winner_event, winner_json};
use super::{Ask, Command, Decision, Needs, Obstruction, Office, PastChange, Precondition, Stream};
use crate::{
    ChangeRefused, FieldChange, Notice, NoticeChanged, NoticeContent, NoticeId, PlanId, RecordId, Refusal,
    RefusalCode, Right, Value, named, value_json,
};

/// Changes what is given; `Some(None)` unsets.
#[derive(Debug, Clone)]
pub struct ChangeNotice {
    /// The notice.
    pub notice: NoticeId,
    /// Its heading.
    pub title: Option<String>,
    /// What people read.
    pub text: Option<String>,
    /// Whether it is seen without an account.
    pub public: Option<bool>,
    /// Whether it stands before the others.
    pub important: Option<bool>,
    /// The first day on which it shows.
    pub show_from: Option<Option<NaiveDate>>,
    /// The first day on which it no longer shows.
    pub hide_from: Option<Option<NaiveDate>>,
    /// On what the change is based.
    pub precondition: Precondition,
}

impl Command for ChangeNotice {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Maintenance)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let Some(notice) = office.site.notices().get(self.notice) else {
            return Err(gone(office, ask, self.notice, &self.precondition));
        };
        let content = self.wanted(&notice.content);
        let faults = shape_faults(&content);
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        let changes = notice.content.changes_to(&content);
        check_notice_revision(office, ask, notice, &self.precondition, &changes)?;
        if let Some(fault) = days_fault(&content) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let changed =
            NoticeChanged { notice: notice.id, revision: notice.revision + 1, changes, by: ask.who };
        Ok(vec![(Stream::Site, changed.into())])
    }
}

impl ChangeNotice {
    fn wanted(&self, now: &NoticeContent) -> NoticeContent {
        NoticeContent {
            title: self.title.clone().unwrap_or_else(|| now.title.clone()),
            text: self.text.clone().unwrap_or_else(|| now.text.clone()),
            public: self.public.unwrap_or(now.public),
            important: self.important.unwrap_or(now.important),
            show_from: self.show_from.unwrap_or(now.show_from),
            hide_from: self.hide_from.unwrap_or(now.hide_from),
        }
    }
}

/// 428, or 412 with who was faster and what he changed.
pub(super) fn check_notice_revision(
    office: &Office<'_>,
    ask: &Ask<'_>,
    notice: &Notice,
    precondition: &Precondition,
    wanted: &[FieldChange],
) -> Result<(), Obstruction> {
    if *precondition == Precondition::None {
        return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
    }
    if precondition.holds((notice.epoch, notice.revision)) {
        return Ok(());
    }
    let after = precondition.base(notice.revision);
    let history = known_history(ask, RecordId(notice.id.0), notice.revision, after)?;
    let by = office.accounts.name_of(notice.by);
    let current = notice.json(ask.today, Some(&by));
    let since: Vec<&FieldChange> =
        history.iter().filter(|past| past.revision > after).flat_map(|past| &past.changes).collect();
    let fields = notice.content.fields();
    let touched = |field: &str| {
        since.iter().any(|change| change.field == field) || wanted.iter().any(|change| change.field == field)
    };
    let changes: Vec<Json> = fields
        .iter()
        .filter(|(field, _)| touched(field))
        .map(|(field, theirs)| stale_field(field, theirs.as_ref(), &since, wanted))
        .collect();
    Err(stale(office, ask, notice.id, history, wanted, (changes, current, notice.revision)).into())
}

/// 404 for a notice that is not there; 412 for one that somebody withdrew meanwhile.
pub(super) fn gone(
    office: &Office<'_>,
    ask: &Ask<'_>,
    id: NoticeId,
    precondition: &Precondition,
) -> Obstruction {
    let revision =
        office.site.notices().gone(id).filter(|_| matches!(precondition, Precondition::Revisions(_)));
    let Some(revision) = revision else { return Refusal::not_found().into() };
    match known_history(ask, RecordId(id.0), revision, precondition.base(revision)) {
        Ok(history) => stale(office, ask, id, history, &[], (Vec::new(), Json::Null, revision)).into(),
        Err(needs) => needs,
    }
}

fn stale_field(field: &str, theirs: Option<&Value>, since: &[&FieldChange], wanted: &[FieldChange]) -> Json {
    let shown = |value: Option<&Value>| value.map(|value| value_json(&named(value, |_| None)));
    let first = since.iter().find(|change| change.field == field);
    let base = first.map_or(theirs, |change| change.from.as_ref());
    let mut json = json!({ "field": field, "base": shown(base), "theirs": shown(theirs) });
    if let Some(yours) = wanted.iter().find(|change| change.field == field) {
        json["yours"] = shown(yours.to.as_ref()).into();
    }
    json
}

fn stale(
    office: &Office<'_>,
    ask: &Ask<'_>,
    id: NoticeId,
    history: &[PastChange],
    wanted: &[FieldChange],
    (changes, current, revision): (Vec<Json>, Json, u64),
) -> Refusal {
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
    event.notice = Some(id);
    event.changes = wanted.to_vec();
    event.winner = history.last().map(winner_event);
    let members = json!({
        "record": format!("notices/{id}"),
        "winner": history.last().map(|past| winner_json(office, past)),
        "changes": changes,
        "current": current,
        "revision": revision,
    });
    Refusal::with(RefusalCode::Stale, members).recorded(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::post_notice::tests::{content, day, post};
    use crate::command::testing::Desk;
    use crate::command::withdraw_notice::WithdrawNotice;
    use crate::{Event, Who};

    fn change(notice: NoticeId, revision: u64) -> ChangeNotice {
        ChangeNotice {
            notice,
            title: None,
            text: None,
            public: None,
            important: None,
            show_from: None,
            hide_from: None,
            precondition: Precondition::Revisions(vec![(1, revision)]),
        }
    }

    #[test]
    fn a_change_counts_the_revision_and_says_what_it_was() {
        let mut desk = Desk::with_plan();
        let notice = post(&mut desk, content("Rest"));
        let wanted = ChangeNotice { public: Some(true), hide_from: Some(day(25)), ..change(notice, 1) };
        let events = desk.done_as(Who::Operator, None, &wanted);
        let [Event::NoticeChanged(changed)] = &events[..] else { panic!("{events:?}") };
        let fields: Vec<&str> = changed.changes.iter().map(|change| change.field.as_ref()).collect();
        assert_eq!((changed.revision, fields), (2, vec!["public", "hide_from"]));
        let again = ChangeNotice { precondition: Precondition::Present, ..wanted };
        assert!(desk.done_as(Who::Operator, None, &again).is_empty(), "it says so already");
    }

    #[test]
    fn a_stale_change_names_the_winner_and_what_was_not_saved() {
        let mut desk = Desk::with_plan();
        let notice = post(&mut desk, content("Rest"));
        desk.done_as(Who::System, None, &ChangeNotice { title: Some("Pause".into()), ..change(notice, 1) });
        let late = ChangeNotice { title: Some("Break".into()), important: Some(true), ..change(notice, 1) };
        let refusal = desk.refused(&late);
        assert_eq!(refusal.code, RefusalCode::Stale);
        assert_eq!(refusal.members["winner"]["user"], "system");
        assert_eq!(
            refusal.members["changes"],
            json!([
                { "field": "title", "base": "Rest", "theirs": "Pause", "yours": "Break" },
                { "field": "important", "base": false, "theirs": false, "yours": true },
            ])
        );
        assert_eq!(refusal.members["current"]["title"], "Pause");
        assert!(
            matches!(refusal.event.as_deref(), Some(Event::ChangeRefused(e)) if e.notice == Some(notice))
        );
        let bare = ChangeNotice { precondition: Precondition::None, ..late };
        assert_eq!(desk.refused(&bare).code, RefusalCode::RevisionMissing);
    }

    #[test]
    fn who_changes_what_was_withdrawn_learns_it() {
        let mut desk = Desk::with_plan();
        let notice = post(&mut desk, content("Rest"));
        let withdraw = WithdrawNotice { notice, precondition: Precondition::Present };
        desk.done_as(Who::Operator, None, &withdraw);
        let refusal = desk.refused(&ChangeNotice { public: Some(true), ..change(notice, 1) });
        assert_eq!((refusal.code, &refusal.members["current"]), (RefusalCode::Stale, &Json::Null));
        assert_eq!(desk.refused(&withdraw).code, RefusalCode::NotFound);
    }
}
