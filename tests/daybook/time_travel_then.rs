//! What was answered of every question when it was so is what is answered of that moment later.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Answer, Office, plan};

use crate::time_travel::{furnish, readings};

/// What is asked after every write.
const QUESTIONS: &[&str] = &[
    "",
    "/teachers",
    "/teachers/1",
    "/teachers/2",
    "/teachers?q=a",
    "/teachers?department=1",
    "/classes",
    "/classes/1",
    "/rooms",
    "/rooms/1",
    "/subjects",
    "/subjects/1",
    "/departments",
    "/departments/1",
    "/students",
    "/students/1",
    "/lessons",
    "/lessons?teacher=1",
    "/lessons?class=1",
    "/lessons/1?period=1",
    "/lessons/1/placements",
    "/lessons/1/placements/2",
    "/timetable",
    "/timetable?class=1&period=1",
    "/timetable?teacher=1",
    "/timetable?room=1&week=A",
    "/timetable?date=2026-11-23",
    "/collisions",
    "/collisions?date=2026-11-23",
    "/unplaced",
    "/unplaced?period=1",
    "/absence-reasons",
    "/absence-reasons/1",
    "/absences",
    "/absences/1",
    "/absences?teacher=1&date=2026-11-23",
    "/substitutions",
    "/substitutions/1",
    "/cover-list",
    "/cover-list?date=2026-11-23",
    "/periods",
    "/periods/1",
    "/holidays",
    "/holidays/1",
    "/time-grid",
    "/school-data",
    "/sessions",
    "/locks",
    "/locks/{lock}",
    "/changes?limit=1000",
    "/changes?kind=teachers",
    "/changes?record=teachers/1",
    "/history?record=teachers/1",
    "/history?record=lessons/1/placements/2&period=1",
    "/differences?from=20",
    "/exports",
    "/exports?files=GPU002,GPU004,GPU014",
];

/// An answer without what is no event.
fn kept(answer: &Answer) -> (String, Json) {
    let mut body = answer.body.clone();
    forget(&mut body);
    (answer.outcome(), body)
}

