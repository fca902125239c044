//! The program as people and scripts meet it: options, answers, exit statuses, start and stop.

pub mod program;

use serde_json::Value as Json;
use tests::cluster::TestDatabase;

use program::{Program, directory, postmaster_runs};

const PLAN: &str = "100234~2026-2027~1";

#[tokio::test]
async fn the_first_administrator_comes_to_be_on_an_empty_ledger() {
    let database = TestDatabase::empty("first_administrator").await;
    let daybook = Program::on_url(&database.url);
    let none = daybook.run(&["user", "list", "--json"]);
    assert_eq!((none.status, none.json()["items"].clone()), (0, Json::Array(Vec::new())));

    let added = daybook.run_with(
        &["user", "add", "admin", "--group", "administrators", "--password-stdin"],
        "correct horse\n",
    );
    assert_eq!(added.status, 0, "{}", added.err);
    let users = daybook.run(&["user", "list", "--json"]).json();
    assert_eq!(users["items"][0]["name"], "admin");
    assert_eq!(users["items"][0]["group"], "administrators");

    let again = daybook.run_with(
        &["user", "add", "admin", "--group", "administrators", "--password-stdin"],
        "correct horse\n",
    );
    assert_eq!(again.status, 1);
    assert!(again.err.contains("there is a user admin already"), "{}", again.err);
    let last = daybook.run(&["user", "disable", "admin"]);
    assert_eq!(last.status, 1);
    assert!(last.err.contains("last administrator"), "{}", last.err);
}

#[tokio::test]
async fn a_secret_is_alone_on_standard_output_and_shown_once() {
    let database = TestDatabase::empty("secrets").await;
    let daybook = Program::on_url(&database.url);
    let token = daybook.run(&["token", "add", "infoscreen", "--group", "viewers"]);
    assert_eq!(token.status, 0, "{}", token.err);
    assert!(token.out.starts_with("dbk_") && token.out.trim().lines().count() == 1, "{}", token.out);
    let list = daybook.run(&["token", "list"]);
    assert!(list.out.contains("infoscreen") && !list.out.contains(token.out.trim()), "{}", list.out);
    assert_eq!(daybook.run(&["token", "revoke", "infoscreen"]).status, 0);
    assert_eq!(daybook.run(&["token", "revoke", "infoscreen"]).status, 1);

    let made = daybook.run(&["user", "add", "bert", "--group", "planners", "--generate-password"]);
    assert_eq!(made.out.trim().len(), 23, "{}", made.out);
    let wrong = daybook.run(&["user", "add", "carl", "--group", "plumbers", "--generate-password"]);
    assert_eq!(wrong.status, 1);
    assert!(wrong.err.contains("cover-planners, maintenance, planners"), "{}", wrong.err);
}

#[tokio::test]
async fn a_plan_is_exported_to_files_that_are_imported_without_a_change_and_never_overwritten_silently() {
    let database = TestDatabase::empty("export").await;
    let daybook = Program::on_url(&database.url);
    let school = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/gpu");
    let folder = directory();
    let to = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(daybook.run(&["export", PLAN, &to("all")]).status, 1, "there is no plan");
    daybook.run(&["plan", "add", PLAN]);
    let empty = daybook.run(&["plan", "list", "--json"]).json()["items"][0]["position"].clone();
    assert_eq!(daybook.run(&["import", PLAN, school]).status, 0);
    let done = daybook.run(&["export", PLAN, &to("all"), "--json"]);
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(done.json()["files"].as_array().unwrap().len(), 12);
    let again = daybook.run(&["import", PLAN, &to("all"), "--mode", "replace", "--dry-run", "--json"]).json();
    for counts in again["counts"].as_object().unwrap().values() {
        let touched = ["created", "changed", "removed"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(touched, [0, 0, 0], "{}", again["counts"]);
    }
    let refused = daybook.run(&["export", PLAN, &to("all"), "--files", "GPU001"]);
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("GPU001.TXT") && refused.err.contains("--force"), "{}", refused.err);
    std::fs::write(folder.path().join("all/GPU003.TXT"), "old").unwrap();
    assert_eq!(daybook.run(&["export", PLAN, &to("all"), "--files", "GPU003", "--force"]).status, 0);
    assert!(std::fs::read_to_string(folder.path().join("all/GPU003.TXT")).unwrap().contains("5a"));
    assert_eq!(
        std::fs::read_dir(folder.path().join("all")).unwrap().count(),
        12,
        "nothing is left beside them"
    );
    for wrong in [&["--files", "GPU008"][..], &["--as-of", "yesterday"]] {
        let folder = to("x");
        let args = [&["export", PLAN, &folder], wrong].concat();
        assert_eq!(daybook.run(&args).status, 2, "{wrong:?}");
    }
    assert_eq!(daybook.run(&["export", PLAN, &to("x"), "--period", "9"]).status, 1);
    assert!(!folder.path().join("x").exists());
    let before = empty.as_str().unwrap();
    let done = daybook.run(&["export", PLAN, &to("before"), "--as-of", before]);
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("before/GPU002.TXT")).unwrap(), "");
}

