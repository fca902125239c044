//! Which class of action stands in whose way (the table of critical actions), and the lock that a change must carry.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};

use super::{CarriedLock, Office};
use crate::{
    Action, ChangeRefused, Class, Kind, Lock, Mode, Obstacle, Plan, RecordId, Refusal, RefusalCode,
    Reservation, Session, SignOff, Value,
};

/// The action whose lock a change of the exclusive class must carry.
pub fn action_of(kind: Kind) -> Action {
    match kind {
        Kind::TimeGrid => Action::TimeGrid,
        Kind::SchoolData => Action::SchoolData,
        Kind::Holidays => Action::Holidays,
        _ => Action::Periods,
    }
}

/// Checks that `carried` is a lock of this session for one of these actions: else 409 `lock-missing` or `lock-ended`.
pub fn check_lock<'a>(
    plan: &'a Plan,
    session: &Session,
    carried: CarriedLock,
    actions: &[Action],
) -> Result<&'a Lock, Refusal> {
    let action = actions.first().copied().unwrap_or(Action::DataImport);
    let refused = |code| {
        let mut event = ChangeRefused::new(session.who, Some(session.id), code);
        event.action = Some(action);
        Err(Refusal::lock(code, action).recorded(event))
    };
    let Some(carried) = carried else { return refused(RefusalCode::LockMissing) };
    match plan.lock(carried) {
        Some(lock) if lock.session == session.id && actions.contains(&lock.action) => Ok(lock),
        Some(_) => refused(RefusalCode::LockMissing),
        None if plan.lock_ended(carried).is_some() => refused(RefusalCode::LockEnded),
        None => refused(RefusalCode::LockMissing),
    }
}

/// Checks that nobody's critical action stands in the way of a change of this class that touches `period`, or all periods.
pub fn check_block(
    office: &Office<'_>,
    session: &Session,
    class: Class,
    period: Option<RecordId>,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let plan = office.plan()?;
    let optimising: Vec<&Lock> =
        plan.locks().filter(|lock| lock.action.is_optimisation() && lock.covers(period)).collect();
    if !optimising.is_empty() {
        let held: Vec<Json> = optimising.iter().map(|lock| lock_holder(office, plan, lock)).collect();
        let obstacles = optimising.iter().filter_map(|lock| lock_obstacle(plan, lock)).collect();
        return Err(blocked(session, class, "optimisation", &held, obstacles));
    }
    if class == Class::Timetable {
        let covering: Vec<&Session> = covering(plan, session, period, today).collect();
        if !covering.is_empty() {
            let held: Vec<Json> = covering.iter().map(|it| cover_holder(office, plan, it)).collect();
            let obstacles = covering.iter().map(|it| session_obstacle(it)).collect();
            return Err(blocked(session, class, "cover", &held, obstacles));
        }
    }
    Ok(())
}

/// The same for a change that touches several periods, or none when the days that it is about lie in none.
pub fn check_blocks(
    office: &Office<'_>,
    session: &Session,
    class: Class,
    periods: &[RecordId],
    today: NaiveDate,
) -> Result<(), Refusal> {
    periods.iter().try_for_each(|period| check_block(office, session, class, Some(*period), today))
}

/// The sessions of other users in cover mode that block timetable changes in `period`.
///
/// Where the school restricts cover to its period, only the own period of each counts; else every period that is not over.
pub fn covering<'a>(
    plan: &'a Plan,
    session: &'a Session,
    period: Option<RecordId>,
    today: NaiveDate,
) -> impl Iterator<Item = &'a Session> {
    let restricted = plan
        .singleton(Kind::SchoolData)
        .and_then(|data| data.fields.get("cover_restricted_to_period"))
        .is_some_and(|value| *value.open() == Value::Flag(true));
    let is_over = |period| plan.period_dates(period).is_some_and(|(_, to)| to < today);
    let over = match period {
        Some(period) => is_over(period),
        None => plan.records_of(Kind::Periods).all(|period| is_over(period.id)),
    };
    plan.sessions
        .iter()
        .filter(move |other| other.mode == Mode::Cover && other.who != session.who)
        .filter(move |other| if restricted { period.is_none() || other.period == period } else { !over })
}

fn blocked(
    session: &Session,
    class: Class,
    rule: &str,
    held_by: &[Json],
    obstacles: Vec<Obstacle>,
) -> Refusal {
    let mut event = ChangeRefused::new(session.who, Some(session.id), RefusalCode::Blocked);
    event.rule = Some(rule.to_owned());
    event.class = Some(class);
    event.obstacles = obstacles;
    Refusal::with(RefusalCode::Blocked, json!({ "rule": rule, "held_by": held_by })).recorded(event)
}

/// `{user, action, periods, since}` of a lock.
pub fn lock_holder(office: &Office<'_>, plan: &Plan, lock: &Lock) -> Json {
    let user = plan.holder(lock).map(|session| office.accounts.name_of(session.who));
    let periods: Option<Vec<String>> = lock
        .periods
        .as_ref()
        .map(|periods| periods.iter().filter_map(|period| plan.name_of(*period)).collect());
    holder(user.as_deref(), lock.action.word(), periods.as_deref(), lock.since())
}

/// The same of somebody for whom the plan is kept shut.
pub fn reservation_holder(
    office: &Office<'_>,
    plan: &Plan,
    sign_off: &SignOff,
    reservation: &Reservation,
) -> Json {
    let user = plan.sessions.get(reservation.session).map(|session| office.accounts.name_of(session.who));
    let since = sign_off.announced.map(|stamp| stamp.at);
    holder(user.as_deref(), reservation.action.word(), None, since)
}

/// `{user, action, periods, since}` of a session in cover mode.
pub fn cover_holder(office: &Office<'_>, plan: &Plan, session: &Session) -> Json {
    let periods = session.period.and_then(|period| plan.name_of(period)).map(|name| vec![name]);
    holder(Some(&office.accounts.name_of(session.who)), "cover", periods.as_deref(), session.since)
}

fn holder(
    user: Option<&str>,
    action: &str,
    periods: Option<&[String]>,
    since: Option<DateTime<Utc>>,
) -> Json {
    json!({ "user": user, "action": action, "periods": periods, "since": since })
}

/// `{session, user, mode, activity, since}` of somebody who is in the plan.
pub fn present(office: &Office<'_>, session: &Session) -> Json {
    json!({
        "session": session.id,
        "user": office.accounts.name_of(session.who),
        "mode": session.mode,
        "activity": session.activity,
        "since": session.since,
    })
}

/// How a lock in the way is recorded.
pub fn lock_obstacle(plan: &Plan, lock: &Lock) -> Option<Obstacle> {
    let session = plan.holder(lock)?;
    Some(Obstacle { session: session.id, who: session.who, lock: Some(lock.id) })
}

/// How a session in the way is recorded.
pub fn session_obstacle(session: &Session) -> Obstacle {
    Obstacle { session: session.id, who: session.who, lock: None }
}
