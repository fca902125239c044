//! Two changes of one record at the same instant: one is written, the other is told by whom it was overtaken.

use domain::Event;
use serde_json::json;
use tests::audit::Audit;
use tests::office::{Office, plan};
use tests::rounds::Rounds;

use crate::races::Found;

/// Two planners change the same field of the same record, both on the revision that they have seen.
pub async fn two_changes_of_one_record(rounds: &Rounds) -> Found {
    let office = Office::open("changerace").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let made = office.made(&anna, "/teachers/GAUSS", json!({ "long_name": "nobody" })).await;
    let path = plan("/teachers/GAUSS");
    let (mut etag, mut name, mut won) = (made.etag(), "nobody".to_owned(), [0, 0]);
    while let Some(round) = rounds.next() {
        let change = |token, by: &str| {
            let body = json!({ "long_name": format!("{by} {round}") });
            office.patch(token, &path, &etag, body)
        };
        let answers: [_; 2] = if round % 2 == 0 {
            tokio::join!(change(&anna, "anna"), change(&bert, "bert")).into()
        } else {
            let (other, one) = tokio::join!(change(&bert, "bert"), change(&anna, "anna"));
            [one, other]
        };
        let winner = answers.iter().position(|answer| answer.outcome() == "200").expect("one wins");
        let (wins, loses) = (&answers[winner], &answers[1 - winner]);
        assert_eq!(loses.outcome(), "412 stale", "{}", loses.body);
        assert_eq!(loses.body["winner"]["user"], ["anna", "bert"][winner]);
        let told = &loses.body["changes"][0];
        assert_eq!(
            (&told["base"], &told["theirs"]),
            (&json!(name), &wins.body["long_name"]),
            "{}",
            loses.body
        );
        assert_eq!(loses.body["revision"], wins.body["revision"]);
        name = wins.body["long_name"].as_str().unwrap().to_owned();
        etag = wins.etag();
        won[winner] += 1;
    }
    let audit = Audit::of(&office.service.as_ref().unwrap().desk.ledger).await;
    let (mut revision, mut last, mut refused) = (1, None, 0);
    for event in &audit.events {
        match Event::decode(&event.r#type, &event.data).unwrap() {
            Event::RecordChanged(e) => {
                assert_eq!(e.revision, revision + 1, "revisions count up by one");
                let [change] = &e.changes[..] else { panic!("one field changes") };
                assert!(
                    revision == 1 || change.from == last,
                    "each change begins where the one before ended"
                );
                (revision, last) = (e.revision, change.to.clone());
            }
            Event::ChangeRefused(_) => refused += 1,
            _ => {}
        }
    }
    assert_eq!((revision - 1, refused), (rounds.done(), rounds.done()), "one change and one refusal each");
    office.close().await;
    format!("{} times the one won, {} times the other; the other was told each time", won[0], won[1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_changes_of_one_record_at_the_same_instant_one_is_written() {
    two_changes_of_one_record(&Rounds::quiet("two changes", 60)).await;
}
