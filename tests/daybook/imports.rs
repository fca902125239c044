//! The import of Untis GPU files through the door.

use std::path::Path;

use serde_json::json;
use tests::doings::{Files, files_of, text};
use tests::office::{Answer, Office, plan};

mod schools;

const LOCK: &str = "data-import";

fn demo() -> Files {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU")
}

fn file(name: &str, text: &str) -> (String, Vec<u8>) {
    (name.to_owned(), text.as_bytes().to_vec())
}

fn created(answer: &Answer, kind: &str) -> u64 {
    answer.body["counts"][kind]["created"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merging_leaves_what_is_empty_and_replacing_unsets_and_removes_it() {
    let office = Office::open("replace").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/departments/A", json!({"long_name": "Arts", "text": "kept"})).await;
    office.made(&anna, "/departments/B", json!({"long_name": "Biology"})).await;
    office.made(&anna, "/rooms/R", json!({"long_name": "Room"})).await;
    let lock = office.lock(&anna, LOCK).await;
    let files = vec![file("gpu007.txt", "A;\r\nC;Chemistry;\r\n")];
    let merged = office.import(&anna, Some(&lock), &files, &[("mode", "merge")]).await;
    assert_eq!(merged.outcome(), "201", "{}", merged.body);
    assert_eq!(
        merged.body["counts"]["departments"],
        json!({"created": 1, "changed": 0, "unchanged": 1, "removed": 0})
    );
    assert_eq!(office.get(&anna, &plan("/departments/A")).await.body["long_name"], "Arts");
    let replaced = office.import(&anna, Some(&lock), &files, &[("mode", "replace")]).await;
    assert_eq!(
        replaced.body["counts"]["departments"],
        json!({"created": 0, "changed": 1, "unchanged": 1, "removed": 1})
    );
    let arts = office.get(&anna, &plan("/departments/A")).await;
    assert_eq!(
        (arts.body.get("long_name"), &arts.body["text"]),
        (None, &json!("kept")),
        "columns that no file has stay"
    );
    assert_eq!(office.get(&anna, &plan("/departments/B")).await.outcome(), "404 not-found");
    assert_eq!(office.get(&anna, &plan("/rooms/R")).await.outcome(), "200", "no file of its kind was given");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absences_substitutions_and_holidays_come_in_with_the_school() {
    let office = Office::open("importcover").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, LOCK).await;
    let first = office.import(&anna, Some(&lock), &demo(), &[]).await;
    assert_eq!(first.outcome(), "201", "{}", first.body);
    let kinds = ["absence-reasons", "absences", "substitutions", "holidays"];
    assert_eq!(kinds.map(|kind| created(&first, kind)), [4, 3, 5, 6]);
    assert_eq!(first.body["warnings"], json!([]), "{}", first.body);
    let head = office.head().await;
    for mode in ["merge", "replace"] {
        let again = office.import(&anna, Some(&lock), &demo(), &[("mode", mode)]).await;
        assert_eq!(again.outcome(), "201", "{}", again.body);
        assert_eq!(office.head().await, head, "a repeated import appends no event");
    }
    let absent = office.get(&anna, &plan("/absences/1")).await.body;
    assert_eq!((&absent["name"], &absent["reason"]), (&json!("AND"), &json!("KR")));
    let moved = office.get(&anna, &plan("/substitutions/4")).await.body;
    assert_eq!(
        (&moved["kind"], &moved["to_date"], &moved["to_hour"]),
        (&json!("move"), &json!("2026-11-26"), &json!(7))
    );
    assert_eq!(office.get(&anna, &plan("/holidays/Mai")).await.body["public"], true);
    let faulty =
        vec![file("GPU018.TXT", "Alt;;20100101;20100102\n"), file("GPU014.TXT", "1;20261123;1;0;9999\n")];
    let refused = office.import(&anna, Some(&lock), &faulty, &[("create_missing", "true")]).await;
    assert_eq!(refused.outcome(), "422 import-faults", "{}", refused.body);
    let places: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["file"]), it["column"].clone()))
        .collect();
    assert_eq!(places, [("GPU018.TXT".to_owned(), json!(4)), ("GPU014.TXT".to_owned(), json!(5))]);
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_takes_in_its_own_records_under_its_own_lock() {
    let office = Office::open("importdepartment").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, LOCK).await;
    assert_eq!(office.import(&anna, Some(&lock), &demo(), &[]).await.outcome(), "201");
    let own = [("department", "SPR"), ("mode", "replace")];
    let files = vec![
        file("GPU004.TXT", "AND;Anders;;;;;;;;;;;;;;;SPR\nTOR;Tor;;;;;;;;;;;;;;;MINT\n"),
        file("GPU013.TXT", "1;L;AND;20261123;20261130;;;KR\n5;L;TOR;20261123;20261123\n"),
    ];
    let wrong = office.import(&anna, Some(&lock), &files, &own).await;
    assert_eq!(
        (wrong.outcome().as_str(), &wrong.body["action"]),
        ("409 lock-missing", &json!("department-import"))
    );
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let lock = office.lock(&anna, "department-import").await;
    let merged = [("department", "SPR"), ("dry_run", "true")];
    let tried = office.import(&anna, None, &files, &merged).await;
    assert_eq!(tried.outcome(), "200", "{}", tried.body);
    let merged = [("department", "SPR")];
    let done = office.import(&anna, Some(&lock), &files, &merged).await;
    assert_eq!(done.outcome(), "201", "{}", done.body);
    let one = json!({"created": 0, "changed": 1, "unchanged": 0, "removed": 0});
    assert_eq!((&done.body["counts"]["teachers"], &done.body["counts"]["absences"]), (&one, &one));
    assert_eq!(office.get(&anna, &plan("/teachers/AND")).await.body["long_name"], "Anders");
    assert_eq!(office.get(&anna, &plan("/teachers/TOR")).await.body["long_name"], "Törnqvist");
    assert_eq!(office.get(&anna, &plan("/absences/5")).await.outcome(), "404 not-found");
    let unknown = office.import(&anna, Some(&lock), &files, &[("department", "XYZ")]).await;
    assert_eq!(unknown.outcome(), "422 invalid", "{}", unknown.body);
    let other_lock = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(other_lock.outcome(), "409 lock-missing", "the lock of a department is none for the whole");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_needs_its_lock_its_right_and_a_readable_form() {
    let office = Office::open("importdoor").await;
    let anna = office.log_in("anna").await;
    let files = vec![file("GPU007.TXT", "A,Arts\n")];
    let head = office.head().await;
    let missing = office.import(&anna, None, &files, &[]).await;
    assert_eq!(
        (missing.outcome().as_str(), &missing.body["action"]),
        ("409 lock-missing", &json!(LOCK)),
        "{}",
        missing.body
    );
    assert_eq!(office.head().await, head + 1, "the refusal is recorded");
    let lock = office.lock(&anna, LOCK).await;
    let head = office.head().await;
    let program = office.api_token("reader", "viewers").await;
    let head = head + (office.head().await - head);
    let refused = office.import(&program, Some(&lock), &files, &[]).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("import")));
    for words in
        [("mode", "mix"), ("lessons", "x"), ("create_missing", "yes"), ("dry_run", "1"), ("colour", "red")]
    {
        let answer = office.import(&anna, Some(&lock), &files, &[words]).await;
        assert_eq!(answer.outcome(), "422 invalid", "{words:?}");
    }
    assert_eq!(
        office.import(&anna, Some(&lock), &vec![], &[("mode", "merge")]).await.outcome(),
        "422 invalid"
    );
    let faulty = vec![file("GPU004.TXT", "X,Xaver\n\"Y\n"), file("GPU003.TXT", "5a,,,NOROOM\n")];
    let answer = office.import(&anna, Some(&lock), &faulty, &[]).await;
    assert_eq!(answer.outcome(), "422 import-faults", "{}", answer.body);
    let places: Vec<String> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| format!("{} {} {}", text(&error["file"]), error["line"], error["column"]))
        .collect();
    assert!(places.contains(&"GPU003.TXT 1 4".to_owned()), "{places:?}");
    assert!(places.iter().any(|place| place.starts_with("GPU004.TXT 2")), "{places:?}");
    let json = office.post(&anna, &plan("/imports"), json!({})).await;
    assert_eq!(json.outcome(), "415 media-type");
    let huge = vec![("GPU004.TXT".to_owned(), vec![b'x'; (64 << 20) + 1])];
    assert_eq!(office.import(&anna, Some(&lock), &huge, &[]).await.outcome(), "413 too-large");
    assert_eq!(office.head().await, head);
    let odd = vec![file("GPU007.TXT", "A,Arts\n"), file("readme.txt", "hello"), file("GPU099.TXT", "x")];
    let answer = office.import(&anna, Some(&lock), &odd, &[]).await;
    assert_eq!(answer.outcome(), "201", "{}", answer.body);
    assert_eq!(answer.body["ignored"].as_array().unwrap().len(), 2, "{}", answer.body);
    office.close().await;
}
