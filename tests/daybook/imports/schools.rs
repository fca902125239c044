//! Whole schools: real ones, where they are at hand, and the sample school.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tests::doings::{Files, files_of};
use tests::office::{Office, plan};

use super::{LOCK, created, demo};

/// The folder of real schools, where it is at hand.
fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        println!("skipped: the real schools are not at {}", data.display());
        return None;
    }
    Some(data)
}

/// GPU001 as the timetable shows it: lesson, class, teacher, subject, room, day, hour.
fn rows_of(files: &Files) -> Vec<String> {
    let (_, bytes) = files.iter().find(|(name, _)| name.contains("GPU001")).unwrap();
    let utf8 = String::from_utf8(bytes.clone());
    let text = utf8.unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect());
    let text = text.trim_start_matches('\u{feff}');
    let separator = if text.lines().next().unwrap().contains(';') { ';' } else { ',' };
    let mut rows: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            line.split(separator).take(7).map(|cell| cell.trim_matches('"')).collect::<Vec<_>>().join("|")
        })
        .collect();
    rows.sort();
    rows
}

async fn rows_shown(office: &Office, token: &str) -> Vec<String> {
    let cell = |json: &Json| {
        json.as_str().map_or_else(|| json.as_i64().map_or_else(String::new, |n| n.to_string()), str::to_owned)
    };
    let parts = ["lesson", "class", "teacher", "subject", "room", "day", "hour"];
    let items = office.all(token, "/timetable").await;
    let mut rows: Vec<String> =
        items.iter().map(|item| parts.map(|part| cell(&item[part])).join("|")).collect();
    rows.sort();
    rows
}

async fn real_school(set: &str) {
    let Some(data) = data() else { return };
    let files = files_of(&data.join(set), "GPU");
    let facts: Json =
        serde_json::from_slice(&std::fs::read(data.join(set).join("facts.json")).unwrap()).unwrap();
    let office = Office::open(set).await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, LOCK).await;
    let head = office.head().await;
    let tried = office.import(&anna, None, &files, &[("dry_run", "true")]).await;
    assert_eq!(tried.outcome(), "200", "{}", tried.body);
    assert_eq!(office.head().await, head, "a dry run stores nothing");
    let first = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(first.outcome(), "201", "{}", first.body);
    assert_eq!(tried.body["counts"], first.body["counts"]);
    assert_eq!(first.header("daybook-position"), first.body["position"].as_str());
    for kind in ["classes", "teachers", "rooms", "subjects", "lessons"] {
        assert_eq!(json!(created(&first, kind)), facts[kind], "{set} {kind}");
    }
    let shown = office.get(&anna, &plan("")).await;
    for kind in ["classes", "teachers", "rooms", "subjects", "lessons"] {
        assert_eq!(shown.body["counts"][kind], facts[kind], "{set} {kind}");
    }
    let expected = rows_of(&files);
    assert_eq!(json!(expected.len()), facts["timetable_rows"]);
    assert_eq!(rows_shown(&office, &anna).await, expected, "{set}");
    let head = office.head().await;
    for mode in ["merge", "replace"] {
        let again = office.import(&anna, Some(&lock), &files, &[("mode", mode)]).await;
        assert_eq!(again.outcome(), "201", "{}", again.body);
        let counts = again.body["counts"].as_object().unwrap();
        let touched =
            |count: &Json| ["created", "changed", "removed"].iter().any(|what| count[what] != json!(0));
        assert!(!counts.values().any(touched), "{set} {mode}: {}", again.body);
        assert_eq!(office.head().await, head, "a repeated import appends no event");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_finnish_school_of_2006_comes_in_and_reads_back() {
    real_school("gpu-fi-wp-06").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_australian_school_of_1999_comes_in_and_reads_back() {
    real_school("gpu-au-te-99").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_finnish_school_of_1998_comes_in_and_reads_back() {
    real_school("gpu-fi-pb-98").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ministrys_pair_is_refused_row_by_row_unless_lessons_come_from_the_timetable() {
    let Some(data) = data() else { return };
    let files = files_of(&data.join("untis-gpu"), "svws_");
    let office = Office::open("ministry").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, LOCK).await;
    let head = office.head().await;
    let refused = office.import(&anna, Some(&lock), &files, &[("create_missing", "true")]).await;
    assert_eq!(refused.outcome(), "422 import-faults");
    let errors = refused.body["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &refused.body["more"]), (856, &json!(0)), "two of the numbers join");
    for error in errors {
        assert_eq!((&error["file"], &error["column"]), (&json!("svws_GPU001.txt"), &json!(1)));
        assert!(error["line"].as_u64().unwrap() >= 1 && error["detail"].is_string());
    }
    let refused = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(refused.outcome(), "422 import-faults");
    let errors = refused.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1_000);
    assert!(refused.body["more"].as_u64().unwrap() > 0);
    assert_eq!(office.head().await, head, "a faulty import stores nothing");
    let words = [("create_missing", "true"), ("lessons", "from-timetable")];
    let taken = office.import(&anna, Some(&lock), &files, &words).await;
    assert_eq!(taken.outcome(), "201", "{}", taken.body);
    assert_eq!((created(&taken, "teachers"), created(&taken, "classes")), (70, 8));
    assert_eq!(rows_shown(&office, &anna).await, rows_of(&files));
    let head = office.head().await;
    assert_eq!(office.import(&anna, Some(&lock), &files, &words).await.outcome(), "201");
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_school_has_exactly_its_two_collisions() {
    let office = Office::open("sample").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, LOCK).await;
    let files = demo();
    let done = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(done.outcome(), "201", "{}", done.body);
    assert_eq!((&done.body["warnings"], &done.body["ignored"]), (&json!([]), &json!([])));
    assert_eq!(done.body["files"].as_array().unwrap().len(), files.len());
    assert_eq!(rows_shown(&office, &anna).await, rows_of(&files));
    let collisions = office.all(&anna, "/collisions").await;
    let expected = [
        json!({"kind": "teacher", "name": "ULB", "period": "1", "day": 1, "hour": 5, "lessons": ["42", "174"]}),
        json!({"kind": "room", "name": "R 104", "period": "1", "day": 5, "hour": 5, "lessons": ["172", "255"]}),
    ];
    assert_eq!(collisions, expected);
    let missing: u64 =
        office.all(&anna, "/unplaced").await.iter().map(|it| it["missing"].as_u64().unwrap()).sum();
    assert_eq!(missing, 6);
    // One event tells of the whole import; every record's event names it as its cause.
    let changes = office.changes(&anna).await;
    let last = changes.last().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["import"]),
        (&json!("daybook.import.done"), &done.body["import"])
    );
    // Moving one of the two takes a collision away.
    let placed = office.get(&anna, &plan("/lessons/42/placements")).await;
    let hour =
        placed.body["items"].as_array().unwrap().iter().find(|it| it["day"] == 1 && it["hour"] == 5).unwrap();
    let path = plan(&format!("/lessons/42/placements/{}", hour["n"]));
    assert_eq!(office.remove(&anna, &path, "*").await.outcome(), "204");
    assert_eq!(office.all(&anna, "/collisions").await, expected[1..]);
    office.close().await;
}
