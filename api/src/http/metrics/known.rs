//! What is told to Prometheus: every name, its labels and its meaning, in one table.
//!
//! Labels have few values, all of them the program's own words: no plan, no person, no record.

use Kind::{Counter, Gauge, Histogram};
use metrics::Unit;

/// How a figure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Values, counted by size.
    Histogram,
}

impl Kind {
    /// As Prometheus says it.
    pub fn word(self) -> &'static str {
        match self {
            Counter => "counter",
            Gauge => "gauge",
            Histogram => "histogram",
        }
    }
}

/// A figure.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub says: &'static str,
}

const fn of(name: &'static str, kind: Kind, labels: &'static [&'static str], says: &'static str) -> Known {
    Known { name, kind, labels, says }
}

/// Every figure there is.
pub const KNOWN: &[Known] = &[
    of("daybook_build_info", Gauge, &["version"], "Always 1; the label tells which build answers"),
    of("daybook_start_time_seconds", Gauge, &[], "When the node was started, in seconds since 1970"),
    of("daybook_http_requests_total", Counter, &["route", "method", "status"], "Requests answered"),
    of(
        "daybook_http_request_seconds",
        Histogram,
        &["route", "method"],
        "Time from a request's head to its answer's head",
    ),
    of("daybook_http_connections", Gauge, &[], "Open connections"),
    of("daybook_http_refusals_total", Counter, &["code"], "Requests refused, by the code of the problem"),
    of(
        "daybook_http_limited_total",
        Counter,
        &["limit"],
        "Requests over a limit: `requests` of a caller, failed `log-ins`",
    ),
    of("daybook_log_ins_failed_total", Counter, &[], "Log-ins with a wrong name or password"),
    of("daybook_followers", Gauge, &[], "Open streams of changes"),
    of(
        "daybook_commands_total",
        Counter,
        &["command", "outcome"],
        "Commands, and whether they were `done`, `refused`, `replayed`, `busy`, `unavailable` or `failed`",
    ),
    of("daybook_command_seconds", Histogram, &[], "Time from a command to its outcome, the commit included"),
    of("daybook_command_conflicts_total", Counter, &[], "Decisions made anew because a stream had moved"),
    of(
        "daybook_commands_alone_total",
        Counter,
        &[],
        "Decisions made under the lock of the head, after three conflicts",
    ),
    of("daybook_states_open", Gauge, &["of"], "Folded states in memory, of `plans` and `schools`"),
    of("daybook_state_events_read_total", Counter, &[], "Events read to fold states"),
    of(
        "daybook_snapshots_total",
        Counter,
        &["what"],
        "Snapshots of states that were `read`, `written`, `refused` or `failed`",
    ),
    of(
        "daybook_ledger_appends_total",
        Counter,
        &["outcome"],
        "Appends, and whether they were `written`, or not: `conflict`, `not-due`, `known`, `too-large`, `busy`, `unavailable`, `failed`",
    ),
    of("daybook_ledger_events_total", Counter, &[], "Events written"),
    of("daybook_ledger_batch_appends", Histogram, &[], "Appends that share a commit"),
    of("daybook_ledger_batch_events", Histogram, &[], "Events that share a commit"),
    of(
        "daybook_ledger_commit_seconds",
        Histogram,
        &[],
        "Time of a commit, the way to the database and back included",
    ),
    of(
        "daybook_ledger_commits_lost_total",
        Counter,
        &[],
        "Commits whose answer was lost; what became of them was asked for",
    ),
    of("daybook_ledger_appends_waiting", Gauge, &[], "Appends not answered yet; full at 16,384"),
    of("daybook_ledger_waiting_bytes", Gauge, &[], "What they weigh; full at 256 MiB"),
    of("daybook_ledger_position", Gauge, &[], "The end of the ledger as far as this node has heard"),
    of("daybook_ledger_reachable", Gauge, &[], "Whether the ledger answers this node: 1 or 0"),
    of(
        "daybook_database_connections",
        Gauge,
        &["pool", "state"],
        "Connections for reading, of the `ledger` and the `read-models`, `busy` and `idle`",
    ),
    of("daybook_projection_position", Gauge, &["projection"], "The last position in a read model"),
    of("daybook_projection_lag_events", Gauge, &["projection"], "Events that a read model does not have yet"),
    of("daybook_projection_lag_seconds", Gauge, &["projection"], "How long the first of them has waited"),
    of(
        "daybook_projection_live",
        Gauge,
        &["projection"],
        "Whether a read model goes on: 1, or 0 when it has stopped",
    ),
    of(
        "daybook_projection_rebuilding",
        Gauge,
        &["projection"],
        "Whether a read model is being made anew: 1 or 0",
    ),
    of(
        "daybook_projection_rebuilt_position",
        Gauge,
        &["projection"],
        "How far it has come there; 0 when it is not",
    ),
    of("daybook_projection_batch_events", Histogram, &[], "Events taken in at once"),
    of("daybook_projection_batch_seconds", Histogram, &[], "Time for all read models to take a batch in"),
    of(
        "daybook_projection_retries_total",
        Counter,
        &[],
        "How often following the ledger was broken off and begun anew",
    ),
    of(
        "daybook_sessions",
        Gauge,
        &["mode"],
        "Who is logged in, at all nodes: `timetable`, `cover`, `read`, and `site` in no plan",
    ),
    of("daybook_locks", Gauge, &[], "Locks held, at all nodes"),
    of(
        "daybook_outage",
        Gauge,
        &["state"],
        "Whether the site is in this state, as this node sees it: 1 or 0",
    ),
    of(
        "daybook_trace_spans_total",
        Counter,
        &["outcome"],
        "Spans for a collector of traces, `sent` or `lost` on the way",
    ),
];

impl Known {
    /// Seconds or bytes, where the name says so.
    fn unit(&self) -> Option<Unit> {
        let plain = self.name.strip_suffix("_total").unwrap_or(self.name);
        [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)]
            .into_iter()
            .find_map(|(end, unit)| plain.ends_with(end).then_some(unit))
    }

    /// Tells the recorder what it is.
    pub(super) fn describe(&self) {
        let unit = self.unit().unwrap_or(Unit::Count);
        match self.kind {
            Counter => metrics::describe_counter!(self.name, unit, self.says),
            Gauge => metrics::describe_gauge!(self.name, unit, self.says),
            Histogram => metrics::describe_histogram!(self.name, unit, self.says),
        }
    }
}

