//! What the records of a plan are to be after an import, and how that differs from what they are.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::department;
use super::{EVENTS_MAX, ImportFiles, ImportMode, ImportOutcome, ImportReport};
use crate::command::write_record::{differences, sealed};
use crate::gpu::{FAULTS_MAX, Faults, GpuFiles};
use crate::{
    Event, FieldName, Fields, HourOf, ImportCount, Kind, Plan, Record, RecordChanged, RecordCreated,
    RecordId, Value,
};

/// Warnings that are told one by one; the rest is only counted.
const WARNINGS_MAX: usize = 1_000;

/// The field of a file that something was read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub file: &'a str,
    pub line: u32,
    pub column: u32,
}

/// One record as it is to be.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub id: RecordId,
    pub kind: Kind,
    pub hour_of: Option<HourOf>,
    pub before: Option<&'a Record>,
    pub after: Fields,
}

/// An import that is being worked out.
pub(super) struct Draft<'a> {
    pub import: &'a ImportFiles,
    /// Its files, or the rows of them that belong to its department.
    pub files: &'a GpuFiles,
    pub plan: &'a Plan,
    /// The period whose placements GPU001 holds.
    pub period: RecordId,
    new_id: &'a mut dyn FnMut() -> Uuid,
    names: HashMap<Kind, HashMap<&'a str, usize>>,
    wanted: Vec<Wanted<'a>>,
    /// Records of the plan that the files say something about.
    touched: HashMap<RecordId, usize>,
    /// Records that a file of their kind lacks, but that other rows name where unknown names may become records.
    named: HashSet<RecordId>,
    pub faults: Faults,
    warnings: Vec<String>,
    warnings_more: u64,
    pub ignored: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Nothing said yet; the faults of reading are taken over.
    pub fn new(
        import: &'a ImportFiles,
        files: &'a GpuFiles,
        plan: &'a Plan,
        period: RecordId,
        new_id: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        Draft {
            import,
            files,
            plan,
            period,
            new_id,
            names: HashMap::new(),
            wanted: Vec::new(),
            touched: HashMap::new(),
            named: HashSet::new(),
            faults: files.faults.clone(),
            warnings: files.warnings.clone(),
            warnings_more: 0,
            ignored: files.ignored.clone(),
        }
    }

    /// Whether empty fields unset and missing records go.
    pub fn replaces(&self) -> bool {
        self.import.mode == ImportMode::Replace
    }

    /// Tells something odd.
    pub fn warn(&mut self, warning: impl FnOnce() -> String) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(warning());
        } else {
            self.warnings_more += 1;
        }
    }

    /// Tells a fault.
    pub fn fault(&mut self, place: Place<'_>, detail: impl std::fmt::Display) {
        self.faults.push(place.file, place.line, place.column, detail);
    }

    /// The record of that name as it is to be; it is made where there is none.
    pub fn declare(&mut self, kind: Kind, name: &'a str) -> usize {
        if let Some(&at) = self.names.get(&kind).and_then(|names| names.get(name)) {
            return at;
        }
        let before = self.plan.named(kind, name).map(AsRef::as_ref);
        let at = self.want(kind, None, before);
        self.wanted[at].after.entry("id").or_insert_with(|| Value::Text(name.into()));
        self.names.entry(kind).or_default().insert(name, at);
        at
    }

    /// A record as it is to be, beginning with what it is.
    pub fn want(&mut self, kind: Kind, hour_of: Option<HourOf>, before: Option<&'a Record>) -> usize {
        let id = before.map_or_else(|| RecordId((self.new_id)()), |record| record.id);
        let after = before.map(|record| record.fields.clone()).unwrap_or_default();
        self.wanted.push(Wanted { id, kind, hour_of, before, after });
        if before.is_some() {
            self.touched.insert(id, self.wanted.len() - 1);
        }
        self.wanted.len() - 1
    }

    /// A record that was declared or wanted.
    pub fn wanted(&mut self, at: usize) -> &mut Wanted<'a> {
        &mut self.wanted[at]
    }

    /// What is wanted of a record of the plan, when the files say something about it.
    pub fn touched(&self, id: RecordId) -> Option<&Wanted<'a>> {
        self.touched.get(&id).map(|&at| &self.wanted[at])
    }

    /// Whether a record goes because a file of its kind is given and replaces, but does not list it.
    pub fn goes(&self, record: &Record) -> bool {
        let department = self.import.department.as_deref();
        self.replaces()
            && self.file_of(record.kind).is_some()
            && !self.touched.contains_key(&record.id)
            && !self.named.contains(&record.id)
            && department.is_none_or(|name| department::owns(self.plan, name, record))
    }

    /// Whether a file lists the name.
    pub fn is_declared(&self, kind: Kind, name: &str) -> bool {
        self.names.get(&kind).is_some_and(|names| names.contains_key(name))
    }

    /// The id of a record that a field names; an unknown one is a fault, or becomes a record.
    pub fn refer(&mut self, kind: Kind, name: &'a str, place: Place<'a>) -> Option<RecordId> {
        if let Some(&at) = self.names.get(&kind).and_then(|names| names.get(name)) {
            return Some(self.wanted[at].id);
        }
        let known = self.plan.named(kind, name);
        match known {
            Some(record) if self.goes(record) => {
                if self.import.create_missing {
                    self.named.insert(record.id);
                    return Some(record.id);
                }
                let file = self.file_of(kind).unwrap_or_default();
                self.fault(
                    place,
                    format_args!("{name:?} of the {kind} would be removed: {file} does not list it"),
                );
                None
            }
            Some(record) => Some(record.id),
            None if self.import.create_missing => {
                let at = self.declare(kind, name);
                Some(self.wanted[at].id)
            }
            None => {
                self.fault(place, format_args!("{name:?} is not among the {kind} of the files and the plan"));
                None
            }
        }
    }

    /// Like [`Draft::refer`], for a field that may be empty.
    pub fn refer_opt(&mut self, kind: Kind, name: &'a Option<String>, place: Place<'a>) -> Option<RecordId> {
        name.as_deref().and_then(|name| self.refer(kind, name, place))
    }

    /// Compares what is wanted with what is.
    pub fn finish(mut self) -> Result<ImportOutcome, Faults> {
        let removed = self.removals();
        let mut counts = self.empty_counts();
        let mut order: Vec<usize> = (0..self.wanted.len()).collect();
        // The time grid first: no placement ever stands outside of it.
        order.sort_by_key(|&at| (self.wanted[at].kind != Kind::TimeGrid, self.wanted[at].kind));
        let mut events = Vec::new();
        for at in order {
            let wanted = &mut self.wanted[at];
            let count = counts.entry(wanted.kind).or_default();
            match wanted.before {
                None => {
                    count.created += 1;
                    events.push(created(self.plan, self.import, wanted));
                }
                Some(before) => match changed(self.import, before, &wanted.after) {
                    Some(event) => {
                        count.changed += 1;
                        events.push(event);
                    }
                    None => count.unchanged += 1,
                },
            }
        }
        for event in removed {
            counts.entry(event.kind).or_default().removed += 1;
            events.push(event.into());
        }
        if events.len() >= EVENTS_MAX {
            let file = self.files.files.first().map_or("", |file| &file.file);
            let detail = format!("the files lead to {} events; {EVENTS_MAX} are the most", events.len() + 1);
            self.faults.push(file, 1, 0, detail);
        }
        if !self.faults.is_empty() {
            return Err(self.sorted_faults());
        }
        if self.warnings_more > 0 {
            self.warnings.push(format!("{} more warnings", self.warnings_more));
        }
        let files = self.files.files.clone();
        let report = ImportReport { files, counts, warnings: self.warnings, ignored: self.ignored };
        Ok(ImportOutcome { events, report })
    }

    /// A count for each kind that a file was given of, also where nothing was touched.
    fn empty_counts(&self) -> BTreeMap<Kind, ImportCount> {
        let given = Kind::ALL.into_iter().filter(|&kind| self.file_of(kind).is_some());
        given.map(|kind| (kind, ImportCount::default())).collect()
    }

    /// The faults as a reader of the files meets them.
    fn sorted_faults(mut self) -> Faults {
        let names: Vec<&str> = self.files.files.iter().map(|file| file.file.as_str()).collect();
        let file = |name: &str| names.iter().position(|file| *file == name);
        self.faults.items.sort_by_key(|fault| (file(&fault.file), fault.line, fault.column));
        self.faults.items.truncate(FAULTS_MAX);
        self.faults
    }
}

fn created(plan: &Plan, import: &ImportFiles, wanted: &mut Wanted<'_>) -> Event {
    let (kind, id) = (wanted.kind, wanted.id);
    let last = match (wanted.hour_of, wanted.after.get("id").and_then(Value::text)) {
        (Some(hour_of), _) => plan.last_revision_of_hour(&hour_of),
        (None, Some(name)) => plan.last_revision(kind, name),
        (None, None) => 0,
    };
    let fields = std::mem::take(&mut wanted.after)
        .into_iter()
        .filter_map(|(name, value)| Some((FieldName::Borrowed(name), sealed(kind.field(name)?, id, value))))
        .collect();
    let (hour_of, import) = (wanted.hour_of, Some(import.import));
    RecordCreated { record: id, kind, revision: last + 1, hour_of, fields, import }.into()
}

fn changed(import: &ImportFiles, before: &Record, after: &Fields) -> Option<Event> {
    let changes = differences(before.kind, before.id, Some(&before.fields), after);
    (!changes.is_empty()).then(|| {
        RecordChanged {
            record: before.id,
            kind: before.kind,
            revision: before.revision + 1,
            period: None,
            changes,
            import: Some(import.import),
        }
        .into()
    })
}
