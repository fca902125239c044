//! The same questions on the host.

use serde_json::{Value as Json, json};
use tests::office::PLAN;

use super::{audited, found, rows};
use crate::command_line::program::{Done, Program, binary};

async fn run(daybook: Program, arguments: Vec<String>) -> Done {
    let run = move || daybook.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.expect("the program ran")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_asks_the_same_questions_and_is_noted_too() {
    tokio::task::spawn_blocking(binary).await.expect("the program is built");
    let (office, otto) = audited("audit_host").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/GAUSS", json!({ "long_name": "Gauß" })).await;
    let ask = async |arguments: &[&str]| {
        let arguments = ["audit"].iter().chain(arguments).map(|it| (*it).to_owned()).collect();
        run(Program::on_url(&office.database.url), arguments).await
    };
    let pages = found(&office, &otto, "record=teachers/GAUSS").await;
    let lines = ask(&["--record", "teachers/GAUSS", "--json"]).await;
    assert_eq!(lines.status, 0, "{}", lines.err);
    let lines: Vec<Json> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, pages);
    let position = pages[0]["position"].as_str().unwrap();
    let table = ask(&["--plan", PLAN, "--actor", "anna", "--type", "RecordCreated"]).await;
    assert_eq!(table.status, 0, "{}", table.err);
    assert!(table.out.starts_with("POSITION") && table.out.contains("teachers/GAUSS"), "{}", table.out);
    assert_eq!(table.out.lines().count(), 2, "{}", table.out);
    let csv = ask(&["--csv", "--order", "oldest", "--limit", "3"]).await;
    assert_eq!(rows(&csv.out).len(), 4, "{}", csv.out);
    let shown = ask(&["show", position]).await;
    assert!(shown.out.contains("\"long_name\"") && shown.out.contains("anna"), "{}{}", shown.out, shown.err);
    let json = ask(&["show", position, "--json"]).await;
    assert_eq!(json.json(), pages[0]);
    let noted = found(&office, &otto, "type=AuditRead&actor=operator&order=oldest").await;
    let forms: Vec<&str> = noted.iter().filter_map(|it| it["data"]["form"].as_str()).collect();
    assert_eq!(forms, ["ndjson", "table", "csv", "event", "event"]);
    for (wrong, status) in [
        (&["--plan", "x"][..], 2),
        (&["--from", "yesterday"], 2),
        (&["--json", "--csv"], 2),
        (&["show", "x"], 2),
        (&["show", position, "--plan", PLAN], 2),
        (&["show", "1.100000"], 1),
    ] {
        let done = ask(wrong).await;
        assert_eq!(done.status, status, "{wrong:?}: {}{}", done.out, done.err);
    }
    office.close().await;
}
