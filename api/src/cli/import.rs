//! `daybook import`.

mod files;
mod told;

use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use domain::command::Ask;
use domain::command::end_lock::EndLock;
use domain::command::end_session::EndSession;
use domain::command::log_in::LogIn;
use domain::command::request_lock::RequestLock;
use domain::gpu::GpuFiles;
use domain::import::{ImportFiles, ImportMode, ImportReport, LessonSource, ReportSlot};
use domain::{ImportId, LockEnd, LockId, Mode, PlanId, Position, SessionEnd, SessionId, Who};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::desk::{Answer, Answered, Extra, Failure, Request};
use crate::service::Service;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  daybook import 100234~2026-2027~1 export/GPU*.TXT --dry-run      what would change, and every fault
  daybook import 100234~2026-2027~1 export/                        all GPU files of a folder
  daybook import 100234~2026-2027~1 export/ --mode replace --json

Files are known by the GPUnnn in their names: 001 timetable, 002 lessons, 003 classes, 004 teachers, 005 rooms, 006 subjects,
007 departments, 010 students, 012 reasons of absence, 013 absences, 014 substitutions, 018 holidays.
All or nothing: a faulty import stores nothing, and a repeated one changes nothing.
Nobody else may be in the plan meanwhile; whoever is there is named.";

/// A lease is renewed so often while an import runs; the shortest sensible lease is several times that.
const CONTACT_EVERY: Duration = Duration::from_secs(1);

/// Imports Untis GPU files into a plan, as the operator of the host.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// The plan: 100234~2026-2027~1.
    plan: PlanId,
    /// The files, or folders with GPU files in them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<std::path::PathBuf>,
    /// What empty fields and missing records mean.
    #[arg(long, env = "DAYBOOK_MODE", value_enum, default_value_t = ModeArg::Merge)]
    mode: ModeArg,
    /// Where the lessons come from.
    #[arg(long, env = "DAYBOOK_LESSONS", value_enum, default_value_t = LessonsArg::File)]
    lessons: LessonsArg,
    /// Names that neither the files nor the plan know become records, in place of a fault.
    #[arg(long, env = "DAYBOOK_CREATE_MISSING", value_parser = BoolishValueParser::new())]
    create_missing: bool,
    /// Says what would change and changes nothing.
    #[arg(long, env = "DAYBOOK_DRY_RUN", value_parser = BoolishValueParser::new())]
    dry_run: bool,
    /// The period whose timetable GPU001 holds; else the one of today, else the first.
    #[arg(long, env = "DAYBOOK_PERIOD", value_name = "NAME")]
    period: Option<String>,
    /// Takes in the records of this department alone.
    #[arg(long, env = "DAYBOOK_DEPARTMENT", value_name = "NAME")]
    department: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// An empty field leaves what there is, and so does a missing record.
    Merge,
    /// An empty field unsets, and records of a given file's kind that it lacks are removed.
    Replace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LessonsArg {
    /// GPU002, or the plan where it is not given.
    File,
    /// The rows of GPU001, for schools whose two files do not fit together.
    FromTimetable,
}

/// Carries it out.
pub async fn import(args: ImportArgs) -> Result<(), Failed> {
    let given = files::read(&args.files)?;
    let wanted = ImportFiles {
        mode: match args.mode {
            ModeArg::Merge => ImportMode::Merge,
            ModeArg::Replace => ImportMode::Replace,
        },
        lessons: match args.lessons {
            LessonsArg::File => LessonSource::File,
            LessonsArg::FromTimetable => LessonSource::Timetable,
        },
        create_missing: args.create_missing,
        period: args.period.clone(),
        department: args.department.clone(),
        ..of_files(&args.plan, given.rows)
    };
    let dry_run = args.dry_run;
    let done = args
        .database
        .with_service_told(async |service| match dry_run {
            true => preview(service, &wanted).await,
            false => carry_out(service, wanted.clone()).await,
        })
        .await;
    let done = done.map_err(|failed| worded(failed, &args.plan, &given.paths))?;
    if args.answer.json {
        say_json(&done);
    } else {
        say(told::report(&done, &args.plan, dry_run));
    }
    Ok(())
}

/// An import of files with the usual options.
pub fn of_files(plan: &PlanId, files: GpuFiles) -> ImportFiles {
    ImportFiles {
        plan: plan.clone(),
        import: ImportId(Uuid::now_v7()),
        files: Arc::new(files),
        mode: ImportMode::Merge,
        lessons: LessonSource::File,
        create_missing: false,
        period: None,
        department: None,
        lock: None,
        report: ReportSlot::default(),
    }
}

