//! Taking back one change, several, or a whole import.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::{Files, files_of, text};
use tests::office::{Answer, Office, plan};

async fn undo(office: &Office, token: &str, body: Json) -> Answer {
    office.post(token, &plan("/undo"), body).await
}

async fn undo_under(office: &Office, token: &str, lock: &str, body: &Json) -> Answer {
    office.send(office.write(Method::POST, token, &plan("/undo"), body).header("daybook-lock", lock)).await
}

/// Where an answer was written.
fn position(answer: &Answer) -> String {
    answer.header("daybook-position").unwrap().to_owned()
}

/// Every record of the plan by its address, without revisions and who changed it; and the timetable.
async fn everything(office: &Office, token: &str) -> BTreeMap<String, Json> {
    let mut all = BTreeMap::new();
    for kind in domain::Kind::NAMED {
        for mut record in office.all(token, &format!("/{kind}")).await {
            let name = text(&record["id"]);
            let members = record.as_object_mut().unwrap();
            members.retain(|member, _| !["revision", "changed", "editable"].contains(&member.as_str()));
            all.insert(format!("{kind}/{name}"), record);
        }
    }
    for (at, row) in office.all(token, "/timetable").await.into_iter().enumerate() {
        all.insert(format!("timetable {at:06}"), row);
    }
    let grid = office.get(token, &plan("/time-grid")).await.body;
    all.insert("time-grid".to_owned(), json!([grid["days"], grid["hours"]]));
    all
}

/// What is wrong in the read models.
async fn verified(office: &Office) -> Vec<projections::Finding> {
    let ledger = &office.service.as_ref().unwrap().ledger;
    let terms = projections::VerifyTerms { settings: ledger.settings().clone(), full_speed: true };
    projections::verify(ledger, &terms, projections::read_models(), &|_| ()).await.unwrap().findings
}

