//! Where and when it was measured.

use std::{
    io::{Seek, Write},
    path::Path,
    process::Command,
    time::Instant,
};

use anyhow::Result;

use crate::cluster::Cluster;

/// Two or three lines for the head of the results.
pub async fn describe(cluster: &Cluster) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kibibytes: u64 = memory.trim_end_matches("kB").trim().parse().unwrap_or(0);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output()?.stdout;
    let commit = Command::new("git")
        .arg("-C")
        .arg(env!("CARGO_MANIFEST_DIR"))
        .args(["describe", "--always", "--dirty"])
        .output()?
        .stdout;
    let command_line: Vec<String> = std::env::args().skip(1).collect();
    Ok(format!(
        "{date}, commit {commit}, `cargo run --release --manifest-path bench/Cargo.toml {arguments}`\n\n\
         Machine: {cores} cores ({processor}), {memory:.1} GiB, Linux {kernel}, PostgreSQL {postgres}. \
         Everything runs on it at once: server, store and load. Writing 8 KiB and waiting for the disk (`fdatasync`) takes {sync:.0} µs. Load average before it began: \
         {load}.",
        date = String::from_utf8_lossy(&date).trim(),
        commit = String::from_utf8_lossy(&commit).trim(),
        arguments = command_line.join(" "),
        memory = kibibytes as f64 / 1_048_576.0,
        kernel = kernel.trim(),
        postgres = cluster.version().await?,
        load = load.split(' ').next().unwrap_or("unknown"),
        sync = sync_micros(cluster.folder())?,
    ))
}

/// Median time of a small durable write, in microseconds: what every commit pays at least, and much less on a virtual disk than on a real one.
fn sync_micros(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut micros = Vec::new();
    for _ in 0..501 {
        let began = Instant::now();
        file.rewind()?;
        file.write_all(&[7; 8192])?;
        file.sync_data()?;
        micros.push(began.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    Ok(micros[micros.len() / 2])
}

/// The value of the first line `name : value` of a file below /proc.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
