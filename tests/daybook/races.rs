//! Two people at the same moment: exactly one gets what he wants, and the other is told.

use std::sync::Arc;
use std::time::Duration;

use api::desk::{Answer, Answered, Desk, Extra, Failure, Request, Terms};
use domain::command::create_plan::CreatePlan;
use domain::command::end_lock::EndLock;
use domain::command::end_session::EndSession;
use domain::command::log_in::LogIn;
use domain::command::request_lock::RequestLock;
use domain::{Action, LockEnd, LockId, PlanId, RefusalCode, SessionEnd, SessionId, Who};
use serde_json::json;
use tests::audit::Audit;
use tests::office::{Office, PLAN, plan};
use tests::rounds::{Dice, Rounds};
use uuid::Uuid;

/// What came of a hammering, in words.
pub type Found = String;

fn the_plan() -> PlanId {
    PLAN.parse().unwrap()
}

fn desk(office: &Office) -> Arc<Desk> {
    office.service.as_ref().unwrap().desk.clone()
}

async fn user(desk: &Desk, name: &str) -> Who {
    Who::User(desk.with_accounts(|accounts| accounts.user_named(name).unwrap().id).await.unwrap())
}

async fn log_in(desk: &Arc<Desk>, who: Who, session: SessionId) -> Result<Answered, Failure> {
    log_in_to(desk, who, session, &the_plan()).await
}

async fn log_in_to(
    desk: &Arc<Desk>,
    who: Who,
    session: SessionId,
    plan: &PlanId,
) -> Result<Answered, Failure> {
    let command = LogIn {
        plan: Some(plan.clone()),
        session,
        mode: None,
        period: None,
        client: None,
        resumed: false,
        replaces: None,
    };
    let extra = Extra { contacts: vec![session.0], ..Extra::default() };
    desk.execute(Request::of(who), command, extra, |_, _| Answer::empty(201)).await
}

async fn log_out(desk: &Arc<Desk>, who: Who, session: SessionId) -> Result<Answered, Failure> {
    let command = EndSession { plan: Some(the_plan()), session, reason: SessionEnd::LoggedOut };
    let request = Request::of(who).in_session(session);
    desk.execute(request, command, Extra::default(), |_, _| Answer::empty(204)).await
}

async fn lock(desk: &Arc<Desk>, who: Who, session: SessionId, id: LockId) -> Result<Answered, Failure> {
    let command = RequestLock { plan: the_plan(), lock: id, action: Action::DataImport, periods: None };
    let extra = Extra { contacts: vec![id.0], ..Extra::default() };
    desk.execute(Request::of(who).in_session(session), command, extra, |_, _| Answer::empty(201)).await
}

async fn release(desk: &Arc<Desk>, who: Who, session: SessionId, id: LockId) -> Result<Answered, Failure> {
    let command = EndLock { plan: the_plan(), lock: id, reason: LockEnd::Released };
    desk.execute(Request::of(who).in_session(session), command, Extra::default(), |_, _| Answer::empty(204))
        .await
}