#[tokio::test]
async fn files_are_imported_with_counts_and_refused_with_places() {
    let database = TestDatabase::empty("files").await;
    let daybook = Program::on_url(&database.url);
    let school = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/gpu");
    let absent = daybook.run(&["import", PLAN, school]);
    assert_eq!(absent.status, 1);
    assert!(absent.err.contains(&format!("daybook plan add {PLAN}")), "{}", absent.err);
    assert_eq!(daybook.run(&["plan", "add", PLAN, "--title", "Lindenhafen"]).status, 0);
    assert_eq!(daybook.run(&["plan", "add", PLAN]).status, 1);

    let tried = daybook.run(&["import", PLAN, school, "--dry-run", "--json"]);
    assert_eq!(
        (tried.status, tried.json()["counts"]["lessons"]["created"].clone()),
        (0, 315.into()),
        "{}",
        tried.err
    );
    let done = daybook.run(&["import", PLAN, school, "--json"]).json();
    assert_eq!(done["counts"]["teachers"]["created"], 40);
    let again = daybook.run(&["import", PLAN, school]);
    assert!(again.out.contains("nothing was changed"), "{}", again.out);
    let plans = daybook.run(&["plan", "list", "--json"]).json();
    assert_eq!(plans["items"][0]["counts"]["placements"], 671);
    assert_eq!(plans["items"][0]["sessions"], 0);

    let folder = directory();
    let faulty = folder.path().join("GPU001.TXT");
    std::fs::write(&faulty, "\"36\";\"5a\";\"NOBODY\";\"BIO\";\"B1\";1;1;;;\n").unwrap();
    let faulty = faulty.to_str().unwrap();
    let refused = daybook.run(&["import", PLAN, faulty]);
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains(&format!("{faulty}:1:3: ")), "{}", refused.err);
    let refused = daybook.run(&["import", PLAN, faulty, "--json"]);
    assert_eq!(refused.json()["type"], "urn:daybook:problem:import-faults");
}

#[test]
fn what_is_used_wrongly_has_a_status_of_its_own() {
    let folder = directory();
    let daybook = Program::on_data(folder.path());
    for wrong in [
        &["serve", "--no-such-option"][..],
        &["serve", "--session-idle", "soon"],
        &["serve", "--session-idle", "0s"],
        &["serve", "--site-timezone", "Europe/Atlantis"],
        &["serve", "--login-rate", "many"],
        &["plan", "add", "school"],
        &["token", "add", "x", "--group", "viewers", "--expires-at", "tomorrow"],
        &["user", "add", "x", "--group", "viewers"],
        &["user", "add", "x"],
        &["user", "add", "x", "--group", "viewers", "--password", "secret"],
        &["nonsense"],
    ] {
        let done = daybook.run(wrong);
        assert_eq!(done.status, 2, "{wrong:?}: {}{}", done.out, done.err);
    }
    assert!(!folder.path().join("postgres").exists(), "nothing was started for it");
}

#[test]
fn a_ledger_that_cannot_be_reached_has_a_status_of_its_own_and_no_secret_is_told() {
    let daybook = Program::on_url("postgres://daybook:hunter2@127.0.0.1:1/daybook");
    for command in [&["user", "list"][..], &["plan", "list", "--json"], &["serve", "--listen", "127.0.0.1:0"]]
    {
        let done = daybook.run(command);
        assert_eq!(done.status, 3, "{command:?}: {}", done.err);
        assert!(!done.err.contains("hunter2") && !done.out.contains("hunter2"), "{}", done.err);
    }
    let help = daybook.run(&["serve", "--help"]);
    assert!(help.out.contains("[env: DATABASE_URL]") && !help.out.contains("hunter2"), "{}", help.out);
    for variable in [
        "DAYBOOK_LISTEN",
        "DAYBOOK_DATA",
        "DAYBOOK_SESSION_IDLE",
        "DAYBOOK_SITE_TIMEZONE",
        "DAYBOOK_LOGIN_RATE",
    ] {
        assert!(help.out.contains(variable), "{variable}");
    }
}

