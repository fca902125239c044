//! The day as it really is: the timetable of a date, what there is to cover, who is in two places on that date.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::{files_of, text};
use tests::office::{Office, plan};

/// A Monday.
const DATE: &str = "2026-11-23";

/// Three lessons: 7 of GAUSS with the 5a, Monday 2 and Tuesday 3; 8 of NOETH with the 5b, Monday 3; 9 of HILB with the 5b, Monday 2.
async fn furnish(office: &Office) {
    let anna = office.log_in("anna").await;
    for path in ["/subjects/M", "/classes/5a", "/classes/5b", "/absence-reasons/SICK"] {
        office.made(&anna, path, json!({})).await;
    }
    for name in ["GAUSS", "HILB", "KLEIN", "NOETH"] {
        office.made(&anna, &format!("/teachers/{name}"), json!({})).await;
    }
    for name in ["R1", "R2", "R3"] {
        office.made(&anna, &format!("/rooms/{name}"), json!({})).await;
    }
    for (lesson, class, teacher, room, hours) in [
        ("7", "5a", "GAUSS", "R1", &[(1, 2), (2, 3)][..]),
        ("8", "5b", "NOETH", "R2", &[(1, 3)]),
        ("9", "5b", "HILB", "R3", &[(1, 2)]),
    ] {
        let couplings = json!([{"class": class, "teacher": teacher, "subject": "M", "room": room}]);
        let body = json!({"hours_per_week": 2, "couplings": couplings});
        office.made(&anna, &format!("/lessons/{lesson}"), body).await;
        for (n, (day, hour)) in (1..).zip(hours) {
            let path = format!("/lessons/{lesson}/placements/{n}");
            office.made(&anna, &path, json!({"day": day, "hour": hour})).await;
        }
    }
    office.log_out(&anna).await;
}

async fn cover_planner(office: &Office) -> String {
    let session = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!(session.outcome(), "201", "{}", session.body);
    text(&session.body["token"])
}

fn absence() -> Json {
    json!({"of": "teacher", "name": "GAUSS", "from": DATE, "to": DATE, "reason": "SICK", "text": "flu"})
}

fn cover(more: Json) -> Json {
    let mut body = json!({"date": DATE, "hour": 2, "lesson": "7", "kind": "cover", "absent_teacher": "GAUSS", "teacher": "NOETH"});
    let (Some(body_of), Json::Object(more)) = (body.as_object_mut(), more) else { panic!("objects") };
    body_of.extend(more);
    body
}

