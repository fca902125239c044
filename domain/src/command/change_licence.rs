//! The licence of a school.

use serde_json::{Map, Value as Json, json};

use super::block::check_lock;
use super::{Ask, CarriedLock, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{
    Accounts, Action, ChangeRefused, FieldChange, FieldName, LICENCE, Licence, LicenceChanged, PlanId,
    Position, Refusal, RefusalCode, Right, School, Value, Wanted, Winner, value_json,
};

/// Changes what is given, under a lock that was taken in one of the school's plans.
#[derive(Debug, Clone)]
pub struct ChangeLicence {
    /// The number of the school.
    pub school: String,
    /// The plan of the session that asks, if it is one of the school's: its lock is there.
    pub plan: Option<PlanId>,
    /// The fields, or what is wrong with the body.
    pub body: Result<Vec<Wanted>, Refusal>,
    /// On what the change is based.
    pub precondition: Precondition,
    /// The lock that it carries.
    pub lock: CarriedLock,
}

impl Command for ChangeLicence {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Licence)
    }

    fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    fn school(&self) -> Option<&str> {
        Some(&self.school)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let school = office.school()?;
        check_school(office.accounts, school, ask.who)?;
        let wanted = self.body.clone()?;
        if self.precondition == Precondition::None {
            return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
        }
        // A lock is held in a plan, so whoever is in no plan of the school holds none.
        match (office.plan, ask.session.and_then(|id| office.plan?.sessions.get(id))) {
            (Some(plan), Some(session)) => {
                check_lock(plan, session, self.lock, &[Action::Licence])?;
            }
            _ => return Err(Refusal::lock(RefusalCode::LockMissing, Action::Licence).into()),
        }
        let licence = school.licence();
        self.precondition.check((licence.epoch, licence.revision), || {
            stale(office, ask, licence, self.precondition.base(licence.revision), &wanted)
        })?;
        let changes = differences(licence, &wanted);
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let changed = LicenceChanged { who: ask.who, revision: licence.revision + 1, changes };
        Ok(vec![(Stream::School, changed.into())])
    }
}

/// 404 for a school that has no plan, 403 for one of which the group covers no plan.
pub fn check_school(accounts: &Accounts, school: &School, who: crate::Who) -> Result<(), Refusal> {
    if school.plans().next().is_none() {
        return Err(Refusal::not_found());
    }
    if !school.plans().any(|plan| accounts.may_enter(who, plan)) {
        return Err(Refusal::not_permitted("plan"));
    }
    Ok(())
}

fn plain(value: &Value<String>) -> Option<Value> {
    value.map(None, &mut |_, _: &String, _: &str| Err(())).ok()
}

fn differences(licence: &Licence, wanted: &[Wanted]) -> Vec<FieldChange> {
    let changed = |(field, to): &Wanted| {
        let to = to.as_ref().and_then(plain);
        let from = licence.fields.get(field.name).cloned();
        (from != to).then_some(FieldChange { field: FieldName::Borrowed(field.name), from, to })
    };
    wanted.iter().filter_map(changed).collect()
}

/// The licence as the API shows it, without who changed it last.
pub fn licence_json(licence: &Licence) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("id".into(), "licence".into());
    object.insert("revision".into(), licence.revision.into());
    for field in LICENCE {
        if let Some(value) = licence.fields.get(field.name) {
            object.insert(field.name.into(), shown(Some(value)));
        }
    }
    object
}

/// `{by, at, position}` of the last change.
pub fn licence_changed_json(accounts: &Accounts, licence: &Licence) -> Json {
    let position =
        licence.changed.map(|stamp| Position { epoch: licence.epoch, number: stamp.position }.to_string());
    json!({
        "by": licence.changed_by.map(|who| accounts.name_of(who)),
        "at": licence.changed.map(|stamp| stamp.at),
        "position": position,
    })
}

fn shown(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, |value| value_json(&crate::named(value, |_| None)))
}

