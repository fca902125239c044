//! What keeps people out of a plan, or out of cover mode.

use serde_json::{Value as Json, json};

use super::block::{lock_holder, lock_obstacle, reservation_holder, session_obstacle};
use super::{Ask, Office, Stream};
use crate::{
    ChangeRefused, Event, Lock, Obstacle, Plan, RecordId, Refusal, RefusalCode, SchoolOpened,
    SchoolPlanAdded, SessionId, Who,
};

/// Checks that nobody keeps the plan shut: by an exclusive lock, or because he has signed others off for one. `replaces` is the
/// session whose place the new one takes.
pub(super) fn check_way_in(
    office: &Office<'_>,
    plan: &Plan,
    who: Who,
    replaces: Option<SessionId>,
) -> Result<(), Refusal> {
    let locks = plan.locks().filter(|lock| lock.action.is_exclusive() && Some(lock.session) != replaces);
    let reservations = plan.sign_offs.reservations().filter(|(_, it)| Some(it.session) != replaces);
    let (mut held, mut obstacles) = (Vec::new(), Vec::new());
    for lock in locks {
        held.push(lock_holder(office, plan, lock));
        obstacles.extend(lock_obstacle(plan, lock));
    }
    for (sign_off, reservation) in reservations {
        held.push(reservation_holder(office, plan, sign_off, &reservation));
        obstacles.extend(plan.sessions.get(reservation.session).map(session_obstacle));
    }
    if held.is_empty() { Ok(()) } else { Err(blocked(who, None, "exclusive-lock", &held, obstacles)) }
}

/// Checks that no lock of the licence, held in another plan, keeps all plans of the school shut; what there is to tell the school.
///
/// Why of "log in to plan B" and "take the lock of the licence in plan A" exactly one succeeds: the log-in looks at the stream of the
/// school and writes that of B; the lock looks at the streams of all plans of the school, B among them, and writes that of the school.
/// Whichever is written first moves a stream that the other has looked at, so the other is decided anew, and refused. Making plan C
/// writes the stream of the school too, so a lock that has not looked at C is decided anew as well.
pub(super) fn check_school(
    office: &Office<'_>,
    plan: &Plan,
    who: Who,
) -> Result<Vec<(Stream, Event)>, Refusal> {
    let (Some(school), Some(id)) = (office.school, plan.id()) else { return Ok(Vec::new()) };
    let mut news = Vec::new();
    // A plan of a ledger that knew nothing of schools tells its own that it is there.
    if !school.has(id) {
        news.push((Stream::School, SchoolPlanAdded { plan: id.clone(), who }.into()));
    }
    let Some(shut) = school.shut() else { return Ok(news) };
    let holder = if shut.plan == *id { Some(plan) } else { office.plan_beside(&shut.plan) };
    match holder.and_then(|holder| Some((holder, holder.lock(shut.lock)?))) {
        Some((holder, lock)) if shut.plan != *id => {
            let held = [lock_holder(office, holder, lock)];
            let obstacles = lock_obstacle(holder, lock).into_iter().collect();
            Err(blocked(who, None, "exclusive-lock", &held, obstacles))
        }
        Some(_) => Ok(news),
        None => {
            news.push((Stream::School, SchoolOpened { lock: shut.lock }.into()));
            Ok(news)
        }
    }
}

/// Checks that the period in which cover mode begins is not being optimised, by whomever.
pub(super) fn check_cover_begins(
    office: &Office<'_>,
    plan: &Plan,
    ask: &Ask<'_>,
    period: Option<RecordId>,
) -> Result<(), Refusal> {
    let optimising: Vec<&Lock> =
        plan.locks().filter(|lock| lock.action.is_optimisation() && lock.covers(period)).collect();
    if optimising.is_empty() {
        return Ok(());
    }
    let held: Vec<_> = optimising.iter().map(|lock| lock_holder(office, plan, lock)).collect();
    let obstacles = optimising.iter().filter_map(|lock| lock_obstacle(plan, lock)).collect();
    Err(blocked(ask.who, ask.session, "optimisation", &held, obstacles))
}

fn blocked(
    who: Who,
    session: Option<SessionId>,
    rule: &str,
    held: &[Json],
    obstacles: Vec<Obstacle>,
) -> Refusal {
    let mut event = ChangeRefused::new(who, session, RefusalCode::Blocked);
    event.rule = Some(rule.to_owned());
    event.obstacles = obstacles;
    Refusal::with(RefusalCode::Blocked, json!({ "rule": rule, "held_by": held })).recorded(event)
}
