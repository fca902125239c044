//! How sessions, locks and imports are told: by their event, what they were before it, and what everything was called then.

use domain::{
    Event, ImportDone, LockEnded, LockGranted, SessionChanged, SessionEnd, SessionEnded, SessionStarted,
};
use serde_json::{Map, Value as Json, json};

use super::before::Before;
use super::names::{Naming, periods_json};
use super::row::{ChangeRow, Draft};
use super::told::Told;
use crate::Happened;
use crate::who::who_text;
use crate::{lock, session};

/// What becomes of a session, a lock or an import; nothing for any other event.
pub(super) fn told(happened: &Happened, names: &impl Naming, before: Option<&Before>) -> Option<ChangeRow> {
    let plan = happened.plan.as_deref()?;
    let begun = |r#type| Draft::begun(r#type, happened, plan);
    let draft = match &happened.event {
        Event::SessionStarted(e) => started(begun("session.started"), e, names),
        Event::SessionChanged(e) => changed(begun("session.changed"), e, names, before),
        Event::SessionEnded(e) => over(begun("session.ended"), e, names, before),
        Event::LockGranted(e) => granted(begun("lock.granted"), e, names),
        Event::LockEnded(e) => ended(begun("lock.ended"), e, names, before),
        Event::ImportDone(e) => imported(begun("import.done"), e),
        _ => return None,
    };
    Some(draft.row())
}

fn started(mut draft: Draft, e: &SessionStarted, names: &impl Naming) -> Draft {
    let row = &mut draft.row;
    row.about("sessions", e.session.0);
    row.session_id = Some(e.session.0);
    row.who = who_text(e.who);
    row.period = e.period.and_then(|period| names.called(period));
    let more = [
        ("mode", json!(e.mode)),
        ("period", json!(row.period)),
        ("activity", Json::Null),
        ("who", json!(row.who)),
    ];
    let mut changes = Told::default();
    for (field, value) in &more[..2] {
        if !value.is_null() {
            changes.add(field, &Json::Null, value);
        }
    }
    row.changes = changes.text();
    draft.more.extend(more.map(|(name, value)| (name.to_owned(), value)));
    draft
}

/// What a session was, as it is told; nothing of one that nobody knows.
fn was(before: Option<&Before>, names: &impl Naming) -> Map<String, Json> {
    let Some(before) = before else { return Map::new() };
    let (started, mut all) = (before.started(), Map::new());
    let mut put = |name: &str, value: Json| {
        if started.is_some() || !value.is_null() {
            all.insert(name.to_owned(), value);
        }
    };
    put("mode", json!(before.mode()));
    put("period", json!(before.period().and_then(|period| names.called(period))));
    put("activity", json!(before.activity()));
    put("who", json!(started.map(|e| who_text(e.who))));
    all
}

fn changed(mut draft: Draft, e: &SessionChanged, names: &impl Naming, before: Option<&Before>) -> Draft {
    let row = &mut draft.row;
    row.about("sessions", e.session.0);
    row.session_id = row.session_id.or(Some(e.session.0));
    let was = was(before, names);
    let news = [
        ("mode", e.mode.map(|mode| json!(mode))),
        ("period", e.period.map(|period| json!(names.called(period)))),
        ("activity", e.activity.as_ref().map(|text| json!(Some(text).filter(|text| !text.is_empty())))),
    ];
    let (mut more, mut changes) = (was.clone(), Told::default());
    for (field, to) in news {
        let Some(to) = to else { continue };
        changes.add(field, was.get(field).unwrap_or(&Json::Null), &to);
        more.insert(field.to_owned(), to);
    }
    row.changes = changes.text();
    row.period = period_of(&more);
    draft.more = more;
    draft
}

fn over(mut draft: Draft, e: &SessionEnded, names: &impl Naming, before: Option<&Before>) -> Draft {
    let row = &mut draft.row;
    row.about("sessions", e.session.0);
    draft.more = was(before, names);
    row.period = period_of(&draft.more);
    draft.more.insert("reason".into(), json!(session::end_word(&e.reason)));
    if let SessionEnd::SignedOff { by, message } = &e.reason {
        row.who = who_text(*by);
        draft.more.insert("message".into(), json!(message));
    }
    draft
}

fn granted(mut draft: Draft, e: &LockGranted, names: &impl Naming) -> Draft {
    draft.row.about("locks", e.lock.0);
    draft.row.session_id = Some(e.session.0);
    wanted(&mut draft, e, names);
    draft
}

fn ended(mut draft: Draft, e: &LockEnded, names: &impl Naming, before: Option<&Before>) -> Draft {
    draft.row.about("locks", e.lock.0);
    if let Some(granted) = before.and_then(Before::granted) {
        wanted(&mut draft, granted, names);
    }
    draft.more.insert("reason".into(), json!(lock::end_word(e.reason)));
    draft
}

/// What a lock is for.
fn wanted(draft: &mut Draft, e: &LockGranted, names: &impl Naming) {
    draft.more.insert("action".into(), json!(e.action));
    draft.more.insert("periods".into(), periods_json(e.periods.as_deref(), names));
}

fn imported(mut draft: Draft, e: &ImportDone) -> Draft {
    draft.row.about("imports", e.import.0);
    draft.more.insert("import".into(), json!(e.import));
    draft.more.insert("files".into(), json!(e.files));
    draft.more.insert("counts".into(), json!(e.counts));
    draft
}

fn period_of(more: &Map<String, Json>) -> Option<String> {
    more.get("period").and_then(Json::as_str).map(str::to_owned)
}
