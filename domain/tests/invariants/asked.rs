//! Everything that anybody may ask for in a small school, sensible or not.

use std::sync::Arc;

use domain::command::change_session::ChangeSession;
use domain::command::end_lock::EndLock;
use domain::command::end_session::EndSession;
use domain::command::log_in::LogIn;
use domain::command::remove_record::RemoveRecord;
use domain::command::request_lock::RequestLock;
use domain::command::write_record::{How, Target, WriteRecord};
use domain::command::{CarriedLock, Precondition};
use domain::import::{ImportFiles, ImportMode, LessonSource, ReportSlot};
use domain::{
    Action, ImportId, Kind, LockEnd, LockId, Mode, Refusal, SessionEnd, SessionId, Who, read_fields,
};
use serde_json::Value as Json;

use crate::desk::Desk;
use crate::drawn::NAMES;
use crate::what::{Based, What};

/// One thing that is asked for. Numbers choose among what is there.
#[derive(Debug, Clone)]
pub enum Asked {
    LogIn {
        person: usize,
        mode: Option<Mode>,
        site: bool,
        /// The token of his last session is lost: this one takes its place.
        instead: bool,
    },
    /// A session that lost contact is opened anew.
    Resume {
        which: usize,
    },
    LogOut {
        which: usize,
        site: bool,
    },
    Expire {
        which: usize,
    },
    Change {
        which: usize,
        mode: Option<Mode>,
        activity: Option<&'static str>,
    },
    Lock {
        which: usize,
        action: Action,
    },
    Release {
        which: usize,
        lock: usize,
    },
    LockExpires {
        lock: usize,
    },
    Write {
        which: usize,
        what: What,
        based: Based,
        carries: Option<usize>,
        for_period: bool,
        disjoint: bool,
    },
    Remove {
        which: usize,
        kind: Kind,
        name: &'static str,
        based: Based,
        carries: Option<usize>,
    },
    Unplace {
        which: usize,
        lesson: &'static str,
        n: u32,
        based: Based,
    },
    Import {
        which: usize,
        carries: Option<usize>,
        replace: bool,
        missing: bool,
        rows: Vec<(u32, usize, usize)>,
    },
    /// The holder of an import lock, whoever he is, imports.
    ImportByHolder {
        replace: bool,
        missing: bool,
        rows: Vec<(u32, usize, usize)>,
    },
}

