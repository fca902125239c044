//! The check of the revision for users, groups and plans, whose last versions are in the states.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::stale::{winner_event, winner_json};
use super::{Ask, Obstruction, Office, PastChange, Precondition};
use crate::{ChangeRefused, Position, RecordId, Refusal, RefusalCode, Trail, Version};

/// What a change is judged against.
pub(super) struct Whole<'a> {
    /// `users/…`, `groups/…` or `plan`.
    pub record: String,
    /// Epoch and revision.
    pub now: (i64, u64),
    /// What it was before.
    pub trail: &'a Trail,
    /// As the API shows it.
    pub current: Json,
    /// The fields that the change names, with the values that it wants.
    pub wanted: Map<String, Json>,
}

/// 428 without a revision; 412 `stale` with an old one: who won, what changed since, what was wanted.
pub(super) fn check_whole<'a>(
    office: &Office<'_>,
    ask: &Ask<'_>,
    precondition: &Precondition,
    whole: impl FnOnce() -> Whole<'a>,
) -> Result<(), Obstruction> {
    if *precondition == Precondition::None {
        return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
    }
    let Whole { record, now, trail, current, wanted } = whole();
    if precondition.holds(now) {
        return Ok(());
    }
    let (epoch, revision) = now;
    let base = precondition.base(revision);
    let newest = trail.newest();
    if newest.is_some_and(|newest| newest.stamp.is_none()) && ask.history.is_none() {
        // It waits until the winner is committed, so that the loser is told where and when.
        let record = RecordId(Uuid::nil());
        return Err(Obstruction::NeedsHistory { record, after_revision: base, to_revision: revision });
    }
    let before = trail.at(base).map(|version| &version.fields);
    let theirs = newest.map(|newest| newest.fields.clone()).unwrap_or_default();
    let mut changes = Vec::new();
    for (field, value) in &theirs {
        let was = before.map(|before| before.get(field).unwrap_or(&Json::Null));
        let yours = wanted.get(field);
        if was.is_none_or(|was| was == value) && yours.is_none() {
            continue;
        }
        let mut change = json!({ "field": field, "base": was.unwrap_or(&Json::Null), "theirs": value });
        if let Some(yours) = yours {
            change["yours"] = yours.clone();
        }
        changes.push(change);
    }
    let winner = newest.and_then(|newest| won(newest, epoch));
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
    event.winner = winner.as_ref().map(winner_event);
    let members = json!({
        "record": record,
        "winner": winner.as_ref().map(|past| winner_json(office, past)),
        "changes": changes,
        "current": current,
        "revision": revision,
    });
    Err(Refusal::with(RefusalCode::Stale, members).recorded(event).into())
}

fn won(version: &Version, epoch: i64) -> Option<PastChange> {
    let (who, stamp) = (version.by?, version.stamp?);
    let position = Position { epoch, number: stamp.position };
    Some(PastChange {
        record: RecordId(Uuid::nil()),
        revision: version.revision,
        who,
        at: stamp.at,
        position,
        changes: Vec::new(),
    })
}
