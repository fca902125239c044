//! The import of Untis GPU files through the door.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tests::doings::{Files, files_of, text};
use tests::office::{Answer, Office, plan};

const LOCK: &str = "data-import";

/// The folder of real schools, where it is at hand.
fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        println!("skipped: the real schools are not at {}", data.display());
        return None;
    }
    Some(data)
}

fn demo() -> Files {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU")
}

fn file(name: &str, text: &str) -> (String, Vec<u8>) {
    (name.to_owned(), text.as_bytes().to_vec())
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

fn created(answer: &Answer, kind: &str) -> u64 {
    answer.body["counts"][kind]["created"].as_u64().unwrap_or_default()
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
