//! A story in which every type of event happens, as far as the build that hears it knows of it.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value as Json, json};
use tests::office::PASSWORD;

use super::teller::{Teller, below};

/// Another plan of the same school.
const OTHER: &str = "100234~2026-2027~2";

/// All of it.
pub async fn tell(teller: &mut Teller) {
    let admin = teller.comes("admin", json!({ "plan": null })).await;
    people(teller, &admin).await;
    planning(teller).await;
    refused(teller).await;
    settings(teller).await;
    optimised(teller).await;
    cover(teller).await;
    signed_off(teller).await;
    school(teller, &admin).await;
    notices_and_messages(teller, &admin).await;
    outages(teller, &admin).await;
    // Whoever looks is noted.
    teller.say(Method::GET, &admin, "/audit/events?type=LockDenied", &[], Json::Null).await;
    teller.goes(&admin).await;
}

/// What is asked in the end. Nothing that depends on the day on which it is asked.
pub fn asked() -> Vec<String> {
    let (of_period, others) = (
        ["departments", "rooms", "subjects", "teachers", "classes", "students", "lessons"],
        ["periods", "holidays", "absence-reasons", "absences", "substitutions"],
    );
    let of_period = of_period.map(|kind| below(&format!("/{kind}?limit=1000&period=1")));
    let others = others.map(|kind| below(&format!("/{kind}?limit=1000")));
    let plan = [
        "",
        "/time-grid",
        "/school-data",
        "/locks",
        "/unplaced",
        "/lessons/7/placements?period=1",
        "/timetable?period=1",
        "/timetable?class=5a&period=1",
        "/collisions?period=1",
        "/changes?after=1.0&limit=1000",
        "/history?record=teachers/GAUSS",
        "/timetable?date=2026-11-23",
        "/cover-list?date=2026-11-23",
    ];
    let site = ["/plans", "/users", "/groups", "/tokens", "/schools/100234/licence", "/notices", "/messages"];
    let plan = plan.map(below);
    of_period.into_iter().chain(others).chain(plan).chain(site.map(str::to_owned)).collect()
}

async fn people(teller: &mut Teller, admin: &str) {
    for (name, group) in
        [("anna", "planners"), ("bert", "planners"), ("clara", "cover-planners"), ("dora", "viewers")]
    {
        let body = json!({ "name": name, "group": group, "password": PASSWORD, "full_name": format!("{name} of the office"),
            "email": format!("{name}@school.example"), "language": "de" });
        let added = teller.posts(admin, "/users", body).await;
        if name == "dora" {
            let path = format!("/users/{}", added.text("id"));
            teller.changes(admin, &path, json!({ "full_name": "Dora", "disabled": true })).await;
        }
    }
    let bert = teller.comes("bert", json!({ "plan": null })).await;
    let password = json!({ "old": PASSWORD, "new": PASSWORD.to_owned() + "er" });
    teller.say(Method::PUT, &bert, "/users/me/password", &[], password).await;
    let back = json!({ "old": PASSWORD.to_owned() + "er", "new": PASSWORD });
    teller.say(Method::PUT, &bert, "/users/me/password", &[], back).await;
    teller.goes(&bert).await;
    let readers = json!({ "id": "readers", "rights": ["read"], "plans": ["100234~*~*"] });
    teller.posts(admin, "/groups", readers).await;
    teller.changes(admin, "/groups/readers", json!({ "rights": ["read", "read-absences"] })).await;
    teller.deletes(admin, "/groups/readers").await;
    teller.posts(admin, "/groups", json!({ "id": "choir", "rights": ["read"], "plans": "*" })).await;
    for name in ["board", "kiosk"] {
        let token = teller.posts(admin, "/tokens", json!({ "name": name, "group": "viewers" })).await;
        if name == "kiosk" {
            teller.deletes(admin, &format!("/tokens/{}", token.text("id"))).await;
        }
    }
    teller.changes(admin, &below(""), json!({ "title": "The plan of the tests" })).await;
}

