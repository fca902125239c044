//! The gate that closes at the moment of a log-in.

use api::desk::{Answer as Decided, Extra, Failure, Request};
use domain::command::announce_outage::AnnounceOutage;
use domain::command::log_in::LogIn;
use domain::{OutageId, RefusalCode, SessionId, Who};
use serde_json::Value as Json;
use tests::audit::Audit;
use tests::office::{Office, PLAN};
use tests::rounds::{Dice, Rounds};
use uuid::Uuid;

/// The gate closes while programs log in: whoever was decided afterwards is not in.
pub async fn gate_against_log_in(rounds: &Rounds) -> String {
    let office = Office::open("gaterace").await;
    let second = office.beside().await;
    let (here, there) =
        (office.service.as_ref().unwrap().desk.clone(), second.service.as_ref().unwrap().desk.clone());
    let anna = Who::User(here.with_accounts(|all| all.user_named("anna").unwrap().id).await.unwrap());
    let gate = |prevent_logins| AnnounceOutage {
        outage: OutageId(Uuid::now_v7()),
        message: "Closed.".to_owned(),
        prevent_logins,
        until: None,
        begin: false,
    };
    let log_in = |plan: bool| LogIn {
        plan: plan.then(|| PLAN.parse().unwrap()),
        session: SessionId(Uuid::now_v7()),
        mode: None,
        period: None,
        client: None,
        resumed: false,
        replaces: None,
    };
    let mut dice = Dice::new(7);
    let (mut came, mut stayed_out) = (0, 0);
    while let Some(round) = rounds.next() {
        let at = if round % 2 == 0 { here.clone() } else { there.clone() };
        let (turns, command) = (dice.below(4), log_in(round % 4 < 2));
        let coming = tokio::spawn(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            at.execute(Request::of(anna), command, Extra::default(), |_, _| Decided::empty(201)).await
        });
        for _ in 0..dice.below(4) {
            tokio::task::yield_now().await;
        }
        let operator = || Request::of(Who::Operator);
        let closed = here.execute(operator(), gate(true), Extra::default(), |_, _| Decided::empty(200));
        let closed = closed.await.unwrap().position.number;
        match coming.await.unwrap() {
            Ok(answered) => {
                assert!(answered.position.number < closed, "nobody is in who came after the gate closed");
                came += 1;
            }
            Err(Failure::Refused(refusal)) if refusal.code == RefusalCode::GateClosed => stayed_out += 1,
            Err(other) => panic!("{other:?}"),
        }
        here.execute(operator(), gate(false), Extra::default(), |_, _| Decided::empty(200)).await.unwrap();
    }
    let audit = Audit::of(&here.ledger).await;
    let mut shut = false;
    for event in &audit.events {
        match event.r#type.as_str() {
            "OutageAnnounced" | "OutageChanged" => {
                let said: Json = serde_json::from_slice(&event.data).unwrap();
                shut = said["prevent_logins"] == true;
            }
            "SessionStarted" => assert!(!shut, "a session began at {} behind a closed gate", event.position),
            _ => {}
        }
    }
    second.close().await;
    office.close().await;
    format!("{came} came in before the gate closed, {stayed_out} stayed out; nobody came in behind it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_decided_after_the_gate_closed_is_not_in() {
    gate_against_log_in(&Rounds::quiet("gate", 100)).await;
}
