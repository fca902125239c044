//! All hammering tests in full, one after the other, with what they showed written to `bench/SOAK.md`: `make soak`.
//!
//! `DAYBOOK_SOAK_MINUTES` bounds each of them (default 15); one that runs out of time says how far it came. `DAYBOOK_SOAK_ONLY`
//! runs those whose name holds a word, and writes no table.

use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::rounds::Rounds;

use crate::kills::Meanwhile;
use crate::{
    change_races, cut_off, gate_races, kills, ledger_gone, lock_races, lost_replies, races, stream_races,
    subscribers, two_nodes,
};

/// What one hammering showed.
struct Row {
    what: &'static str,
    wanted: u64,
    done: u64,
    seconds: f64,
    showed: String,
}

fn at_most() -> Duration {
    let minutes = std::env::var("DAYBOOK_SOAK_MINUTES").ok().and_then(|text| text.parse::<f64>().ok());
    Duration::from_secs_f64(minutes.unwrap_or(15.0) * 60.0)
}

async fn run<F, R>(rows: &mut Vec<Row>, what: &'static str, count: u64, hammer: F)
where
    F: FnOnce(Rounds) -> R,
    R: Future<Output = (String, Rounds)>,
{
    let only = std::env::var("DAYBOOK_SOAK_ONLY").ok();
    if only.as_ref().is_some_and(|word| !what.contains(word.as_str())) {
        return;
    }
    eprintln!("{what}: {count} rounds");
    let (showed, rounds) = hammer(Rounds::told(what, count, at_most())).await;
    let row = Row { what, wanted: count, done: rounds.done(), seconds: rounds.took().as_secs_f64(), showed };
    eprintln!("{what}: {} rounds in {:.0} s; {}", row.done, row.seconds, row.showed);
    rows.push(row);
    if only.is_some() {
        return;
    }
    std::fs::write(root().join("bench/SOAK.md"), report(rows)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes long; make soak runs it"]
async fn soak() {
    let mut rows = Vec::new();
    run(&mut rows, "two planners place the same hour", 2_000, |rounds| async {
        (races::the_same_hour(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "two changes of one record", 10_000, |rounds| async {
        (change_races::two_changes_of_one_record(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "log in against start of an import", 10_000, |rounds| async {
        (races::log_in_against_import(&rounds, 1).await, rounds)
    })
    .await;
    run(&mut rows, "the gate against a log-in, two nodes", 10_000, |rounds| async {
        (gate_races::gate_against_log_in(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "PostgreSQL stopped and started under load", 50, |rounds| async {
        (ledger_gone::hammer(&rounds, Duration::from_secs(60)).await, rounds)
    })
    .await;
    run(&mut rows, "the same between two nodes", 2_000, |rounds| async {
        (races::log_in_against_import(&rounds, 2).await, rounds)
    })
    .await;
    run(&mut rows, "log in to a plan against the licence in another", 10_000, |rounds| async {
        (races::log_in_against_licence(&rounds, 1).await, rounds)
    })
    .await;
    run(&mut rows, "the licence between two nodes", 2_000, |rounds| async {
        (races::log_in_against_licence(&rounds, 2).await, rounds)
    })
    .await;
    run(&mut rows, "cover mode against optimisation", 10_000, |rounds| async {
        (lock_races::cover_against_optimisation(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "release against renewal against expiry", 10_000, |rounds| async {
        (lock_races::release_against_renewal_against_expiry(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "requests cut off by their clients", 2_000, |rounds| async {
        (cut_off::hammer(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "two nodes on one plan", 1_000, two_nodes::hammer).await;
    run(&mut rows, "500 follow, 200 changes a second", 12_000, |rounds| stream_races::hammer(500, rounds))
        .await;
    run(&mut rows, "followers beside 64 writers", 200_000, subscribers::hammer).await;
    run(&mut rows, "replies to commits swallowed", 2_000, |rounds| async {
        (lost_replies::hammer(&rounds).await, rounds)
    })
    .await;
    run(&mut rows, "kill -9 of service and PostgreSQL", 200, |rounds| async {
        (kills::hammer(&rounds, Meanwhile::Nothing).await, rounds)
    })
    .await;
    run(&mut rows, "kill -9 of service and PostgreSQL beside rebuilds", 30, |rounds| async {
        (kills::hammer(&rounds, Meanwhile::Rebuilds).await, rounds)
    })
    .await;
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn report(rows: &[Row]) -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|it| it.1));
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|it| it.parse::<f64>().ok()).unwrap_or_default();
    let mut text = String::from(
        "# The hammering tests in full\n\nWritten by `make soak`; `make test` runs the same at reduced counts.\n\n",
    );
    let _ = writeln!(
        text,
        "- date: {}\n- commit: {}\n- machine: {processors} x {}, {:.0} GB, {}\n- build: {}\n- at most {:.0} minutes each\n",
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
        model.unwrap_or("unknown"),
        memory / 1_048_576.0,
        said("uname", &["-sr"]),
        if cfg!(debug_assertions) { "dev" } else { "release" },
        at_most().as_secs_f64() / 60.0
    );
    let _ = writeln!(text, "| what | rounds | wanted | seconds | showed |\n|---|---|---|---|---|");
    for row in rows {
        let Row { what, wanted, done, seconds, showed } = row;
        let _ = writeln!(text, "| {what} | {done} | {wanted} | {seconds:.0} | {showed} |");
    }
    for row in rows.iter().filter(|row| row.done < row.wanted) {
        let _ = writeln!(
            text,
            "\n{}: {} of {} rounds, because the time was over.",
            row.what, row.done, row.wanted
        );
    }
    text
}
