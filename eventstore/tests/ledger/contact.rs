//! Contacts, deadlines, credentials, stored answers.

use std::time::Duration;

use domain::StreamName;
use eventstore::{
    AppendError, Credential, CredentialChange, CredentialKind, Deadline, DeadlineName, Due, Expected,
};
use uuid::Uuid;

use crate::setting::{Setting, command, one};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_deadline_is_decided_by_the_clock_of_the_database() {
    let setting = Setting::new().await;
    let (ledger, session) = (&setting.ledger, Uuid::now_v7());
    let mut start = one("plan/a", Expected::Exactly(0), "1");
    start.contacts = vec![session];
    ledger.append(start).await.unwrap();
    let end = || {
        let mut end = one("plan/a", Expected::Exactly(1), "2");
        end.due = vec![Due { contact: session, idle: 60 * SECOND }];
        end
    };
    assert!(matches!(ledger.append(end()).await, Err(AppendError::NotDue)));
    assert!(ledger.due_contacts(60 * SECOND, 10).await.unwrap().is_empty());

    let mut owner = setting.as_owner().await;
    sqlx::query("update contact set seen_at = seen_at - interval '61 s'").execute(&mut owner).await.unwrap();
    assert_eq!(ledger.due_contacts(60 * SECOND, 10).await.unwrap(), [session]);

    // Heard of in the last moment.
    ledger.touch_contacts(&[session]).await.unwrap();
    assert!(matches!(ledger.append(end()).await, Err(AppendError::NotDue)));

    sqlx::query("update contact set seen_at = seen_at - interval '61 s'").execute(&mut owner).await.unwrap();
    ledger.attend(HOUR).await.unwrap();
    assert_eq!(ledger.append(end()).await.unwrap().last, 2);
    ledger.drop_contacts(&[session]).await.unwrap();
    assert!(ledger.contacts(&[session]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_contact_that_is_being_heard_of_at_this_moment_is_waited_for() {
    let setting = Setting::new().await;
    let session = Uuid::now_v7();
    setting.ledger.touch_contacts(&[session]).await.unwrap();
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql("update contact set seen_at = seen_at - interval '61 s'")
        .execute(&mut owner)
        .await
        .unwrap();
    sqlx::raw_sql("begin; update contact set seen_at = clock_timestamp()").execute(&mut owner).await.unwrap();
    let mut end = one("plan/a", Expected::Exactly(0), "2");
    end.due = vec![Due { contact: session, idle: 60 * SECOND }];
    let ending = setting.ledger.enqueue(end).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    sqlx::raw_sql("commit").execute(&mut owner).await.unwrap();
    assert!(matches!(ending.await, Err(AppendError::NotDue)));
}

#[tokio::test]
async fn an_unknown_contact_is_never_due() {
    let setting = Setting::new().await;
    let mut end = one("plan/a", Expected::Exactly(0), "2");
    end.due = vec![Due { contact: Uuid::now_v7(), idle: Duration::ZERO }];
    assert!(matches!(setting.ledger.append(end).await, Err(AppendError::NotDue)));
    assert_eq!(setting.ledger.head().await.unwrap().position, 0);
}

#[tokio::test]
async fn one_that_is_not_due_spoils_nothing_for_its_neighbours() {
    let setting = Setting::new().await;
    let (ledger, silent, heard) = (&setting.ledger, Uuid::now_v7(), Uuid::now_v7());
    ledger.touch_contacts(&[silent, heard, heard]).await.unwrap();
    let mut owner = setting.as_owner().await;
    sqlx::query("update contact set seen_at = seen_at - interval '61 s' where contact_id = $1")
        .bind(silent)
        .execute(&mut owner)
        .await
        .unwrap();
    let end = |stream: &str, contacts: &[Uuid]| {
        let mut end = one(stream, Expected::Exactly(0), "1");
        end.due = contacts.iter().map(|contact| Due { contact: *contact, idle: 60 * SECOND }).collect();
        ledger.enqueue(end).unwrap()
    };
    ledger.attend(HOUR).await.unwrap();
    let pending = [end("a", &[silent, heard]), end("b", &[silent]), end("c", &[]), end("d", &[heard])];
    let mut outcomes = Vec::new();
    for one in pending {
        outcomes.push(one.await.is_ok());
    }
    assert_eq!(outcomes, [false, true, true, false]);

    assert_eq!(ledger.due_contacts(60 * SECOND, 10).await.unwrap(), [silent]);
    assert_eq!(ledger.contacts(&[silent, heard, Uuid::now_v7()]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn time_in_which_nobody_attended_counts_towards_no_deadline() {
    let setting = Setting::new().await;
    let (ledger, session) = (&setting.ledger, Uuid::now_v7());
    let mut begin = one("plan/a", Expected::Exactly(0), "1");
    begin.contacts = vec![session];
    begin.deadlines = vec![grace(session, 30 * SECOND)];
    ledger.append(begin).await.unwrap();
    ledger.attend(HOUR).await.unwrap();
    // Silent for 40 s, then everybody was away for 50 s.
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(
        "update contact set seen_at = seen_at - interval '90 s';
        update deadline set passes_at = passes_at - interval '70 s';
        update attended set at = at - interval '50 s'",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let end = |idle: Duration| {
        let mut end = one("plan/a", Expected::Exactly(1), "2");
        end.due = vec![Due { contact: session, idle }];
        end
    };
    let refused = ledger.append(end(60 * SECOND)).await;
    assert!(matches!(refused, Err(AppendError::NotDue)), "nobody attended meanwhile");
    let mut over = one("plan/a", Expected::Exactly(1), "2");
    over.passed = vec![grace_of(session)];
    assert!(matches!(ledger.append(over).await, Err(AppendError::NotDue)), "nobody attended meanwhile");

    // Two nodes come back at the same moment: the time is made good once.
    let (one, other) = tokio::join!(ledger.attend(3 * SECOND), ledger.attend(3 * SECOND));
    one.and(other).unwrap();
    assert!(ledger.due_contacts(60 * SECOND, 10).await.unwrap().is_empty());
    assert_eq!(ledger.due_contacts(39 * SECOND, 10).await.unwrap(), [session], "silent for 40 s, no less");
    assert!(ledger.passed_deadlines(10).await.unwrap().is_empty());
    assert!(matches!(ledger.append(end(60 * SECOND)).await, Err(AppendError::NotDue)));
    assert_eq!(ledger.append(end(39 * SECOND)).await.unwrap().last, 2);
}

fn grace_of(subject: Uuid) -> DeadlineName {
    DeadlineName { subject, kind: "grace" }
}

fn grace(subject: Uuid, wait: Duration) -> Deadline {
    Deadline { subject, kind: "grace", stream: StreamName::from("plan/a"), wait }
}

#[tokio::test]
async fn what_was_given_time_ends_once_and_not_before() {
    let setting = Setting::new().await;
    let (ledger, subject) = (&setting.ledger, Uuid::now_v7());
    let mut begin = one("plan/a", Expected::Exactly(0), "1");
    begin.deadlines = vec![grace(subject, 30 * SECOND)];
    ledger.append(begin).await.unwrap();
    let end = |version: i64| {
        let mut end = one("plan/a", Expected::Exactly(version), "2");
        end.passed = vec![grace_of(subject)];
        end
    };
    assert!(matches!(ledger.append(end(1)).await, Err(AppendError::NotDue)));
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql("update deadline set passes_at = passes_at - interval '30 s'")
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(ledger.passed_deadlines(10).await.unwrap()[0].subject, subject);
    assert!(ledger.has_passed(grace_of(subject)).await.unwrap());
    ledger.attend(HOUR).await.unwrap();
    // An append that does not stand ends nothing.
    assert!(matches!(ledger.append(end(0)).await, Err(AppendError::Conflict)));
    assert_eq!(ledger.append(end(1)).await.unwrap().last, 2);
    assert!(ledger.passed_deadlines(10).await.unwrap().is_empty());
    assert!(matches!(ledger.append(end(2)).await, Err(AppendError::NotDue)), "it is over and gone");
}

#[tokio::test]
async fn credentials_change_with_their_event_or_not_at_all() {
    let setting = Setting::new().await;
    let (ledger, user, session) = (&setting.ledger, Uuid::now_v7(), Uuid::now_v7());
    let password = |hash: &str| Credential {
        owner: user,
        kind: CredentialKind::Password,
        hash: hash.as_bytes().to_vec(),
        stream: None,
    };
    let token = Credential {
        owner: session,
        kind: CredentialKind::Session,
        hash: vec![1; 32],
        stream: Some(StreamName::from("plan/a")),
    };
    let append = |version, changes: Vec<CredentialChange>| {
        let mut append = one("accounts", Expected::Exactly(version), "1");
        append.credentials = changes;
        ledger.append(append)
    };
    let both = vec![CredentialChange::Insert(password("$one")), CredentialChange::Insert(token.clone())];
    assert!(matches!(append(9, both.clone()).await, Err(AppendError::Conflict)));
    assert_eq!(ledger.password_of(user).await.unwrap(), None);
    append(0, both).await.unwrap();
    assert_eq!(ledger.password_of(user).await.unwrap().as_deref(), Some("$one"));
    let row = ledger.credential_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((row.owner, row.kind, row.stream), (session, CredentialKind::Session, token.stream.clone()));

    append(1, vec![CredentialChange::Replace(password("$two"))]).await.unwrap();
    assert_eq!(ledger.password_of(user).await.unwrap().as_deref(), Some("$two"));
    assert!(ledger.credential_by_hash(b"$two").await.unwrap().is_none(), "a password is no token");

    // The same token hash a second time: the append fails, and its event is not there.
    let failed = append(2, vec![CredentialChange::Insert(token)]).await;
    assert!(matches!(failed, Err(AppendError::Failed(_))), "{failed:?}");
    append(2, vec![CredentialChange::DeleteOwner(session)]).await.unwrap();
    assert!(ledger.credential_by_hash(&[1; 32]).await.unwrap().is_none());
    setting.assert_sound().await;
}

#[tokio::test]
async fn old_answers_are_taken_away_and_their_commands_stay_known() {
    let setting = Setting::new().await;
    let mut keyed = command();
    keyed.keyed = true;
    keyed.answer = Some(b"201".to_vec());
    setting.ledger.append(keyed.clone()).await.unwrap();
    assert_eq!(setting.ledger.prune_answers(3600 * SECOND).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(setting.ledger.prune_answers(Duration::ZERO).await.unwrap(), 1);
    match setting.ledger.append(keyed).await {
        Err(AppendError::Known(stored)) => assert_eq!(stored.answer, None),
        other => panic!("{other:?}"),
    }
}
