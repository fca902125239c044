//! Hours of lessons, put on places; and the races that users have with each other.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, plan};

/// Two teachers, classes, rooms, a subject, and lesson 1: two hours a week with couplings.
async fn furnish(office: &Office, token: &str) {
    for path in
        ["/teachers/T1", "/teachers/T2", "/classes/A", "/classes/B", "/rooms/R1", "/rooms/R2", "/subjects/S"]
    {
        office.made(token, path, json!({})).await;
    }
    let couplings = json!([{"class": "A", "teacher": "T1", "subject": "S", "room": "R1"}, {"class": "B", "teacher": "T2", "subject": "S", "room": "R2"}]);
    office.made(token, "/lessons/1", json!({"hours_per_week": 2, "couplings": couplings})).await;
}

fn hour(n: u32) -> String {
    plan(&format!("/lessons/1/placements/{n}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_is_placed_moved_and_taken_away() {
    let office = Office::open("placing").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let placed = office.create(&anna, &hour(1), json!({"day": 1, "hour": 2})).await;
    assert_eq!(placed.outcome(), "201", "{}", placed.body);
    assert_eq!(
        (&placed.body["period"], &placed.body["day"], &placed.body["hour"]),
        (&json!("1"), &json!(1), &json!(2))
    );
    let shown = office.send(office.request(Method::GET, placed.header("location").unwrap(), &anna)).await;
    assert_eq!((&shown.body, shown.etag()), (&placed.body, placed.etag()));
    let timetable = office.all(&anna, "/timetable?class=A").await;
    assert_eq!(
        timetable,
        [
            json!({"period": "1", "day": 1, "hour": 2, "lesson": "1", "n": 1, "class": "A", "teacher": "T1", "subject": "S", "room": "R1"})
        ]
    );
    let moved = office.patch(&anna, &hour(1), &placed.etag(), json!({"day": 3})).await;
    assert_eq!(
        (moved.outcome().as_str(), &moved.body["day"], &moved.body["revision"]),
        ("200", &json!(3), &json!(2))
    );
    let room = office.patch(&anna, &hour(1), &moved.etag(), json!({"room": "R2"})).await;
    assert_eq!(room.outcome(), "200", "{}", room.body);
    let rows = json!([{"class": "A", "teacher": "T1", "subject": "S", "room": "R2"}, {"class": "B", "teacher": "T2", "subject": "S", "room": "R2"}]);
    assert_eq!(room.body["rows"], rows);
    let own =
        json!({"day": 1, "hour": 1, "week": "A", "length": 45, "rows": [{"class": "B", "teacher": "T1"}]});
    let put = office.put(&anna, &hour(1), &room.etag(), own.clone()).await;
    assert_eq!(put.outcome(), "200", "{}", put.body);
    for (field, value) in own.as_object().unwrap() {
        assert_eq!(&put.body[field], value, "{field}");
    }
    assert_eq!(office.all(&anna, "/lessons/1/placements").await.len(), 1);
    assert_eq!(office.remove(&anna, &hour(1), &put.etag()).await.outcome(), "204");
    assert_eq!(office.get(&anna, &hour(1)).await.outcome(), "404 not-found");
    assert_eq!(office.all(&anna, "/timetable").await, Vec::<Json>::new());
    let again = office.create(&anna, &hour(1), json!({"day": 1, "hour": 2})).await;
    assert_eq!(again.body["revision"], 6, "{}", again.body);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_must_be_in_the_grid_and_the_hour_among_those_of_the_week() {
    let office = Office::open("places").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let good = json!({"day": 1, "hour": 1});
    let head = office.head().await;
    for (path, body, pointer) in [
        (hour(3), good.clone(), "/n"),
        (hour(0), good.clone(), "/n"),
        (hour(1), json!({"day": 6, "hour": 1}), "/day"),
        (hour(1), json!({"day": 8, "hour": 1}), "/day"),
        (hour(1), json!({"day": 1, "hour": 13}), "/hour"),
        (hour(1), json!({"day": 1}), "/hour"),
        (hour(1), json!({"day": 1, "hour": 1, "room": "?"}), "/room"),
        (hour(1), json!({"day": 1, "hour": 1, "room": 5}), "/room"),
        (hour(1), json!({"day": 1, "hour": 1, "rows": [{"teacher": "?"}]}), "/rows/0/teacher"),
        (hour(1), json!({"day": 1, "hour": 1, "id": "x"}), "/id"),
        (format!("{}?period=9", hour(1)), good.clone(), "/query/period"),
    ] {
        let answer = office.create(&anna, &path, body.clone()).await;
        assert_eq!(answer.outcome(), "422 invalid", "{path} {body}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{path} {body}");
    }
    for path in [plan("/lessons/9/placements/1"), plan("/lessons/1/placements/x")] {
        assert_eq!(office.create(&anna, &path, good.clone()).await.outcome(), "404 not-found", "{path}");
    }
    assert_eq!(office.get(&anna, &plan("/lessons/9/placements")).await.outcome(), "404 not-found");
    assert_eq!(office.head().await, head);
    let unplaced = office.all(&anna, "/unplaced").await;
    assert_eq!(unplaced, [json!({"lesson": "1", "period": "1", "missing": 2})]);
    office.create(&anna, &hour(2), good.clone()).await;
    assert_eq!(office.all(&anna, "/unplaced").await[0]["missing"], 1);
    // A lesson that is placed is in use.
    assert_eq!(office.remove(&anna, &plan("/lessons/1"), "*").await.outcome(), "409 in-use");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_cover_only_rooms_and_other_data_are_changed() {
    let office = Office::open("besidecover").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    let placed = office.create(&anna, &hour(1), json!({"day": 1, "hour": 2})).await;
    let clara = office.try_log_in("clara", json!({"mode": "cover"})).await;
    assert_eq!(clara.outcome(), "201");
    for (path, body, class) in [
        (hour(1), json!({"day": 2}), "timetable"),
        (hour(1), json!({"day": 2, "room": "R2"}), "timetable"),
        (plan("/lessons/1"), json!({"hours_per_week": 3}), "timetable"),
        (plan("/lessons/1"), json!({"text": "t", "couplings": null}), "the strictest"),
    ] {
        let answer = office.patch(&anna, &path, "*", body).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["rule"]),
            ("423 blocked", &json!("cover")),
            "{class}"
        );
        assert_eq!(answer.body["held_by"][0]["user"], "clara");
    }
    assert_eq!(office.create(&anna, &hour(2), json!({"day": 2, "hour": 2})).await.outcome(), "423 blocked");
    assert_eq!(office.remove(&anna, &hour(1), "*").await.outcome(), "423 blocked");
    assert_eq!(office.remove(&anna, &plan("/teachers/T2"), "*").await.outcome(), "423 blocked");
    let room = office.patch(&anna, &hour(1), &placed.etag(), json!({"room": "R2"})).await;
    assert_eq!(room.outcome(), "200", "{}", room.body);
    let put = json!({"day": 1, "hour": 2, "room": "R1"});
    assert_eq!(office.put(&anna, &hour(1), &room.etag(), put).await.outcome(), "200");
    assert_eq!(
        office.patch(&anna, &plan("/lessons/1"), "*", json!({"text": "t", "group": "g"})).await.outcome(),
        "200"
    );
    office.made(&anna, "/teachers/T3", json!({"week_target": 20})).await;
    let refused: Vec<Json> =
        office.changes(&anna).await.into_iter().filter(|it| it["type"] == "daybook.record.refused").collect();
    assert_eq!(refused.len(), 7);
    assert!(
        refused.iter().all(|it| it["data"]["code"] == "blocked" && it["data"]["rule"] == "cover"),
        "{refused:#?}"
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_changes_from_one_revision_one_wins_and_all_losers_are_told() {
    let office = Office::open("sixtyfour").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss"})).await;
    let etag = gauss.etag();
    let change = |n: u32| {
        let (office, anna, etag) = (&office, &anna, &etag);
        async move {
            office
                .patch(anna, &plan("/teachers/GAUSS"), etag, json!({"long_name": format!("Gauss {n}")}))
                .await
        }
    };
    let answers = join_all((0..64).map(change)).await;
    let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.outcome() == "200").collect();
    let losers: Vec<&Answer> = answers.iter().filter(|answer| answer.outcome() == "412 stale").collect();
    assert_eq!((winners.len(), losers.len()), (1, 63));
    let won = &winners[0].body;
    for loser in losers {
        let body = &loser.body;
        assert_eq!((&body["record"], &body["revision"]), (&json!("teachers/GAUSS"), &json!(2)));
        assert_eq!(
            (&body["winner"]["user"], &body["winner"]["position"]),
            (&json!("anna"), &won["changed"]["position"])
        );
        assert_eq!(body["winner"]["at"], won["changed"]["at"]);
        let told = &body["changes"][0];
        assert_eq!(
            (&told["field"], &told["base"], &told["theirs"]),
            (&json!("long_name"), &json!("Gauss"), &won["long_name"])
        );
        assert!(told["yours"] != told["theirs"] && told["yours"].is_string());
        assert_eq!(&body["current"], won);
    }
    let kinds: Vec<String> = office.changes(&anna).await.iter().map(|it| text(&it["type"])).collect();
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    assert_eq!((count("daybook.record.changed"), count("daybook.record.refused")), (1, 63));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_planners_who_place_the_same_hour_one_wins_and_the_other_is_told() {
    let office = Office::open("twoplanners").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    furnish(&office, &anna).await;
    for round in 1..=2 {
        let path = hour(round);
        let (one, two) = tokio::join!(
            office.create(&anna, &path, json!({"day": 1, "hour": 1})),
            office.create(&bert, &path, json!({"day": 2, "hour": 2}))
        );
        let (winner, loser, user, theirs) =
            if one.outcome() == "201" { (&one, &two, "anna", 1) } else { (&two, &one, "bert", 2) };
        assert_eq!(
            (winner.outcome().as_str(), loser.outcome().as_str()),
            ("201", "412 stale"),
            "{}",
            loser.body
        );
        assert_eq!(loser.body["winner"]["user"], user);
        let told =
            loser.body["changes"].as_array().unwrap().iter().find(|change| change["field"] == "day").unwrap();
        assert_eq!((&told["theirs"], &told["yours"]), (&json!(theirs), &json!(3 - theirs)), "{}", loser.body);
        assert_eq!(loser.body["current"], winner.body);
        assert_eq!(loser.body["record"], format!("lessons/1/placements/{round}"), "{}", loser.body);
    }
    office.close().await;
}
