//! Users and groups as they stood: however many have come and gone since, little of it is read again for a question.

use std::sync::Arc;
use std::time::Instant;

use domain::{
    Accounts, Actor, At, CommandId, Event, Fold, GroupId, Meta, Personal, Stamp, UserAdded, UserChanged,
    UserId,
};
use eventstore::{Append, Expected, NewEvent, Write};
use tests::office::Office;
use uuid::Uuid;

use crate::snapshots::events_read;

/// The users; each is called something else, again and again.
const USERS: u128 = 400;
/// The events that there are of them in all.
const EVENTS: usize = 5_500;
/// The most events of an append.
const TOGETHER_MAX: usize = 250;

/// What happens to one user after the other, round by round.
fn happens(step: usize, groups: &[GroupId]) -> Event {
    let number = step as u128 % USERS;
    let (user, round) = (UserId(Uuid::from_u128(1_000_000 + number)), step / USERS as usize);
    let name = Personal { of: user.0, open: format!("user {number} {round}") };
    let group = groups[step % groups.len()];
    let (full_name, email, language) = (None, None, None);
    if round == 0 {
        return UserAdded { user, name, group, full_name, email, language }.into();
    }
    let revision = round as u64 + 1;
    UserChanged { user, revision, name, group, full_name, email, language, disabled: false, by: None }.into()
}

fn append(events: &[Event]) -> Append {
    let mut append = Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::Operator));
    let new = |event: &Event| NewEvent { r#type: event.r#type(), subject: None, data: event.encode() };
    append.writes.push(Write {
        stream: Accounts::stream(),
        expected: Expected::Any,
        events: events.iter().map(new).collect(),
    });
    append
}

/// Which versions are looked at: both sides of every milestone, and some between.
fn is_asked(version: i64) -> bool {
    version % 1_000 < 2 || version % 1_000 > 997 || version % 331 == 0
}

/// The states after some events, as the ledger tells them, with where each stands.
async fn states(office: &Office) -> Vec<(i64, Accounts)> {
    let service = office.service.as_ref().unwrap();
    let (mut version, mut accounts, mut states) = (0, Accounts::default(), Vec::new());
    loop {
        let events = service.ledger.read_stream(&Accounts::stream(), version, 1_000).await.unwrap();
        let Some(last) = events.last() else { return states };
        version = last.version;
        for recorded in &events {
            let event = Event::decode(&recorded.r#type, &recorded.data).unwrap();
            let stamp = Some(Stamp { position: recorded.position, at: recorded.recorded_at });
            accounts.evolve(&event, &At { version: recorded.version, epoch: service.desk.epoch(), stamp });
            if is_asked(recorded.version) {
                states.push((recorded.position, accounts.clone()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_then_are_right_and_read_little_of_the_ledger() {
    let office = Office::open("accounts_then").await;
    let service = office.service.as_ref().unwrap();
    let desk = &service.desk;
    let now = desk.accounts().await.unwrap();
    let mut groups: Vec<GroupId> = now.groups().map(|group| group.id).collect();
    groups.sort_unstable();
    let newcomers = now.users().count() + USERS as usize;
    let mut step = 0;
    while step < EVENTS {
        let count = (1 + step * 7 % TOGETHER_MAX).min(EVENTS - step);
        let events: Vec<Event> = (step..step + count).map(|step| happens(step, &groups)).collect();
        service.ledger.append(append(&events)).await.unwrap();
        step += count;
    }
    let states = states(&office).await;
    let head = office.head().await;
    let began = Instant::now();
    assert_eq!(
        desk.accounts_at(head).await.unwrap().users().count(),
        newcomers,
        "the first question reads all"
    );
    let first = began.elapsed();
    assert_eq!(*desk.accounts_at(0).await.unwrap(), Accounts::default(), "before anybody was there");
    let (mut asked, before, began) = (0, events_read(&office).await, Instant::now());
    for (position, then) in &states {
        assert_eq!(*desk.accounts_at(*position).await.unwrap(), *then, "at {position}");
        asked += 1;
    }
    let (took, read) = (began.elapsed() / asked, events_read(&office).await - before);
    eprintln!("{EVENTS} events: the first question {first:?}, then {took:?} for each of {asked}");
    assert!(asked > 30, "{asked}");
    // What the service itself reads beside of the new events is no more than all of them.
    assert!(read <= u64::from(asked) * 1_000 + EVENTS as u64, "{read} events for {asked} questions");
    let (position, _) = &states[7];
    let [one, again] =
        [desk.accounts_at(*position).await.unwrap(), desk.accounts_at(*position).await.unwrap()];
    assert!(Arc::ptr_eq(&one, &again), "who asks for the same moment again");
    office.close().await;
}