async fn planning(teller: &mut Teller) {
    let anna = teller.comes("anna", json!({})).await;
    let gauss = json!({ "long_name": "Gauß", "first_name": "Carl", "title": "Dr.", "personnel_no": "17", "department": "NAT",
        "home_room": "R1", "email": "gauss@school.example", "phone": "1", "mobile": "2", "hours_per_day_min": 2,
        "hours_per_day_max": 6, "week_target": 23.5, "text": "t", "description": "d", "alias": "G" });
    let student = json!({ "long_name": "Kind", "first_name": "Ein", "student_no": "1", "class": "5a",
        "birth_date": "2015-02-03", "email": "kind@school.example" });
    let lesson = json!({ "hours_per_week": 3, "from": "2026-09-01", "to": "2027-06-30", "students": 25,
        "couplings": [{ "class": "5a", "teacher": "GAUSS", "subject": "M", "room": "R1", "hours_per_week": 2,
            "student_group": "A" }, { "class": "5a", "teacher": "EULER", "subject": "M" }] });
    for (path, body) in [
        ("/departments/NAT", json!({ "long_name": "Sciences" })),
        ("/rooms/R1", json!({ "capacity": 30, "department": "NAT", "weight": 2 })),
        ("/rooms/R2", json!({ "alternative_room": "R1" })),
        ("/subjects/M", json!({ "long_name": "Mathematics", "home_room": "R1" })),
        ("/teachers/GAUSS", gauss),
        ("/teachers/EULER", json!({ "long_name": "Euler" })),
        ("/classes/5a", json!({ "class_teacher": "GAUSS", "students": 25, "from": "2026-09-01" })),
        ("/students/KIND", student),
        ("/lessons/7", lesson),
        ("/lessons/7/placements/1?period=1", json!({ "day": 1, "hour": 1, "week": "A" })),
        (
            "/lessons/7/placements/2?period=1",
            json!({ "day": 2, "hour": 3, "rows": [{ "class": "5a", "teacher": "EULER" }] }),
        ),
        ("/absence-reasons/SICK", json!({ "long_name": "Sick" })),
    ] {
        teller.makes(&anna, path, body).await;
    }
    teller.changes(&anna, &below("/teachers/GAUSS"), json!({ "text": "changed", "phone": null })).await;
    teller.changes(&anna, &below("/teachers/EULER"), json!({ "id": "NOETH" })).await;
    teller.changes(&anna, &below("/classes/5a?period=1"), json!({ "home_room": "R2" })).await;
    teller.changes(&anna, &below("/lessons/7/placements/1?period=1"), json!({ "room": "R1" })).await;
    teller.changes(&anna, &below("/lessons/7/placements/2?period=1"), json!({ "day": 4 })).await;
    teller.makes(&anna, "/rooms/GONE", json!({})).await;
    teller.deletes(&anna, &below("/rooms/GONE")).await;
    teller.changes(&anna, &below("/rooms/R1"), json!({ "capacity": 31 })).await;
    let taken_back = json!({ "positions": [teller.position] });
    teller.posts(&anna, &below("/undo"), taken_back).await;
    let activity = json!({ "activity": "looks at rooms", "mode": "read" });
    teller.say(Method::PATCH, &anna, "/sessions/current", &[], activity).await;
    teller.goes(&anna).await;
}

async fn refused(teller: &mut Teller) {
    let (anna, bert) = (teller.comes("anna", json!({})).await, teller.comes("bert", json!({})).await);
    let before = teller.say(Method::GET, &bert, &below("/teachers/GAUSS"), &[], Json::Null).await.etag;
    teller.changes(&anna, &below("/teachers/GAUSS"), json!({ "text": "Anna was here" })).await;
    let late = json!({ "text": "Bert was here", "title": "Prof." });
    teller.say(Method::PATCH, &bert, &below("/teachers/GAUSS"), &[("if-match", &before)], late).await;
    teller.locks(&anna, "data-import").await;
    teller.goes(&bert).await;
    let lock = teller.locks(&anna, "data-import").await;
    let form = Form::new()
        .part("file", Part::text("5b,Class 5b,,R1\n5c,Class 5c,,R2\n").file_name("GPU003.TXT"))
        .part("file", Part::text("HYPATIA,Hypatia\n").file_name("GPU004.TXT"));
    let request = teller.client.post(format!("{}/v1{}", teller.base, below("/imports"))).bearer_auth(&anna);
    teller.hear("import", request.header("daybook-lock", &lock).multipart(form)).await;
    teller.deletes(&anna, &below(&format!("/locks/{lock}"))).await;
    teller.goes(&anna).await;
}

async fn settings(teller: &mut Teller) {
    let anna = teller.comes("anna", json!({})).await;
    for (action, path, body) in [
        (
            "time-grid",
            "/time-grid",
            json!({ "days": [1, 2, 3, 4, 5], "hours": [{ "hour": 1, "from": "08:00", "to": "08:45" },
            { "hour": 2 }, { "hour": 3 }, { "hour": 4 }] }),
        ),
        ("school-data", "/school-data", json!({ "name": "The school", "cover_restricted_to_period": true })),
    ] {
        let lock = teller.locks(&anna, action).await;
        teller.changes_under(&anna, &lock, &below(path), body).await;
        teller.deletes(&anna, &below(&format!("/locks/{lock}"))).await;
    }
    let lock = teller.locks(&anna, "holidays").await;
    let headers = [("if-none-match", "*"), ("daybook-lock", lock.as_str())];
    let holiday = json!({ "from": "2026-12-24", "to": "2027-01-06", "public": true });
    teller.say(Method::PUT, &anna, &below("/holidays/XMAS"), &headers, holiday).await;
    teller.goes(&anna).await;
}

