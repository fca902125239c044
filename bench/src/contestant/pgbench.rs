//! Bare `pgbench`: prepared single-row inserts into a copy of the ledger's own `event` table, columns and indexes included. It checks no version, keeps
//! no command id and orders nothing (its positions are a sequence): what PostgreSQL alone does with such rows.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result};

use super::DATA_BYTES;
use crate::{
    cluster::{Database, successful},
    measure::{Measured, Timing, percentile},
};

/// The ledger's own schema, so that the table cannot be of another shape.
const LEDGER: &str = include_str!("../../../migrations/ledger/0001_ledger.sql");

const BARE: &str =
    "create table bare_event (like event including defaults including constraints including indexes);
    create sequence bare_position cache 1;
    alter table bare_event alter position set default nextval('bare_position')";

/// Bytes of `meta`, about what the service writes there.
const META_BYTES: usize = 220;

/// Share of the transactions whose latency is written down; the rate comes from pgbench's own count of all of them.
const SAMPLED: &str = "0.1";

/// One cell: a warm-up, then the run that counts.
pub async fn run(database: &Database<'_>, clients: usize, timing: Timing) -> Result<Measured> {
    database.execute(LEDGER).await?;
    database.execute(BARE).await?;
    let folder = tempfile::tempdir_in(database.folder())?;
    let script = folder.path().join("insert.sql");
    std::fs::write(&script, insert())?;

    pgbench(database, &script, clients, timing.warm_up, 0, None).await?;
    let log = folder.path().join("latency");
    let first_version = 1_000_000_000;
    let said = pgbench(database, &script, clients, timing.measured, first_version, Some(&log)).await?;

    let mut micros = Vec::new();
    for entry in std::fs::read_dir(folder.path())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("latency.") {
            let text = std::fs::read_to_string(entry.path())?;
            // client, transaction, microseconds, script, when
            micros.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
        }
    }
    micros.sort_unstable();
    Ok(Measured { per_second: rate(&said)?, p50: percentile(&micros, 0.50), p99: percentile(&micros, 0.99) })
}

async fn pgbench(
    database: &Database<'_>,
    script: &std::path::Path,
    clients: usize,
    seconds: Duration,
    first_version: u64,
    log: Option<&std::path::Path>,
) -> Result<String> {
    let threads = std::thread::available_parallelism()?.get().min(clients);
    let (mut command, url) = database.pgbench();
    command.stdin(Stdio::null()).args(["--no-vacuum", "--protocol=prepared"]);
    command.arg(format!("--client={clients}")).arg(format!("--jobs={threads}"));
    command
        .arg(format!("--time={}", seconds.as_secs().max(1)))
        .arg(format!("--define=version={first_version}"));
    if let Some(log) = log {
        command.args(["--log", "--sampling-rate", SAMPLED]).arg(format!("--log-prefix={}", log.display()));
    }
    let ended = command.arg("--file").arg(script).arg(url).output().await?;
    successful("pgbench", &ended)?;
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// Every client writes a stream and a record of its own, as the ledger's writers do.
fn insert() -> String {
    let (meta, data) = ("m".repeat(META_BYTES), "x".repeat(DATA_BYTES));
    format!(
        "\\set version :version + 1\n\
         insert into bare_event (append_end, stream, version, type, subject, recorded_at, meta, data) values \
         (9223372036854775807, 'stream-' || :client_id, :version, 'TeacherChanged', md5('record-' || :client_id)::uuid, clock_timestamp(), \
         '{meta}'::bytea, '{data}'::bytea);\n"
    )
}

/// The rate that pgbench prints, without the time for connecting.
fn rate(said: &str) -> Result<f64> {
    let line = said.lines().find(|line| line.starts_with("tps = ")).context("pgbench told no rate")?;
    let number = line.split_whitespace().nth(2).context("pgbench told no rate")?;
    Ok(number.parse()?)
}
