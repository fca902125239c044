//! The audit: what is found, by whom, and that looking is noted too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Office, PLAN, plan};

use crate::command_line::program::{Done, Program, binary};

/// An office with an auditor in it; his token.
async fn audited(name: &str) -> (Office, String) {
    let office = Office::open(name).await;
    let admin = office.log_in("admin").await;
    let body = json!({ "name": "otto", "group": "auditors", "password": tests::office::PASSWORD });
    let made = office.post(&admin, "/users", body).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    office.delete(&admin, "/sessions/current").await;
    let otto = office.log_in_to_site("otto").await;
    (office, otto)
}

fn items(body: &Json) -> Vec<Json> {
    body["items"].as_array().expect("a page").clone()
}

/// Everything that fits, page by page.
async fn found(office: &Office, token: &str, query: &str) -> Vec<Json> {
    let head = office.head().await;
    let (mut all, mut path) = (Vec::new(), format!("/audit/events?{query}"));
    loop {
        let page = office.get_from(token, &path, head).await;
        assert_eq!(page.outcome(), "200", "{query}: {}", page.body);
        all.extend(items(&page.body));
        let Some(link) = page.header("link") else {
            assert_eq!(page.body["next"], Json::Null);
            return all;
        };
        path = link.split(['<', '>']).nth(1).unwrap().trim_start_matches("/v1").to_owned();
    }
}