async fn optimised(teller: &mut Teller) {
    let anna = teller.comes("anna", json!({})).await;
    let begun = teller.posts(&anna, &below("/optimisations"), json!({ "periods": ["1"] })).await;
    let id = begun.text("optimisation");
    let hour = |n: u64, day: u64| json!({ "lesson": "7", "n": n, "period": "1", "day": day, "hour": 2 });
    let result = json!({ "placements": [hour(1, 3), hour(3, 5)] });
    teller.posts(&anna, &below(&format!("/optimisations/{id}/result")), result).await;
    teller.goes(&anna).await;
}

async fn cover(teller: &mut Teller) {
    let clara = teller.comes("clara", json!({ "mode": "cover" })).await;
    let absence = json!({ "of": "teacher", "name": "GAUSS", "from": "2026-11-23", "to": "2026-11-24", "first_hour": 1,
        "last_hour": 4, "reason": "SICK", "text": "flu" });
    teller.posts(&clara, &below("/absences"), absence).await;
    let substitution = json!({ "date": "2026-11-23", "hour": 2, "lesson": "7", "absence": "1", "kind": "cover",
        "absent_teacher": "GAUSS", "teacher": "NOETH", "subject": "M", "room": "R2", "classes": ["5a"],
        "cover_classes": ["5a"], "reason": "SICK", "text": "take the books" });
    teller.posts(&clara, &below("/substitutions"), substitution).await;
    teller.goes(&clara).await;
}

async fn signed_off(teller: &mut Teller) {
    let (admin, anna) = (teller.comes("admin", json!({})).await, teller.comes("anna", json!({})).await);
    let wanted = json!({ "sessions": "others", "message": "An import at ten.", "lock": "data-import" });
    teller.posts(&admin, &below("/sign-offs"), wanted).await;
    teller.locks(&admin, "data-import").await;
    // He has gone, where signing off is known.
    teller.goes(&anna).await;
    teller.goes(&admin).await;
}

async fn school(teller: &mut Teller, site: &str) {
    let anna = teller.comes("anna", json!({})).await;
    let lock = teller.locks(&anna, "new-school-year").await;
    let (school, year) = ("100234", "2026-2027");
    let copy = json!({ "school": school, "year": year, "version": 2, "copy_of": below("")[7..] });
    teller.say(Method::POST, &anna, "/plans", &[("daybook-lock", &lock)], copy).await;
    teller.goes(&anna).await;
    let admin = teller.comes("admin", json!({})).await;
    let lock = teller.locks(&admin, "licence").await;
    let licence = json!({ "licensee": "The school", "number": "L-7", "valid_until": "2027-07-31" });
    teller.changes_under(&admin, &lock, "/schools/100234/licence", licence).await;
    teller.goes(&admin).await;
    // Whoever comes first finds that the school is open again.
    let anna = teller.comes("anna", json!({ "plan": OTHER })).await;
    teller.goes(&anna).await;
    teller.changes(site, &format!("/plans/{OTHER}"), json!({ "state": "archived" })).await;
}

async fn notices_and_messages(teller: &mut Teller, admin: &str) {
    for (title, public) in [("Rest", true), ("Gone", false)] {
        let body = json!({ "title": title, "text": "From six to eight.", "public": public, "hide_from": "2999-01-01" });
        let notice = teller.posts(admin, "/notices", body).await.text("id");
        let path = format!("/notices/{notice}");
        teller.changes(admin, &path, json!({ "important": true, "text": "From six to nine." })).await;
        if title == "Gone" {
            teller.deletes(admin, &path).await;
        }
    }
    let message = json!({ "to": { "users": ["anna"] }, "text": "Please look at room R2." });
    let message = teller.posts(admin, "/messages", message).await.text("id");
    let anna = teller.comes("anna", json!({})).await;
    let read = json!({ "read": true });
    teller.say(Method::PATCH, &anna, &format!("/messages/{message}"), &[], read).await;
    teller.goes(&anna).await;
}

async fn outages(teller: &mut Teller, admin: &str) {
    let announced = json!({ "message": "At noon.", "prevent_logins": false });
    teller.say(Method::PUT, admin, "/outage", &[], announced).await;
    let gated = json!({ "message": "At noon, for an hour.", "prevent_logins": true });
    teller.say(Method::PUT, admin, "/outage", &[], gated).await;
    // She is in where no gate is known.
    let anna = teller.comes("anna", json!({})).await;
    teller.goes(&anna).await;
    teller.deletes(admin, "/outage").await;
    let wrong = json!({ "password": "another one" });
    teller.comes("anna", wrong).await;
    teller.partner.goes().await;
    teller.waits_for("down-unannounced").await;
    teller.partner.comes().await;
    teller.waits_for("open").await;
}
