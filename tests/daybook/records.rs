//! Records of all kinds: made, read, changed, renamed, removed; values for one period; lists.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Office, plan};

/// Every kind with a body that has all its fields, and what it refers to.
fn bodies() -> Vec<(&'static str, Json)> {
    vec![
        ("departments", json!({"long_name": "Sciences", "text": "t"})),
        (
            "rooms",
            json!({"long_name": "Room", "alternative_room": "R0", "weight": 3, "capacity": 30, "department": "D0", "text": "t", "description": "d"}),
        ),
        (
            "subjects",
            json!({"long_name": "Maths", "home_room": "R0", "subject_group": "g", "text": "t", "description": "d", "alias": "a"}),
        ),
        (
            "teachers",
            json!({"long_name": "Gauss", "first_name": "Carl", "title": "Prof.", "personnel_no": "17", "department": "D0",
            "home_room": "R0", "email": "g@example.org", "phone": "1", "mobile": "2", "hours_per_day_min": 1, "hours_per_day_max": 6,
            "week_target": 23.5, "text": "t", "description": "d", "alias": "a"}),
        ),
        (
            "classes",
            json!({"long_name": "Class", "grade_level": "5", "department": "D0", "home_room": "R0", "class_teacher": "T0",
            "students": 28, "from": "2026-08-01", "to": "2027-07-31", "text": "t", "description": "d", "alias": "a"}),
        ),
        (
            "students",
            json!({"long_name": "Noether", "first_name": "Emmy", "student_no": "4", "class": "C0", "birth_date": "2014-03-23",
            "email": "e@example.org", "text": "t", "description": "d"}),
        ),
        (
            "lessons",
            json!({"hours_per_week": 4, "couplings": [{"class": "C0", "teacher": "T0", "subject": "S0", "room": "R0", "hours_per_week": 2, "student_group": "g"}],
            "from": "2026-08-01", "to": "2027-07-31", "group": "g", "students": 28, "text": "t", "line_text": "l", "home_room": "R0", "description": "d"}),
        ),
    ]
}

