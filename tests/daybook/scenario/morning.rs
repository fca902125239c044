//! People plan side by side; one optimises; cover begins.

use serde_json::json;
use tests::doings::text;
use tests::person::Person;

use super::{assert_blocked, assert_done};

/// A Monday.
const DATE: &str = "2026-11-23";

/// Nobody disturbs anybody who works on something else, and each sees at once what the other did.
pub async fn two_people_plan(anna: &Person<'_>, bert: &Person<'_>) {
    for path in ["/rooms/R1", "/rooms/R2", "/subjects/M", "/classes/5z", "/absence-reasons/SICK"] {
        assert_done(&anna.makes(path, json!({})).await);
    }
    for name in ["GAUSS", "NOETH"] {
        assert_done(&bert.makes(&format!("/teachers/{name}"), json!({})).await);
    }
    let couplings = json!([{ "class": "5z", "teacher": "GAUSS", "subject": "M", "room": "R1" }]);
    let lesson = json!({ "hours_per_week": 2, "couplings": couplings });
    assert_done(&anna.makes("/lessons/9001", lesson).await);
    assert_done(&bert.makes("/lessons/9001/placements/1", json!({ "day": 1, "hour": 2 })).await);
    let (one, other) = tokio::join!(
        anna.changes("/teachers/GAUSS", json!({ "long_name": "Gauß" })),
        bert.changes("/teachers/NOETH", json!({ "long_name": "Noether" }))
    );
    assert_done(&one);
    assert_done(&other);
    let seen = anna.looks_at("/timetable?class=5z").await;
    assert_eq!(seen.body["items"][0]["hour"], 2, "{}", seen.body);
    // Both on the same record: the second is told whose change was written first.
    let base = bert.looks_at("/teachers/GAUSS").await.etag();
    assert_done(&anna.changes("/teachers/GAUSS", json!({ "text": "part time" })).await);
    let path = tests::office::plan("/teachers/GAUSS");
    let late = bert.office.patch(&bert.token, &path, &base, json!({ "text": "full time" })).await;
    assert_eq!((late.outcome().as_str(), &late.body["winner"]["user"]), ("412 stale", &json!("anna")));
    let told = bert.is_told("refused").await;
    assert_eq!((&told["data"]["record"], &told["data"]["code"]), (&json!("teachers/GAUSS"), &json!("stale")));
}

/// Anna optimises the period. Bert's change of its timetable is refused; he is told by whom and finds it in his messages.
pub async fn one_optimises_and_the_other_is_refused_and_told(anna: &Person<'_>, bert: &Person<'_>) {
    let begun = anna.posts("/optimisations", json!({ "periods": ["1"] })).await;
    assert_eq!(begun.outcome(), "201", "{}", begun.body);
    let refused = bert.changes("/lessons/9001/placements/1", json!({ "day": 3 })).await;
    assert_blocked(&refused, "optimisation", "anna");
    assert_eq!(refused.body["held_by"][0]["periods"], json!(["1"]));
    let window = bert.looks_at("/lessons/9001").await;
    assert_eq!(window.outcome(), "200", "the window opens all the same");
    let told = bert.is_told("refused").await;
    assert_eq!((&told["from"], &told["data"]["code"]), (&json!("system"), &json!("blocked")), "{told}");
    assert_eq!(told["data"]["record"], "lessons/9001/placements/1");
    assert!(text(&told["text"]).contains("is being optimised"), "{told}");
    let hours = json!([
        { "lesson": "9001", "n": 1, "period": "1", "day": 1, "hour": 3 },
        { "lesson": "9001", "n": 2, "period": "1", "day": 4, "hour": 1 },
    ]);
    let path = format!("/optimisations/{}/result", text(&begun.body["optimisation"]));
    let taken = anna.posts(&path, json!({ "placements": hours })).await;
    assert_eq!((taken.outcome().as_str(), &taken.body["placed"]), ("200", &json!(2)), "{}", taken.body);
    assert_done(&bert.changes("/lessons/9001/placements/1", json!({ "hour": 2 })).await);
}

/// Cover planning has started: hours and teachers of lessons stand still for everybody else; texts, new data and rooms do not.
pub async fn cover_blocks_the_timetable_and_nothing_else(anna: &Person<'_>, clara: &Person<'_>) {
    let move_it = anna.changes("/lessons/9001/placements/2", json!({ "hour": 4 })).await;
    assert_blocked(&move_it, "cover", "clara");
    assert_blocked(&anna.changes("/lessons/9001", json!({ "hours_per_week": 3 })).await, "cover", "clara");
    assert_done(&anna.changes("/teachers/GAUSS", json!({ "long_name": "Carl Gauß" })).await);
    assert_done(&anna.makes("/teachers/KLEIN", json!({ "long_name": "Klein" })).await);
    assert_done(&anna.changes("/lessons/9001/placements/2", json!({ "room": "R2" })).await);
    let denied = anna.posts("/optimisations", json!({ "periods": ["1"] })).await;
    assert_blocked(&denied, "cover", "clara");
    // Meanwhile Clara covers.
    let absence = json!({ "of": "teacher", "name": "GAUSS", "from": DATE, "to": DATE, "reason": "SICK" });
    assert_done(&clara.makes("/absences/1", absence).await);
    let cover = json!({ "date": DATE, "hour": 2, "lesson": "9001", "absence": "1", "kind": "cover",
        "absent_teacher": "GAUSS", "teacher": "NOETH" });
    assert_done(&clara.makes("/substitutions/1", cover).await);
    let day = anna.looks_at(&format!("/timetable?date={DATE}&class=5z")).await;
    let hour = &day.body["items"][0];
    assert_eq!((&hour["teacher"], &hour["mark"]), (&json!("NOETH"), &json!("covered")), "{}", day.body);
    let told = anna.is_told("refused").await;
    assert_eq!(told["data"]["held_by"][0]["user"], "clara", "{told}");
}
