//! Measures Daybook: its ledger beside bare PostgreSQL and beside its peers, its commands over HTTP, how soon a change can be read
//! and has come to those who follow, its memory, and what a long ledger costs.
//! Prints one report and writes it to `RESULTS.md`. See README.md.

mod cluster;
mod commands;
mod contestant;
mod editor;
mod followers;
mod http;
mod ledger;
mod long;
mod machine;
mod measure;
mod memory;
mod progress;
mod report;
mod service;
mod visible;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand, ValueEnum};

use crate::{cluster::Cluster, long::Cell, measure::Timing, progress::Progress, service::Service};

/// As the program has it: what is measured within this process is measured as it runs there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(about = "Measures Daybook and writes bench/RESULTS.md")]
struct Arguments {
    /// Only this part; can be given several times
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Of the long ledgers only this; can be given several times
    #[arg(long, value_enum)]
    cell: Vec<Cell>,
    /// How many events the long ledgers have, the shorter and the longer one [default: 1000000 and 5000000]
    #[arg(long, num_args = 2, value_names = ["SHORTER", "LONGER"], value_parser = clap::value_parser!(i64).range(1000..))]
    long: Vec<i64>,
    /// One short round to see that everything works; nothing is written to RESULTS.md
    #[arg(long)]
    quick: bool,
    /// Alternating rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where the throw-away servers keep their files; must be a real disk
    #[arg(long, default_value = "/var/tmp")]
    dir: PathBuf,
    /// A release binary of the service that is already built; absent: it is built first
    #[arg(long)]
    daybook: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Appends beside pgbench and the peers
    Ledger,
    /// Commands over HTTP beside pgbench
    Http,
    /// Until a change can be read
    Visible,
    /// Until a change has come to those who follow
    Followers,
    /// The service's memory after a million events
    Memory,
    /// What a long ledger costs
    Long,
}

#[derive(Subcommand)]
enum Role {
    /// Runs UmaDB's server; the benchmark calls itself so
    #[command(hide = true)]
    ServeUmadb { listen: String, file: PathBuf },
}

/// How much is measured.
pub struct Plan {
    /// Alternating rounds.
    pub rounds: u32,
    /// Of each cell of each round.
    pub timing: Timing,
    /// Events after which the service's memory is looked at.
    pub events: u64,
    /// How many events the long ledgers have.
    pub long: (i64, i64),
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Role::ServeUmadb { listen, file }) = arguments.role {
        return contestant::serve_umadb(listen, file).await;
    }
    tokio::select! {
        done = measure_all(&arguments) => done,
        // What is dropped here stops the servers and removes their files.
        _ = tokio::signal::ctrl_c() => bail!("stopped by Ctrl-C; nothing was written"),
    }
}

async fn measure_all(arguments: &Arguments) -> Result<()> {
    let plan = arguments.plan();
    let wanted = |part: Part| arguments.only.is_empty() || arguments.only.contains(&part);
    let parts: Vec<Part> = Part::value_variants().iter().copied().filter(|part| wanted(*part)).collect();
    let program = match &arguments.daybook {
        Some(program) => program.clone(),
        None if parts == [Part::Ledger] => PathBuf::new(),
        None => Service::build().await?,
    };

    let cluster = Cluster::start(&arguments.dir).await?;
    let mut text = format!("# Results\n\n{}\n", machine::describe(&cluster).await?);
    let explanations = std::fs::read_to_string(here().join("WHY.md")).unwrap_or_default();
    let cells: Vec<Cell> = Cell::value_variants()
        .iter()
        .copied()
        .filter(|cell| arguments.cell.is_empty() || arguments.cell.contains(cell))
        .collect();
    let mut progress = Progress::new(parts.iter().map(|part| part.expected(&cells, &plan)).sum());
    for part in &parts {
        let sections = match part {
            Part::Ledger => vec![ledger::run(&cluster, &plan, &mut progress).await?],
            Part::Http => vec![commands::run(&program, &cluster, &plan, &mut progress).await?],
            Part::Visible => vec![visible::run(&program, &cluster, &plan, &mut progress).await?],
            Part::Followers => vec![followers::run(&program, &cluster, &plan, &mut progress).await?],
            Part::Memory => vec![memory::run(&program, &cluster, &plan, &mut progress).await?],
            Part::Long => long::run(&program, &cluster, &cells, &plan, &mut progress).await?,
        };
        for section in sections {
            text.push('\n');
            text.push_str(&section.markdown(&explanations));
        }
    }
    cluster.stop().await?;
    println!("\n{text}");
    if !arguments.quick && arguments.only.is_empty() && arguments.cell.is_empty() && arguments.long.is_empty()
    {
        std::fs::write(here().join("RESULTS.md"), text)?;
    }
    Ok(())
}

impl Arguments {
    fn plan(&self) -> Plan {
        let seconds = if self.quick { 1 } else { 4 };
        Plan {
            rounds: if self.quick { 1 } else { self.rounds },
            timing: Timing { warm_up: Duration::from_secs(1), measured: Duration::from_secs(seconds) },
            events: if self.quick { 20_000 } else { 1_000_000 },
            long: match self.long[..] {
                [shorter, longer] => (shorter, longer),
                _ if self.quick => (100_000, 200_000),
                _ => (1_000_000, 5_000_000),
            },
        }
    }
}

impl Part {
    fn expected(self, cells: &[Cell], plan: &Plan) -> Duration {
        match self {
            Self::Ledger => ledger::expected(plan),
            Self::Http => commands::expected(plan),
            Self::Visible => visible::expected(plan),
            Self::Followers => followers::expected(plan),
            Self::Memory => memory::expected(plan),
            Self::Long => long::expected(cells, plan),
        }
    }
}

/// The folder of this crate.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
