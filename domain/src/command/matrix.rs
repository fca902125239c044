//! The whole matrix of critical actions: everything that can be asked for, beside everything that can be running.
//!
//! What is expected stands in `matrix.txt`, argued from the rules of the office by hand, each cell once; the rows and columns are
//! generated here, so that none is left out. A cell that stands for several locks is tried with each of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::Precondition;
use super::change_session::ChangeSession;
use super::log_in::LogIn;
use super::request_lock::RequestLock;
use super::testing::{Desk, PLAN};
use super::write_record::{Target, WriteRecord};
use crate::{Action, Event, Kind, LockId, Mode, Refusal, RefusalCode, SessionId};

mod school;

use school::{PERIODS, school, write};

const EXPECTED: &str = include_str!("matrix.txt");
const ARCHITECTURE: &str = include_str!("../../../ARCHITECTURE.md");

const ACTIONS: [&str; 10] = [
    "text",
    "data",
    "timetable",
    "room",
    "cover",
    "enter cover",
    "log in to cover",
    "optimise",
    "exclusive lock",
    "log in",
];
const RUNNING: [&str; 7] =
    ["reading", "timetable", "cover", "restricted", "optimise", "exclusive", "several"];
const WHOSE: [&str; 3] = ["own session", "own second session", "another user"];
/// Where the action touches, when the running one is in period `1`: heading, name of the period, and how many of the actions can be
/// there: what is in no period stands in the first table only.
const TOUCHED: [(&str, Option<&str>, &[usize]); 4] = [
    ("in the same period", Some("1"), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ("in another period", Some("later"), &[0, 1, 2, 3, 4, 5, 6, 7]),
    ("in a period that is over", Some("past"), &[0, 1, 2, 3, 4, 7]),
    ("in all periods", None, &[0, 1, 2]),
];
/// Nobody can be there to ask.
const CANNOT_BE: &str = "-";

fn come(desk: &mut Desk, name: &str, mode: Mode, period: &str) -> Result<SessionId, Refusal> {
    let session = SessionId(desk.id());
    let who = desk.user(name);
    let command = LogIn {
        plan: Some(PLAN.parse().expect("a plan")),
        session,
        mode: Some(mode),
        period: Some(period.to_owned()),
        client: None,
        resumed: false,
        replaces: None,
    };
    desk.try_as(who, None, &command).map(|_| session)
}

fn request(desk: &mut Desk, action: Action, periods: &[&str]) -> RequestLock {
    let periods = action.is_optimisation().then(|| periods.iter().map(|it| (*it).to_owned()).collect());
    RequestLock { plan: PLAN.parse().expect("a plan"), lock: LockId(desk.id()), action, periods }
}

/// Every lock that a word of the table stands for.
fn locks(word: &str) -> Vec<Action> {
    let all = Action::ALL.iter().copied();
    match word {
        "optimise" => vec![Action::Optimise],
        "several" => vec![Action::OptimiseMany],
        "exclusive" => all.filter(|it| it.is_exclusive() && *it != Action::OptimiseMany).collect(),
        "exclusive lock" => all.filter(|it| it.is_exclusive()).collect(),
        _ => Vec::new(),
    }
}

fn words(outcome: Result<Vec<Event>, Refusal>) -> &'static str {
    let Err(refusal) = outcome else { return "yes" };
    match (
        refusal.code,
        refusal.members.get("rule").or(refusal.members.get("right")).and_then(|it| it.as_str()),
    ) {
        (RefusalCode::Blocked, Some("optimisation")) => "optimised",
        (RefusalCode::Blocked, Some("cover")) => "cover",
        (RefusalCode::Blocked, Some("exclusive-lock")) => "shut",
        (RefusalCode::NotAlone, _) => "not alone",
        (RefusalCode::LockRefused, _) => "lock refused",
        (RefusalCode::NotPermitted, Some("mode")) => "mode",
        _ => panic!("{refusal:?}"),
    }
}

/// What comes of an action beside a running one, tried with one lock for each.
fn tried(
    running: &str,
    whose: &str,
    holds: Option<Action>,
    action: &str,
    wants: Option<Action>,
    period: Option<&str>,
) -> &'static str {
    let mut desk = school(running == "restricted");
    let mode_running = match running {
        "reading" => Mode::Read,
        "cover" | "restricted" => Mode::Cover,
        _ => Mode::Timetable,
    };
    let coming = action.starts_with("log in");
    if whose == "own session" && coming {
        return CANNOT_BE;
    }
    let is_of_mode = ["reading", "timetable", "cover", "restricted"].contains(&running);
    let (mode, where_from) = match action {
        _ if whose == "own session" && is_of_mode => (mode_running, "1"),
        "cover" => (Mode::Cover, "later"),
        _ => (Mode::Timetable, "1"),
    };
    let mut own = None;
    if running != "nothing" {
        let runner = match whose {
            "own session" => come(&mut desk, "adam", mode, where_from),
            "own second session" => come(&mut desk, "adam", mode_running, "1"),
            _ => come(&mut desk, "eve", mode_running, "1"),
        };
        let runner = runner.expect("somebody runs it");
        if let Some(lock) = holds {
            let periods: &[&str] = if lock == Action::Optimise { &["1"] } else { &["1", "spare"] };
            let request = request(&mut desk, lock, periods);
            desk.done_in(runner, &request);
        }
        own = Some(runner).filter(|_| whose == "own session");
    }
    if coming {
        let mode = if action == "log in" { Mode::Timetable } else { Mode::Cover };
        return words(come(&mut desk, "adam", mode, period.expect("a log-in names one")).map(|_| Vec::new()));
    }
    let session = match own {
        Some(session) => session,
        None => match come(&mut desk, "adam", mode, where_from) {
            Ok(session) => session,
            Err(refusal) => {
                assert_eq!(words(Err(refusal)), "shut");
                return CANNOT_BE;
            }
        },
    };
    words(ask(&mut desk, session, action, wants, period))
}

