//! Whole answers as files.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{PLAN, plan};

use super::{audited, file, found, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_hold_what_the_pages_hold() {
    let (office, otto) = audited("audit_files").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/A%2C%20%22B%22", json!({ "text": "one, \"two\"\r\nthree" })).await;
    // In one request: while seven hundred are made one after the other, nobody hears of the auditor.
    let rooms = |n| json!({ "verb": "PUT", "path": format!("rooms/R{n}"), "body": {} });
    let rooms: Vec<Json> = (0..700).map(rooms).collect();
    let made = office.post(&anna, &plan("/batch"), json!({ "changes": rooms })).await;
    assert_eq!(made.outcome(), "200", "{}", made.body);
    for query in [
        "order=oldest",
        "type=RecordCreated",
        &format!("plan={PLAN}&actor=anna&order=oldest"),
        "request=none",
    ] {
        let query = format!("{query}&to=1.{}", office.head().await + 1);
        let pages = found(&office, &otto, &format!("{query}&limit=333")).await;
        let (media, lines) = file(&office, &otto, "application/x-ndjson", &query).await;
        assert_eq!(media, "application/x-ndjson");
        let lines: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, pages, "{query}");
        let (media, table) = file(&office, &otto, "text/csv", &query).await;
        assert!(media.starts_with("text/csv"), "{media}");
        assert!(
            table.lines().next().unwrap().starts_with("position,stream,version,type,at,actor,session,plan")
        );
        let mut table = rows(&table);
        let headings = table.remove(0);
        assert_eq!(table.len(), pages.len(), "{query}");
        for (row, item) in table.iter().zip(&pages) {
            for (name, cell) in headings.iter().zip(row) {
                match &item[name] {
                    Json::Null => assert_eq!(cell, ""),
                    Json::String(text) => assert_eq!(cell, text),
                    other => assert_eq!(&serde_json::from_str::<Json>(cell).unwrap(), other),
                }
            }
        }
    }
    let (_, some) = file(&office, &otto, "application/x-ndjson", "limit=5").await;
    assert_eq!(some.lines().count(), 5);
    let readings = found(&office, &otto, "type=AuditRead&limit=1000").await;
    let forms: Vec<&str> = readings.iter().filter_map(|it| it["data"]["form"].as_str()).collect();
    assert_eq!((count(&forms, "csv"), count(&forms, "ndjson")), (4, 5), "{forms:?}");
    office.close().await;
}

fn count(forms: &[&str], wanted: &str) -> usize {
    forms.iter().filter(|form| **form == wanted).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_finished_does_not_look_complete() {
    let (office, otto) = audited("audit_cut").await;
    let anna = office.log_in("anna").await;
    for n in 0..40 {
        office.made(&anna, &format!("/rooms/R{n}"), json!({ "text": "x".repeat(2_000) })).await;
    }
    let (_, good) = file(&office, &otto, "application/x-ndjson", "type=RecordCreated").await;
    assert!(good.lines().count() > 40);
    office.by_hand("update audit set places = '\\x07'").await;
    let request = office.request(Method::GET, "/v1/audit/events?type=RecordCreated", &otto);
    let response = request.header("accept", "text/csv").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err(), "it breaks off");
    office.close().await;
}

/// What this process holds of the machine's memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_file_needs_no_memory_and_only_so_many_are_written_at_once() {
    let (office, otto) = audited("audit_long").await;
    let (count, words) = (30_000, "many words ".repeat(180));
    let sender = domain::Who::Operator;
    for _ in 0..count / 1_000 {
        let text = domain::Personal { of: uuid::Uuid::nil(), open: words.clone() };
        let sent: domain::Event =
            domain::MessageSent { from: sender, plan: None, to: Vec::new(), text }.into();
        let new = eventstore::NewEvent { r#type: sent.r#type(), subject: None, data: sent.encode() };
        let command = domain::CommandId(uuid::Uuid::now_v7());
        let mut append = eventstore::Append::new(domain::Meta::new(command, domain::Actor::Operator));
        append.writes.push(eventstore::Write {
            stream: "messages".into(),
            expected: eventstore::Expected::Any,
            events: vec![new; 1_000],
        });
        office.service.as_ref().unwrap().ledger.append(append).await.unwrap();
    }
    let shown = office.get_from(&otto, "/audit/events?limit=1&type=MessageSent", office.head().await).await;
    assert_eq!(shown.outcome(), "200", "{}", shown.body);

    let open = async || {
        let request = office.request(Method::GET, "/v1/audit/events?type=MessageSent", &otto);
        request.header("accept", "application/x-ndjson").send().await.unwrap()
    };
    let mut file = open().await;
    let (mut bytes, mut lines) = (0_u64, 0);
    let mut before = None;
    while let Some(chunk) = file.chunk().await.unwrap() {
        bytes += chunk.len() as u64;
        lines += chunk.iter().filter(|byte| **byte == b'\n').count();
        // When buffers and caches have their size.
        if bytes > 5 << 20 {
            before.get_or_insert_with(resident);
        }
    }
    assert_eq!(lines, count);
    let grown = resident().saturating_sub(before.unwrap());
    assert!(bytes > 60 << 20 && grown < 20 << 20, "{bytes} bytes were written, {grown} more are held");

    // Those that nobody reads wait, and one more is too many; when their readers go away, they end.
    let mut unread = Vec::new();
    for _ in 0..4 {
        let file = open().await;
        assert_eq!(file.status(), 200);
        unread.push(file);
    }
    let refused = open().await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    drop(unread);
    for _ in 0..600 {
        if open().await.status() == 200 {
            return office.close().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("their places are not given back");
}
