//! No reader of German, Swedish or Finnish is told anything in English: many bad requests of each area, in every language.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

/// The texts of a refusal: title, detail, and the details of its faults.
fn texts(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    let own = [answer.body["title"].clone(), answer.body["detail"].clone()];
    own.iter().chain(errors.iter().map(|error| &error["detail"])).map(text).collect()
}

/// What of a refused request is told in the same words in two languages.
async fn told_alike(office: &Office, make: impl Fn() -> RequestBuilder) -> Vec<String> {
    let english = office.send(make().header("accept-language", "en")).await;
    let shown = format!("{} {}", english.outcome(), english.body);
    if !english.status.is_client_error() || !english.body["title"].is_string() {
        return vec![format!("not refused: {shown}")];
    }
    let mut alike = Vec::new();
    for language in ["de", "sv", "fi"] {
        let other = office.send(make().header("accept-language", language)).await;
        assert_eq!(other.outcome(), english.outcome(), "{} {shown}", other.body);
        assert_eq!(other.header("content-language"), Some(language));
        assert_eq!(texts(&other).len(), texts(&english).len(), "{} {shown}", other.body);
        let same = texts(&other).into_iter().zip(texts(&english)).filter(|(one, two)| one == two);
        alike.extend(same.map(|(one, _)| format!("{language}: {one}: {shown}")));
    }
    alike
}

