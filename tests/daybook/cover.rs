//! Absences and substitutions: who writes them, who reads them, what they must say.

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, plan};

/// A school with a lesson of GAUSS with the 5a, and somebody in cover mode; her token.
async fn furnished(office: &Office) -> String {
    let anna = office.log_in("anna").await;
    for path in ["/rooms/R1", "/rooms/R2", "/subjects/M", "/teachers/GAUSS", "/teachers/NOETH", "/classes/5a"]
    {
        office.made(&anna, path, json!({})).await;
    }
    let couplings = json!([{"class": "5a", "teacher": "GAUSS", "subject": "M", "room": "R1"}]);
    office.made(&anna, "/lessons/7", json!({"hours_per_week": 2, "couplings": couplings})).await;
    office.made(&anna, "/absence-reasons/SICK", json!({"long_name": "Krank"})).await;
    office.log_out(&anna).await;
    cover_planner(office).await
}

async fn cover_planner(office: &Office) -> String {
    let session = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!(session.outcome(), "201", "{}", session.body);
    text(&session.body["token"])
}

fn absence() -> Json {
    json!({"of": "teacher", "name": "GAUSS", "from": "2026-11-23", "to": "2026-11-24", "first_hour": 1, "last_hour": 6,
        "reason": "SICK", "text": "flu"})
}

fn substitution() -> Json {
    json!({"date": "2026-11-23", "hour": 2, "lesson": "7", "absence": "1", "kind": "cover", "absent_teacher": "GAUSS",
        "teacher": "NOETH", "subject": "M", "room": "R2", "classes": ["5a"], "cover_classes": ["5a"], "reason": "SICK",
        "text": "take the books"})
}

fn forbidden(answer: &Answer) -> &str {
    assert_eq!(answer.outcome(), "403 not-permitted", "{}", answer.body);
    answer.body["right"].as_str().unwrap()
}