/// The sample school without its students, its absences and all that hangs on them.
fn planned() -> Files {
    let beside = |name: &str| ["010", "012", "013", "014", "018"].iter().any(|number| name.contains(number));
    let demo = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU");
    demo.into_iter().filter(|(name, _)| !beside(name)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_taken_back_as_a_new_change_and_that_one_too() {
    let office = Office::open("undo_one").await;
    let anna = office.log_in("anna").await;
    let gauss = plan("/teachers/GAUSS");
    let made = office.made(&anna, "/teachers/GAUSS", json!({ "title": "Dr.", "text": "a" })).await;
    let changed = office.patch(&anna, &gauss, &made.etag(), json!({ "title": "Prof.", "text": null })).await;
    let head = office.head().await;
    let undone = undo(&office, &anna, json!({ "positions": [position(&changed)] })).await;
    assert_eq!(undone.outcome(), "200", "{}", undone.body);
    let counts = json!({ "teachers": { "created": 0, "changed": 1, "unchanged": 0, "removed": 0 } });
    assert_eq!((&undone.body["undone"], &undone.body["counts"]), (&json!(1), &counts));
    assert_eq!(undone.body["position"], json!(format!("1.{}", head + 1)));
    let shown = office.get(&anna, &gauss).await;
    assert_eq!(
        (&shown.body["title"], &shown.body["text"], &shown.body["revision"]),
        (&json!("Dr."), &json!("a"), &json!(3))
    );
    let history = office.get(&anna, &plan("/history?record=teachers/GAUSS")).await;
    let newest = &history.body["items"][0];
    assert_eq!((&newest["kind"], &newest["by"]), (&json!("changed"), &json!("anna")));
    assert_eq!(newest["cause"], json!(format!("undo:{}", position(&changed))));
    // What is so already appends nothing; the taking back is taken back by its own position.
    let again = undo(&office, &anna, json!({ "positions": [position(&changed)] })).await;
    assert_eq!((again.outcome().as_str(), &again.body["undone"]), ("200", &json!(0)));
    assert_eq!(office.head().await, head + 1);
    let redone = undo(&office, &anna, json!({ "positions": [position(&undone)] })).await;
    assert_eq!(redone.body["undone"], 1);
    assert_eq!(office.get(&anna, &gauss).await.body["title"], "Prof.");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_record_comes_again_and_is_read_changed_and_proved_as_any_other() {
    let office = Office::open("undo_removed").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({ "title": "Dr." })).await;
    let lesson = json!({ "hours_per_week": 1, "couplings": [{ "teacher": "GAUSS" }] });
    office.made(&anna, "/lessons/7", lesson).await;
    office.made(&anna, "/lessons/7/placements/1", json!({ "day": 1, "hour": 2 })).await;
    let own = plan("/lessons/7?period=1");
    let own = office.patch(&anna, &own, "*", json!({ "hours_per_week": 3 })).await;
    assert_eq!(own.outcome(), "200", "{}", own.body);
    let before = everything(&office, &anna).await;
    let mut positions = Vec::new();
    for address in ["/lessons/7/placements/1", "/lessons/7", "/teachers/GAUSS"] {
        let removed = office.remove(&anna, &plan(address), "*").await;
        assert_eq!(removed.outcome(), "204", "{}", removed.body);
        positions.push(position(&removed));
    }
    let one = undo(&office, &anna, json!({ "positions": [positions[1]] })).await;
    assert_eq!(one.outcome(), "422 invalid", "the teacher is not there: {}", one.body);
    assert_eq!(one.body["errors"][0]["pointer"], "/positions/0");
    let all = undo(&office, &anna, json!({ "positions": positions })).await;
    assert_eq!((all.outcome().as_str(), &all.body["undone"]), ("200", &json!(3)), "{}", all.body);
    assert_eq!(everything(&office, &anna).await, before);
    let lesson = office.get(&anna, &plan("/lessons/7?period=1")).await;
    assert_eq!(lesson.body["period_fields"], json!(["hours_per_week"]));
    let changed = office.patch(&anna, &plan("/teachers/GAUSS"), "*", json!({ "title": "Prof." })).await;
    assert_eq!(changed.outcome(), "200");
    let history = office.get(&anna, &plan("/history?record=lessons/7")).await;
    let kinds: Vec<&str> =
        history.body["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["changed", "created", "removed", "changed", "created"]);
    assert_eq!(verified(&office).await, [], "live following and a fresh fold agree");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changed_it_since_wins_and_is_named() {
    let office = Office::open("undo_stale").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let made = office.made(&anna, "/teachers/GAUSS", json!({ "title": "Dr." })).await;
    let room = office.made(&anna, "/rooms/R1", json!({})).await;
    let gauss = plan("/teachers/GAUSS");
    let changed = office.patch(&anna, &gauss, &made.etag(), json!({ "title": "Prof." })).await;
    office.patch(&bert, &gauss, &changed.etag(), json!({ "title": "Dr. h. c." })).await;
    let head = office.head().await;
    let refused = undo(&office, &anna, json!({ "positions": [position(&changed), position(&room)] })).await;
    assert_eq!(refused.outcome(), "412 stale", "{}", refused.body);
    assert_eq!((&refused.body["winner"]["user"], &refused.body["revision"]), (&json!("bert"), &json!(3)));
    let change = json!({ "field": "title", "base": "Prof.", "theirs": "Dr. h. c.", "yours": "Dr." });
    assert_eq!(refused.body["changes"], json!([change]));
    let failed = json!({ "index": 0, "position": position(&changed), "record": "teachers/GAUSS" });
    assert_eq!(refused.body["failed"], failed);
    assert_eq!(office.head().await, head + 1, "only the refusal is recorded");
    let history = office.get_from(&anna, &plan("/history?record=teachers/GAUSS"), head + 1).await;
    assert_eq!(history.body["items"][0]["kind"], "refused");
    assert_eq!(office.get(&anna, &plan("/rooms/R1")).await.outcome(), "200", "all or nothing");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_change_of_a_record_of_this_plan_is_told_place_by_place() {
    let office = Office::open("undo_bad").await;
    let anna = office.log_in("anna").await;
    let session = format!("1.{}", office.head().await);
    let room = office.made(&anna, "/rooms/R1", json!({})).await;
    let (room, user) = (position(&room), "1.1");
    let above = format!("1.{}", office.head().await + 9);
    for (body, outcome, pointer) in [
        (json!({ "positions": [room, session] }), "422 invalid", "/positions/1"),
        (json!({ "positions": [user] }), "422 invalid", "/positions/0"),
        (json!({ "positions": [above] }), "422 invalid", "/positions/0"),
        (json!({ "positions": [room, room] }), "422 invalid", "/positions/1"),
        (json!({ "positions": ["x"] }), "422 invalid", "/positions/0"),
        (json!({ "positions": [7] }), "422 invalid", "/positions/0"),
        (json!({ "positions": [] }), "422 invalid", "/positions"),
        (json!({ "positions": vec!["1.1"; 1_001] }), "422 invalid", "/positions"),
        (json!({ "import": "7" }), "422 invalid", "/import"),
        (json!({ "import": uuid::Uuid::nil() }), "422 invalid", "/import"),
        (json!({}), "422 invalid", ""),
        (json!({ "positions": [room], "import": uuid::Uuid::nil() }), "422 invalid", ""),
        (json!({ "position": [room] }), "422 invalid", "/position"),
        (json!({ "positions": ["2.1"] }), "409 epoch-changed", ""),
    ] {
        let head = office.head().await;
        let refused = undo(&office, &anna, body.clone()).await;
        assert_eq!(refused.outcome(), outcome, "{body}: {}", refused.body);
        if outcome == "422 invalid" {
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}: {}", refused.body);
        }
        assert_eq!(office.head().await, head, "{body}");
    }
    let bare = room.split_once('.').unwrap().1;
    let undone = undo(&office, &anna, json!({ "positions": [bare] })).await;
    assert_eq!((undone.outcome().as_str(), &undone.body["undone"]), ("200", &json!(1)), "{}", undone.body);
    let victor = office.log_in("victor").await;
    assert_eq!(undo(&office, &victor, json!({ "positions": [room] })).await.outcome(), "403 not-permitted");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_import_is_taken_back_under_its_lock_and_without_it_where_nothing_needs_one() {
    let office = Office::open("undo_import").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    let files = planned();
    let first = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(first.outcome(), "201", "{}", first.body);
    let before = everything(&office, &anna).await;
    // Another import changes, removes and makes records, widens the time grid and enters a holiday.
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let files = vec![
        file("GPU005.TXT", "N1,\"New\",N2\nN2,\"New too\",N1\n"),
        file("GPU018.TXT", "X,\"Feast\",20261224,20261231,F\n"),
        file("GPU001.TXT", "1,,,,N1,6,14\n"),
    ];
    let words = [("mode", "merge"), ("create_missing", "true")];
    let second = office.import(&anna, Some(&lock), &files, &words).await;
    assert_eq!(second.outcome(), "201", "{}", second.body);
    let body = json!({ "import": second.body["import"] });
    let after = everything(&office, &anna).await;
    assert_ne!(after, before);
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let missing = undo(&office, &anna, body.clone()).await;
    assert_eq!(
        (missing.outcome().as_str(), &missing.body["action"]),
        ("409 lock-missing", &json!("data-import"))
    );
    let ended = undo_under(&office, &anna, &lock, &body).await;
    assert_eq!((ended.outcome().as_str(), &ended.body["action"]), ("409 lock-ended", &json!("data-import")));
    let lock = office.lock(&anna, "data-import").await;
    let undone = undo_under(&office, &anna, &lock, &body).await;
    assert_eq!(undone.outcome(), "200", "{}", undone.body);
    assert_eq!(undone.body["counts"]["rooms"]["removed"], 2, "two rooms that refer to one another");
    assert_eq!(everything(&office, &anna).await, before);
    let history = office.get(&anna, &plan("/history?record=time-grid")).await;
    let cause = format!("undo:import:{}", text(&second.body["import"]));
    assert_eq!(history.body["items"][0]["cause"], json!(cause));
    // The first one lies below: the plan is as empty as it was, and it needed no lock because it touched nothing that takes one.
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let write = || {
        let body = json!({ "import": first.body["import"] });
        office.write(Method::POST, &anna, &plan("/undo"), &body).header("idempotency-key", "once")
    };
    let undone = office.send(write()).await;
    assert_eq!(undone.outcome(), "200", "{}", undone.body);
    assert_eq!(office.all(&anna, "/teachers").await.len() + office.all(&anna, "/timetable").await.len(), 0);
    let again = office.send(write()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &undone.body));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacing_import_is_taken_back_with_everything_that_it_removed() {
    let office = Office::open("undo_replace").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    office.import(&anna, Some(&lock), &planned(), &[]).await;
    let before = everything(&office, &anna).await;
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let files = vec![
        file("GPU001.TXT", "1,5a,NEW,NEW,,1,1\n"),
        file("GPU002.TXT", "1,1,,,5a,NEW,NEW\n"),
        file("GPU003.TXT", "5a\n"),
        file("GPU004.TXT", "NEW\n"),
        file("GPU006.TXT", "NEW\n"),
    ];
    let replaced =
        office.import(&anna, Some(&lock), &files, &[("mode", "replace"), ("create_missing", "true")]).await;
    assert_eq!(replaced.outcome(), "201", "{}", replaced.body);
    let removed = replaced.body["counts"]["placements"]["removed"].as_u64().unwrap();
    assert!(removed > 100, "{}", replaced.body["counts"]);
    let undone = undo_under(&office, &anna, &lock, &json!({ "import": replaced.body["import"] })).await;
    assert_eq!(undone.outcome(), "200", "{}", undone.body);
    assert_eq!(undone.body["counts"]["placements"]["created"], json!(removed));
    assert_eq!(everything(&office, &anna).await, before);
    assert_eq!(verified(&office).await, [], "live following and a fresh fold agree");
    office.close().await;
}
