//! Whether somebody could edit now, and why not: asked of the same checks that decide a change.

use serde::Serialize;
use serde_json::Value as Json;

use super::block::{action_of, check_block, check_lock, lock_holder};
use super::write_record::check_right;
use super::{Ask, Office};
use crate::{Class, Kind, Lock, PlanCondition, RecordId, Refusal, RefusalCode};

/// What a window tells the one who looks through it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Editable {
    /// Whether he could edit.
    pub value: bool,
    /// What stands in the way: `session` (he is in no session of the plan), `mode` (his session only reads, or does not plan cover),
    /// `read-only` or `archived` (the plan), `right`, `lock-missing`, `not-alone` (he could not even get the lock), `optimisation`,
    /// `cover`.
    pub why: Option<String>,
    /// Who, as far as it is somebody: `{user, action, periods, since}`.
    pub held_by: Vec<Json>,
}

/// Whether whoever asks could make records of this kind now: for one period, or for all.
pub fn editable(office: &Office<'_>, ask: &Ask<'_>, kind: Kind, period: Option<RecordId>) -> Editable {
    match judge(office, ask, kind, period) {
        Ok(()) => Editable { value: true, why: None, held_by: Vec::new() },
        Err(refusal) => told(office, ask, &refusal),
    }
}

/// The checks of a change, in their order, up to those that need to know it.
fn judge(office: &Office<'_>, ask: &Ask<'_>, kind: Kind, period: Option<RecordId>) -> Result<(), Refusal> {
    let session = office.writing_session(ask)?;
    let plan = office.plan()?;
    let class = kind.creation_class();
    check_right(office, ask, session, kind, class)?;
    if class == Class::Exclusive {
        // The lock that the change would carry is whichever fits of his own.
        let action = action_of(kind);
        let own = plan.locks().find(|lock| lock.session == session.id && lock.action == action);
        check_lock(plan, session, own.map(|lock| lock.id), &[action])?;
    }
    check_block(office, session, class, period, ask.today)
}

fn told(office: &Office<'_>, ask: &Ask<'_>, refusal: &Refusal) -> Editable {
    let member = |name: &str| refusal.members.get(name).cloned().unwrap_or_default();
    let held_by = match member("held_by") {
        Json::Array(held_by) => held_by,
        _ => locks_of_others(office, ask, refusal.code),
    };
    let condition = office.plan.map(crate::Plan::condition).unwrap_or_default();
    let why = match (refusal.code, member("right").as_str()) {
        (RefusalCode::NotPermitted, Some("plan")) => "session".to_owned(),
        (RefusalCode::NotPermitted, Some("mode")) => match condition {
            PlanCondition::Open => "mode".to_owned(),
            PlanCondition::ReadOnly => "read-only".to_owned(),
            PlanCondition::Archived => "archived".to_owned(),
        },
        (RefusalCode::NotPermitted, _) => "right".to_owned(),
        (RefusalCode::LockMissing, _) if office.plan.is_some_and(|plan| plan.sessions.len() > 1) => {
            "not-alone".to_owned()
        }
        (RefusalCode::Blocked, _) => member("rule").as_str().unwrap_or("blocked").to_owned(),
        (code, _) => code.word().to_owned(),
    };
    Editable { value: false, why: Some(why), held_by }
}

/// Who holds a lock where one is missing: with it he could not get his own.
fn locks_of_others(office: &Office<'_>, ask: &Ask<'_>, code: RefusalCode) -> Vec<Json> {
    let Some(plan) = office.plan.filter(|_| code == RefusalCode::LockMissing) else { return Vec::new() };
    let others = |lock: &&Lock| Some(lock.session) != ask.session;
    plan.locks().filter(others).map(|lock| lock_holder(office, plan, lock)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::change_plan::ChangePlan;
    use crate::command::request_lock::RequestLock;
    use crate::command::testing::{Desk, PLAN};
    use crate::{Action, LockId, Mode, Who};

    fn seen(desk: &Desk, name: &str, session: crate::SessionId, kind: Kind) -> (bool, String, Vec<String>) {
        let told = desk.look_in(name, session, |office, ask| editable(office, ask, kind, None));
        let text = |json: &Json, name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let held_by =
            told.held_by.iter().map(|it| format!("{} {}", text(it, "user"), text(it, "action"))).collect();
        (told.value, told.why.unwrap_or_default(), held_by)
    }

    fn no(why: &str, held_by: &[&str]) -> (bool, String, Vec<String>) {
        (false, why.to_owned(), held_by.iter().map(|&it| it.to_owned()).collect())
    }

    fn yes() -> (bool, String, Vec<String>) {
        (true, String::new(), Vec::new())
    }

    #[test]
    fn every_cause_is_told_with_who_it_is() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        assert_eq!(seen(&desk, "anna", anna, Kind::Teachers), yes());
        assert_eq!(seen(&desk, "anna", anna, Kind::TimeGrid), no("lock-missing", &[]));
        assert_eq!(seen(&desk, "anna", anna, Kind::Absences), no("right", &[]));
        desk.lock(anna, Action::TimeGrid);
        assert_eq!(seen(&desk, "anna", anna, Kind::TimeGrid), yes());
        assert_eq!(seen(&desk, "anna", anna, Kind::SchoolData), no("lock-missing", &[]));
        desk.release_all(anna);
        let bert = desk.log_in("bert");
        assert_eq!(seen(&desk, "anna", anna, Kind::TimeGrid), no("not-alone", &[]));
        let victor = desk.log_in("victor");
        assert_eq!(seen(&desk, "victor", victor, Kind::Teachers), no("mode", &[]));
        let clara = desk.log_in_with("clara", Some(Mode::Cover));
        assert_eq!(seen(&desk, "clara", clara, Kind::Absences), yes());
        assert_eq!(seen(&desk, "clara", clara, Kind::Teachers), no("right", &[]));
        assert_eq!(seen(&desk, "anna", anna, Kind::Teachers), yes());
        assert_eq!(seen(&desk, "anna", anna, Kind::Placements), no("cover", &["clara cover"]));
        desk.log_out(clara);
        let optimise = RequestLock {
            plan: PLAN.parse().unwrap(),
            lock: LockId(uuid::Uuid::from_u128(7)),
            action: Action::Optimise,
            periods: Some(vec!["1".to_owned()]),
        };
        desk.done_in(bert, &optimise);
        for (name, session) in [("anna", anna), ("bert", bert)] {
            assert_eq!(seen(&desk, name, session, Kind::Teachers), no("optimisation", &["bert optimise"]));
        }
        assert_eq!(seen(&desk, "anna", anna, Kind::TimeGrid), no("not-alone", &["bert optimise"]));
        desk.release_all(bert);
        for (state, word) in [(PlanCondition::ReadOnly, "read-only"), (PlanCondition::Archived, "archived")] {
            let change = ChangePlan {
                plan: PLAN.parse().unwrap(),
                title: None,
                state: Some(state),
                precondition: crate::command::Precondition::Present,
            };
            desk.done_as(Who::Operator, None, &change);
            assert_eq!(seen(&desk, "anna", anna, Kind::Teachers), no(word, &[]));
        }
        let nobody = crate::SessionId(uuid::Uuid::from_u128(99));
        assert_eq!(seen(&desk, "anna", nobody, Kind::Teachers), no("session", &[]));
    }
}
