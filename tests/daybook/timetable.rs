//! Questions about the timetable.

use serde_json::{Value as Json, json};
use tests::office::{Office, plan};

async fn furnish(office: &Office, token: &str) {
    for path in
        ["/teachers/T1", "/teachers/T2", "/classes/A", "/classes/B", "/rooms/R1", "/rooms/R2", "/subjects/S"]
    {
        office.made(token, path, json!({})).await;
    }
    let both =
        json!([{"class": "B", "teacher": "T2", "room": "R2"}, {"class": "A", "teacher": "T1", "room": "R1"}]);
    for (lesson, couplings) in
        [("10", both), ("9", json!([{"class": "A", "teacher": "T1", "room": "R1", "subject": "S"}]))]
    {
        office
            .made(token, &format!("/lessons/{lesson}"), json!({"hours_per_week": 3, "couplings": couplings}))
            .await;
    }
    for (path, body) in [
        ("10/placements/1", json!({"day": 2, "hour": 1})),
        ("10/placements/2", json!({"day": 1, "hour": 2, "week": "A"})),
        ("9/placements/1", json!({"day": 2, "hour": 1})),
        ("9/placements/2", json!({"day": 1, "hour": 2, "week": "B"})),
        ("9/placements/3", json!({"day": 1, "hour": 1, "rows": [{"class": "B", "teacher": "T2"}]})),
    ] {
        let placed = office.create(token, &plan(&format!("/lessons/{path}")), body).await;
        assert_eq!(placed.outcome(), "201", "{}", placed.body);
    }
}

/// An item in short: `day.hour lesson class teacher`.
fn short(items: &[Json]) -> Vec<String> {
    let part = |json: &Json| json.as_str().unwrap_or("-").to_owned();
    let one = |it: &Json| {
        format!(
            "{}.{} {} {} {}",
            it["day"],
            it["hour"],
            part(&it["lesson"]),
            part(&it["class"]),
            part(&it["teacher"])
        )
    };
    items.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timetable_is_ordered_by_day_hour_lesson_class_and_teacher() {
    let office = Office::open("timetable").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let all = office.all(&anna, "/timetable").await;
    let expected = [
        "1.1 9 B T2",
        "1.2 9 A T1",
        "1.2 10 A T1",
        "1.2 10 B T2",
        "2.1 9 A T1",
        "2.1 10 A T1",
        "2.1 10 B T2",
    ];
    assert_eq!(short(&all), expected, "lessons are ordered by their numbers");
    for item in &all {
        assert_eq!(item["period"], "1");
        assert!(item["n"].is_i64() && item["day"].is_i64());
    }
    let of = |query: &'static str| {
        let (office, anna) = (&office, &anna);
        async move { short(&office.all(anna, &format!("/timetable?{query}")).await) }
    };
    assert_eq!(of("class=B").await, ["1.1 9 B T2", "1.2 10 B T2", "2.1 10 B T2"]);
    assert_eq!(of("teacher=T1").await, ["1.2 9 A T1", "1.2 10 A T1", "2.1 9 A T1", "2.1 10 A T1"]);
    assert_eq!(of("room=R2").await, ["1.2 10 B T2", "2.1 10 B T2"]);
    assert_eq!(of("class=A&week=A").await, ["1.2 10 A T1", "2.1 9 A T1", "2.1 10 A T1"]);
    assert_eq!(of("period=1").await.len(), 7);
    for bad in ["class=A&teacher=T1", "period=9", "colour=red"] {
        assert_eq!(
            office.get(&anna, &plan(&format!("/timetable?{bad}"))).await.outcome(),
            "422 invalid",
            "{bad}"
        );
    }
    // Page by page it is the same.
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.get(&anna, &plan(&format!("/timetable?limit=2{after}"))).await;
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(next) = page.body["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages, all);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_two_lessons_at_once_is_a_collision_and_never_refused() {
    let office = Office::open("collisions").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let found = office.all(&anna, "/collisions").await;
    let lessons = json!(["9", "10"]);
    let at = |kind: &str, name: &str| json!({"kind": kind, "name": name, "period": "1", "day": 2, "hour": 1, "lessons": lessons});
    assert_eq!(found, [at("class", "A"), at("room", "R1"), at("teacher", "T1")], "other weeks do not meet");
    let week = office.patch(&anna, &plan("/lessons/9/placements/2"), "*", json!({"week": null})).await;
    assert_eq!(week.outcome(), "200", "{}", week.body);
    let found = office.all(&anna, "/collisions?period=1").await;
    let weekly: Vec<&Json> = found.iter().filter(|it| it["day"] == 1).collect();
    assert_eq!(weekly.len(), 3, "{found:#?}");
    assert!(weekly.iter().all(|it| it["week"] == "A" && it["lessons"] == lessons), "{weekly:#?}");
    assert_eq!(office.get(&anna, &plan("/collisions?period=9")).await.outcome(), "422 invalid");
    office.close().await;
}