/// Imports as the HTTP interface does: logs in to the plan, takes the lock, imports, gives the lock back, logs out.
pub async fn carry_out(service: &Service, mut wanted: ImportFiles) -> Result<Json, Failed> {
    let (plan, session, lock) = (wanted.plan.clone(), SessionId(Uuid::now_v7()), LockId(Uuid::now_v7()));
    let desk = &service.desk;
    let log_in = LogIn {
        plan: Some(plan.clone()),
        session,
        mode: Some(Mode::Timetable),
        period: wanted.period.clone(),
        client: Some("daybook import".to_owned()),
        resumed: false,
        replaces: None,
    };
    let contact = |id: Uuid| Extra { contacts: vec![id], ..Extra::default() };
    desk.execute(Request::of(Who::Operator), log_in, contact(session.0), |_, _| Answer::empty(201)).await?;
    let request = Request::of(Who::Operator).in_session(session);
    let work = async {
        let ask = RequestLock { plan: plan.clone(), lock, action: wanted.action(), periods: None };
        desk.execute(request.clone(), ask, contact(lock.0), |_, _| Answer::empty(201)).await?;
        wanted.lock = Some(lock);
        let report = wanted.report.clone();
        let id = wanted.import;
        let extra = Extra { cause: Some(format!("import {id}")), ..Extra::default() };
        let done = desk.execute(request.clone(), wanted, extra, |_, _| Answer::empty(201)).await?;
        let end = EndLock { plan: plan.clone(), lock, reason: LockEnd::Released };
        desk.execute(request.clone(), end, Extra::default(), |_, _| Answer::empty(204)).await?;
        Ok(answer(Some(id), &report, Some(&done)))
    };
    let done = tokio::select! {
        done = work => done,
        () = keep_contact(service, [session.0, lock.0]) => Err(Failure::Unavailable.into()),
    };
    let end = EndSession { plan: Some(plan), session, reason: SessionEnd::LoggedOut };
    let ended = desk.execute(request, end, Extra::default(), |_, _| Answer::empty(204)).await;
    if let Err(failure) = ended {
        // It ends for lack of contact then.
        tracing::warn!(?failure, "the import could not log out");
    }
    done
}

/// Says what an import would do. It takes no lock, so others may be in the plan.
async fn preview(service: &Service, wanted: &ImportFiles) -> Result<Json, Failed> {
    let (now, today) = (service.desk.now(), service.desk.today());
    let report = service
        .desk
        .look(Some(&wanted.plan), |office| {
            let mut new_id = Uuid::now_v7;
            let mut ask =
                Ask { who: Who::Operator, session: None, now, today, new_id: &mut new_id, history: None };
            wanted.preview(office, &mut ask).map(|outcome| outcome.report)
        })
        .await?
        .map_err(Failure::from)?;
    let slot = ReportSlot::default();
    *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(report);
    Ok(answer(None, &slot, None))
}

/// The import as the HTTP interface shows it.
fn answer(id: Option<ImportId>, report: &ReportSlot, done: Option<&Answered>) -> Json {
    let report: Option<ImportReport> =
        report.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    let mut shown = serde_json::to_value(report).unwrap_or_default();
    let position = done.map(|done: &Answered| -> Position { done.position });
    if let Json::Object(members) = &mut shown {
        members.insert("import".to_owned(), json!(id));
        members.insert("position".to_owned(), json!(position.map(|position| position.to_string())));
    }
    shown
}

/// Never comes back: the session and its lock are heard of as long as the import runs.
async fn keep_contact(service: &Service, contacts: [Uuid; 2]) {
    loop {
        tokio::time::sleep(CONTACT_EVERY).await;
        // A ledger that is away is told by the import itself, and its time counts towards no deadline.
        let _ = service.ledger.touch_contacts(&contacts).await;
    }
}

fn worded(failed: Failed, plan: &PlanId, paths: &files::Paths) -> Failed {
    if let Some(faults) = told::faults(&failed, paths) {
        return failed.when("import-faults", faults, "Nothing was stored.");
    }
    let absent = format!("there is no plan {plan}");
    failed.when(
        "not-found",
        absent,
        format!("`daybook plan add {plan}` makes it, `daybook plan list` shows them all."),
    )
}