/// Refused requests with a JSON body, below `/v1`, of who has this token.
async fn all_told(office: &Office, token: &str, requests: &[(&str, String, Json)]) {
    let mut alike = Vec::new();
    for (method, path, body) in requests {
        let make = || {
            let request = office.write(method.parse().unwrap(), token, path, body);
            match *method {
                "PUT" if path.starts_with("/plans") => request.header("if-none-match", "*"),
                "PATCH" | "DELETE" => request.header("if-match", "*"),
                _ => request,
            }
        };
        alike.extend(told_alike(office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_records_and_dates() {
    let office = Office::open("languages_records").await;
    let admin = office.log_in("admin").await;
    office.made(&admin, "/teachers/GAUSS", json!({})).await;
    office.made(&admin, "/classes/1a", json!({ "class_teacher": "GAUSS" })).await;
    office.made(&admin, "/lessons/7", json!({ "hours_per_week": 1 })).await;
    let put = |path: &str, body: Json| ("PUT", plan(path), body);
    let post = |path: &str, body: Json| ("POST", plan(path), body);
    let patch = |path: &str, body: Json| ("PATCH", plan(path), body);
    let get = |path: &str| ("GET", plan(path), json!(null));
    let requests = [
        put("/teachers/X", json!([])),
        put("/teachers/X", json!({ "colour": "red" })),
        put("/teachers/X", json!({ "department": "none" })),
        put("/teachers/X", json!({ "department": 7, "week_target": "many", "long_name": 1 })),
        put("/teachers/X", json!({ "long_name": "a\u{1}", "text": "x".repeat(9_999) })),
        put("/teachers/X", json!({ "hours_per_day_min": -1, "hours_per_day_max": 9e9 })),
        put("/classes/X", json!({ "students": -1, "from": "yesterday", "to": 7 })),
        put("/lessons/8", json!({ "couplings": {} })),
        put("/lessons/8", json!({ "couplings": [{ "teacher": "none", "class": 1, "x": 2 }] })),
        put("/lessons/8", json!({ "hours_per_week": 100_000 })),
        put("/lessons/7/placements/1", json!({})),
        put("/lessons/7/placements/1", json!({ "day": 9, "hour": 99 })),
        put("/lessons/7/placements/1", json!({ "day": 6, "hour": 13 })),
        put("/lessons/7/placements/1", json!({ "day": 1, "hour": 1, "room": 7 })),
        put("/lessons/7/placements/1", json!({ "day": 1, "hour": 1, "room": "none" })),
        put("/lessons/7/placements/2", json!({ "day": 1, "hour": 1 })),
        put("/lessons/7/placements/1?period=none", json!({ "day": 1, "hour": 1 })),
        post("/teachers", json!({ "id": " a" })),
        post("/teachers", json!({ "id": "" })),
        post("/teachers", json!({ "id": "x".repeat(51) })),
        post("/teachers", json!({ "id": "GAUSS" })),
        patch("/teachers/GAUSS?period=none", json!({ "week_target": 1 })),
        patch("/teachers/GAUSS?period=1", json!({ "id": "EULER" })),
        patch("/teachers/GAUSS?merge=sometimes", json!({})),
        patch("/time-grid", json!({ "days": [] })),
        patch("/time-grid", json!({ "days": [7, 7], "hours": [{ "hour": 2, "from": "8", "to": "7" }] })),
        patch("/school-data", json!({ "time_zone": "Berlin", "cover_restricted_to_period": 1 })),
        put("/periods/2", json!({ "from": "2026-09-01", "to": "2027-01-31" })),
        put("/periods/2", json!({ "from": "2020-09-01", "to": "2020-01-31" })),
        put("/periods/2", json!({ "parent": "none" })),
        put("/holidays/H", json!({})),
        put("/absences/1", json!({ "of": "dog" })),
        put("/substitutions/1", json!({ "kind": "dance" })),
        get("/teachers?limit=0"),
        get("/teachers?after=x"),
        get("/teachers?colour=red"),
        get("/teachers?as_of=x"),
        get("/substitutions?date=x"),
        get("/teachers/NONE"),
        get("/timetable?date=x"),
        get("/timetable?class=1a&room=2"),
        get("/changes?wait=99"),
        get("/changes?after=x"),
    ];
    all_told(&office, &admin, &requests).await;
    let alike = told_alike(&office, || {
        office
            .request(Method::DELETE, &format!("/v1{}", plan("/teachers/GAUSS")), &admin)
            .header("if-match", "*")
    });
    assert_eq!(alike.await, [""; 0], "in use");
    // With the lock that they take, the rules of dates speak.
    let lock = office.lock(&admin, "periods").await;
    let mut alike = Vec::new();
    for (path, body) in [
        ("/periods/2", json!({})),
        ("/periods/2", json!({ "from": "2026-09-01" })),
        ("/periods/2", json!({ "from": "2026-07-01", "to": "2026-09-30" })),
        ("/periods/2", json!({ "from": "2027-03-01", "to": "2026-09-30" })),
        ("/periods/2", json!({ "from": "2026-09-01", "to": "2026-09-30", "parent": "none" })),
        ("/periods/2", json!({ "from": "2020-09-01", "to": "2028-09-30" })),
    ] {
        let make = || {
            let write = office.write(Method::PUT, &admin, &plan(path), &body);
            write.header("if-none-match", "*").header("daybook-lock", &lock)
        };
        alike.extend(told_alike(&office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
    office.close().await;
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_people_plans_messages_notices_outages_and_the_licence() {
    let office = Office::open("languages_site").await;
    let admin = office.log_in("admin").await;
    let licence = "/schools/100234/licence".to_owned();
    let at = |path: &str| path.to_owned();
    let requests = [
        ("PATCH", licence.clone(), json!({ "colour": "red" })),
        ("PATCH", licence.clone(), json!({ "valid_until": "soon", "number": 7 })),
        ("PATCH", licence, json!({ "number": "7" })),
        ("POST", at("/users"), json!({})),
        ("POST", at("/users"), json!({ "name": "x", "group": "none", "password": PASSWORD })),
        ("POST", at("/users"), json!({ "name": "token:x", "group": "viewers", "password": "short" })),
        (
            "POST",
            at("/users"),
            json!({ "name": "x", "group": "viewers", "password": PASSWORD, "language": "?" }),
        ),
        ("POST", at("/groups"), json!({ "id": "x", "rights": ["dance"], "plans": "*" })),
        ("POST", at("/groups"), json!({ "id": "x", "rights": [], "plans": ["x"] })),
        ("POST", at("/groups"), json!({ "id": "x", "rights": 7, "plans": 7 })),
        ("PATCH", at("/groups/administrators"), json!({ "rights": [] })),
        ("PATCH", at("/groups/none"), json!({ "rights": [] })),
        ("POST", at("/tokens"), json!({ "name": "x", "group": "none" })),
        (
            "POST",
            at("/tokens"),
            json!({ "name": "x", "group": "viewers", "expires_at": "2020-01-01T00:00:00Z" }),
        ),
        ("POST", at("/tokens"), json!({ "name": "x", "group": "viewers", "expires_at": "soon" })),
        ("PUT", at("/users/me/password"), json!({ "old": PASSWORD, "new": "x" })),
        ("PUT", at("/users/me/password"), json!({ "old": "wrong", "new": "long enough to be one" })),
        ("POST", at("/plans"), json!({ "school": "a~b", "year": "2026", "version": 0 })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 300 })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "title": "" })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": "x" })),
        ("POST", at("/plans"), json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": PLAN })),
        (
            "POST",
            at("/plans"),
            json!({ "school": "1", "year": "2026-2027", "version": 1, "copy_of": PLAN, "new_year_of": PLAN }),
        ),
        ("POST", at("/plans"), json!({ "school": "100234", "year": "2026-2027", "version": 1 })),
        ("PATCH", at(&plan("")), json!({ "state": "burnt" })),
        ("GET", at("/plans/x"), json!(null)),
        ("POST", at("/messages"), json!({ "to": {}, "text": "" })),
        ("POST", at("/messages"), json!({ "to": { "users": [] }, "text": "a" })),
        ("POST", at("/messages"), json!({ "to": { "users": ["none"] }, "text": "a\u{1}" })),
        ("POST", at("/messages"), json!({ "to": { "plan": "7~2026-2027~1" }, "text": "x".repeat(9_999) })),
        ("GET", at("/messages?box=sent&unread=true"), json!(null)),
        ("GET", at("/messages/none"), json!(null)),
        ("POST", at("/notices"), json!({ "title": "", "text": "" })),
        (
            "POST",
            at("/notices"),
            json!({ "title": "a", "text": "a", "show_from": "2026-12-01", "hide_from": "2026-12-01" }),
        ),
        ("POST", at("/notices"), json!({ "title": "a", "text": "a", "hide_from": "x" })),
        ("PATCH", at("/notices/none"), json!({ "title": "a" })),
        ("PUT", at("/outage"), json!({})),
        ("PUT", at("/outage"), json!({ "message": "", "prevent_logins": false })),
        ("PUT", at("/outage"), json!({ "message": "x".repeat(9_999), "prevent_logins": false })),
        ("PUT", at("/outage"), json!({ "message": "x", "prevent_logins": 1 })),
        ("PUT", at("/outage"), json!({ "message": "x", "prevent_logins": false, "until": "soon" })),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": "all", "message": "x" })),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": [], "message": "" })),
        (
            "POST",
            at(&plan("/sign-offs")),
            json!({ "sessions": ["x"], "message": "x", "grace_seconds": 9_999_999 }),
        ),
        ("POST", at(&plan("/sign-offs")), json!({ "sessions": ["x"], "message": "x", "grace_seconds": -1 })),
        ("PATCH", at("/sessions/current"), json!({ "mode": "sleep" })),
        ("PATCH", at("/sessions/current"), json!({ "period": "none" })),
        ("PATCH", at("/sessions/current"), json!({ "activity": "x".repeat(999) })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "plan": "x" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "mode": "cover" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": "wrong" })),
        ("POST", at("/sessions"), json!({ "user": "anna", "password": PASSWORD, "plan": "7~2026-2027~1" })),
    ];
    all_told(&office, &admin, &requests).await;
    let spaced = told_alike(&office, || {
        let write = office.write(Method::POST, &admin, &plan("/teachers"), &json!({ "id": "A" }));
        write.header("idempotency-key", "a b")
    });
    assert_eq!(spaced.await, [""; 0]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_files() {
    let office = Office::open("languages_files").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    let mut alike = Vec::new();
    for (files, words) in [
        (vec![], vec![]),
        (vec![("x.txt", "")], vec![]),
        (vec![("GPU004.TXT", "A\nB"), ("gpu004.txt", "A")], vec![]),
        (vec![("GPU004.TXT", "A,,,,none,,,x,9999\n,\nA,other\n\"B\n")], vec![]),
        (vec![("GPU004.TXT", "A\"b,c\n\"A\"b,c\n\"open")], vec![]),
        (vec![("GPU003.TXT", "1a,,,none,,,,,,,,,,,none,,,,,20261301,x,,,,,,,,,,NONE,,-1\n")], vec![]),
        (vec![("GPU002.TXT", "x,1,,,,\n,1\n5,999,NO,NO,NO,NO\n")], vec![]),
        (vec![("GPU001.TXT", "5,NO,NO,NO,NO,9,99\n,,,,,,\n5,,,,,,\n")], vec![]),
        (
            vec![
                ("GPU012.TXT", ",\n"),
                ("GPU013.TXT", "1,X,NO,20200101,1,2,3\n,L,,,,,\n2,L,NO,20261105,20261101,9,1\n"),
            ],
            vec![],
        ),
        (vec![("GPU014.TXT", "1,20260101,99,,7,NO,NO,NO,,,,NO,,,NO~NO\n,,,\n2,x,x\n")], vec![]),
        (vec![("GPU018.TXT", "H,,20200101,20200102\nI,,20261105,20261101\nJ\n")], vec![]),
        (vec![("GPU004.TXT", "A\n")], vec![("mode", "x")]),
        (vec![("GPU004.TXT", "A\n")], vec![("lessons", "x"), ("dry_run", "x"), ("create_missing", "x")]),
        (vec![("GPU004.TXT", "A\n")], vec![("colour", "red")]),
        (vec![("GPU004.TXT", "A\n")], vec![("department", "none")]),
    ] {
        let make = || {
            let mut form = reqwest::multipart::Form::new();
            for (name, word) in &words {
                form = form.text(*name, *word);
            }
            for (name, content) in &files {
                form =
                    form.part("file", reqwest::multipart::Part::bytes(content.as_bytes()).file_name(*name));
            }
            let request = office.request(Method::POST, &format!("/v1{}", plan("/imports")), &anna);
            request.multipart(form).header("daybook-lock", &lock)
        };
        alike.extend(told_alike(&office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
    // Warnings of a try that nothing is wrong with.
    let mut told = Vec::new();
    for language in ["en", "de", "sv", "fi"] {
        let file = reqwest::multipart::Part::bytes(&b"7,1a,GAUSS,M,R1,7,20\n7,1a,GAUSS,M,R1,7,19\n"[..]);
        let lessons = reqwest::multipart::Part::bytes(&b"7,1,,1a,GAUSS,M,R1\n7,1,,1b,GAUSS,M,R1,,,9\n"[..]);
        let form = reqwest::multipart::Form::new().text("create_missing", "true").text("dry_run", "true");
        let form = form.part("file", file.file_name("GPU001.TXT"));
        let form = form.part("file", lessons.file_name("GPU002.TXT"));
        let request = office.request(Method::POST, &format!("/v1{}", plan("/imports")), &anna);
        let answer = office.send(request.header("accept-language", language).multipart(form)).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        told.push(answer.body["warnings"].as_array().unwrap().clone());
    }
    assert!(told[0].len() > 1, "{told:?}");
    for other in &told[1..] {
        assert!(other.iter().zip(&told[0]).all(|(one, two)| one != two), "{told:#?}");
    }
    office.close().await;
}
