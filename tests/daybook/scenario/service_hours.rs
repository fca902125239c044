//! The administrator wants to import and is not alone.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tests::doings::{files_of, text};
use tests::office::{PLAN, plan};
use tests::person::Person;

use super::{assert_blocked, assert_done, names};

/// He is told who is in the plan and what they do; he writes to them; one of them goes by himself.
pub async fn the_administrator_sees_who_is_in_the_way(
    chief: &Person<'_>,
    anna: &Person<'_>,
    bert: Person<'_>,
) {
    let doing = json!({ "activity": "rooms of the 5z" });
    let activity = anna.office.write(Method::PATCH, &anna.token, "/sessions/current", &doing);
    assert_done(&anna.office.send(activity).await);
    let denied = chief.posts("/locks", json!({ "action": "data-import" })).await;
    assert_eq!(denied.outcome(), "409 not-alone", "{}", denied.body);
    assert_eq!(names(&denied.body["sessions"], "user"), ["anna", "bert", "clara"]);
    let of_anna = &denied.body["sessions"][0];
    assert_eq!((&of_anna["mode"], &of_anna["activity"]), (&json!("timetable"), &json!("rooms of the 5z")));
    assert_eq!(denied.body["sessions"][2]["mode"], "cover");
    let here = chief.looks_at("/sessions").await;
    assert_eq!(names(&here.body["items"], "user"), ["anna", "bert", "clara", "admin"], "who is here");
    let words =
        json!({ "to": { "plan": PLAN }, "text": "We import at ten. Please bring your work to an end." });
    let sent = chief.office.post(&chief.token, "/messages", words).await;
    assert_eq!(sent.outcome(), "201", "{}", sent.body);
    for reader in [anna, &bert] {
        let message = reader.is_told("user").await;
        assert_eq!((&message["id"], &message["from"]), (&sent.body["id"], &json!("admin")));
    }
    let path = format!("/messages/{}", text(&sent.body["id"]));
    let read = chief.sees_soon(&path, |it| it["read_by"].as_array().is_some_and(|all| all.len() == 2)).await;
    let mut readers = names(&read["read_by"], "user");
    readers.sort_unstable();
    assert_eq!(readers, ["anna", "bert"], "Clara has not read it");
    bert.goes().await;
}

/// Those who stay are signed off with a moment of grace; meanwhile nobody new gets in; then the files come.
pub async fn they_are_signed_off_and_the_import_runs(
    chief: &Person<'_>,
    anna: &Person<'_>,
    clara: &Person<'_>,
) {
    let words = json!({ "sessions": "others", "message": "The import begins.", "grace_seconds": 3, "lock": "data-import" });
    let told = chief.posts("/sign-offs", words).await;
    assert_eq!(told.outcome(), "202", "{}", told.body);
    assert_eq!(names(&told.body["items"], "user"), ["anna", "clara"]);
    let message = anna.is_told("sign-off").await;
    assert!(text(&message["text"]).contains("The import begins."), "{message}");
    assert_blocked(&chief.office.try_log_in("bert", json!({})).await, "exclusive-lock", "admin");
    let began = Instant::now();
    let lock = loop {
        let lock = chief.posts("/locks", json!({ "action": "data-import" })).await;
        if lock.outcome() == "201" {
            break text(&lock.body["lock"]);
        }
        assert_eq!(lock.outcome(), "409 not-alone", "{}", lock.body);
        assert!(began.elapsed() < Duration::from_secs(60), "they never leave");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for gone in [anna, clara] {
        let late = gone.makes("/teachers/LATE", json!({})).await;
        assert_eq!(late.outcome(), "401 signed-off", "{}", late.body);
        assert_eq!(
            (&late.body["by"], &late.body["message"]),
            (&json!("admin"), &json!("The import begins."))
        );
        let shut = gone.office.try_log_in(&gone.name, json!({})).await;
        assert_blocked(&shut, "exclusive-lock", "admin");
        assert_eq!(shut.body["held_by"][0]["action"], "data-import");
    }
    let files = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU");
    let bare = chief.office.import(&chief.token, None, &files, &[("mode", "merge")]).await;
    assert_eq!((bare.outcome().as_str(), &bare.body["action"]), ("409 lock-missing", &json!("data-import")));
    let done = chief.office.import(&chief.token, Some(&lock), &files, &[("mode", "merge")]).await;
    assert_eq!(done.outcome(), "201", "{}", done.body);
    assert_eq!(done.body["counts"]["teachers"]["created"], 40);
    let released = chief.office.delete(&chief.token, &plan(&format!("/locks/{lock}"))).await;
    assert_eq!(released.outcome(), "204");
}