#[test]
fn the_description_and_the_version_need_no_database() {
    let daybook = Program::on_url("postgres://daybook@127.0.0.1:1/daybook");
    assert_eq!(daybook.run(&["openapi"]).json()["openapi"], "3.1.0");
    assert!(daybook.run(&["--version"]).out.starts_with("daybook "));
}

#[tokio::test]
async fn a_service_says_when_it_listens_stops_when_asked_and_finds_its_data_again() {
    let folder = directory();
    let data = folder.path().join("data");
    let daybook = Program::on_data(&data);
    let mut service = daybook.start(&["serve", "--listen", "127.0.0.1:0"]);
    let ready = reqwest::get(format!("{}/readyz", service.url)).await.unwrap();
    assert_eq!(ready.status(), 200);
    assert!(service.block().contains("There is no administrator yet"), "{}", service.block());

    // A command beside the running service, and a log-in at once.
    let added = daybook.run_with(
        &["user", "add", "admin", "--group", "administrators", "--password-stdin"],
        "correct horse\n",
    );
    assert_eq!(added.status, 0, "{}", added.err);
    assert_eq!(log_in(&service.url).await, 201);
    let metrics = reqwest::get(format!("{}/metrics", service.url)).await.unwrap();
    assert_eq!(metrics.status(), 200);
    assert!(postmaster_runs(&data));
    assert_eq!(service.stop(), 0);
    assert!(!postmaster_runs(&data), "the private PostgreSQL is gone");

    let mut service = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
    assert_eq!(log_in(&service.url).await, 201);
    assert!(!service.block().contains("There is no administrator yet"));
    assert_eq!(reqwest::get(format!("{}/metrics", service.url)).await.unwrap().status(), 404);
    let metrics = service
        .block()
        .lines()
        .find_map(|line| line.trim().strip_prefix("metrics").map(str::trim).map(str::to_owned));
    assert_eq!(reqwest::get(metrics.unwrap()).await.unwrap().status(), 200);
    assert_eq!(service.stop(), 0);
    assert!(!postmaster_runs(&data));
}

async fn log_in(url: &str) -> u16 {
    let body = serde_json::json!({ "user": "admin", "password": "correct horse" });
    let sent = reqwest::Client::new().post(format!("{url}/v1/sessions")).json(&body).send().await;
    sent.unwrap().status().as_u16()
}

#[test]
fn an_address_that_is_taken_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = directory();
    let done = Program::on_data(folder.path()).run(&["serve", "--listen", &address]);
    assert_eq!(done.status, 1);
    assert!(done.err.contains("--listen 127.0.0.1:0"), "{}", done.err);
}

#[test]
fn the_demo_comes_up_and_what_it_says_to_try_works() {
    let folder = directory();
    let daybook = Program::on_data(folder.path());
    let mut demo = daybook.start(&["demo", "--listen", "127.0.0.1:0"]);
    let block = demo.block();
    let tries: Vec<String> = [("1. ", "2. "), ("2. ", "3. "), ("3. ", "Ctrl-C")]
        .iter()
        .map(|(begin, end)| {
            let from = block.find(&format!("\n{begin}")).expect(begin);
            let to = block.find(&format!("\n{end}")).expect(end);
            block[from..to].trim().lines().skip(1).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let timetable = shell(&tries[0]);
    assert!(timetable.contains(r#""class":"5a""#), "{timetable}");
    assert!(timetable.contains(r#""name":"R 104""#) && timetable.contains(r#""name":"ULB""#), "{timetable}");
    let changed = shell(&tries[1]);
    assert!(changed.contains(r#""text":"back on Monday""#), "{changed}");
    let changes = shell(&tries[2]);
    assert!(changes.contains("daybook.record.changed") && changes.contains(r#""by":"anna""#), "{changes}");
    assert_eq!(demo.stop(), 0);
    assert!(!folder.path().join("postgres").exists(), "a demo leaves the data directory alone");
}

/// What a shell prints for a text that was copied into it.
fn shell(script: &str) -> String {
    let done = std::process::Command::new("bash").arg("-c").arg(script).output().expect("there is a shell");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
