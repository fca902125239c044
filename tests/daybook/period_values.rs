//! Values for one period: a change for one overrides, a change without one reaches all; blocks follow.

use serde_json::{Value as Json, json};
use tests::office::{Office, plan};

/// Period 2, the second half of the year, below period 1.
async fn second_period(office: &Office, token: &str) {
    let lock = office.lock(token, "periods").await;
    let body = json!({"from": "2027-02-01", "to": "2027-07-31", "parent": "1"});
    let request = office.write(reqwest::Method::PUT, token, &plan("/periods/2"), &body);
    let made = office.send(request.header("if-none-match", "*").header("daybook-lock", &lock)).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    office.delete(token, &plan(&format!("/locks/{lock}"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_but_the_dated_ones_may_have_values_for_one_period() {
    let office = Office::open("period_kinds").await;
    let anna = office.log_in("anna").await;
    second_period(&office, &anna).await;
    let kinds: [(&str, Json, Json); 8] = [
        ("departments", json!({"long_name": "wide", "text": "same"}), json!({"long_name": "own"})),
        ("rooms", json!({"capacity": 30, "text": "same"}), json!({"capacity": 20, "weight": 3})),
        ("subjects", json!({"subject_group": "a", "text": "same"}), json!({"subject_group": "b"})),
        ("teachers", json!({"week_target": 25, "text": "same"}), json!({"week_target": 12.5, "alias": "x"})),
        ("classes", json!({"students": 30, "text": "same"}), json!({"students": 28})),
        ("students", json!({"first_name": "Emmy", "text": "same"}), json!({"first_name": "Amalie"})),
        ("lessons", json!({"hours_per_week": 4, "text": "same"}), json!({"hours_per_week": 2, "group": "g"})),
        ("absence-reasons", json!({"long_name": "wide", "text": "same"}), json!({"long_name": "own"})),
    ];
    for (kind, wide, own) in kinds {
        let made = office.made(&anna, &format!("/{kind}/X"), wide.clone()).await;
        let (path, of_second) = (plan(&format!("/{kind}/X")), plan(&format!("/{kind}/X?period=2")));
        let changed = office.patch(&anna, &of_second, &made.etag(), own.clone()).await;
        assert_eq!(changed.outcome(), "200", "{kind}: {}", changed.body);
        let read = office.get(&anna, &of_second).await;
        assert_eq!((&read.body, read.etag()), (&changed.body, changed.etag()), "{kind}");
        let mut fields: Vec<String> = own.as_object().unwrap().keys().cloned().collect();
        let mut told: Vec<String> = serde_json::from_value(read.body["period_fields"].clone()).unwrap();
        fields.sort();
        told.sort();
        assert_eq!(told, fields, "{kind}");
        for (field, value) in own.as_object().unwrap() {
            assert_eq!(&read.body[field], value, "{kind} {field}");
        }
        assert_eq!(read.body["text"], "same", "{kind}: what has no value of its own is as everywhere");
        let elsewhere = office.get(&anna, &plan(&format!("/{kind}/X?period=1"))).await.body;
        for (field, value) in wide.as_object().unwrap() {
            assert_eq!(&elsewhere[field], value, "{kind} {field}");
        }
        // A change without a period reaches all that have no value of their own.
        let everywhere = office.patch(&anna, &path, &changed.etag(), json!({"text": "new"})).await;
        assert_eq!(everywhere.outcome(), "200");
        assert_eq!(office.get(&anna, &of_second).await.body["text"], "new", "{kind}");
        let put = office.put(&anna, &of_second, &everywhere.etag(), json!({"text": "alone"})).await;
        assert_eq!(
            (put.outcome().as_str(), &put.body["period_fields"]),
            ("200", &json!(["text"])),
            "{kind}: {}",
            put.body
        );
        assert_eq!(office.get(&anna, &path).await.body["text"], "new", "{kind}");
        let listed = office.all(&anna, &format!("/{kind}?period=2")).await;
        assert_eq!(listed[0]["text"], "alone", "{kind}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_in_the_calendar_has_no_values_for_one_period() {
    let office = Office::open("period_dated").await;
    let anna = office.log_in("anna").await;
    second_period(&office, &anna).await;
    for path in ["/periods/1", "/time-grid", "/school-data"] {
        let answer = office.patch(&anna, &plan(&format!("{path}?period=2")), "*", json!({})).await;
        assert_eq!(answer.outcome(), "422 invalid", "{path}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["pointer"], "/query/period", "{path}");
    }
    let lock = office.lock(&anna, "holidays").await;
    let body = json!({"from": "2026-10-05", "to": "2026-10-16", "public": false});
    let holiday =
        office.write(reqwest::Method::PUT, &anna, &plan("/holidays/H"), &body).header("daybook-lock", &lock);
    assert_eq!(office.send(holiday.header("if-none-match", "*")).await.outcome(), "201");
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    let missing = office.patch(&anna, &plan("/holidays/H"), "*", json!({"public": true})).await;
    assert_eq!(
        (missing.outcome().as_str(), &missing.body["action"]),
        ("409 lock-missing", &json!("holidays"))
    );
    for kind in ["periods", "holidays", "absences", "substitutions"] {
        let list = office.get(&anna, &plan(&format!("/{kind}?period=2"))).await;
        assert_eq!(list.outcome(), "422 invalid", "{kind}");
        let one = office.get(&anna, &plan(&format!("/{kind}/1?period=2"))).await;
        assert_eq!(one.outcome(), "422 invalid", "{kind}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_without_a_period_is_blocked_by_every_period_and_one_for_a_period_only_there() {
    let office = Office::open("period_blocks").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    office.made(&anna, "/teachers/GAUSS", json!({"week_target": 20})).await;
    office.log_out(&bert).await;
    second_period(&office, &anna).await;
    let bert = office.log_in("bert").await;
    let locked = office.post(&anna, &plan("/locks"), json!({"action": "optimise", "periods": ["2"]})).await;
    assert_eq!(locked.outcome(), "201", "{}", locked.body);
    let change = async |period: &str| {
        let path = plan(&format!("/teachers/GAUSS{period}"));
        office.patch(&bert, &path, "*", json!({"week_target": 10})).await
    };
    for period in ["", "?period=2"] {
        let blocked = change(period).await;
        assert_eq!(
            (blocked.outcome().as_str(), &blocked.body["rule"]),
            ("423 blocked", &json!("optimisation"))
        );
    }
    assert_eq!(change("?period=1").await.outcome(), "200");
    let clash = office.patch(&bert, &plan("/teachers/GAUSS?period=1"), "*", json!({"text": "x"})).await;
    assert_eq!(clash.outcome(), "200");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn school_data_and_time_grid_take_only_what_can_be() {
    let office = Office::open("school_data").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "school-data").await;
    let change = async |path: &str, lock: &str, body: Json| {
        let request = office.write(reqwest::Method::PATCH, &anna, &plan(path), &body);
        office.send(request.header("if-match", "*").header("daybook-lock", lock)).await
    };
    let wrong = change("/school-data", &lock, json!({"time_zone": "Europe/Atlantis"})).await;
    assert_eq!(
        (wrong.outcome().as_str(), &wrong.body["errors"][0]["pointer"]),
        ("422 invalid", &json!("/time_zone"))
    );
    let right = change("/school-data", &lock, json!({"time_zone": "Europe/Helsinki", "name": "Lukio"})).await;
    assert_eq!((right.outcome().as_str(), &right.body["time_zone"]), ("200", &json!("Europe/Helsinki")));
    office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    office.made(&anna, "/lessons/7", json!({"hours_per_week": 1})).await;
    office.made(&anna, "/lessons/7/placements/1", json!({"day": 5, "hour": 12})).await;
    let lock = office.lock(&anna, "time-grid").await;
    for (body, place) in [
        (json!({"days": [1, 2, 3, 4]}), "/days"),
        (json!({"hours": [{"hour": 1}]}), "/hours"),
        (json!({"days": null}), "/days"),
        (json!({"hours": [{"hour": 1, "from": "09:00", "to": "08:00"}]}), "/hours/0/to"),
        (
            json!({"hours": [{"hour": 1, "from": "08:00", "to": "08:45"}, {"hour": 2, "from": "08:30"}]}),
            "/hours/1",
        ),
    ] {
        let refused = change("/time-grid", &lock, body.clone()).await;
        assert_eq!(
            (refused.outcome().as_str(), &refused.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(place)),
            "{body}"
        );
    }
    let wider = change("/time-grid", &lock, json!({"days": [1, 2, 3, 4, 5, 6]})).await;
    assert_eq!((wider.outcome().as_str(), &wider.body["days"]), ("200", &json!([1, 2, 3, 4, 5, 6])));
    office.close().await;
}