async fn furnish(office: &Office, token: &str) {
    for path in ["/departments/D0", "/rooms/R0", "/subjects/S0", "/teachers/T0", "/classes/C0"] {
        office.made(token, path, json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_every_kind_live_through_their_whole_life() {
    let office = Office::open("kinds").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    for (kind, body) in bodies() {
        let path = plan(&format!("/{kind}/X%201"));
        let created = office.create(&anna, &path, body.clone()).await;
        assert_eq!(created.outcome(), "201", "{kind}: {}", created.body);
        let read = office.get(&anna, &path).await;
        assert_eq!((&read.body, read.etag()), (&created.body, created.etag()), "{kind}");
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&read.body[field], value, "{kind} {field}");
        }
        assert_eq!((&read.body["id"], &read.body["revision"]), (&json!("X 1"), &json!(1)));
        let patched =
            office.patch(&anna, &path, &read.etag(), json!({"text": "other", "long_name": null})).await;
        let expected = if kind == "lessons" { "422 invalid" } else { "200" };
        assert_eq!(patched.outcome(), expected, "{kind}: {}", patched.body);
        let patched = office.patch(&anna, &path, "*", json!({"text": null})).await;
        assert_eq!((patched.outcome().as_str(), patched.body.get("text")), ("200", None), "{kind}");
        let put = office.put(&anna, &path, &patched.etag(), json!({"text": "alone"})).await;
        assert_eq!(put.outcome(), "200", "{kind}: {}", put.body);
        let members: Vec<&String> = put.body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "revision", "text", "changed"], "{kind}");
        let unknown = office.patch(&anna, &path, &put.etag(), json!({"colour": "red"})).await;
        assert_eq!(
            (unknown.outcome().as_str(), &unknown.body["errors"][0]["pointer"]),
            ("422 invalid", &json!("/colour"))
        );
        assert_eq!(office.remove(&anna, &path, &put.etag()).await.outcome(), "204", "{kind}");
        assert_eq!(office.get(&anna, &path).await.outcome(), "404 not-found");
        assert_eq!(office.patch(&anna, &path, "*", json!({})).await.outcome(), "404 not-found");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_a_new_lesson_comes_from_the_server() {
    let office = Office::open("numbers").await;
    let anna = office.log_in("anna").await;
    let first = office.post(&anna, &plan("/lessons"), json!({"hours_per_week": 2})).await;
    assert_eq!((first.outcome().as_str(), &first.body["id"]), ("201", &json!("1")), "{}", first.body);
    assert!(first.header("location").unwrap().ends_with("/lessons/1"));
    office.made(&anna, "/lessons/41", json!({})).await;
    office.made(&anna, "/lessons/A", json!({})).await;
    assert_eq!(office.post(&anna, &plan("/lessons"), json!({})).await.body["id"], "42");
    let posted = office.post(&anna, &plan("/teachers"), json!({"id": "EULER"})).await;
    assert_eq!((posted.outcome().as_str(), &posted.body["id"]), ("201", &json!("EULER")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_follow_a_new_name_and_keep_their_record() {
    let office = Office::open("renaming").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    for (kind, body) in bodies() {
        office.made(&anna, &format!("/{kind}/X"), body).await;
    }
    let used = office.remove(&anna, &plan("/rooms/R0"), "*").await;
    assert_eq!(used.outcome(), "409 in-use", "{}", used.body);
    let by: Vec<String> =
        used.body["used_by"].as_array().unwrap().iter().map(|user| text(&user["record"])).collect();
    assert_eq!(by, ["classes/X", "lessons/X", "rooms/X", "subjects/X", "teachers/X"]);
    let renamed = office.patch(&anna, &plan("/rooms/R0"), "*", json!({"id": "R 1/2"})).await;
    assert_eq!(
        (renamed.outcome().as_str(), &renamed.body["id"]),
        ("200", &json!("R 1/2")),
        "{}",
        renamed.body
    );
    assert_eq!(office.get(&anna, &plan("/rooms/R0")).await.outcome(), "404 not-found");
    assert_eq!(office.get(&anna, &plan("/rooms/R%201%2F2")).await.etag(), renamed.etag());
    assert_eq!(office.get(&anna, &plan("/teachers/X")).await.body["home_room"], "R 1/2");
    assert_eq!(office.get(&anna, &plan("/lessons/X")).await.body["couplings"][0]["room"], "R 1/2");
    let taken = office.patch(&anna, &plan("/rooms/X"), "*", json!({"id": "R 1/2"})).await;
    assert_eq!(taken.outcome(), "409 exists", "{}", taken.body);
    let old_name_again = office.made(&anna, "/rooms/R0", json!({})).await;
    assert!(old_name_again.body["revision"].as_u64().unwrap() > 1, "revisions of a name count on");
    assert_eq!(office.get(&anna, &plan("/teachers/X")).await.body["home_room"], "R 1/2");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_references_and_values_out_of_bounds_are_told_with_their_places() {
    let office = Office::open("references").await;
    let anna = office.log_in("anna").await;
    let head = office.head().await;
    let cases = [
        ("/teachers/X", json!({"department": "?", "home_room": "?"}), vec!["/department", "/home_room"]),
        (
            "/teachers/X",
            json!({"hours_per_day_min": 25, "week_target": -1, "email": 5}),
            vec!["/hours_per_day_min", "/week_target", "/email"],
        ),
        ("/classes/X", json!({"from": "2026-13-01"}), vec!["/from"]),
        ("/classes/X", json!({"from": "2027-01-01", "to": "2026-01-01"}), vec!["/to"]),
        (
            "/lessons/1",
            json!({"couplings": [{}, {"class": "?", "teacher": "?"}]}),
            vec!["/couplings/1/class", "/couplings/1/teacher"],
        ),
        ("/lessons/1", json!({"couplings": [{"klass": "5a"}]}), vec!["/couplings/0"]),
        ("/rooms/X", json!({"id": null}), vec!["/id"]),
        ("/rooms/X", json!([]), vec![""]),
    ];
    for (path, body, places) in cases {
        let answer = office.create(&anna, &plan(path), body.clone()).await;
        assert_eq!(answer.outcome(), "422 invalid", "{path} {body}");
        let errors = answer.body["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, places, "{path} {body}");
    }
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_for_one_period_overrides_the_plan_wide_one_there() {
    let office = Office::open("periods").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "periods").await;
    let body = json!({"from": "2027-02-01", "to": "2027-07-31", "parent": "1"});
    let second = office.write(Method::PUT, &anna, &plan("/periods/2"), &body).header("if-none-match", "*");
    assert_eq!(office.send(second).await.outcome(), "409 lock-missing");
    let second = office.write(Method::PUT, &anna, &plan("/periods/2"), &body).header("if-none-match", "*");
    let second = office.send(second.header("daybook-lock", &lock)).await;
    assert_eq!(second.outcome(), "201", "{}", second.body);
    let gauss = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss", "week_target": 20})).await;
    let wide = plan("/teachers/GAUSS");
    let own = format!("{wide}?period=2");
    let changed = office.patch(&anna, &own, &gauss.etag(), json!({"week_target": 10})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!(
        (&changed.body["week_target"], &changed.body["period_fields"]),
        (&json!(10), &json!(["week_target"]))
    );
    assert_eq!((&changed.body["revision"], &changed.body["long_name"]), (&json!(2), &json!("Gauss")));
    let read = office.get(&anna, &own).await;
    assert_eq!((&read.body, read.etag()), (&changed.body, changed.etag()));
    let plan_wide = office.get(&anna, &wide).await;
    assert_eq!(
        (&plan_wide.body["week_target"], plan_wide.etag()),
        (&json!(20), changed.etag()),
        "{}",
        plan_wide.body
    );
    assert_eq!(office.get(&anna, &format!("{wide}?period=1")).await.body["period_fields"], json!([]));
    let list = office.get(&anna, &plan("/teachers?period=2")).await;
    assert_eq!(list.body["items"][0]["week_target"], 10, "{}", list.body);
    assert_eq!(office.get(&anna, &format!("{wide}?period=9")).await.outcome(), "422 invalid");
    assert_eq!(
        office.patch(&anna, &format!("{wide}?period=9"), "*", json!({})).await.outcome(),
        "422 invalid"
    );
    assert_eq!(office.patch(&anna, &own, "*", json!({"id": "X"})).await.outcome(), "422 invalid");
    let unset = office.patch(&anna, &own, &changed.etag(), json!({"week_target": null})).await;
    assert_eq!(
        (&unset.body["week_target"], &unset.body["period_fields"]),
        (&json!(20), &json!([])),
        "{}",
        unset.body
    );
    let stale = office.patch(&anna, &wide, &changed.etag(), json!({"title": "x"})).await;
    assert_eq!(stale.outcome(), "412 stale", "?period= shares the record's revision");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_change_of_other_fields_passes_when_the_client_asks_for_it() {
    let office = Office::open("disjoint").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    let gauss = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauss", "title": "Dr."})).await;
    let path = plan("/teachers/GAUSS?merge=disjoint");
    office.patch(&bert, &plan("/teachers/GAUSS"), &gauss.etag(), json!({"title": "Prof."})).await;
    let touching =
        office.patch(&anna, &path, &gauss.etag(), json!({"title": "X", "email": "g@example.org"})).await;
    assert_eq!(touching.outcome(), "412 stale", "{}", touching.body);
    let told = json!([{"field": "title", "base": "Dr.", "theirs": "Prof.", "yours": "X"},
        {"field": "email", "base": null, "theirs": null, "yours": "g@example.org"}]);
    assert_eq!(touching.body["changes"], told);
    let disjoint = office.patch(&anna, &path, &gauss.etag(), json!({"email": "g@example.org"})).await;
    assert_eq!(disjoint.outcome(), "200", "{}", disjoint.body);
    assert_eq!((&disjoint.body["title"], &disjoint.body["revision"]), (&json!("Prof."), &json!(3)));
    let other = office.patch(&anna, &plan("/teachers/GAUSS?merge=all"), "*", json!({})).await;
    assert_eq!(other.outcome(), "422 invalid");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_ordered_by_name_and_filtered_by_reference() {
    let office = Office::open("filters").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    for (kind, body) in bodies() {
        office.made(&anna, &format!("/{kind}/X"), body).await;
        office.made(&anna, &format!("/{kind}/9"), json!({})).await;
    }
    let names = |path: &'static str| {
        let (office, anna) = (&office, &anna);
        async move { office.all(anna, path).await.iter().map(|item| text(&item["id"])).collect::<Vec<_>>() }
    };
    assert_eq!(names("/teachers").await, ["9", "T0", "X"]);
    assert_eq!(names("/teachers?q=gau").await, ["X"], "long names are searched, in any case");
    for (path, expected) in [
        ("/teachers?department=D0", "X"),
        ("/teachers?room=R0", "X"),
        ("/classes?teacher=T0", "X"),
        ("/classes?department=D0", "X"),
        ("/students?class=C0", "X"),
        ("/lessons?class=C0", "X"),
        ("/lessons?teacher=T0", "X"),
        ("/lessons?subject=S0", "X"),
        ("/lessons?room=R0", "X"),
        ("/rooms?department=D0", "X"),
        ("/subjects?room=R0", "X"),
        ("/lessons?class=C0&teacher=T0", "X"),
    ] {
        assert_eq!(names(path).await, [expected], "{path}");
    }
    assert_eq!(names("/lessons?teacher=9").await, Vec::<String>::new());
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_is_told_whether_he_could_edit_and_why_not() {
    let office = Office::open("editable").await;
    let (anna, victor) = (office.log_in("anna").await, office.log_in("victor").await);
    let grid = async || office.get(&anna, &plan("/time-grid")).await.body["editable"].clone();
    office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let seen_by = |token: &str| {
        let (token, office) = (token.to_owned(), &office);
        async move { office.get(&token, &plan("/teachers")).await.body["items"][0]["editable"].clone() }
    };
    assert_eq!(seen_by(&anna).await, json!({"value": true, "why": null, "held_by": []}));
    assert_eq!(seen_by(&victor).await, json!({"value": false, "why": "mode", "held_by": []}));
    let list = office.get(&anna, &plan("/teachers")).await;
    assert_eq!(list.body["editable"], list.body["items"][0]["editable"], "an empty list tells it too");
    assert_eq!(grid().await["why"], "not-alone");
    office.log_out(&victor).await;
    assert_eq!(grid().await["why"], "lock-missing");
    office.lock(&anna, "time-grid").await;
    assert_eq!(grid().await["value"], true);
    let program = office.api_token("reader", "planners").await;
    let seen = seen_by(&program).await;
    assert_eq!((&seen["value"], &seen["why"]), (&json!(false), &json!("session")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_under_the_old_name_of_what_has_gone_on_under_a_new_one_is_told_of_the_renaming() {
    let office = Office::open("old_name").await;
    let anna = office.log_in("anna").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let renamed = office.patch(&anna, &plan("/teachers/GAUSS"), &made.etag(), json!({"id": "GAU"})).await;
    let mut etag = renamed.etag();
    for name in ["Carl", "Friedrich", "Gauß"] {
        let changed = office.patch(&anna, &plan("/teachers/GAU"), &etag, json!({"long_name": name})).await;
        assert_eq!(changed.outcome(), "200", "{}", changed.body);
        etag = changed.etag();
    }
    let old_name = plan("/teachers/GAUSS");
    let write = office.write(Method::PUT, &anna, &old_name, &json!({"long_name": "late"}));
    let late = office.send(write.header("if-match", made.etag())).await;
    assert_eq!(late.outcome(), "412 stale", "{}", late.body);
    assert_eq!((&late.body["revision"], &late.body["current"]), (&json!(2), &Json::Null));
    assert_eq!(late.body["winner"]["user"], "anna");
    office.close().await;
}
