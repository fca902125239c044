//! Cover, batches, locks and optimisations.

use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, plan};

use super::all_told;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_cover_batches_and_optimisations() {
    let office = Office::open("languages_cover").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    office.made(&anna, "/lessons/7", json!({ "hours_per_week": 1 })).await;
    let change = |verb: &str, path: &str, body: Json| {
        ("POST", plan("/batch"), json!({ "changes": [{ "verb": verb, "path": path, "body": body }] }))
    };
    let many: Vec<Json> =
        (0..1_001).map(|n| json!({ "verb": "PUT", "path": format!("rooms/{n}") })).collect();
    let tag = |tag: &str| json!({ "changes": [{ "verb": "PATCH", "path": "rooms/1", "if_match": tag, "body": {} }] });
    let begun = office.post(&anna, &plan("/optimisations"), json!({ "periods": ["1"] })).await;
    assert_eq!(begun.outcome(), "201", "{}", begun.body);
    let result = plan(&format!("/optimisations/{}/result", text(&begun.body["optimisation"])));
    let placement = |one: Json| ("POST", result.clone(), json!({ "placements": [one] }));
    let requests = [
        change("DELETE", "teachers/GAUSS", json!({})),
        change("FETCH", "teachers/GAUSS", json!({})),
        change("PUT", "dogs/GAUSS", json!({})),
        change("PUT", "teachers/X?colour=red", json!({})),
        change("PUT", "/plans/7~2026-2027~1/teachers/X", json!({})),
        change("PUT", "teachers/X", json!(7)),
        change("PUT", "teachers/X", json!({ "colour": "red" })),
        change("PUT", "teachers/%ff", json!({})),
        ("POST", plan("/batch"), json!({ "changes": many })),
        ("POST", plan("/batch"), json!({ "changes": 7 })),
        ("POST", plan("/batch"), tag("\"")),
        placement(json!({})),
        placement(json!({ "lesson": "7", "n": 0, "period": "1", "day": 1, "hour": 1, "x": 1 })),
        placement(json!({ "lesson": "8", "n": 1, "period": "2", "day": 1, "hour": 1 })),
        placement(json!({ "lesson": "7", "n": 2, "period": "1", "day": 1, "hour": 1 })),
        placement(json!({ "lesson": "7", "n": 1, "period": "1", "day": 7, "hour": 1 })),
        placement(json!({ "lesson": "7", "n": 1, "period": "1", "day": 1, "hour": 1, "room": "none" })),
        ("POST", plan("/optimisations"), json!({ "periods": [] })),
        ("POST", plan("/optimisations"), json!({ "periods": ["none"] })),
        ("POST", plan("/locks"), json!({ "action": "dance" })),
        ("POST", plan("/locks"), json!({ "action": "optimise" })),
        ("POST", plan("/locks"), json!({ "action": "optimise", "periods": ["1", "1"] })),
        ("POST", plan("/locks"), json!({ "action": "data-import", "periods": ["1"] })),
        ("POST", plan("/locks"), json!({ "action": "data-import" })),
        ("PATCH", plan("/teachers/GAUSS"), json!({ "week_target": 1 })),
        ("DELETE", plan("/locks/00000000-0000-0000-0000-000000000000"), json!({})),
    ];
    all_told(&office, &anna, &requests).await;
    office.delete(&anna, &plan(&format!("/optimisations/{}", text(&begun.body["optimisation"])))).await;
    let carla = office.try_log_in("clara", json!({ "mode": "cover" })).await;
    assert_eq!(carla.outcome(), "201", "{}", carla.body);
    let clara = text(&carla.body["token"]);
    let absence = |body: Json| ("PUT", plan("/absences/1"), body);
    let substitution = |body: Json| ("PUT", plan("/substitutions/1"), body);
    let requests = [
        absence(json!({})),
        absence(json!({ "of": "teacher", "name": "none", "from": "2026-11-23", "to": "2026-11-23" })),
        absence(json!({ "of": "class", "name": "GAUSS", "from": "2026-11-24", "to": "2026-11-23" })),
        absence(
            json!({ "of": "teacher", "name": "GAUSS", "from": "2020-11-24", "to": "2020-11-23", "first_hour": 99 }),
        ),
        absence(
            json!({ "of": "teacher", "name": "GAUSS", "from": "2026-11-24", "to": "2026-11-24", "first_hour": 3, "last_hour": 2 }),
        ),
        substitution(json!({})),
        substitution(json!({ "date": "2020-01-01", "hour": 99, "kind": "cancel", "teacher": "none" })),
        substitution(json!({ "date": "2026-11-24", "hour": 1, "kind": "move" })),
        substitution(json!({ "date": "2026-11-24", "hour": 1, "kind": "cover", "to_date": "2026-11-25" })),
        substitution(
            json!({ "date": "2026-11-24", "hour": 1, "kind": "move", "lesson": "7", "to_date": "2026-11-24", "to_hour": 1 }),
        ),
        ("PATCH", plan("/teachers/GAUSS"), json!({ "week_target": 1 })),
    ];
    all_told(&office, &clara, &requests).await;
    office.close().await;
}