/// The table for people.
pub fn table() -> String {
    let mut table = "| name | kind | labels | what it tells |\n|---|---|---|---|\n".to_owned();
    for Known { name, kind, labels, says } in KNOWN {
        table.push_str(&format!("| `{name}` | {} | {} | {says} |\n", kind.word(), labels.join(" ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every name of a figure in the sources of a folder.
    fn named_in(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                named_in(&path, names);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in ["counter!(", "gauge!(", "histogram!("] {
                    for rest in text.split(call).skip(1) {
                        let name =
                            rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                        let is_name = |text: &&str| text.starts_with("daybook_") && !text.contains(' ');
                        names.extend(name.filter(is_name).map(str::to_owned));
                    }
                }
            }
        }
    }

    #[test]
    fn every_figure_of_the_program_is_in_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut named = BTreeSet::new();
        for part in ["eventstore/src", "projections/src", "api/src"] {
            named_in(&root.join(part), &mut named);
        }
        assert!(named.len() > 15, "{named:?}");
        let known: BTreeSet<String> = KNOWN.iter().map(|it| it.name.to_owned()).collect();
        let missing: Vec<&String> = named.difference(&known).collect();
        assert!(missing.is_empty(), "add a line to api/src/http/metrics/known.rs for {missing:?}");
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        let mut seen = BTreeSet::new();
        for it in KNOWN {
            assert!(seen.insert(it.name), "{} twice", it.name);
            assert_eq!(it.name.ends_with("_total"), it.kind == Counter, "{}", it.name);
            assert!(it.name.starts_with("daybook_") && !it.name.contains("milli"), "{}", it.name);
            assert!(
                it.says.chars().next().is_some_and(char::is_uppercase) && !it.says.ends_with('.'),
                "{}",
                it.says
            );
        }
    }

    #[test]
    fn the_table_in_the_document_is_this_one() {
        let document = include_str!("../../../../ARCHITECTURE.md");
        assert!(
            document.contains(&table()),
            "ARCHITECTURE.md shows another table; it should be\n{}",
            table()
        );
    }
}
