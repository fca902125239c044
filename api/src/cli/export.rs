//! `daybook export`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::BoolishValueParser;
use domain::export::{ExportedFile, files, names_of_files, numbers_named};
use domain::gpu::write::FILES;
use domain::{Kind, Plan, PlanId, Position};
use projections::Moment;
use serde_json::json;

use crate::http::GivenMoment;
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::{note, say, say_json};

const EXAMPLES: &str = "\
Examples:
  daybook export 100234~2026-2027~1 export/
  daybook export 100234~2026-2027~1 export/ --files GPU001,GPU002 --force
  daybook export 100234~2026-2027~1 before/ --as-of 2026-11-22T08:00:00Z

The files are UTF-8, with `;` between fields, and imported again without a change. GPU001 holds the placements of one period.
No file has room for values for one period, for periods and clock times, or for where a substitution moves an hour to. Lessons,
absences and substitutions that are not called by numbers are left out and named. The files can be read by their owner only:
they tell who is absent and why.";

/// Writes a plan as Untis GPU files, which `daybook import` reads again without a change.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// The plan: 100234~2026-2027~1.
    plan: PlanId,
    /// Where the files go; the folder is made where there is none.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Which files: GPU001,GPU002 and so on; else all.
    #[arg(long, env = "DAYBOOK_FILES", value_name = "FILES", value_delimiter = ',')]
    files: Vec<String>,
    /// The plan as it stood then: a position such as 1.4711, or a time such as 2026-11-22T08:00:00Z.
    #[arg(long, env = "DAYBOOK_AS_OF", value_name = "MOMENT")]
    as_of: Option<String>,
    /// The period whose placements GPU001 holds; else the one of today, else the first.
    #[arg(long, env = "DAYBOOK_PERIOD", value_name = "NAME")]
    period: Option<String>,
    /// Files that are there already are replaced.
    #[arg(long, env = "DAYBOOK_FORCE", value_parser = BoolishValueParser::new())]
    force: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Carries it out.
pub async fn export(args: ExportArgs) -> Result<(), Failed> {
    let numbers = numbers(&args.files)?;
    let moment: Option<GivenMoment> = match &args.as_of {
        Some(text) => Some(text.parse().map_err(|why| Failed::misused(format!("--as-of {why}")))?),
        None => None,
    };
    if !args.force {
        check_absent(&args.folder, &numbers)?;
    }
    let exported = args.database.with_service(async |service| read(service, &args, moment, &numbers).await);
    let exported = exported.await?;
    write(&args.folder, &exported, args.force)?;
    let rows = |file: &ExportedFile| file.text.matches("\r\n").count();
    for record in exported.iter().flat_map(|file| &file.left_out) {
        note(format_args!("left out: {record} is not called by a number, as files call it"));
    }
    if args.answer.json {
        let file = |file: &ExportedFile| json!({ "file": file.name, "lines": rows(file), "left_out": file.left_out });
        say_json(&json!({ "plan": args.plan, "files": exported.iter().map(file).collect::<Vec<_>>() }));
    } else {
        for file in &exported {
            say(format_args!("{}  {} lines", args.folder.join(&file.name).display(), rows(file)));
        }
    }
    Ok(())
}

fn numbers(files: &[String]) -> Result<Vec<u16>, Failed> {
    let names = files.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let numbers = numbers_named(names).map_err(|name| {
        Failed::misused(format!("--files: there is no file {name}; there are {}", names_of_files()))
    })?;
    Ok(if numbers.is_empty() { FILES.to_vec() } else { numbers })
}

async fn read(
    service: &Service,
    args: &ExportArgs,
    moment: Option<GivenMoment>,
    numbers: &[u16],
) -> Result<Vec<ExportedFile>, Failed> {
    let desk = &service.desk;
    let folded = match moment {
        Some(given) => {
            let end = end_of(service, given).await?;
            desk.plan_at(&args.plan, end).await?
        }
        None => desk.with_plan(&args.plan, |plan| Arc::new(plan.clone())).await?,
    };
    let plan: &Plan = &folded;
    if plan.id().is_none() {
        let text = match args.as_of {
            Some(_) => format!("there was no plan {} then", args.plan),
            None => format!("there is no plan {}", args.plan),
        };
        return Err(Failed::wrong(text).next("`daybook plan list` shows them all."));
    }
    let period = match &args.period {
        Some(name) => plan.named(Kind::Periods, name).map(|period| period.id).ok_or_else(|| {
            let mut names: Vec<&str> = plan.records_of(Kind::Periods).filter_map(|it| it.name()).collect();
            names.sort_unstable();
            Failed::wrong(format!("the plan has no period {name}; it has {}", names.join(", ")))
        })?,
        None => plan
            .period_of(desk.today())
            .ok_or_else(|| Failed::wrong("the plan had no period then; name a later moment"))?,
    };
    Ok(files(plan, period, numbers))
}

/// The position after which nothing is shown.
async fn end_of(service: &Service, given: GivenMoment) -> Result<i64, Failed> {
    let pool = service.projections.pool();
    let found = match given {
        GivenMoment::Position(given) => {
            let head = service.ledger.head().await.map_err(|error| Failed::of_database(&error))?;
            if given.epoch.is_some_and(|epoch| epoch != head.epoch) {
                let given = Position { epoch: given.epoch.unwrap_or_default(), number: given.number };
                let text = format!("{given} is of another epoch; the ledger ends at {}", head.at());
                return Err(Failed::wrong(text));
            }
            projections::moment_at_position(pool, given.number).await
        }
        GivenMoment::Time(time) => projections::moment_at_time(pool, time).await.map(Some),
    };
    match found? {
        Some(Moment::AsOf(end)) => Ok(end),
        _ => Err(Failed::wrong("nothing has the position of --as-of yet")),
    }
}

fn check_absent(folder: &Path, numbers: &[u16]) -> Result<(), Failed> {
    let paths = numbers.iter().map(|number| folder.join(domain::gpu::write::file_name(*number)));
    let there: Vec<String> =
        paths.filter(|path| path.symlink_metadata().is_ok()).map(|path| path.display().to_string()).collect();
    if there.is_empty() {
        return Ok(());
    }
    Err(is_there(&there.join(", ")))
}

fn is_there(paths: &str) -> Failed {
    Failed::wrong(format!("there already: {paths}"))
        .next("`--force` replaces them; another folder keeps both.")
}

/// Writes all files beside their places first, so that a full disk leaves what was there.
fn write(folder: &Path, exported: &[ExportedFile], force: bool) -> Result<(), Failed> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failed::wrong(format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut beside = Vec::with_capacity(exported.len());
    for file in exported {
        let path = folder.join(&file.name);
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut temporary| {
            temporary.write_all(file.text.as_bytes())?;
            temporary.as_file().sync_all()?;
            Ok(temporary)
        });
        beside.push((written.map_err(|error| failed(&path, &error))?, path));
    }
    for (temporary, path) in beside {
        let kept = if force { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
        kept.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => is_there(&path.display().to_string()),
            _ => failed(&path, &error.error),
        })?;
    }
    Ok(())
}