fn pointers(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.outcome(), "422 invalid", "{}", answer.body);
    answer.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absences_and_substitutions_live_through_their_whole_life() {
    let office = Office::open("cover_life").await;
    let clara = furnished(&office).await;
    for (kind, body) in [("absences", absence()), ("substitutions", substitution())] {
        let created = office.post(&clara, &plan(&format!("/{kind}")), body.clone()).await;
        assert_eq!(created.outcome(), "201", "{}", created.body);
        assert_eq!(created.body["id"], "1", "the server gives the number");
        let path = plan(&format!("/{kind}/1"));
        let read = office.get(&clara, &path).await;
        assert_eq!((&read.body, read.etag()), (&created.body, created.etag()), "{kind}");
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&read.body[field], value, "{kind} {field}");
        }
        let second = office.post(&clara, &plan(&format!("/{kind}")), body).await;
        assert_eq!((second.outcome().as_str(), &second.body["id"]), ("201", &json!("2")));
        let removed = office.remove(&clara, &plan(&format!("/{kind}/2")), &second.etag()).await;
        assert_eq!(removed.outcome(), "204", "{}", removed.body);
        let stale = office.patch(&clara, &path, "\"1.77\"", json!({"text": "x"})).await;
        assert_eq!(stale.outcome(), "412 stale");
        let patched =
            office.patch(&clara, &path, &read.etag(), json!({"text": "more", "reason": null})).await;
        assert_eq!((patched.outcome().as_str(), patched.body.get("reason")), ("200", None));
    }
    let in_use = office.remove(&clara, &plan("/absences/1"), "*").await;
    assert_eq!(
        (in_use.outcome(), in_use.body["used_by"].clone()),
        ("409 in-use".to_owned(), json!([{"record": "substitutions/1"}]))
    );
    let anna = office.log_in("bert").await;
    let renamed = office.patch(&anna, &plan("/teachers/GAUSS"), "*", json!({"id": "CFG"})).await;
    assert_eq!(renamed.outcome(), "200");
    assert_eq!(office.get(&clara, &plan("/absences/1")).await.body["name"], "CFG", "references follow");
    assert_eq!(office.get(&clara, &plan("/substitutions/1")).await.body["absent_teacher"], "CFG");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_what_fits_a_day_and_a_person() {
    let office = Office::open("cover_lists").await;
    let clara = furnished(&office).await;
    office.made(&clara, "/absences/1", absence()).await;
    let away = json!({"kind": "move", "lesson": "7", "date": "2026-11-23", "hour": 1, "to_date": "2026-11-26", "to_hour": 5});
    office.made(&clara, "/substitutions/10", away).await;
    office.made(&clara, "/substitutions/9", substitution()).await;
    let listed = async |path: &str| {
        let items = office.all(&clara, path).await;
        items.iter().map(|item| text(&item["id"])).collect::<Vec<_>>()
    };
    assert_eq!(listed("/substitutions").await, ["9", "10"]);
    assert_eq!(listed("/substitutions?date=2026-11-23").await, ["9", "10"]);
    assert_eq!(listed("/substitutions?date=2026-11-26").await, ["10"], "moved here");
    assert_eq!(listed("/substitutions?date=2026-11-25").await, [] as [&str; 0]);
    assert_eq!(listed("/substitutions?teacher=NOETH&date=2026-11-23").await, ["9"]);
    assert_eq!(listed("/substitutions?class=5a").await, ["9"]);
    assert_eq!(listed("/absences?date=2026-11-24").await, ["1"]);
    assert_eq!(listed("/absences?date=2026-11-25").await, [] as [&str; 0]);
    assert_eq!(listed("/absences?teacher=GAUSS").await, ["1"]);
    assert_eq!(listed("/periods?date=2026-11-25").await, ["1"]);
    let wrong = office.get(&clara, &plan("/absences?date=yesterday")).await;
    assert_eq!(wrong.outcome(), "422 invalid");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_absent_and_why_is_told_only_to_whoever_may_know() {
    let office = Office::open("cover_secrets").await;
    let clara = furnished(&office).await;
    office.made(&clara, "/absences/1", absence()).await;
    office.made(&clara, "/substitutions/1", substitution()).await;
    let victor = office.log_in("victor").await;
    for path in ["/absences", "/absences/1", "/absence-reasons", "/absence-reasons/SICK"] {
        assert_eq!(forbidden(&office.get(&victor, &plan(path)).await), "read-absences", "{path}");
        assert_eq!(office.get(&clara, &plan(path)).await.outcome(), "200");
    }
    let single = office.get(&victor, &plan("/substitutions/1")).await.body;
    let listed = office.all(&victor, "/substitutions").await.remove(0);
    for shown in [&single, &listed] {
        assert_eq!((&shown["teacher"], &shown["hour"]), (&json!("NOETH"), &json!(2)));
        for secret in ["absence", "reason", "text"] {
            assert_eq!(shown.get(secret), None, "{secret}");
        }
    }
    let told = |answer: &Answer| {
        let items = answer.body["items"].as_array().unwrap();
        let of_records = items.iter().filter(|it| text(&it["type"]).starts_with("daybook.record"));
        of_records.map(|it| (text(&it["subject"]), it["data"]["changes"].clone())).collect::<Vec<_>>()
    };
    let all = office.get(&clara, &plan("/changes?limit=1000")).await;
    let some = office.get(&victor, &plan("/changes?limit=1000")).await;
    assert_eq!(all.body["next"], some.body["next"], "the cursor moves alike");
    assert!(told(&all).iter().any(|(subject, _)| subject == "absences/1"));
    assert!(!told(&some).iter().any(|(subject, _)| subject.starts_with("absence")));
    let (_, changes) = told(&some).into_iter().find(|(subject, _)| subject == "substitutions/1").unwrap();
    let fields: Vec<&str> =
        changes.as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert!(
        fields.contains(&"teacher") && !fields.contains(&"reason") && !fields.contains(&"text"),
        "{fields:?}"
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cover_is_written_in_cover_mode_and_its_texts_by_whoever_may_edit_data_too() {
    let office = Office::open("cover_mode").await;
    let clara = furnished(&office).await;
    office.made(&clara, "/absences/1", absence()).await;
    let path = plan("/absences/1");
    let curious = office.try_log_in("clara", json!({"mode": "read"})).await;
    let reading = text(&curious.body["token"]);
    assert_eq!(forbidden(&office.post(&reading, &plan("/absences"), absence()).await), "mode");
    let anna = office.log_in("anna").await;
    assert_eq!(forbidden(&office.post(&anna, &plan("/absences"), absence()).await), "cover");
    assert_eq!(forbidden(&office.patch(&anna, &path, "*", json!({"to": "2026-11-25"})).await), "cover");
    assert_eq!(forbidden(&office.remove(&anna, &path, "*").await), "cover");
    assert_eq!(office.patch(&anna, &path, "*", json!({"text": "back on Friday"})).await.outcome(), "200");
    let admin = office.log_in("admin").await;
    assert_eq!(forbidden(&office.post(&admin, &plan("/absences"), absence()).await), "mode");
    assert_eq!(office.patch(&clara, &path, "*", json!({"text": "back on Monday"})).await.outcome(), "200");
    let victor = office.log_in("victor").await;
    assert_eq!(forbidden(&office.post(&victor, &plan("/absences"), absence()).await), "cover");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_told_with_its_place() {
    let office = Office::open("cover_faults").await;
    let clara = furnished(&office).await;
    let with = |base: Json, more: Json| {
        let mut body = base.as_object().unwrap().clone();
        body.extend(more.as_object().unwrap().clone());
        body.retain(|_, value| !value.is_null());
        Json::Object(body)
    };
    for (more, places) in [
        (json!({"of": "pupil"}), &["/of"][..]),
        (json!({"of": null}), &["/name", "/of"]),
        (json!({"of": "class"}), &["/name"]),
        (json!({"name": "NOBODY", "reason": "NONE"}), &["/reason", "/name"]),
        (json!({"from": null}), &["/from"]),
        (json!({"from": "2026-11-25"}), &["/to"]),
    ] {
        let refused = office.post(&clara, &plan("/absences"), with(absence(), more.clone())).await;
        assert_eq!(pointers(&refused), places, "{more}");
    }
    office.made(&clara, "/absences/1", absence()).await;
    for (more, places) in [
        (json!({"kind": "holiday"}), &["/kind"][..]),
        (json!({"kind": null, "date": null, "hour": null}), &["/date", "/hour", "/kind"]),
        (json!({"classes": ["5a", "5a"]}), &["/classes/1"]),
        (json!({"classes": ["5b"], "absence": "99", "lesson": "8"}), &["/lesson", "/absence", "/classes/0"]),
    ] {
        let refused = office.post(&clara, &plan("/substitutions"), with(substitution(), more.clone())).await;
        assert_eq!(pointers(&refused), places, "{more}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cover_planner_who_may_not_know_why_is_not_told_by_answers_and_refusals_either() {
    let office = Office::open("cover_blind").await;
    let clara = furnished(&office).await;
    office.made(&clara, "/absences/1", absence()).await;
    let made = office.made(&clara, "/substitutions/1", substitution()).await;
    let admin = office.log_in_to_site("admin").await;
    let group = json!({"id": "blind", "rights": ["read", "cover"], "plans": "*"});
    assert_eq!(office.post(&admin, "/groups", group).await.outcome(), "201");
    let user = json!({"name": "bruno", "group": "blind", "password": tests::office::PASSWORD});
    assert_eq!(office.post(&admin, "/users", user).await.outcome(), "201");
    let bruno = office.try_log_in("bruno", json!({"mode": "cover"})).await;
    let bruno = text(&bruno.body["token"]);
    let path = plan("/substitutions/1");
    let changed =
        office.patch(&clara, &path, &made.etag(), json!({"room": "R1", "reason": null, "text": "why"})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let stale = office.patch(&bruno, &path, &made.etag(), json!({"room": "R2", "hour": 3})).await;
    assert_eq!(stale.outcome(), "412 stale");
    let fields: Vec<&str> =
        stale.body["changes"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["room", "hour"]);
    let own = office.patch(&bruno, &path, &changed.etag(), json!({"hour": 3})).await;
    assert_eq!((own.outcome().as_str(), &own.body["hour"]), ("200", &json!(3)));
    for shown in [&stale.body["current"], &own.body] {
        for secret in ["absence", "reason", "text"] {
            assert_eq!(shown.get(secret), None, "{secret}");
        }
    }
    let of_absence = office.patch(&bruno, &plan("/absences/1"), "*", json!({"last_hour": 5})).await;
    let members: Vec<&String> = of_absence.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "revision", "changed"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cover_planners_work_side_by_side_and_beside_the_timetable() {
    let office = Office::open("cover_side").await;
    let clara = furnished(&office).await;
    let second = cover_planner(&office).await;
    office.made(&clara, "/absences/1", absence()).await;
    office.made(&second, "/substitutions/1", substitution()).await;
    let anna = office.log_in("anna").await;
    let text_change = office.patch(&anna, &plan("/lessons/7"), "*", json!({"text": "t"})).await;
    assert_eq!(text_change.outcome(), "200", "texts go on beside cover");
    let hours = office.patch(&anna, &plan("/lessons/7"), "*", json!({"hours_per_week": 3})).await;
    assert_eq!((hours.outcome().as_str(), &hours.body["rule"]), ("423 blocked", &json!("cover")));
    let lock = office.post(&anna, &plan("/locks"), json!({"action": "optimise", "periods": ["1"]})).await;
    assert_eq!((lock.outcome().as_str(), &lock.body["rule"]), ("423 blocked", &json!("cover")));
    for mode in [&clara, &second] {
        office.log_out(mode).await;
    }
    let lock = office.post(&anna, &plan("/locks"), json!({"action": "optimise", "periods": ["1"]})).await;
    assert_eq!(lock.outcome(), "201", "{}", lock.body);
    let entering = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!(
        (entering.outcome().as_str(), &entering.body["rule"]),
        ("423 blocked", &json!("optimisation"))
    );
    let of_text = office.patch(&anna, &plan("/absences/1"), "*", json!({"text": "t"})).await;
    assert_eq!((of_text.outcome().as_str(), &of_text.body["rule"]), ("423 blocked", &json!("optimisation")));
    office.close().await;
}