fn stale(office: &Office<'_>, ask: &Ask<'_>, licence: &Licence, base: u64, wanted: &[Wanted]) -> Refusal {
    let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
    event.action = Some(Action::Licence);
    event.changes = differences(licence, wanted);
    event.winner = licence.changed_by.zip(licence.changed).map(|(who, stamp)| Winner {
        who,
        at: stamp.at,
        position: stamp.position,
    });
    let mut current = licence_json(licence);
    let changed = licence_changed_json(office.accounts, licence);
    let winner = json!({ "user": changed["by"], "at": changed["at"], "position": changed["position"] });
    current.insert("changed".into(), changed);
    let mut changes = Vec::new();
    for field in LICENCE {
        let yours = wanted.iter().find(|(it, _)| it.name == field.name).map(|(_, yours)| yours);
        let (before, theirs) = (licence.value_at(field.name, base), licence.fields.get(field.name));
        if yours.is_none() && before == theirs {
            continue;
        }
        let mut change = json!({ "field": field.name, "base": shown(before), "theirs": shown(theirs) });
        if let Some(yours) = yours {
            change["yours"] = yours.as_ref().map_or(Json::Null, value_json);
        }
        changes.push(change);
    }
    let members = json!({
        "record": "licence",
        "winner": winner,
        "changes": changes,
        "current": current,
        "revision": licence.revision,
    });
    Refusal::with(RefusalCode::Stale, members).recorded(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::end_lock::EndLock;
    use crate::command::testing::{Desk, PLAN};
    use crate::{LICENCE, LockEnd, LockId, read_fields_of};

    const OTHER: &str = "100234~2026-2027~2";

    fn change(lock: Option<LockId>, fields: &Json, precondition: Precondition) -> ChangeLicence {
        let body = read_fields_of(LICENCE, "a licence has", fields.as_object().unwrap());
        let body = body.map_err(|faults| Refusal::invalid(&faults));
        ChangeLicence {
            school: "100234".to_owned(),
            plan: Some(PLAN.parse().unwrap()),
            body,
            precondition,
            lock,
        }
    }

    #[test]
    fn the_licence_takes_being_alone_in_every_plan_of_the_school() {
        let mut desk = Desk::with_plan();
        desk.add_plan(OTHER);
        let adam = desk.log_in("adam");
        desk.try_log_in_to(OTHER, "victor").unwrap();
        let refusal = desk.refused_lock(adam, Action::Licence);
        assert_eq!(refusal.code, RefusalCode::NotAlone);
        assert_eq!(refusal.members["sessions"][0]["user"], "victor");
        assert!(desk.plan().locks().next().is_none());
    }

    #[test]
    fn while_it_is_held_nobody_gets_into_any_plan_of_the_school_and_then_everybody() {
        let mut desk = Desk::with_plan();
        desk.add_plan(OTHER);
        let adam = desk.log_in("adam");
        let lock = desk.lock(adam, Action::Licence);
        for plan in [PLAN, OTHER] {
            let refusal = desk.try_log_in_to(plan, "bert").unwrap_err();
            assert_eq!(
                (refusal.code, &refusal.members["rule"]),
                (RefusalCode::Blocked, &"exclusive-lock".into())
            );
            assert_eq!(refusal.members["held_by"][0]["user"], "adam");
            assert_eq!(refusal.members["held_by"][0]["action"], "licence");
        }
        desk.done_in(adam, &EndLock { plan: PLAN.parse().unwrap(), lock, reason: LockEnd::Released });
        desk.try_log_in_to(OTHER, "bert").unwrap();
        assert!(desk.school().shut().is_none(), "the first one in has found that the lock is over");
    }

    #[test]
    fn a_change_carries_the_lock_and_tells_the_one_who_comes_too_late() {
        let mut desk = Desk::with_plan();
        let adam = desk.log_in("adam");
        let fields = json!({ "licensee": "Gymnasium", "valid_until": "2027-07-31" });
        let without = change(None, &fields, Precondition::Present);
        assert_eq!(desk.refused_in(adam, &without).code, RefusalCode::LockMissing);
        let lock = Some(desk.lock(adam, Action::Licence));
        let bare = change(lock, &fields, Precondition::None);
        assert_eq!(desk.refused_in(adam, &bare).code, RefusalCode::RevisionMissing);
        let now = Precondition::Revisions(vec![(1, 1)]);
        assert_eq!(desk.done_in(adam, &change(lock, &fields, now.clone())).len(), 1);
        assert_eq!(desk.school().licence().revision, 2);
        assert!(desk.done_in(adam, &change(lock, &fields, Precondition::Present)).is_empty(), "already so");
        let stale = desk.refused_in(adam, &change(lock, &json!({ "licensee": "Realschule" }), now));
        assert_eq!(stale.code, RefusalCode::Stale);
        assert_eq!(stale.members["winner"]["user"], "adam");
        let told = json!({ "field": "licensee", "base": null, "theirs": "Gymnasium", "yours": "Realschule" });
        assert_eq!(stale.members["changes"][0], told);
        assert_eq!(stale.members["changes"][1]["field"], "valid_until");
    }
}
