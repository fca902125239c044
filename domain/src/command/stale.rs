//! The check that a change is based on the newest revision, and what the one who comes too late is told.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

use super::{Ask, Obstruction, Office, PastChange, Precondition};
use crate::{
    ChangeRefused, FieldChange, Kind, Plan, Record, RecordId, Refusal, RefusalCode, Right, Value, Wanted,
    Winner, named, value_json, without_sensitive,
};

impl Precondition {
    /// Whether a change based on this may be made to something with that epoch and revision.
    pub(super) fn holds(&self, now: (i64, u64)) -> bool {
        match self {
            Precondition::None | Precondition::Present => true,
            Precondition::Absent => false,
            Precondition::Revisions(based_on) => based_on.contains(&now),
        }
    }

    /// The check where the loser needs no history: 428 without a revision, what `stale` says with an old one.
    pub fn check(&self, now: (i64, u64), stale: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
        if *self == Precondition::None {
            return Err(Refusal::bare(RefusalCode::RevisionMissing));
        }
        if self.holds(now) { Ok(()) } else { Err(stale()) }
    }

    /// The newest revision named that can have been, so that everything after it is news to the client.
    pub(super) fn base(&self, now: u64) -> u64 {
        match self {
            Precondition::Revisions(based_on) => based_on
                .iter()
                .map(|(_, revision)| *revision)
                .filter(|revision| *revision < now)
                .max()
                .unwrap_or(now.saturating_sub(1)),
            _ => now.saturating_sub(1),
        }
    }
}

/// A change that is judged: what it wants of which record.
pub(super) struct Judged<'a> {
    /// On what it is based.
    pub precondition: &'a Precondition,
    /// The fields and their wanted values, references by name.
    pub wanted: &'a [Wanted],
    /// The same as they would be stored.
    pub resolved: &'a [FieldChange],
    /// The period that it is for.
    pub period: Option<RecordId>,
    /// Whether it may pass when nobody else touched its fields.
    pub disjoint: bool,
}

/// 412 `stale` when the record has moved on since the change was made; the history is asked for where it is needed.
pub(super) fn check_stale(
    office: &Office<'_>,
    ask: &Ask<'_>,
    record: &Record,
    judged: &Judged<'_>,
) -> Result<(), Obstruction> {
    if judged.precondition.holds((record.epoch, record.revision)) {
        return Ok(());
    }
    let plan = office.plan()?;
    let after_revision = judged.precondition.base(record.revision);
    let history = known_history(ask, record.id, record.revision, after_revision)?;
    let since = history.iter().filter(|past| past.revision > after_revision);
    let touched: BTreeSet<&str> =
        since.clone().flat_map(|past| &past.changes).map(|it| it.field.as_ref()).collect();
    if judged.disjoint && !judged.resolved.iter().any(|change| touched.contains(change.field.as_ref())) {
        return Ok(());
    }
    let sees_all = office.accounts.may(ask.who, Right::ReadAbsences);
    let mut current = plan.record_json(record, judged.period);
    if !sees_all {
        without_sensitive(record.kind, &mut current);
    }
    if let Some(last) = history.last() {
        current.insert("changed".into(), changed_json(office, last));
    }
    let mut changes = Vec::new();
    let mut named_already = BTreeSet::new();
    for field in touched.iter().copied().chain(judged.wanted.iter().map(|(field, _)| field.name)) {
        if !named_already.insert(field) {
            continue;
        }
        if !sees_all && record.kind.field(field).is_some_and(|field| field.sensitive) {
            continue;
        }
        let first = since.clone().flat_map(|past| &past.changes).find(|change| change.field == field);
        let theirs = record.value(field, judged.period);
        let base = first.map_or(theirs, |change| change.from.as_ref());
        changes.push(stale_field(plan, field, base, theirs, judged.wanted));
    }
    Err(refusal(office, ask, record, judged, history, (changes, Json::Object(current), record.revision))
        .into())
}

/// 412 for a change of something that is gone: `current` is null.
pub(super) fn stale_gone(
    office: &Office<'_>,
    ask: &Ask<'_>,
    kind: Kind,
    name: &str,
    gone: (RecordId, u64),
    precondition: &Precondition,
) -> Result<Obstruction, Obstruction> {
    let (record, revision) = gone;
    let history = known_history(ask, record, revision, precondition.base(revision))?;
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale).of_kind(kind);
    event.record = Some(record);
    event.winner = history.last().map(winner_event);
    let members = json!({
        "record": format!("{kind}/{name}"),
        "winner": history.last().map(|past| winner_json(office, past)),
        "changes": [],
        "current": null,
        "revision": revision,
    });
    Ok(Refusal::with(RefusalCode::Stale, members).recorded(event).into())
}

