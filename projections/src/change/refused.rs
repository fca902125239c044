//! How refused changes and locks are told, in the words of their moment: what they were about may be gone, or called otherwise.

use domain::{ChangeRefused, Event, Kind, LockDenied};
use serde_json::json;

use super::names::{Naming, periods_json};
use super::record::change_of;
use super::row::{ChangeRow, Draft};
use super::told::Told;
use crate::Happened;
use crate::refusal::{obstacles_json, winner_json};
use crate::who::who_text;

/// The row of a refused change or lock; nothing for any other event.
pub(super) fn told(happened: &Happened, names: &impl Naming) -> Option<ChangeRow> {
    let plan = happened.plan.as_deref()?;
    let begun = |r#type| Draft::begun(r#type, happened, plan);
    let draft = match &happened.event {
        Event::ChangeRefused(e) => change(begun("record.refused"), e, names, happened.epoch),
        Event::LockDenied(e) => lock(begun("lock.denied"), e, names),
        _ => return None,
    };
    Some(draft.row())
}

fn change(mut draft: Draft, e: &ChangeRefused, names: &impl Naming, epoch: i64) -> Draft {
    about(&mut draft.row, e, names);
    let more = &mut draft.more;
    more.insert("code".into(), json!(e.code));
    more.insert("rule".into(), json!(e.rule));
    more.insert("action".into(), json!(e.action));
    more.insert("winner".into(), json!(e.winner.as_ref().map(|winner| winner_json(winner, epoch))));
    more.insert("held_by".into(), obstacles_json(&e.obstacles));
    more.retain(|_, value| !value.is_null());
    draft
}

fn lock(mut draft: Draft, e: &LockDenied, names: &impl Naming) -> Draft {
    let row = &mut draft.row;
    row.kind = Some("locks".to_owned());
    "locks".clone_into(&mut row.subject);
    row.who = who_text(e.who);
    row.session_id = e.session.map(|session| session.0).or(row.session_id);
    let more = &mut draft.more;
    more.insert("action".into(), json!(e.action));
    more.insert("periods".into(), periods_json(e.periods.as_deref(), names));
    more.insert("code".into(), json!(e.code));
    more.insert("held_by".into(), obstacles_json(&e.obstacles));
    draft
}

fn about(row: &mut ChangeRow, e: &ChangeRefused, names: &impl Naming) {
    row.who = who_text(e.who);
    row.session_id = e.session.map(|session| session.0).or(row.session_id);
    let mut changes = Told::default();
    e.changes.iter().for_each(|change| change_of(&mut changes, names, change));
    row.changes = changes.text();
    match (e.record, e.kind) {
        (Some(record), kind) => {
            let kind = kind.or_else(|| names.get(record).map(|name| name.kind));
            row.about_record(names, kind.unwrap_or(Kind::Lessons), record);
        }
        (None, Some(kind)) => {
            row.kind = Some(kind.word().to_owned());
            kind.word().clone_into(&mut row.subject);
        }
        // A log-in has no session yet; what is refused to a session for want of a lock or because of one is about locks.
        (None, None) if e.session.is_none() => "sessions".clone_into(&mut row.subject),
        (None, None) => "locks".clone_into(&mut row.subject),
    }
}