fn ask(
    desk: &mut Desk,
    session: SessionId,
    action: &str,
    wants: Option<Action>,
    period: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    let adam = desk.user("adam");
    let named = |kind: Kind, name: &str, body: serde_json::Value| WriteRecord {
        period: period.map(str::to_owned),
        ..write(Target::Named(kind, name.to_owned()), &body, false)
    };
    let command = match action {
        "text" => named(Kind::Teachers, "GAUSS", json!({ "text": "ill" })),
        "data" => named(Kind::Teachers, "GAUSS", json!({ "personnel_no": "7" })),
        "timetable" => named(Kind::Lessons, "1", json!({ "hours_per_week": 2 })),
        "room" => WriteRecord {
            period: period.map(str::to_owned),
            room: Some(Some("R1".to_owned())),
            ..write(Target::Hour { lesson: "1".into(), n: 1 }, &json!({}), false)
        },
        "cover" => {
            let day = PERIODS.iter().find(|it| Some(it.0) == period).expect("one of the periods").1;
            let body = json!({ "of": "teacher", "name": "GAUSS", "from": day, "to": day });
            WriteRecord {
                precondition: Precondition::None,
                ..write(Target::New(Kind::Absences), &body, true)
            }
        }
        "enter cover" => {
            let command = ChangeSession {
                plan: Some(PLAN.parse().expect("a plan")),
                mode: Some(Mode::Cover),
                period: period.map(str::to_owned),
                activity: None,
            };
            return desk.try_as(adam, Some(session), &command);
        }
        _ => {
            let periods: Vec<&str> = match wants {
                Some(Action::Optimise) => period.into_iter().collect(),
                _ => vec!["1", "spare"],
            };
            let request = request(desk, wants.expect("a request names a lock"), &periods);
            return desk.try_as(adam, Some(session), &request);
        }
    };
    desk.try_as(adam, Some(session), &command)
}

/// One cell: every lock that the row and the column stand for leads to the same.
fn cell(running: &str, whose: &str, action: &str, period: Option<&str>) -> &'static str {
    let one_or = |locks: Vec<Action>| -> Vec<Option<Action>> {
        if locks.is_empty() { vec![None] } else { locks.into_iter().map(Some).collect() }
    };
    let mut found = BTreeSet::new();
    for holds in one_or(locks(running)) {
        for wants in one_or(locks(action)) {
            found.insert(tried(running, whose, holds, action, wants, period));
        }
    }
    assert_eq!(found.len(), 1, "{action} beside {running}, {whose}: {found:?}");
    found.pop_first().expect("one answer, whatever is there")
}

fn rows() -> Vec<(String, &'static str, &'static str)> {
    let beside = RUNNING
        .iter()
        .flat_map(|running| WHOSE.iter().map(move |whose| (format!("{running}, {whose}"), *running, *whose)));
    std::iter::once(("nothing".to_owned(), "nothing", "")).chain(beside).collect()
}

/// The matrix as it is, in the form of `matrix.txt`.
fn drawn() -> String {
    let mut text = String::new();
    for (heading, period, actions) in TOUCHED {
        let width = |action: &str| {
            action.len().max("optimised".len().max(if action == "optimise" { 12 } else { 0 })) + 2
        };
        let mut line = format!("{heading:<32}");
        for index in actions {
            let _ = write!(line, "{:<1$}", ACTIONS[*index], width(ACTIONS[*index]));
        }
        let _ = writeln!(text, "{}", line.trim_end());
        for (name, running, whose) in rows() {
            let mut line = format!("{name:<32}");
            for index in actions {
                let action = ACTIONS[*index];
                let _ = write!(line, "{:<1$}", cell(running, whose, action, period), width(action));
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn the_matrix_is_as_the_rules_of_the_office_say_cell_by_cell() {
    let drawn = drawn();
    let differing: Vec<_> = EXPECTED
        .lines()
        .zip(drawn.lines())
        .filter(|(expected, found)| expected != found)
        .map(|(expected, found)| format!("expected {expected}\nfound    {found}"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(EXPECTED, drawn);
}

#[test]
fn the_matrix_in_the_document_is_the_one_that_is_tried() {
    assert!(
        ARCHITECTURE.contains(EXPECTED),
        "ARCHITECTURE.md shows another matrix than domain/src/command/matrix.txt"
    );
}