fn forget(json: &mut Json) {
    match json {
        Json::Object(object) => {
            for member in ["editable", "last_contact_at", "expires_at"] {
                object.remove(member);
            }
            object.values_mut().for_each(forget);
        }
        Json::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

/// One more write, some of which are refused.
async fn happen(office: &Office, anna: &str, clara: &str, dice: &mut u64) -> Answer {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let (what, day) = ((*dice >> 33) % 13, (*dice >> 40) % 5 + 1);
    let couplings = json!([{"class": "1", "teacher": if day > 2 { "2" } else { "1" }, "room": "1"}]);
    let placed = plan("/lessons/1/placements/2");
    match what {
        0 => office.create(anna, &plan("/teachers/2"), json!({"long_name": "Anna"})).await,
        1 => office.patch(anna, &plan("/teachers/1"), "*", json!({"long_name": format!("A{day}")})).await,
        2 => office.patch(anna, &plan("/teachers/1"), "\"1-1\"", json!({"long_name": "late"})).await,
        3 => office.create(anna, &placed, json!({"day": day, "hour": 1})).await,
        4 => office.put(anna, &placed, "*", json!({"day": day, "hour": 2, "rows": couplings})).await,
        5 => office.remove(anna, &placed, "*").await,
        6 => office.patch(anna, &plan("/lessons/1"), "*", json!({"couplings": couplings})).await,
        7 => office.patch(anna, &plan("/lessons/1?period=1"), "*", json!({"hours_per_week": day})).await,
        8 => {
            let absence = json!({"of": "teacher", "name": "1", "from": "2026-11-23", "to": "2026-11-23"});
            office.create(clara, &plan("/absences/1"), absence).await
        }
        9 => {
            let body = json!({"date": "2026-11-23", "hour": 1, "lesson": "1", "kind": "cancel"});
            office.create(clara, &plan("/substitutions/1"), body).await
        }
        10 => office.remove(clara, &plan("/substitutions/1"), "*").await,
        11 => office.patch(anna, &plan("/teachers/2"), "*", json!({"id": "1b"})).await,
        _ => {
            let activity = json!({"activity": format!("{day}")});
            office.send(office.write(Method::PATCH, anna, "/sessions/current", &activity)).await
        }
    }
}

/// Whether a question is asked of a path of the description.
fn is_of(question: &str, path: &str) -> bool {
    let asked = format!("/v1/plans/{{plan}}{}", question.split('?').next().unwrap_or_default());
    let (asked, parts): (Vec<&str>, Vec<&str>) = (asked.split('/').collect(), path.split('/').collect());
    asked.len() == parts.len()
        && asked.iter().zip(&parts).all(|(asked, part)| part.starts_with('{') || asked == part)
}

/// What a question is answered, without what is no event; and as of which moment.
async fn told(
    office: &Office,
    token: &str,
    question: &str,
    position: i64,
) -> ((String, Json), Option<String>) {
    if question.starts_with("/exports") {
        let (answer, bytes) = office.get_bytes(token, &plan(question)).await;
        let shown = answer.headers().get("daybook-as-of").map(|it| it.to_str().unwrap().to_owned());
        return ((answer.status().as_u16().to_string(), json!(bytes)), shown);
    }
    let answer = office.get_from(token, &plan(question), position).await;
    assert!(answer.header("daybook-as-of").is_none() || answer.header("etag").is_none(), "{question}");
    (kept(&answer), answer.header("daybook-as-of").map(str::to_owned))
}

/// All questions, as of now.
async fn all(office: &Office, token: &str, questions: &[String]) -> (i64, Vec<(String, Json)>) {
    let position = office.head().await;
    let mut answers = Vec::new();
    for question in questions {
        answers.push(told(office, token, question, position).await.0);
    }
    (position, answers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_then_is_answered_of_then() {
    let office = Office::open("as_of_then").await;
    let anna = office.log_in("anna").await;
    furnish(&office, &anna).await;
    office.made(&anna, "/absence-reasons/1", json!({})).await;
    // Whoever is alone may lock the holidays.
    let lock = office.lock(&anna, "holidays").await;
    let holiday = json!({"from": "2026-12-24", "to": "2027-01-06"});
    let made = office.write(Method::PUT, &anna, &plan("/holidays/1"), &holiday);
    let made = office.send(made.header("if-none-match", "*").header("daybook-lock", &lock)).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let questions: Vec<String> = QUESTIONS.iter().map(|it| it.replace("{lock}", &lock)).collect();
    for (path, _) in readings() {
        assert!(questions.iter().any(|question| is_of(question, &path)), "nobody asks for {path}");
    }
    let mut past = vec![all(&office, &anna, &questions).await];
    let released = office.delete(&anna, &plan(&format!("/locks/{lock}"))).await;
    assert_eq!(released.outcome(), "204", "{}", released.body);
    let clara = office.try_log_in("clara", json!({ "mode": "cover" })).await.body["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut dice = 20_261_122;
    for _ in 0..20 {
        happen(&office, &anna, &clara, &mut dice).await;
        past.push(all(&office, &anna, &questions).await);
    }
    // What people are called now, and may do now, is nothing of then.
    let admin = office.log_in_to_site("admin").await;
    let users = office.get(&admin, "/users?limit=1000").await;
    let of_clara = users.body["items"].as_array().unwrap().iter().find(|it| it["name"] == "clara").unwrap();
    let path = format!("/users/{}", of_clara["id"].as_str().unwrap());
    let renamed = office.patch(&admin, &path, "*", json!({"name": "klara", "group": "planners"})).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    let renamed_at = office.head().await;
    let mut same = 0;
    for (position, answers) in &past {
        for (question, then) in questions.iter().zip(answers) {
            let sign = if question.contains('?') { '&' } else { '?' };
            let path = format!("{question}{sign}as_of=1.{position}");
            let (mut seen, shown) = told(&office, &anna, &path, renamed_at).await;
            if seen.0 == "200" {
                same += 1;
                assert_eq!(shown, Some(format!("1.{position}")), "{question}");
            } else {
                // A problem says where it was asked.
                seen.1 = then.1.clone();
            }
            assert_eq!(&seen, then, "{question} as of {position}");
        }
    }
    assert!(same > 900, "{same}");
    let (position, _) = &past[10];
    let pool = office.service.as_ref().unwrap().projections.pool();
    let at = projections::recorded_at(pool, *position).await.unwrap().unwrap();
    let time = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let by_time = office.get(&anna, &plan(&format!("/teachers?as_of={time}"))).await;
    assert_eq!(by_time.header("daybook-as-of"), Some(format!("1.{position}").as_str()), "{}", by_time.body);
    office.close().await;
}
