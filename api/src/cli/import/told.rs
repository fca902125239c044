//! What an import led to, for people to read.

use domain::PlanId;
use serde_json::Value as Json;

use crate::cli::failed::Failed;
use crate::cli::table::table;

use super::files::Paths;

/// Counts, warnings and the files that were not used.
pub fn report(done: &Json, plan: &PlanId, dry_run: bool) -> String {
    let files = done["files"].as_array().map_or(0, Vec::len);
    let rows: u64 =
        done["files"].as_array().into_iter().flatten().filter_map(|file| file["rows"].as_u64()).sum();
    let count = |counts: &Json, name: &str| counts[name].as_u64().unwrap_or_default();
    let columns = ["created", "changed", "unchanged", "removed"];
    let kinds: Vec<[String; 5]> = done["counts"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(kind, counts)| {
            let [created, changed, unchanged, removed] = columns.map(|name| count(counts, name).to_string());
            [kind.clone(), created, changed, unchanged, removed]
        })
        .collect();
    let mut text = table(["KIND", "CREATED", "CHANGED", "UNCHANGED", "REMOVED"], &kinds);
    let list = |name: &str| done[name].as_array().cloned().unwrap_or_default();
    for warning in list("warnings") {
        text.push_str(&format!("\nwarning: {}", warning.as_str().unwrap_or_default()));
    }
    for file in list("ignored") {
        text.push_str(&format!("\nnot used: {}", file.as_str().unwrap_or_default()));
    }
    let touched: u64 = done["counts"]
        .as_object()
        .into_iter()
        .flat_map(|counts| counts.values())
        .map(|counts| count(counts, "created") + count(counts, "changed") + count(counts, "removed"))
        .sum();
    let end = match (dry_run, touched) {
        (true, _) => format!("{touched} records of {plan} would change; nothing was stored."),
        (false, 0) => format!("{plan} held all of it already; nothing was changed."),
        (false, _) => format!(
            "{touched} records of {plan} changed, at position {}.",
            done["position"].as_str().unwrap_or("-")
        ),
    };
    text.push_str(&format!("\n\n{rows} rows of {files} files read. {end}"));
    text
}

/// The faults of the files, each with its place; nothing when it is another refusal.
pub fn faults(failed: &Failed, paths: &Paths) -> Option<String> {
    if !failed.is("import-faults") {
        return None;
    }
    let faults = failed.member("errors")?.as_array()?;
    let mut text = format!("{} faults", faults.len());
    for fault in faults {
        let file = fault["file"].as_str().unwrap_or_default();
        let path = paths.get(file).map_or(file, String::as_str);
        let detail = fault["detail"].as_str().unwrap_or_default();
        text.push_str(&format!("\n{path}:{}:{}: {detail}", fault["line"], fault["column"]));
    }
    match failed.member("more").and_then(Json::as_u64) {
        Some(more) if more > 0 => text.push_str(&format!("\nand {more} more")),
        _ => {}
    }
    Some(text)
}