impl Asked {
    /// Asks for it; the refusal, if it is one.
    pub fn ask(&self, desk: &mut Desk) -> Option<Refusal> {
        let plan = desk.here();
        match self {
            Asked::LogIn { person, mode, site, instead } => {
                let session = SessionId(desk.id());
                let who = Who::User(desk.people[*person]);
                let sessions = if *site { &desk.now.sessions } else { &desk.plan().sessions };
                let own = sessions.iter().find(|own| *instead && own.who == who).map(|own| own.id);
                let command = LogIn {
                    plan: (!site).then_some(plan),
                    session,
                    mode: mode.filter(|_| !site),
                    period: None,
                    client: None,
                    resumed: false,
                    replaces: own,
                };
                desk.ask(who, None, &command).err()
            }
            Asked::Resume { which } => {
                let lost = desk.lost.get(*which).copied()?;
                // The door lets nobody come back who has left for another reason.
                let ended =
                    desk.plan().sessions.ended(lost).filter(|it| it.reason == SessionEnd::ContactLost)?;
                let who = ended.session.who;
                let command = LogIn {
                    plan: Some(plan),
                    session: lost,
                    mode: None,
                    period: None,
                    client: None,
                    resumed: true,
                    replaces: None,
                };
                desk.ask(who, None, &command).err()
            }
            Asked::LogOut { site: true, which } => {
                let (who, session) = desk.now.sessions.iter().nth(*which).map(|it| (it.who, it.id))?;
                let command = EndSession { plan: None, session, reason: SessionEnd::LoggedOut };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::LogOut { which, .. } => {
                let (who, session) = present(desk, *which)?;
                let command = EndSession { plan: Some(plan), session, reason: SessionEnd::LoggedOut };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Expire { which } => {
                let (_, session) = present(desk, *which)?;
                desk.lost.insert(0, session);
                let command = EndSession { plan: Some(plan), session, reason: SessionEnd::ContactLost };
                desk.ask(Who::System, None, &command).err()
            }
            Asked::Change { which, mode, activity } => {
                let (who, session) = present(desk, *which)?;
                let activity = activity.map(str::to_owned);
                let command = ChangeSession { plan: Some(plan), mode: *mode, period: None, activity };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Lock { which, action } => {
                let (who, session) = editing(desk, *which)?;
                let lock = LockId(desk.id());
                desk.locks.insert(0, lock);
                let periods = match action {
                    Action::Optimise => Some(vec![["1", "1", "2"][which % 3].to_owned()]),
                    Action::OptimiseMany => Some(vec!["1".to_owned(), "2".to_owned()]),
                    _ => None,
                };
                let command = RequestLock { plan, lock, action: *action, periods };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Release { which, lock } => {
                let (who, session) = present(desk, *which)?;
                let lock = desk.locks.get(*lock).copied()?;
                let command = EndLock { plan, lock, reason: LockEnd::Released };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::LockExpires { lock } => {
                let lock = desk.locks.get(*lock).copied()?;
                let command = EndLock { plan, lock, reason: LockEnd::NotRenewed };
                desk.ask(Who::System, None, &command).err()
            }
            Asked::Write { which, what, based, carries, for_period, disjoint } => {
                let (target, how, body) = what.body();
                let kind = target.kind();
                let (who, session) = in_cover(desk, kind).or_else(|| editing(desk, *which))?;
                let precondition = based.of(desk, &target);
                let how = if precondition == Precondition::Absent { How::Put } else { how };
                let Json::Object(object) = body else { unreachable!("bodies are objects") };
                let command = WriteRecord {
                    plan,
                    how,
                    body: read_fields(kind, &object).map_err(|faults| Refusal::invalid(&faults)),
                    room: None,
                    period: for_period.then(|| "1".to_owned()),
                    precondition,
                    lock: carried(desk, *carries),
                    disjoint: *disjoint,
                    target,
                };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Remove { which, kind, name, based, carries } => {
                let (who, session) = in_cover(desk, *kind).or_else(|| editing(desk, *which))?;
                let target = Target::Named(*kind, (*name).to_owned());
                let precondition = based.of(desk, &target);
                let lock = carried(desk, *carries);
                let command = RemoveRecord { plan, target, period: None, precondition, lock, shape: Ok(()) };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Unplace { which, lesson, n, based } => {
                let (who, session) = editing(desk, *which)?;
                let target = Target::Hour { lesson: (*lesson).to_owned(), n: *n };
                let precondition = based.of(desk, &target);
                let command =
                    RemoveRecord { plan, target, period: None, precondition, lock: None, shape: Ok(()) };
                desk.ask(who, Some(session), &command).err()
            }
            Asked::Import { which, carries, replace, missing, rows } => {
                let (who, session) = present(desk, *which)?;
                let lock = carried(desk, *carries);
                let command = import(desk, lock, *replace, *missing, rows);
                desk.ask(who, Some(session), &command).err()
            }
            Asked::ImportByHolder { replace, missing, rows } => {
                let lock = desk.plan().locks().find(|lock| lock.action == Action::DataImport)?;
                let (lock, session) = (lock.id, lock.session);
                let who = desk.plan().sessions.get(session)?.who;
                let command = import(desk, Some(lock), *replace, *missing, rows);
                desk.ask(who, Some(session), &command).err()
            }
        }
    }
}

pub fn present(desk: &Desk, which: usize) -> Option<(Who, SessionId)> {
    let count = desk.plan().sessions.len();
    desk.plan().sessions.iter().nth(which % count.max(1)).map(|session| (session.who, session.id))
}

/// Somebody who is there to edit; now and then, anybody.
pub fn editing(desk: &Desk, which: usize) -> Option<(Who, SessionId)> {
    let mut editing = desk.plan().sessions.iter().filter(|it| it.mode == Mode::Timetable);
    let editing = if which == 0 { None } else { editing.nth(which % 2) };
    editing.map(|session| (session.who, session.id)).or_else(|| present(desk, which))
}

/// Who plans cover, whoever it is, where cover is written.
fn in_cover(desk: &Desk, kind: Kind) -> Option<(Who, SessionId)> {
    let mut covering = desk.plan().sessions.iter().filter(|it| kind.is_of_cover() && it.mode == Mode::Cover);
    covering.next().map(|session| (session.who, session.id))
}

pub fn carried(desk: &Desk, which: Option<usize>) -> CarriedLock {
    which.and_then(|which| desk.locks.get(which).copied())
}

fn import(
    desk: &mut Desk,
    lock: CarriedLock,
    replace: bool,
    create_missing: bool,
    rows: &[(u32, usize, usize)],
) -> ImportFiles {
    let lessons: String = rows
        .iter()
        .map(|(number, class, teacher)| format!("{number};2;;;{};{};A;\n", NAMES[*class], NAMES[*teacher]))
        .collect();
    let hours: String = rows
        .iter()
        .map(|(number, class, teacher)| {
            format!("{number};{};{};A;;{};{number};;\n", NAMES[*class], NAMES[*teacher], class + 1)
        })
        .collect();
    let teachers = "A;Alt\nB;Bauer\n".to_owned();
    let files = [("GPU002.TXT", lessons), ("GPU001.TXT", hours), ("GPU004.TXT", teachers)];
    let files: Vec<_> = files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    ImportFiles {
        plan: desk.here(),
        import: ImportId(desk.id()),
        files: Arc::new(domain::gpu::read(&files)),
        mode: if replace { ImportMode::Replace } else { ImportMode::Merge },
        lessons: LessonSource::File,
        create_missing,
        period: None,
        department: None,
        lock,
        report: ReportSlot::default(),
    }
}