/// The same for something that is gone and of which only the id and a revision before are known.
pub(super) fn stale_removed(
    office: &Office<'_>,
    ask: &Ask<'_>,
    kind: Kind,
    record: RecordId,
    revision: u64,
) -> Result<Obstruction, Obstruction> {
    let of_record = |past: &&[PastChange]| past.first().is_some_and(|first| first.record == record);
    let mut known = ask.history.unwrap_or_default().chunk_by(|a, b| a.record == b.record);
    // What is gone changes no more, so that whatever was read of it is its end.
    let Some(history) = known.rfind(of_record) else {
        let needs = Obstruction::NeedsHistory { record, after_revision: revision, to_revision: revision + 1 };
        return Err(needs);
    };
    let last = history.last();
    let name = last.and_then(|last| last.changes.iter().find(|change| change.field == "id"));
    let name = name.and_then(|change| change.from.as_ref().or(change.to.as_ref())?.text().map(str::to_owned));
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale).of_kind(kind);
    event.record = Some(record);
    event.winner = last.map(winner_event);
    let members = json!({
        "record": name.map_or_else(|| kind.word().to_owned(), |name| format!("{kind}/{name}")),
        "winner": last.map(|past| winner_json(office, past)),
        "changes": [],
        "current": null,
        "revision": last.map_or(revision, |past| past.revision),
    });
    Ok(Refusal::with(RefusalCode::Stale, members).recorded(event).into())
}

pub(super) fn known_history<'a>(
    ask: &Ask<'a>,
    record: RecordId,
    revision: u64,
    after_revision: u64,
) -> Result<&'a [PastChange], Obstruction> {
    let needs = Obstruction::NeedsHistory { record, after_revision, to_revision: revision };
    let of_record = |past: &&[PastChange]| past.first().is_some_and(|first| first.record == record);
    let mut known = ask.history.unwrap_or_default().chunk_by(|a, b| a.record == b.record);
    let history = known.rfind(of_record).ok_or_else(|| needs.clone())?;
    // What was called otherwise goes on under its new name; that is not what is asked for here.
    let history = &history[..history.partition_point(|past| past.revision <= revision)];
    // The record may have moved on again since the history was read.
    if history.last().is_some_and(|last| last.revision == revision) { Ok(history) } else { Err(needs) }
}

fn stale_field(
    plan: &Plan,
    field: &str,
    base: Option<&Value>,
    theirs: Option<&Value>,
    wanted: &[Wanted],
) -> Json {
    let shown = |value: Option<&Value>| value.map(|value| value_json(&named(value, |id| plan.name_of(id))));
    let mut object = Map::new();
    object.insert("field".into(), field.into());
    object.insert("base".into(), shown(base).into());
    object.insert("theirs".into(), shown(theirs).into());
    if let Some((_, yours)) = wanted.iter().find(|(it, _)| it.name == field) {
        object.insert("yours".into(), yours.as_ref().map(value_json).into());
    }
    Json::Object(object)
}

fn refusal(
    office: &Office<'_>,
    ask: &Ask<'_>,
    record: &Record,
    judged: &Judged<'_>,
    history: &[PastChange],
    (changes, current, revision): (Vec<Json>, Json, u64),
) -> Refusal {
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale).of_kind(record.kind);
    event.record = Some(record.id);
    event.changes = judged.resolved.to_vec();
    event.winner = history.last().map(winner_event);
    let subject = office.plan.map(|plan| plan.subject_of(record));
    let members = json!({
        "record": subject,
        "winner": history.last().map(|past| winner_json(office, past)),
        "changes": changes,
        "current": current,
        "revision": revision,
    });
    Refusal::with(RefusalCode::Stale, members).recorded(event)
}

pub(super) fn winner_event(past: &PastChange) -> Winner {
    Winner { who: past.who, at: past.at, position: past.position.number }
}

pub(super) fn winner_json(office: &Office<'_>, past: &PastChange) -> Json {
    json!({
        "user": office.accounts.name_of(past.who),
        "at": past.at,
        "position": past.position.to_string(),
    })
}

fn changed_json(office: &Office<'_>, past: &PastChange) -> Json {
    json!({
        "by": office.accounts.name_of(past.who),
        "at": past.at,
        "position": past.position.to_string(),
    })
}