/// Whether it was done; a refusal must be for this reason.
fn done(result: Result<Answered, Failure>, refusal: RefusalCode) -> bool {
    match result {
        Ok(_) => true,
        Err(Failure::Refused(refused)) if refused.code == refusal => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// "Log in" against "start the import" at the same instant; on two nodes where `nodes` says so.
///
/// With two nodes a third person logs out at the same instant on the node of the one who wants to import, so that his request is
/// decided on a log-out that is not yet in the ledger, and may never be.
pub async fn log_in_against_import(rounds: &Rounds, nodes: usize) -> Found {
    // Nobody here makes contact, and whoever is ended for that takes his lock along: not in this hour.
    let hour = Duration::from_hours(1);
    let terms = Terms { session_idle: hour, lock_lease: hour, ..Terms::default() };
    let office = Office::with_terms("races", terms.clone()).await;
    let second = if nodes > 1 { Some(Office::on(office.database.clone(), terms).await) } else { None };
    let (here, there) = (desk(&office), second.as_ref().map_or_else(|| desk(&office), desk));
    let (anna, bert, clara) =
        (user(&here, "anna").await, user(&here, "bert").await, user(&here, "clara").await);
    let holder = SessionId(Uuid::now_v7());
    log_in(&here, anna, holder).await.unwrap();
    let mut dice = Dice::new(2);
    let (mut logged_in, mut locked, mut neither) = (0, 0, 0);
    while rounds.next().is_some() {
        let (guest, third, id) =
            (SessionId(Uuid::now_v7()), SessionId(Uuid::now_v7()), LockId(Uuid::now_v7()));
        if nodes > 1 {
            log_in(&here, clara, third).await.unwrap();
        }
        let (a, b) = (dice.below(3), dice.below(3));
        let coming = {
            let there = there.clone();
            tokio::spawn(async move {
                pause(a).await;
                log_in(&there, bert, guest).await
            })
        };
        let going = {
            let here = here.clone();
            tokio::spawn(async move {
                if nodes > 1 { log_out(&here, clara, third).await.map(drop) } else { Ok(()) }
            })
        };
        pause(b).await;
        let wanted = lock(&here, anna, holder, id).await;
        going.await.unwrap().unwrap();
        let came = done(coming.await.unwrap(), RefusalCode::Blocked);
        let got = done(wanted, RefusalCode::NotAlone);
        assert!(!(came && got), "both");
        if nodes == 1 {
            assert!(came || got, "neither");
        }
        if got {
            locked += 1;
            release(&here, anna, holder, id).await.unwrap();
        }
        if came {
            logged_in += 1;
            log_out(&there, bert, guest).await.unwrap();
        }
        if !came && !got {
            neither += 1;
        }
    }
    // With a third person in the way the import may be refused because of him; then whoever comes must get in.
    assert_eq!(neither, 0, "nobody stood in the way of the one who came");
    let audit = Audit::of(&here.ledger).await;
    audit.assert_exclusive(&format!("plan/{PLAN}"));
    if let Some(second) = second {
        second.close().await;
    }
    office.close().await;
    format!("{logged_in} times the log-in won, {locked} times the import; never both, never neither")
}

/// "Log in to plan B" against "take the lock of the licence in plan A" at the same instant, and, now and then, "make plan C" too.
pub async fn log_in_against_licence(rounds: &Rounds, nodes: usize) -> Found {
    let hour = Duration::from_hours(1);
    let terms = Terms { session_idle: hour, lock_lease: hour, ..Terms::default() };
    let office = Office::with_terms("licence_race", terms.clone()).await;
    let second = if nodes > 1 { Some(Office::on(office.database.clone(), terms).await) } else { None };
    let (here, there) = (desk(&office), second.as_ref().map_or_else(|| desk(&office), desk));
    let (admin, bert) = (user(&here, "admin").await, user(&here, "bert").await);
    let mut plans: Vec<PlanId> = vec!["100234~2026-2027~2".parse().unwrap()];
    make(&here, &plans[0]).await.unwrap();
    let holder = SessionId(Uuid::now_v7());
    log_in(&here, admin, holder).await.unwrap();
    let mut dice = Dice::new(3);
    let (mut logged_in, mut locked) = (0, 0);
    while let Some(round) = rounds.next() {
        let (guest, id) = (SessionId(Uuid::now_v7()), LockId(Uuid::now_v7()));
        let new: Option<PlanId> = (round % 16 == 0 && plans.len() < 200)
            .then(|| format!("100234~2026-2027~{}", plans.len() + 2).parse().unwrap());
        let to = new.clone().unwrap_or_else(|| plans[dice.below(plans.len() as u64) as usize].clone());
        let (a, b) = (dice.below(40), dice.below(40));
        let coming = {
            let (there, to, makes) = (there.clone(), to.clone(), new.is_some());
            tokio::spawn(async move {
                pause(a).await;
                if makes {
                    make(&there, &to).await.unwrap();
                }
                log_in_to(&there, bert, guest, &to).await
            })
        };
        pause(b).await;
        let command = RequestLock { plan: the_plan(), lock: id, action: Action::Licence, periods: None };
        let extra = Extra { contacts: vec![id.0], ..Extra::default() };
        let request = Request::of(admin).in_session(holder);
        let wanted = here.execute(request, command, extra, |_, _| Answer::empty(201)).await;
        let came = done(coming.await.unwrap(), RefusalCode::Blocked);
        let got = done(wanted, RefusalCode::NotAlone);
        assert!(came != got, "exactly one: the log-in {came}, the lock {got}");
        plans.extend(new);
        if got {
            locked += 1;
            release(&here, admin, holder, id).await.unwrap();
        } else {
            logged_in += 1;
            let command = EndSession { plan: Some(to), session: guest, reason: SessionEnd::LoggedOut };
            let request = Request::of(bert).in_session(guest);
            there.execute(request, command, Extra::default(), |_, _| Answer::empty(204)).await.unwrap();
        }
    }
    if let Some(second) = second {
        second.close().await;
    }
    office.close().await;
    format!(
        "{logged_in} times the log-in won, {locked} times the lock, in {} plans; never both, never neither",
        plans.len() + 1
    )
}

async fn make(desk: &Arc<Desk>, plan: &PlanId) -> Result<Answered, Failure> {
    let command = CreatePlan::empty(plan.clone(), None);
    desk.execute(Request::of(Who::Operator), command, Extra::default(), |_, _| Answer::empty(201)).await
}

async fn pause(turns: u64) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

/// Two planners place the same hour of a lesson on different positions.
pub async fn the_same_hour(rounds: &Rounds) -> Found {
    let office = Office::open("hour").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let lesson = json!({ "hours_per_week": 1, "couplings": [] });
    let made = office.create(&anna, &plan("/lessons/12"), lesson).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let path = plan("/lessons/12/placements/1");
    let mut won = [0, 0];
    while let Some(round) = rounds.next() {
        let (day, hour) = (round % 5 + 1, round % 11 + 1);
        let one = office.create(&anna, &path, json!({ "day": day, "hour": hour }));
        let other = office.create(&bert, &path, json!({ "day": day, "hour": hour + 1 }));
        let answers: [_; 2] = tokio::join!(one, other).into();
        let winner = answers.iter().position(|answer| answer.outcome() == "201").expect("one wins");
        let (wins, loses) = (&answers[winner], &answers[1 - winner]);
        assert_eq!(loses.outcome(), "412 stale", "{}", loses.body);
        assert_eq!(loses.body["winner"]["user"], ["anna", "bert"][winner]);
        assert_eq!(loses.body["current"]["hour"], wins.body["hour"]);
        let told = loses.body["changes"].as_array().unwrap().iter().find(|it| it["field"] == "hour").unwrap();
        assert_eq!(told["theirs"], wins.body["hour"], "{}", loses.body);
        assert_ne!(told["yours"], wins.body["hour"], "{}", loses.body);
        won[winner] += 1;
        let gone = office.request(reqwest::Method::DELETE, &format!("/v1{path}"), &anna);
        let gone = office.send(gone.header("if-match", wins.etag())).await;
        assert_eq!(gone.outcome(), "204", "{}", gone.body);
    }
    let audit = Audit::of(&desk(&office).ledger).await;
    let refused = audit.events.iter().filter(|event| event.r#type == "ChangeRefused").count() as u64;
    assert_eq!(refused, rounds.done(), "each refusal is recorded, once");
    office.close().await;
    format!("{} times the one won, {} times the other, who was told the winner and his hour", won[0], won[1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_place_the_same_hour_one_wins_and_the_other_is_told() {
    the_same_hour(&Rounds::quiet("same hour", 30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_log_in_and_an_import_at_the_same_instant_exactly_one_succeeds() {
    log_in_against_import(&Rounds::quiet("log in, import", 300), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_holds_between_two_nodes() {
    log_in_against_import(&Rounds::quiet("log in, import, two nodes", 100), 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_log_in_to_one_plan_and_the_licence_in_another_exactly_one_succeeds() {
    log_in_against_licence(&Rounds::quiet("log in, licence", 200), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_of_the_licence_between_two_nodes() {
    log_in_against_licence(&Rounds::quiet("log in, licence, two nodes", 60), 2).await;
}

/// All take the same revision of the same record; the ledger holds one change and a refusal for each of the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_who_change_the_same_field_one_wins_and_the_others_are_told() {
    let office = Arc::new(Office::open("contest").await);
    let anna = office.log_in("anna").await;
    let made = office.create(&anna, &plan("/teachers/GAUSS"), json!({ "long_name": "Gauss" })).await;
    let etag = made.etag();
    let clients = (0..64).map(|number| {
        let (office, anna, etag) = (office.clone(), anna.clone(), etag.clone());
        tokio::spawn(async move {
            let body = json!({ "long_name": format!("Gauss {number}") });
            office.patch(&anna, &plan("/teachers/GAUSS"), &etag, body).await
        })
    });
    let answers = tokio::time::timeout(Duration::from_secs(60), futures::future::join_all(clients)).await;
    let answers: Vec<_> = answers.unwrap().into_iter().map(Result::unwrap).collect();
    let winners: Vec<_> = answers.iter().filter(|answer| answer.outcome() == "200").collect();
    assert_eq!(winners.len(), 1);
    for loser in answers.iter().filter(|answer| answer.outcome() != "200") {
        assert_eq!(loser.outcome(), "412 stale", "{}", loser.body);
        assert_eq!(loser.body["winner"]["user"], "anna");
        assert_eq!(loser.body["changes"][0]["theirs"], winners[0].body["long_name"]);
        assert_eq!(loser.body["changes"][0]["base"], "Gauss");
    }
    let audit = Audit::of(&desk(&office).ledger).await;
    let count = |r#type: &str| audit.events.iter().filter(|event| event.r#type == r#type).count();
    assert_eq!((count("RecordChanged"), count("ChangeRefused")), (1, 63));
    Arc::into_inner(office).unwrap().close().await;
}