fn types(items: &[Json]) -> Vec<&str> {
    items.iter().map(|it| it["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_found_by_what_leads_to_it() {
    let (office, otto) = audited("audit_filters").await;
    let anna = office.log_in("anna").await;
    let bert = office.log_in("bert").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({ "long_name": "Gauß" })).await;
    let etag = made.etag();
    let path = plan("/teachers/GAUSS");
    let request = office.request(Method::PATCH, &format!("/v1{path}"), &anna).header("if-match", &etag);
    let changed = office.send(request.header("x-request-id", "the-one").json(&json!({ "text": "x" }))).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let stale = office.patch(&bert, &path, &etag, json!({ "text": "y" })).await;
    assert_eq!(stale.outcome(), "412 stale", "{}", stale.body);
    office.made(&bert, "/rooms/A1", json!({})).await;
    let renamed = office.patch(&bert, &path, "*", json!({ "id": "EULER" })).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    let message = json!({ "to": { "users": ["bert"] }, "text": "Good morning." });
    assert_eq!(office.post(&anna, "/messages", message).await.outcome(), "201");

    let all = found(&office, &otto, "limit=7").await;
    let numbers: Vec<i64> = all.iter().map(|it| number(&it["position"])).collect();
    let head = office.head().await;
    let pages = i64::try_from(all.len().div_ceil(7)).unwrap();
    assert_eq!(
        numbers,
        (1..=head - pages).rev().collect::<Vec<_>>(),
        "everything, and no reading of its own"
    );
    let oldest = found(&office, &otto, "limit=9&order=oldest").await;
    assert_eq!(oldest[..all.len()], all.iter().rev().cloned().collect::<Vec<_>>());
    let readings = &oldest[all.len()..];
    assert_eq!(
        types(readings),
        vec!["AuditRead"; readings.len()],
        "the readings before are seen by this one"
    );

    let gauss = found(&office, &otto, &format!("plan={PLAN}&record=teachers/EULER")).await;
    assert_eq!(types(&gauss), ["RecordChanged", "ChangeRefused", "RecordChanged", "RecordCreated"]);
    let records: Vec<&Json> = gauss.iter().map(|it| &it["record"]).collect();
    assert_eq!(records, ["teachers/EULER", "teachers/GAUSS", "teachers/GAUSS", "teachers/GAUSS"]);
    let earlier = found(&office, &otto, "record=teachers/GAUSS").await;
    assert_eq!(earlier, gauss[1..]);
    let one = found(&office, &otto, "request=the-one").await;
    assert_eq!(one, gauss[2..3]);
    assert_eq!((&one[0]["actor"], &one[0]["request"]), (&json!("anna"), &json!("the-one")));
    assert_eq!((&one[0]["stream"], &one[0]["plan"]), (&json!(format!("plan/{PLAN}")), &json!(PLAN)));
    assert_eq!(one[0]["data"]["changes"][0]["field"], "text");
    assert_eq!(one[0]["session"].as_str().map(str::len), Some(36));
    assert_eq!(gauss[1]["stream"], format!("plan/{PLAN}/refused"));
    assert_eq!(gauss[1]["actor"], "bert");

    let of_bert = found(&office, &otto, &format!("actor=bert&plan={PLAN}")).await;
    assert_eq!(types(&of_bert), ["RecordChanged", "RecordCreated", "ChangeRefused", "SessionStarted"]);
    assert_eq!(found(&office, &otto, "actor=bert&type=ChangeRefused").await, gauss[1..2]);
    assert_eq!(types(&found(&office, &otto, "actor=anna&type=MessageSent").await), ["MessageSent"]);
    assert_eq!(types(&found(&office, &otto, "type=UserAdded&actor=admin").await), ["UserAdded"]);
    let at = gauss[1]["at"].as_str().unwrap();
    let cut = gauss[1]["position"].as_str().unwrap();
    for moment in [at, cut] {
        let from = found(&office, &otto, &format!("record=teachers/EULER&from={moment}")).await;
        assert_eq!(from, gauss[..2], "from {moment} on, that one too");
        let to = found(&office, &otto, &format!("record=teachers/EULER&to={moment}")).await;
        assert_eq!(to, gauss[2..], "before {moment}, without that one");
    }
    for nothing in [
        "actor=nobody",
        "record=teachers/NOBODY",
        "type=Nothing",
        "request=none",
        "from=1.100000",
        "plan=999~2026-2027~1",
        "to=1.1",
        "from=1.20&to=1.10",
        "actor=token:none",
    ] {
        assert_eq!(found(&office, &otto, nothing).await, [] as [Json; 0], "{nothing}");
    }
    let alone = office.get(&otto, &format!("/audit/events/{cut}")).await;
    assert_eq!((alone.outcome(), &alone.body), ("200".to_owned(), &gauss[1]));
    office.close().await;
}

fn number(position: &Json) -> i64 {
    position.as_str().and_then(|it| it.strip_prefix("1.")?.parse().ok()).expect("a position")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_is_noted_before_he_sees_anything() {
    let (office, otto) = audited("audit_noted").await;
    let before = office.head().await;
    let query = format!("/audit/events?plan={PLAN}&actor=anna&limit=1&order=oldest&from=1.1");
    let first = office.get(&otto, &query).await;
    assert_eq!(first.outcome(), "200", "{}", first.body);
    assert_eq!(office.head().await, before + 1, "one reading, one note");
    let readings = found(&office, &otto, "type=AuditRead&actor=otto").await;
    assert_eq!(readings.len(), 1, "{readings:?}");
    let data = &readings[0]["data"];
    assert_eq!((&data["form"], &data["plan"], &data["limit"]), (&json!("page"), &json!(PLAN), &json!(1)));
    assert_eq!(
        (&data["actor"]["open"], &data["from"], &data["oldest_first"]),
        (&json!("anna"), &json!("1.1"), &json!(true))
    );
    assert_eq!((&readings[0]["stream"], &readings[0]["actor"]), (&json!("audit"), &json!("otto")));
    let request = first.header("x-request-id").unwrap();
    assert_eq!(readings[0]["request"], request);

    // A list that is read from its oldest event on, one by one, has an end although each page is noted.
    let head = office.head().await;
    let all = found(&office, &otto, "limit=1&order=oldest&type=AuditRead").await;
    assert_eq!(all.len() as i64, head - before, "what was noted before it began");

    // What is refused is shown to nobody and leaves nothing.
    let anna = office.log_in("anna").await;
    let head = office.head().await;
    for (token, query, outcome) in [
        (&anna, "", "403 not-permitted"),
        (&otto, "?plan=1", "422 invalid"),
        (&otto, "?record=sessions/1", "422 invalid"),
        (&otto, "?actor=", "422 invalid"),
        (&otto, "?from=yesterday", "422 invalid"),
        (&otto, "?order=sideways", "422 invalid"),
        (&otto, "?after=x", "422 invalid"),
        (&otto, "?as_of=1", "422 invalid"),
        (&otto, "?request=a%20b", "422 invalid"),
        (&otto, "?from=7.1", "409 epoch-changed"),
        (&otto, "/1.100000", "404 not-found"),
        (&otto, "/x", "404 not-found"),
        (&otto, "/0", "404 not-found"),
        (&otto, "/7.1", "409 epoch-changed"),
    ] {
        let answer = office.get(token, &format!("/audit/events{query}")).await;
        assert_eq!(answer.outcome(), outcome, "{query}: {}", answer.body);
    }
    assert_eq!(office.head().await, head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_stay_what_they_are_while_people_write() {
    let (office, otto) = audited("audit_stable").await;
    let office = Arc::new(office);
    let anna = office.log_in("anna").await;
    for n in 0..60 {
        office.made(&anna, &format!("/rooms/R{n}"), json!({})).await;
    }
    let before = found(&office, &otto, "type=RecordCreated&order=oldest").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (office, stop, anna) = (office.clone(), stop.clone(), anna.clone());
        async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                office.made(&anna, &format!("/rooms/W{written}"), json!({})).await;
                written += 1;
            }
            written
        }
    });
    for order in ["oldest", "newest"] {
        let mut all = found(&office, &otto, &format!("type=RecordCreated&limit=3&order={order}")).await;
        if order == "newest" {
            all.reverse();
        }
        assert_eq!(all[..before.len()], before[..], "{order}");
        let numbers: Vec<i64> = all.iter().map(|it| number(&it["position"])).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "each once, in order: {numbers:?}");
        let shown = number(&all[all.len() - 1]["position"]);
        let mut missing =
            found(&office, &otto, &format!("type=RecordCreated&order=oldest&to=1.{}", shown + 1)).await;
        missing.retain(|it| !all.contains(it));
        assert_eq!(missing, [] as [Json; 0], "none was skipped");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    Arc::into_inner(office).unwrap().close().await;
}

