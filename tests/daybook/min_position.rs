//! `Daybook-Min-Position` on every reading: what was written is seen there, also on another node. Which readings there are is taken
//! from the description, so that none is forgotten.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value as Json, json};
use sqlx::Connection;
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

use crate::routes_golden::address;

/// What is the same for everybody at every moment, and the health of a node.
const OF_NO_MOMENT: &[&str] = &["/docs", "/livez", "/readyz", "/metrics", "/openapi.json"];

/// The addresses of all readings, each with what its description says.
fn readings() -> Vec<(String, Json)> {
    let description = api::routes::openapi();
    let paths = description["paths"].as_object().unwrap().clone();
    let gets = paths.into_iter().filter_map(|(path, item)| Some((path, item.get("get")?.clone())));
    gets.filter(|(path, _)| !OF_NO_MOMENT.contains(&path.as_str())).collect()
}

async fn read(office: &Office, token: &str, path: &str, position: &str) -> Answer {
    let query = if path.ends_with("/differences") { "?from=1.1&to=1.2" } else { "" };
    let request = office.request(Method::GET, &format!("{}{query}", address(path)), token);
    office.send(request.header("daybook-min-position", position)).await
}

#[test]
fn every_reading_declares_it() {
    for (path, get) in readings() {
        let parameters = get["parameters"].as_array().cloned().unwrap_or_default();
        let named = parameters.iter().any(|it| it["$ref"] == "#/components/parameters/Daybook-Min-Position");
        assert!(named, "GET {path}");
        let declared = |status: &str| get["responses"][status].to_string();
        assert!(declared("409").contains("epoch-changed"), "GET {path}");
        assert!(declared("503").contains("projection-behind"), "GET {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reading_refuses_what_it_cannot_have_and_waits_for_what_it_can() {
    let office = Office::open("minpositions").await;
    let admin = office.log_in("admin").await;
    let office = &office;
    let all = readings();
    for (path, _) in &all {
        for (position, outcome) in
            [("1.999999", "409 epoch-changed"), ("9.1", "409 epoch-changed"), ("x", "400 unreadable")]
        {
            assert_eq!(
                read(office, &admin, path, position).await.outcome(),
                outcome,
                "GET {path} at {position}"
            );
        }
    }
    // A read model that is held up is not waited for without end.
    let mut blocker = sqlx::PgConnection::connect_with(&office.database.options).await.unwrap();
    let schema: String = sqlx::query_scalar(
        "select schemaname::text from pg_tables where tablename = 'placement' order by schemaname desc limit 1",
    )
    .fetch_one(&mut blocker)
    .await
    .unwrap();
    let sql = format!("begin; lock table \"{schema}\".record in access exclusive mode");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut blocker).await.unwrap();
    let made = office.create(&admin, &plan("/rooms/R"), json!({})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let last = made.header("daybook-position").unwrap().to_owned();
    let (last, admin) = (&last, &admin);
    let held_up = join_all(
        all.iter().map(|(path, _)| async move { (path, read(office, admin, path, last).await.outcome()) }),
    );
    for (path, outcome) in held_up.await {
        assert_eq!(outcome, "503 projection-behind", "GET {path}");
    }
    sqlx::raw_sql("rollback").execute(&mut blocker).await.unwrap();
    assert_eq!(office.get(admin, &plan("/rooms/R")).await.outcome(), "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_at_one_node_is_seen_at_another() {
    let office = Office::open("minnodes").await;
    let node = office.beside().await;
    let admin = office.log_in("admin").await;
    let there = async |path: &str, position: &str| {
        let request = node.request(Method::GET, &format!("/v1{path}"), &admin);
        let answer = node.send(request.header("daybook-min-position", position)).await;
        assert_eq!(answer.outcome(), "200", "{path}: {}", answer.body);
        answer.body.to_string()
    };
    for turn in 0..5 {
        let name = format!("turn-{turn}");
        let writes = [
            ("/users", json!({"name": name, "group": "viewers", "password": PASSWORD}), vec!["/users"]),
            ("/groups", json!({"id": name, "rights": ["read"], "plans": "*"}), vec!["/groups"]),
            ("/tokens", json!({"name": name, "group": "viewers"}), vec!["/tokens"]),
            (
                "/notices",
                json!({"title": name, "text": "Tomorrow.", "public": true}),
                vec!["/notices", "/login-page"],
            ),
            ("/messages", json!({"to": {"users": ["anna"]}, "text": name}), vec!["/messages?box=sent"]),
            // The first plan of a school needs no lock.
            (
                "/plans",
                json!({"school": format!("20000{turn}"), "year": "2026-2027", "version": 1, "title": name}),
                vec!["/plans", "/login-page"],
            ),
        ];
        for (path, body, readings) in writes {
            let made = office.post(&admin, path, body).await;
            assert_eq!(made.outcome(), "201", "{path}: {}", made.body);
            let position = made.header("daybook-position").unwrap();
            for reading in readings {
                assert!(there(reading, position).await.contains(&name), "{reading} after a POST of {path}");
            }
            if path != "/plans" {
                let one = format!("{path}/{}", text(&made.body["id"]));
                assert!(there(&one, position).await.contains(&name), "{one}");
            }
        }
        let body = json!({ "activity": name });
        let changed = office.send(office.write(Method::PATCH, &admin, "/sessions/current", &body)).await;
        assert_eq!(changed.outcome(), "200", "{}", changed.body);
        let position = changed.header("daybook-position").unwrap();
        for reading in ["/sessions/current", &plan("/sessions"), "/status-report"] {
            assert!(there(reading, position).await.contains(&name), "{reading}");
        }
        let body = json!({"message": name, "prevent_logins": false});
        let announced = office.send(office.write(Method::PUT, &admin, "/outage", &body)).await;
        let position = announced.header("daybook-position").unwrap();
        for reading in ["/outage", "/login-page"] {
            assert!(there(reading, position).await.contains(&name), "{reading}");
        }
        assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
        let made = office.made(&admin, &format!("/rooms/{name}"), json!({})).await;
        assert!(
            there(&format!("/plans/{PLAN}/rooms/{name}"), made.header("daybook-position").unwrap())
                .await
                .contains(&name)
        );
    }
    node.close().await;
    office.close().await;
}
