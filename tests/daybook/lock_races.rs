//! Cover mode against optimisation; release against renewal against expiry: each time one consistent history.

use std::sync::Arc;
use std::time::Duration;

use api::desk::{Answer, Extra, Request, Terms};
use domain::command::end_lock::EndLock;
use domain::{Event, LockEnd, LockId, Who};
use eventstore::Due;
use reqwest::Method;
use serde_json::json;
use sqlx::Connection;
use tests::audit::Audit;
use tests::doings::text;
use tests::office::{Office, PLAN, plan};
use tests::rounds::Rounds;

use crate::races::Found;

const MINUTE: Duration = Duration::from_mins(1);

fn unhurried() -> Terms {
    let hour = Duration::from_hours(1);
    Terms { session_idle: hour, lock_lease: hour, ..Terms::default() }
}

/// "Begin covering" against "optimise the period" at the same instant.
pub async fn cover_against_optimisation(rounds: &Rounds) -> Found {
    let office = Arc::new(Office::with_terms("coverrace", unhurried()).await);
    let (anna, clara) = (office.log_in("anna").await, office.log_in("clara").await);
    let (locks, mut covered, mut optimised) = (plan("/locks"), 0, 0);
    let patch = |mode: &str| {
        let request = office.write(Method::PATCH, &clara, "/sessions/current", &json!({ "mode": mode }));
        office.send(request)
    };
    while let Some(round) = rounds.next() {
        let optimise = json!({ "action": "optimise", "periods": ["1"] });
        let wanted = office.post(&anna, &locks, optimise);
        let (lock, cover) = if round % 2 == 0 {
            tokio::join!(wanted, patch("cover"))
        } else {
            let (cover, lock) = tokio::join!(patch("cover"), wanted);
            (lock, cover)
        };
        match (lock.outcome().as_str(), cover.outcome().as_str()) {
            ("201", "423 blocked") => {
                assert_eq!(cover.body["rule"], "optimisation", "{}", cover.body);
                assert_eq!(cover.body["held_by"][0]["user"], "anna");
                optimised += 1;
                let path = plan(&format!("/locks/{}", text(&lock.body["lock"])));
                assert_eq!(office.delete(&anna, &path).await.outcome(), "204");
            }
            ("423 blocked", "200") => {
                assert_eq!(lock.body["rule"], "cover", "{}", lock.body);
                assert_eq!(lock.body["held_by"][0]["user"], "clara");
                covered += 1;
                assert_eq!(patch("read").await.outcome(), "200");
            }
            both => panic!("{both:?}"),
        }
    }
    let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
    audit.assert_exclusive(&format!("plan/{PLAN}"));
    Arc::into_inner(office).unwrap().close().await;
    format!("{covered} times cover mode won, {optimised} times the optimisation; never both, never neither")
}

/// A lock is given back, renewed, and over its lease, at the same instant.
pub async fn release_against_renewal_against_expiry(rounds: &Rounds) -> Found {
    let office = Office::with_terms("leaserace", unhurried()).await;
    let anna = office.log_in("anna").await;
    let desk = office.service.as_ref().unwrap().desk.clone();
    let mut owner = sqlx::PgConnection::connect_with(&office.database.options).await.unwrap();
    let (mut released, mut expired, mut renewed) = (0, 0, 0);
    while let Some(round) = rounds.next() {
        let id = office.lock(&anna, "data-import").await;
        let lock: LockId = id.parse().unwrap();
        sqlx::query("update daybook.contact set seen_at = seen_at - interval '61 s' where contact_id = $1")
            .bind(lock.0)
            .execute(&mut owner)
            .await
            .unwrap();
        let path = plan(&format!("/locks/{id}"));
        let expiry = async {
            let command = EndLock { plan: PLAN.parse().unwrap(), lock, reason: LockEnd::NotRenewed };
            let extra = Extra { due: vec![Due { contact: lock.0, idle: MINUTE }], ..Extra::default() };
            desk.execute(Request::of(Who::System), command, extra, |_, _| Answer::empty(204)).await.unwrap()
        };
        let release = async {
            for _ in 0..round % 3 {
                tokio::task::yield_now().await;
            }
            if round % 4 == 3 { None } else { Some(office.delete(&anna, &path).await.outcome()) }
        };
        let renewal = office.send(office.request(Method::PATCH, &format!("/v1{path}"), &anna));
        let (renewal, release, _) = tokio::join!(renewal, release, expiry);
        let (renewal, release) = (renewal.outcome(), release.unwrap_or_default());
        let held = desk.with_plan(&PLAN.parse().unwrap(), |plan| plan.lock(lock).is_some()).await.unwrap();
        if renewal == "200" {
            renewed += 1;
            assert_eq!(held, release.is_empty(), "what was renewed is held until it is given back");
        } else {
            assert_eq!(renewal, "409 lock-ended");
        }
        match release.as_str() {
            "204" => released += 1,
            "409 lock-ended" | "" => assert!(held || renewal != "200", "it expired although it was renewed"),
            other => panic!("{other}"),
        }
        if held {
            assert_eq!(office.delete(&anna, &path).await.outcome(), "204");
        } else if release != "204" {
            expired += 1;
        }
        assert_eq!(office.delete(&anna, &path).await.outcome(), "409 lock-ended", "it ends once");
    }
    let audit = Audit::of(&office.service.as_ref().unwrap().ledger).await;
    let ended = |reason: LockEnd| {
        let is = |event: &&eventstore::Recorded| {
            event.r#type == "LockEnded"
                && matches!(
                    Event::decode(&event.r#type, &event.data),
                    Ok(Event::LockEnded(ended)) if ended.reason == reason
                )
        };
        audit.events.iter().filter(is).count() as u64
    };
    assert_eq!(ended(LockEnd::NotRenewed), expired, "every lock ended once, for the reason that was told");
    assert_eq!(ended(LockEnd::Released) + expired, rounds.done());
    office.close().await;
    format!(
        "{released} times given back first, {expired} times expired first, {renewed} times renewed before"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_cover_mode_and_optimisation_at_the_same_instant_exactly_one_begins() {
    cover_against_optimisation(&Rounds::quiet("cover, optimise", 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_that_is_renewed_is_held_and_one_that_ended_ended_once() {
    release_against_renewal_against_expiry(&Rounds::quiet("release, renew, expire", 60)).await;
}