/// Items in short: `hour lesson class teacher room mark substitution`.
async fn day(office: &Office, token: &str, query: &str) -> Vec<String> {
    let items = office.all(token, &format!("/timetable?{query}")).await;
    let part = |json: &Json| json.as_str().map(|text| format!(" {text}")).unwrap_or_default();
    let parts = ["lesson", "class", "teacher", "room", "mark", "substitution"];
    let line = |it: &Json| format!("{}{}", it["hour"], parts.map(|name| part(&it[name])).concat());
    items.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_covered_hour_shows_to_who_covers_it_and_to_who_is_absent_but_not_why() {
    let office = Office::open("day_cover").await;
    furnish(&office).await;
    let clara = cover_planner(&office).await;
    let today = format!("date={DATE}");
    let regular = ["2 7 5a GAUSS R1", "2 9 5b HILB R3", "3 8 5b NOETH R2"];
    assert_eq!(day(&office, &clara, &today).await, regular);
    office.made(&clara, "/absences/1", absence()).await;
    assert_eq!(day(&office, &clara, &today).await, regular, "an open hour stands as it was");
    office
        .made(&clara, "/substitutions/4", cover(json!({"absence": "1", "reason": "SICK", "text": "flu"})))
        .await;
    let covered = "2 7 5a NOETH R1 covered 4";
    assert_eq!(day(&office, &clara, &today).await, [covered, regular[1], regular[2]]);
    let victor = office.log_in("victor").await;
    for (query, expected) in [
        ("teacher=NOETH", &[covered, regular[2]][..]),
        ("teacher=GAUSS", &[covered]),
        ("class=5a", &[covered]),
        ("class=5b", &[regular[1], regular[2]]),
        ("room=R3", &[regular[1]]),
    ] {
        assert_eq!(day(&office, &victor, &format!("{today}&{query}")).await, expected, "{query}");
    }
    let item = office.all(&victor, &format!("/timetable?{today}&class=5a")).await.remove(0);
    let expected = json!({"period": "1", "day": 1, "hour": 2, "lesson": "7", "n": 1, "class": "5a", "teacher": "NOETH",
        "subject": "M", "room": "R1", "mark": "covered", "substitution": "4"});
    assert_eq!(item, expected, "nothing of the absence");
    assert_eq!(day(&office, &victor, "date=2026-11-30").await, regular, "a week later all is as ever");
    assert_eq!(day(&office, &victor, "period=1&teacher=GAUSS").await.len(), 2, "and so is the timetable");
    for bad in ["date=2026-11-23&period=1", "date=2026-11-23&week=A", "date=yesterday"] {
        let refused = office.get(&victor, &plan(&format!("/timetable?{bad}"))).await;
        assert_eq!(refused.outcome(), "422 invalid", "{bad}");
    }
    let all = office.all(&victor, &format!("/timetable?{today}")).await;
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.get(&victor, &plan(&format!("/timetable?{today}&limit=1{after}"))).await;
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(next) = page.body["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages, all);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_hour_shows_on_both_dates_and_holidays_have_no_lessons() {
    let office = Office::open("day_moved").await;
    furnish(&office).await;
    let clara = cover_planner(&office).await;
    let away = json!({"date": DATE, "hour": 3, "lesson": "8", "kind": "move", "to_date": "2026-11-24", "to_hour": 5, "room": "R1"});
    office.made(&clara, "/substitutions/1", away).await;
    let cancelled = json!({"date": DATE, "hour": 2, "lesson": "9", "kind": "cancel"});
    office.made(&clara, "/substitutions/2", cancelled).await;
    let duty = json!({"date": "2026-11-24", "hour": 1, "kind": "special-duty", "teacher": "KLEIN"});
    office.made(&clara, "/substitutions/3", duty).await;
    let monday = ["2 7 5a GAUSS R1", "2 9 5b HILB R3 cancelled 2", "3 8 5b NOETH R2 moved-away 1"];
    assert_eq!(day(&office, &clara, &format!("date={DATE}")).await, monday);
    let tuesday = ["1 KLEIN covered 3", "3 7 5a GAUSS R1", "5 8 5b NOETH R1 moved-here 1"];
    assert_eq!(day(&office, &clara, "date=2026-11-24").await, tuesday);
    assert_eq!(
        day(&office, &clara, "date=2026-11-24&room=R2").await,
        tuesday[2..],
        "where it would have been"
    );
    office.log_out(&clara).await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "holidays").await;
    let body = json!({"from": "2026-12-21", "to": "2027-01-06"});
    let request = office.write(Method::PUT, &anna, &plan("/holidays/Christmas"), &body);
    let made = office.send(request.header("if-none-match", "*").header("daybook-lock", lock)).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let until = office.patch(&anna, &plan("/lessons/7"), "*", json!({"to": "2026-12-06"})).await;
    assert_eq!(until.outcome(), "200", "{}", until.body);
    assert_eq!(day(&office, &anna, "date=2026-12-28").await, [] as [&str; 0], "a holiday");
    assert_eq!(day(&office, &anna, "date=2026-11-29").await, [] as [&str; 0], "a Sunday");
    assert_eq!(day(&office, &anna, "date=2030-11-25").await, [] as [&str; 0], "another year");
    for date in ["0000-01-01", "9999-12-31"] {
        assert_eq!(day(&office, &anna, &format!("date={date}")).await, [] as [&str; 0]);
        for question in ["collisions", "cover-list"] {
            let answer = office.get(&anna, &plan(&format!("/{question}?date={date}"))).await;
            assert_eq!(
                (answer.outcome().as_str(), &answer.body["items"]),
                ("200", &json!([])),
                "{question} {date}"
            );
        }
    }
    assert_eq!(
        day(&office, &anna, "date=2026-12-07").await,
        ["2 9 5b HILB R3", "3 8 5b NOETH R2"],
        "lesson 7 is over"
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cover_list_names_the_open_hours_and_who_is_free() {
    let office = Office::open("day_list").await;
    furnish(&office).await;
    let clara = cover_planner(&office).await;
    let path = plan(&format!("/cover-list?date={DATE}"));
    let nothing = office.get(&clara, &path).await;
    assert_eq!(
        (nothing.outcome().as_str(), &nothing.body),
        ("200", &json!({"items": [], "open": [], "next": null}))
    );
    office.made(&clara, "/absences/1", absence()).await;
    let free = json!([{"teacher": "KLEIN", "hours": 0}, {"teacher": "NOETH", "hours": 1}]);
    let open = json!({"date": DATE, "hour": 2, "lesson": "7", "n": 1, "of": "teacher", "absence": "1", "teacher": "GAUSS",
        "classes": ["5a"], "subject": "M", "room": "R1", "free": free});
    let list = office.get(&clara, &path).await.body;
    assert_eq!(list, json!({"items": [], "open": [open], "next": null}));
    office.made(&clara, "/substitutions/4", cover(json!({"absence": "1"}))).await;
    let list = office.get(&clara, &path).await.body;
    assert_eq!((&list["items"][0]["id"], &list["open"]), (&json!("4"), &json!([])));
    assert_eq!(list["items"][0]["editable"]["value"], true);
    // Who covers falls ill too; the classroom is closed; the whole 5b is on an excursion.
    for (id, of, name) in [("2", "teacher", "NOETH"), ("3", "room", "R1"), ("4", "class", "5b")] {
        let body = json!({"of": of, "name": name, "from": "2026-11-20", "to": DATE, "first_hour": 5, "last_hour": 2});
        office.made(&clara, &format!("/absences/{id}"), body).await;
    }
    let list = office.get(&clara, &path).await.body;
    let open = list["open"].as_array().unwrap();
    let short: Vec<_> =
        open.iter().map(|it| [&it["hour"], &it["lesson"], &it["of"], &it["absence"]]).collect();
    let expected = json!([[2, "7", "room", "3"], [2, "7", "teacher", "2"], [2, "9", "class", "4"]]);
    assert_eq!(json!(short), expected, "not hour 3: the last hour is 2");
    assert_eq!(open[0]["free_rooms"], json!(["R2"]));
    assert_eq!(
        (&open[1]["free"], &open[1]["substitution"]),
        (&json!([{"teacher": "KLEIN", "hours": 0}]), &json!("4"))
    );
    assert_eq!(open[2]["free"], json!([]));
    let (mut pages, mut after) = (Vec::new(), String::new());
    for _ in 0..9 {
        let page = office.get(&clara, &format!("{path}&limit=1{after}")).await.body;
        pages.extend(["items", "open"].iter().flat_map(|part| page[*part].as_array().unwrap().clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages[1..], open[..]);
    assert_eq!(pages.len(), 4);
    let victor = office.log_in("victor").await;
    let refused = office.get(&victor, &path).await;
    assert_eq!(
        (refused.outcome().as_str(), &refused.body["right"]),
        ("403 not-permitted", &json!("read-absences"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_change_beside_cover_is_allowed_and_the_clash_shows_on_that_date() {
    let office = Office::open("day_rooms").await;
    furnish(&office).await;
    let clara = cover_planner(&office).await;
    office.made(&clara, "/substitutions/4", cover(json!({"room": "R2"}))).await;
    let collisions = async |token: &str, query: &str| office.all(token, &format!("/collisions{query}")).await;
    let anna = office.log_in("anna").await;
    assert_eq!(collisions(&anna, "").await, [] as [Json; 0]);
    // Clara is still in cover mode.
    let changed = office.patch(&anna, &plan("/lessons/9/placements/1"), "*", json!({"room": "R2"})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let clash = |kind: &str, name: &str, lessons: Json| json!({"kind": kind, "name": name, "period": "1", "day": 1, "hour": 2, "lessons": lessons, "date": DATE, "substitution": "4"});
    let room = clash("room", "R2", json!(["7", "9"]));
    for query in ["", "?period=1", "?date=2026-11-23"] {
        assert_eq!(collisions(&anna, query).await, std::slice::from_ref(&room), "{query}");
    }
    assert_eq!(collisions(&anna, "?date=2026-11-30").await, [] as [Json; 0]);
    let covers = office.patch(&clara, &plan("/substitutions/4"), "*", json!({"teacher": "HILB"})).await;
    assert_eq!(covers.outcome(), "200", "{}", covers.body);
    let teacher = clash("teacher", "HILB", json!(["7", "9"]));
    assert_eq!(collisions(&anna, "").await, [room, teacher], "who covers is in a lesson of his own");
    let cancelled = json!({"date": DATE, "hour": 2, "lesson": "9", "kind": "cancel"});
    office.made(&clara, "/substitutions/5", cancelled).await;
    assert_eq!(
        collisions(&anna, "").await,
        [] as [Json; 0],
        "a cancelled hour frees its teacher and its room"
    );
    let both = office.get(&anna, &plan("/collisions?date=2026-11-23&period=1")).await;
    assert_eq!(both.outcome(), "422 invalid");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_school_shows_its_week_with_absences() {
    let office = Office::open("day_sample").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    let files = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU");
    let done = office.import(&anna, Some(&lock), &files, &[]).await;
    assert_eq!(done.outcome(), "201", "{}", done.body);
    let monday = [
        "1 43 5b CAS R 208 covered 1",
        "2 50 5b AND R 204 cancelled 2",
        "3 177 8b AND R 206 moved-away 3",
        "4 106 6d AND R 108",
        "5 78 6a AND R 107",
        "6 229 9c AND R 107",
        "8 43 5b AND R 102",
    ];
    assert_eq!(day(&office, &anna, &format!("date={DATE}&teacher=AND")).await, monday);
    let b2 = day(&office, &anna, &format!("date={DATE}&room=B2")).await;
    assert_eq!(b2[0], "1 252 9d JOK B2 room 5");
    let thursday = day(&office, &anna, "date=2026-11-26&teacher=AND").await;
    assert!(thursday.contains(&"7 177 8b AND R 101 moved-here 4".to_owned()), "{thursday:?}");
    assert_eq!(day(&office, &anna, "date=2027-03-30").await, [] as [&str; 0], "Easter");
    let list = office.get(&anna, &plan(&format!("/cover-list?date={DATE}"))).await.body;
    let of = |what: &str| {
        let open = list["open"].as_array().unwrap().iter().filter(|it| it["of"] == *what);
        open.map(|it| format!("{} {}", it["hour"], text(&it["lesson"]))).collect::<Vec<_>>()
    };
    assert_eq!(of("teacher"), ["4 106", "5 78", "6 229", "8 43"], "{list}");
    assert_eq!(of("class"), [] as [&str; 0]);
    assert!(!of("room").contains(&"1 252".to_owned()), "it is in another room");
    let trip = office.get(&anna, &plan("/cover-list?date=2026-11-24")).await.body;
    assert!(
        trip["open"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["of"] == "class" && it["classes"] == json!(["9b"])),
        "{trip}"
    );
    office.close().await;
}