async fn file(office: &Office, token: &str, accept: &str, query: &str) -> (String, String) {
    let request = office.request(Method::GET, &format!("/v1/audit/events?{query}"), token);
    let response = request.header("accept", accept).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let media = response.headers()["content-type"].to_str().unwrap().to_owned();
    (media, response.text().await.unwrap())
}

/// Rows of comma-separated values, as RFC 4180 has them.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last row has an end");
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_hold_what_the_pages_hold() {
    let (office, otto) = audited("audit_files").await;
    let anna = office.log_in("anna").await;
    office.made(&anna, "/teachers/A%2C%20%22B%22", json!({ "text": "one, \"two\"\r\nthree" })).await;
    for n in 0..700 {
        office.made(&anna, &format!("/rooms/R{n}"), json!({})).await;
    }
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
async fn who_may_not_read_absences_learns_that_something_was_written_but_not_what() {
    let (office, otto) = audited("audit_absences").await;
    let admin = office.log_in("admin").await;
    let rights = json!({ "id": "counters", "rights": ["audit"], "plans": "*" });
    assert_eq!(office.post(&admin, "/groups", rights).await.outcome(), "201");
    let some = json!({ "id": "locals", "rights": ["audit"], "plans": ["100234~*~*"] });
    assert_eq!(office.post(&admin, "/groups", some).await.outcome(), "201");
    let mut tokens = Vec::new();
    for (name, group) in [("counting", "counters"), ("local", "locals")] {
        let made = office.post(&admin, "/tokens", json!({ "name": name, "group": group })).await;
        tokens.push(made.body["token"].as_str().unwrap().to_owned());
    }
    office.made(&admin, "/absence-reasons/ILL", json!({ "long_name": "Illness" })).await;
    office.made(&admin, "/rooms/R1", json!({})).await;
    let query = "type=RecordCreated&order=newest&limit=2";
    let whole = found(&office, &otto, query).await;
    let hidden = found(&office, &tokens[0], query).await;
    assert_eq!(whole[..1], hidden[..1]);
    assert_eq!(whole[1]["data"]["fields"]["long_name"]["text"], "Illness");
    assert_eq!((&hidden[1]["data"], &hidden[1]["record"]), (&Json::Null, &json!("absence-reasons/ILL")));
    let of_program = found(&office, &otto, "actor=token:counting").await;
    assert_eq!(of_program[0]["actor"], "token:counting");

    let refused = office.get(&tokens[1], "/audit/events").await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("plan")));
    assert!(!found(&office, &tokens[1], &format!("plan={PLAN}")).await.is_empty());
    let of_site = office.get(&tokens[1], "/audit/events/1").await;
    assert_eq!(of_site.outcome(), "403 not-permitted", "{}", of_site.body);
    let of_plan =
        office.get(&tokens[1], &format!("/audit/events/{}", whole[0]["position"].as_str().unwrap())).await;
    assert_eq!(of_plan.outcome(), "200", "{}", of_plan.body);
    office.close().await;
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
    by_hand(&office, "update audit set places = '\\x07'").await;
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

async fn by_hand(office: &Office, sql: &str) {
    use sqlx::{AssertSqlSafe, Connection, PgConnection};
    let mut owner = PgConnection::connect_with(&office.database.options).await.expect("connect");
    let current: String =
        sqlx::query_scalar("select schema_name from daybook.generation where state = 'current'")
            .fetch_one(&mut owner)
            .await
            .expect("the current generation");
    let sql = format!("set search_path = {current}, daybook; {sql}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.expect("done by hand");
}

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
