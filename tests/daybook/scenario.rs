//! A day at the office and the night of its service, in the words of the two manuals: one story, told in order, of a real `daybook
//! serve` with its private PostgreSQL.

mod morning;
mod night;
mod service_hours;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tests::office::{Answer, Office, PASSWORD};
use tests::person::Person;

use crate::command_line::program::{Program, Service, directory};

/// The house in which the office is: its data, and the programs of its PostgreSQL, which an upgrade takes away for a while.
struct House {
    // Ends before its data is thrown away.
    service: Service,
    program: Program,
    data: TempDir,
    programs: TempDir,
}

impl House {
    /// The service comes up and the host makes the first administrator beside it.
    fn opens() -> House {
        let data = directory();
        let programs = tempfile::Builder::new().prefix("daybook-test-bin-").tempdir_in("/tmp").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(programs.path(), mode).unwrap();
        let bin = programs.path().join("bin");
        std::os::unix::fs::symlink(programs_of_postgresql(), &bin).unwrap();
        let program = Program::on_data(data.path());
        let bin = ["--postgres-bin", bin.to_str().unwrap()];
        let listen = ["serve", "--listen", "127.0.0.1:0", "--quiet", "--contact-every", "200ms"];
        // Nobody in this story is silent on purpose.
        let patient = ["--session-idle", "30m", "--lock-lease", "30m"];
        let service = program.start(&[&listen[..], &patient, &bin].concat());
        let admin = ["user", "add", "admin", "--group", "administrators", "--password-stdin"];
        let added = program.run_with(&admin, &format!("{PASSWORD}\n"));
        assert_eq!(added.status, 0, "{}", added.err);
        House { service, program, data, programs }
    }

    fn postmaster(&self) -> Option<String> {
        let file = std::fs::read_to_string(self.data.path().join("postgres/postmaster.pid")).ok()?;
        file.lines().next().map(|line| line.trim().to_owned())
    }

    /// PostgreSQL is taken away for an upgrade and stopped, as `pg_ctl stop` does it.
    fn stops_postgresql(&self) {
        let away = self.programs.path().join("away");
        std::fs::rename(self.programs.path().join("bin"), away).unwrap();
        let postmaster = self.postmaster().expect("it runs");
        assert!(Command::new("kill").args(["-INT", &postmaster]).status().unwrap().success());
        let began = Instant::now();
        while self.postmaster().is_some() {
            assert!(began.elapsed() < Duration::from_secs(60), "it does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// PostgreSQL is back; the service starts its own.
    fn brings_postgresql_back(&self) {
        let bin = self.programs.path().join("bin");
        std::fs::rename(self.programs.path().join("away"), bin).unwrap();
    }
}

/// Where the programs of PostgreSQL are: the newest of the distribution, else those of the PATH.
fn programs_of_postgresql() -> PathBuf {
    let of_distribution = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let of_distribution = of_distribution.map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut newest: Vec<PathBuf> = of_distribution.collect();
    newest.sort();
    all.extend(newest);
    all.into_iter().rfind(|bin| bin.join("initdb").exists()).expect("PostgreSQL is installed")
}

/// The one who was refused, by which rule, because of whom.
fn assert_blocked(answer: &Answer, rule: &str, by: &str) {
    assert_eq!(answer.outcome(), "423 blocked", "{}", answer.body);
    assert_eq!((&answer.body["rule"], &answer.body["held_by"][0]["user"]), (&json!(rule), &json!(by)));
}

fn assert_done(answer: &Answer) {
    assert!(answer.status.is_success(), "{}", answer.body);
}

fn names<'a>(list: &'a Json, member: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_at_the_office_and_the_night_of_its_service() {
    let mut house = House::opens();
    let office = Office::elsewhere(&house.service.url);
    let admin = office.comes_to_site("admin").await;
    people_come_to_be(&admin).await;

    let anna = office.comes("anna", json!({})).await;
    let bert = office.comes("bert", json!({})).await;
    morning::two_people_plan(&anna, &bert).await;
    morning::one_optimises_and_the_other_is_refused_and_told(&anna, &bert).await;
    let clara = office.comes("clara", json!({ "mode": "cover" })).await;
    morning::cover_blocks_the_timetable_and_nothing_else(&anna, &clara).await;

    let chief = office.comes("admin", json!({})).await;
    service_hours::the_administrator_sees_who_is_in_the_way(&chief, &anna, bert).await;
    service_hours::they_are_signed_off_and_the_import_runs(&chief, &anna, &clara).await;
    chief.goes().await;

    let (anna, bert) = (office.comes("anna", json!({})).await, office.comes("bert", json!({})).await);
    night::a_notice_goes_up_for_tomorrow(&admin, &anna).await;
    night::the_message_is_published_and_people_work_on(&admin, &anna).await;
    night::log_ins_stop_and_the_users_become_fewer(&admin, bert).await;
    let last = night::the_last_change_of_the_evening(&anna).await;

    let served_by = house.postmaster();
    house.stops_postgresql();
    night::people_see_the_message_from_memory(&admin, &anna).await;
    house.brings_postgresql_back();
    night::everything_goes_on_by_itself(&anna, &last).await;
    assert_ne!(house.postmaster(), served_by, "it is another PostgreSQL, of the same service");
    night::the_report_tells_of_the_outage(&admin).await;
    night::the_outage_is_over_and_on_record(house.data.path()).await;

    admin.goes().await;
    assert_eq!(house.service.stop(), 0);
    let proved = house.program.run(&["verify"]);
    assert_eq!(proved.status, 0, "{}{}", proved.out, proved.err);
}

/// The plan, two planners, a cover planner, somebody who looks on.
async fn people_come_to_be(admin: &Person<'_>) {
    let plan = json!({ "school": "100234", "year": "2026-2027", "version": 1, "title": "Lindenhafen" });
    assert_done(&admin.office.post(&admin.token, "/plans", plan).await);
    for (name, group) in
        [("anna", "planners"), ("bert", "planners"), ("clara", "cover-planners"), ("victor", "viewers")]
    {
        let user = json!({ "name": name, "group": group, "password": PASSWORD });
        assert_done(&admin.office.post(&admin.token, "/users", user).await);
    }
}

/// The events of the ledger of a data directory that concern outages, in order: type and data.
async fn outage_events(data: &Path) -> Vec<(String, Json)> {
    let settings = api::private_postgres::Settings::new(data);
    let beside = api::private_postgres::PrivatePostgres::start(&settings).await.unwrap();
    let login = beside.connect_options(api::private_postgres::DATABASE);
    let ledger = eventstore::Ledger::open(eventstore::PoolSettings::new(login, tests::cluster::SCHEMA));
    let ledger = ledger.await.unwrap();
    let audit = tests::audit::Audit::of(&ledger).await;
    drop(ledger);
    beside.stop().await.unwrap();
    let is_one = |r#type: &str| r#type.starts_with("Outage") || r#type.starts_with("Contact");
    let of_outages = audit.events.into_iter().filter(|event| is_one(&event.r#type));
    of_outages.map(|event| (event.r#type, serde_json::from_slice(&event.data).unwrap())).collect()
}
