//! A plan as files, through the door.

use std::io::{Cursor, Read};
use std::path::Path;

use serde_json::{Value as Json, json};
use tests::doings::{Files, files_of, text};
use tests::office::{Office, plan};

/// The files of a zip.
fn unzipped(bytes: &[u8]) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Files::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.push((file.name().unwrap().into_owned(), bytes));
    }
    files
}

async fn exported(office: &Office, token: &str, query: &str) -> Files {
    let (answer, bytes) = office.get_bytes(token, &plan(&format!("/exports{query}"))).await;
    assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(answer.headers()["content-type"], "application/zip");
    unzipped(&bytes)
}

fn names(files: &Files) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

fn demo() -> Files {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU")
}

/// Whether an import found everything as it was.
fn is_unchanged(counts: &Json) -> bool {
    let untouched = |count: &Json| count["created"] == 0 && count["changed"] == 0 && count["removed"] == 0;
    counts.as_object().unwrap().values().all(untouched)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_imported_again_without_a_change_and_elsewhere_to_the_same_bytes() {
    let office = Office::open("export").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    office.import(&anna, Some(&lock), &demo(), &[]).await;
    office
        .patch(&anna, &plan("/lessons/1/placements/1"), "*", json!({ "room": "R 101", "week": " A " }))
        .await;
    office.patch(&anna, &plan("/teachers/BER"), "*", json!({ "text": " a;b\n\"c\" " })).await;
    let files = exported(&office, &anna, "").await;
    assert_eq!(files.len(), 12, "{:?}", names(&files));
    // What is read from the read models is what is told of the folded plan.
    let desk = &office.service.as_ref().unwrap().desk;
    let id = tests::office::PLAN.parse().unwrap();
    let folded = desk.with_plan(&id, |plan| {
        let period = plan.named(domain::Kind::Periods, "1").unwrap().id;
        domain::export::files(plan, period, &domain::gpu::write::FILES)
    });
    let folded = folded.await.unwrap().into_iter().map(|file| (file.name, file.text.into_bytes()));
    assert_eq!(files, folded.collect::<Files>());
    let head = office.head().await;
    for mode in ["merge", "replace"] {
        let again = office.import(&anna, Some(&lock), &files, &[("mode", mode)]).await;
        assert_eq!(again.outcome(), "201", "{}", again.body);
        assert!(is_unchanged(&again.body["counts"]), "{}", again.body["counts"]);
    }
    assert_eq!(office.head().await, head, "nothing was appended");
    let other = Office::open("export_elsewhere").await;
    let bert = other.log_in("bert").await;
    let lock = other.lock(&bert, "data-import").await;
    let first = other.import(&bert, Some(&lock), &files, &[]).await;
    assert_eq!(first.outcome(), "201", "{}", first.body);
    assert_eq!(exported(&other, &bert, "").await, files);
    office.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_asked_for_are_those_of_a_moment_and_of_a_period() {
    let office = Office::open("export_moment").await;
    let anna = office.log_in("anna").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({})).await;
    office
        .made(&anna, "/lessons/7", json!({ "hours_per_week": 1, "couplings": [{ "teacher": "GAUSS" }] }))
        .await;
    office.made(&anna, "/lessons/7/placements/1", json!({ "day": 1, "hour": 2 })).await;
    office.patch(&anna, &plan("/teachers/GAUSS"), "*", json!({ "id": "EULER" })).await;
    let now = exported(&office, &anna, "?files=GPU004,gpu001").await;
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    assert_eq!(now, [file("GPU001.TXT", "\"7\";;\"EULER\";;;1;2\r\n"), file("GPU004.TXT", "\"EULER\"\r\n")]);
    let then = made.header("daybook-position").unwrap();
    let past = exported(&office, &anna, &format!("?files=GPU002,GPU004&as_of={then}")).await;
    assert_eq!(past, [file("GPU002.TXT", ""), file("GPU004.TXT", "\"GAUSS\"\r\n")]);
    let (answer, _) = office.get_bytes(&anna, &plan(&format!("/exports?as_of={then}"))).await;
    assert_eq!(answer.headers()["daybook-as-of"], then);
    office.made(&anna, "/lessons/Chor", json!({ "hours_per_week": 1 })).await;
    let with_notes = exported(&office, &anna, "?files=GPU002").await;
    assert_eq!(names(&with_notes), ["GPU002.TXT", "NOTES.txt"]);
    assert!(String::from_utf8_lossy(&with_notes[1].1).contains("lessons/Chor"));
    for (query, outcome, pointer) in [
        ("?files=GPU008", "422 invalid", "/query/files"),
        ("?files=", "422 invalid", "/query/files"),
        ("?period=9", "422 invalid", "/query/period"),
        ("?colour=red", "422 invalid", "/query/colour"),
        ("?as_of=x", "422 invalid", "/query/as_of"),
        ("?as_of=9999999", "422 invalid", "/query/as_of"),
    ] {
        let refused = office.get(&anna, &plan(&format!("/exports{query}"))).await;
        assert_eq!(refused.outcome(), outcome, "{query}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}: {}", refused.body);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_absent_is_exported_only_to_whoever_may_read_it() {
    let office = Office::open("export_rights").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    office.import(&anna, Some(&lock), &demo(), &[]).await;
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let all = exported(&office, &anna, "").await;
    assert!(all.iter().any(|(name, bytes)| name == "GPU013.TXT" && !bytes.is_empty()));
    let victor = office.log_in("victor").await;
    let open = exported(&office, &victor, "").await;
    let sensitive = ["GPU012.TXT", "GPU013.TXT", "GPU014.TXT"];
    let expected: Vec<&str> = names(&all).into_iter().filter(|name| !sensitive.contains(name)).collect();
    assert_eq!(names(&open), expected);
    for name in ["GPU012", "GPU013", "GPU014"] {
        let refused = office.get(&victor, &plan(&format!("/exports?files=GPU001,{name}"))).await;
        assert_eq!(refused.outcome(), "403 not-permitted", "{}", refused.body);
        assert_eq!(text(&refused.body["right"]), "read-absences");
    }
    office.close().await;
}
