use super::*;
use crate::Event;
use crate::command::end_session::EndSession;
use crate::command::end_sign_off::{EndSignOff, Over};
use crate::command::testing::{Desk, PLAN};

fn sign_off(whom: Whom, grace_seconds: u32, lock: Option<Action>) -> SignOffSessions {
    SignOffSessions {
        plan: PLAN.parse().unwrap(),
        sign_off: SignOffId(uuid::Uuid::from_u128(9_000)),
        whom,
        message: "import at ten".to_owned(),
        grace_seconds,
        lock,
    }
}

fn over(over: Over) -> EndSignOff {
    let sign_off = SignOffId(uuid::Uuid::from_u128(9_000));
    EndSignOff { plan: PLAN.parse().unwrap(), sign_off, over }
}

fn faults(refusal: &Refusal) -> Vec<String> {
    let errors = refusal.members["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_grace_the_others_are_gone_at_once_and_told_by_whom_and_why() {
    let mut desk = Desk::with_plan();
    let (admin, anna) = (desk.log_in("adam"), desk.log_in("anna"));
    desk.lock(anna, Action::Optimise);
    desk.log_in("victor");
    desk.done_in(admin, &sign_off(Whom::Others, 0, None));
    assert_eq!(desk.plan().sessions.iter().map(|it| it.id).collect::<Vec<_>>(), [admin]);
    assert_eq!(desk.plan().locks().count(), 0, "locks end with their session");
    assert_eq!(desk.plan().sign_offs.iter().count(), 0);
    let anna_is = desk.user("anna");
    let late = desk.try_as(anna_is, Some(anna), &sign_off(Whom::Others, 0, None)).unwrap_err();
    assert_eq!(late.code, RefusalCode::SignedOff);
    assert_eq!((&late.members["by"], &late.members["message"]), (&"adam".into(), &"import at ten".into()));
    assert!(late.members["at"].is_string());
    desk.log_in("anna");
}

#[test]
fn with_a_grace_they_work_on_until_it_is_over() {
    let mut desk = Desk::with_plan();
    let (admin, anna) = (desk.log_in("adam"), desk.log_in("anna"));
    desk.done_in(admin, &sign_off(Whom::Sessions(vec![anna]), 30, None));
    let bert = desk.log_in("bert");
    desk.lock(anna, Action::Optimise);
    let events = desk.done(&over(Over::Grace));
    assert_eq!(events.len(), 2, "the lock and the session: {events:?}");
    assert!(desk.plan().sessions.get(anna).is_none());
    assert!(desk.plan().sessions.get(bert).is_some(), "he came later");
    assert_eq!(desk.done(&over(Over::Grace)), []);
}

#[test]
fn whoever_is_told_to_leave_and_loses_contact_does_not_come_back() {
    let mut desk = Desk::with_plan();
    let (admin, anna) = (desk.log_in("adam"), desk.log_in("anna"));
    desk.done_in(admin, &sign_off(Whom::Others, 300, None));
    let plan = Some(PLAN.parse().unwrap());
    desk.done(&EndSession { plan, session: anna, reason: SessionEnd::ContactLost });
    let reason = desk.plan().sessions.ended(anna).map(|ended| ended.reason.clone());
    assert!(matches!(reason, Some(SessionEnd::SignedOff { .. })), "{reason:?}");
}

#[test]
fn the_own_session_and_those_that_are_not_there_are_named_with_their_place() {
    let mut desk = Desk::with_plan();
    let (admin, anna, bert) = (desk.log_in("adam"), desk.log_in("anna"), desk.log_in("bert"));
    let plan = Some(PLAN.parse().unwrap());
    desk.done(&EndSession { plan, session: bert, reason: SessionEnd::LoggedOut });
    let unknown = SessionId(uuid::Uuid::nil());
    let whom = Whom::Sessions(vec![anna, admin, bert, unknown, anna]);
    let refusal = desk.refused_in(admin, &sign_off(whom, 0, None));
    assert_eq!(refusal.code, RefusalCode::Invalid);
    assert_eq!(faults(&refusal), ["/sessions/1", "/sessions/2", "/sessions/3", "/sessions/4"]);
    assert!(desk.plan().sessions.get(anna).is_some(), "all or nothing");
    let nobody = desk.refused_in(admin, &sign_off(Whom::Sessions(Vec::new()), 0, None));
    assert_eq!(faults(&nobody), ["/sessions"]);
}

#[test]
fn a_message_and_a_grace_have_bounds() {
    let mut desk = Desk::with_plan();
    let admin = desk.log_in("adam");
    let foul = SignOffSessions {
        message: " ".to_owned(),
        grace_seconds: GRACE_SECONDS_MAX + 1,
        ..sign_off(Whom::Others, 0, None)
    };
    assert_eq!(faults(&desk.refused_in(admin, &foul)), ["/message", "/grace_seconds"]);
    let nobody_there = desk.done_in(admin, &sign_off(Whom::Others, 0, None));
    assert_eq!(nobody_there, []);
}

#[test]
fn it_takes_the_right_users() {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let refusal = desk.refused_in(anna, &sign_off(Whom::Others, 0, None));
    assert_eq!((refusal.code, &refusal.members["right"]), (RefusalCode::NotPermitted, &"users".into()));
}

#[test]
fn a_plan_that_is_reserved_lets_nobody_in_until_the_lock_is_granted() {
    let mut desk = Desk::with_plan();
    let (admin, anna) = (desk.log_in("adam"), desk.log_in("anna"));
    desk.done_in(admin, &sign_off(Whom::Others, 30, Some(Action::DataImport)));
    let refusal = desk.refused_log_in("bert");
    assert_eq!((refusal.code, &refusal.members["rule"]), (RefusalCode::Blocked, &"exclusive-lock".into()));
    let held = &refusal.members["held_by"][0];
    assert_eq!((&held["user"], &held["action"]), (&"adam".into(), &"data-import".into()));
    assert!(held["since"].is_string());
    assert_eq!(desk.refused_lock(admin, Action::DataImport).code, RefusalCode::NotAlone);
    desk.done(&over(Over::Grace));
    assert!(desk.plan().sessions.get(anna).is_none());
    desk.refused_log_in("anna");
    desk.lock(admin, Action::DataImport);
    assert_eq!(desk.plan().sign_offs.iter().count(), 0, "the lock keeps the plan shut now");
    desk.refused_log_in("anna");
}

#[test]
fn a_reservation_ends_with_its_time_and_with_its_session() {
    let mut desk = Desk::with_plan();
    let admin = desk.log_in("adam");
    desk.done_in(admin, &sign_off(Whom::Others, 0, Some(Action::DataImport)));
    desk.refused_log_in("anna");
    let ended = desk.done(&over(Over::Reservation));
    assert!(matches!(&ended[..], [Event::ReservationEnded(e)] if e.reason == ReservationEnd::TimeOver));
    desk.log_in("anna");
    desk.done_in(admin, &sign_off(Whom::Others, 0, Some(Action::DataImport)));
    let plan = Some(PLAN.parse().unwrap());
    desk.done(&EndSession { plan, session: admin, reason: SessionEnd::LoggedOut });
    desk.log_in("anna");
}

#[test]
fn a_plan_is_reserved_for_one_at_a_time() {
    let mut desk = Desk::with_plan();
    let (adam, eve) = (desk.log_in("adam"), desk.log_in("eve"));
    desk.done_in(adam, &sign_off(Whom::Sessions(vec![eve]), 30, Some(Action::DataImport)));
    let second = SignOffSessions {
        sign_off: SignOffId(uuid::Uuid::from_u128(9_001)),
        ..sign_off(Whom::Others, 30, Some(Action::TimeGrid))
    };
    let refusal = desk.refused_in(eve, &second);
    assert_eq!(refusal.code, RefusalCode::LockRefused);
    assert_eq!(refusal.members["held_by"][0]["user"], "adam");
    assert!(refusal.event.is_some(), "recorded");
    // Signed off at once, he keeps nothing.
    desk.done_in(eve, &SignOffSessions { grace_seconds: 0, ..second });
    assert_eq!(desk.plan().sign_offs.reservations().count(), 1);
}

#[test]
fn somebody_who_is_in_no_plan_signs_off_but_reserves_nothing() {
    let mut desk = Desk::with_plan();
    let anna = desk.log_in("anna");
    let adam = desk.user("adam");
    let reserving = desk.try_as(adam, None, &sign_off(Whom::Others, 0, Some(Action::DataImport)));
    assert_eq!(reserving.unwrap_err().members["right"], "plan");
    desk.done_as(adam, None, &sign_off(Whom::Others, 0, None));
    assert!(desk.plan().sessions.get(anna).is_none());
}
