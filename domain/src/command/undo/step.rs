//! One change taken back: what it leads to, and whether it may.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Ask, Done, DoneWhat, Obstruction, Office, Work};
use crate::command::Precondition;
use crate::command::block::{action_of, check_block, check_blocks, check_lock};
use crate::command::remove_record::{leaving, removed};
use crate::command::stale::{Judged, check_stale, stale_removed};
use crate::command::write_record::dated::periods_touched;
use crate::command::write_record::{check_right, class_of, sealed};
use crate::{
    Action, Class, Event, FieldChange, FieldName, Fields, Kind, Record, RecordChanged, RecordCreated,
    RecordId, Refusal, RefusalCode, Value, Wanted, named as by_names,
};
use serde_json::json;

impl Work<'_> {
    /// What takes the change back; nothing when that has happened.
    pub(super) fn decide(
        &self,
        office: &Office<'_>,
        ask: &mut Ask<'_>,
        done: &Done,
    ) -> Result<Vec<Event>, Obstruction> {
        match &done.what {
            DoneWhat::Created(e) => self.unmake(office, ask, done, e),
            DoneWhat::Changed(e) => self.set_back(office, ask, done, e),
            DoneWhat::Removed { was, revision, .. } => self.make_again(office, ask, done, was, *revision),
        }
    }

    fn unmake(
        &self,
        office: &Office<'_>,
        ask: &mut Ask<'_>,
        done: &Done,
        e: &RecordCreated,
    ) -> Result<Vec<Event>, Obstruction> {
        if e.kind.is_singleton() {
            let detail = "a plan always has its time grid and its school data";
            return Err(Refusal::fault("", detail).into());
        }
        let Some(record) = self.scratch.record(e.record) else { return Ok(Vec::new()) };
        let made = Record::made(e, 0);
        let touched = Touched {
            kind: e.kind,
            class: e.kind.removal_class(),
            before: None,
            after: &record.fields,
            period: record.hour_of.map(|hour| hour.period),
        };
        self.check_allowed(office, ask, done, &touched)?;
        if record.fields != made.fields || !record.by_period.is_empty() {
            return Err(self.stale(office, ask, record, e.revision, None)?);
        }
        if e.kind == Kind::Periods && self.scratch.records_of(Kind::Periods).count() == 1 {
            return Err(Refusal::fault("", "a plan has at least one period").into());
        }
        let mut events = Vec::new();
        if e.kind == Kind::Periods {
            events.extend(leaving(&self.scratch, record.id, ask.today).map(|(_, event)| event));
        }
        events.push(removed(record, None).into());
        Ok(events)
    }

    fn set_back(
        &self,
        office: &Office<'_>,
        ask: &mut Ask<'_>,
        done: &Done,
        e: &RecordChanged,
    ) -> Result<Vec<Event>, Obstruction> {
        let there = self.scratch.record(e.record);
        let none = Fields::new();
        let own = there.map_or(&none, |record| match e.period {
            None => &record.fields,
            Some(period) => record.by_period.get(&period).unwrap_or(&none),
        });
        let stands = |value: &Option<Value>, field: &str| own.get(field) == value.as_ref().map(Value::open);
        let standing: Vec<&FieldChange> =
            e.changes.iter().filter(|change| !stands(&change.from, &change.field)).collect();
        if there.is_some() && standing.is_empty() {
            return Ok(Vec::new());
        }
        let back: Vec<FieldChange> = standing
            .iter()
            .map(|change| FieldChange {
                field: change.field.clone(),
                from: change.to.clone(),
                to: change.from.clone(),
            })
            .collect();
        let mut after = own.clone();
        for change in &back {
            let Some(field) = e.kind.field(&change.field) else { continue };
            match &change.to {
                Some(value) => after.insert(field.name, value.open().clone()),
                None => after.remove(field.name),
            };
        }
        let touched = Touched {
            kind: e.kind,
            class: class_of(e.kind, &back),
            before: Some(own),
            after: &after,
            period: there.and_then(|record| record.hour_of).map(|hour| hour.period).or(e.period),
        };
        self.check_allowed(office, ask, done, &touched)?;
        let Some(record) = there else {
            return Err(stale_removed(office, ask, e.kind, e.record, e.revision)?);
        };
        if standing.iter().any(|change| !stands(&change.to, &change.field)) {
            return Err(self.stale(office, ask, record, e.revision, Some((e, &back)))?);
        }
        self.check_name(e.kind, Some(e.record), &after)?;
        let (kind, revision, period) = (e.kind, record.revision + 1, e.period);
        let changed = RecordChanged { record: e.record, kind, revision, period, changes: back, import: None };
        Ok(vec![changed.into()])
    }

    fn make_again(
        &self,
        office: &Office<'_>,
        ask: &mut Ask<'_>,
        done: &Done,
        was: &Record,
        revision: u64,
    ) -> Result<Vec<Event>, Obstruction> {
        if self.scratch.record(was.id).is_some() {
            return Ok(Vec::new());
        }
        let touched = Touched {
            kind: was.kind,
            class: was.kind.creation_class(),
            before: None,
            after: &was.fields,
            period: was.hour_of.map(|hour| hour.period),
        };
        self.check_allowed(office, ask, done, &touched)?;
        self.check_name(was.kind, None, &was.fields)?;
        if let Some(other) = was.hour_of.and_then(|hour| self.scratch.placement(&hour)) {
            let members = json!({ "record": self.scratch.subject_of(other) });
            return Err(Refusal::with(RefusalCode::Exists, members).into());
        }
        // Revisions count on from where the record ended, and from where whoever had its name since did.
        let used = match (was.hour_of, was.name()) {
            (Some(hour), _) => self.scratch.last_revision_of_hour(&hour),
            (None, Some(name)) => self.scratch.last_revision(was.kind, name),
            (None, None) => 0,
        };
        let first = used.max(revision) + 1;
        let made = RecordCreated {
            record: was.id,
            kind: was.kind,
            revision: first,
            hour_of: was.hour_of,
            fields: sealed_fields(was, &was.fields),
            import: None,
        };
        let mut events = vec![made.into()];
        for (revision, (period, own)) in (first + 1..).zip(&was.by_period) {
            let change = |(field, value)| FieldChange { field, from: None, to: Some(value) };
            let changes = sealed_fields(was, own).into_iter().map(change).collect();
            let (record, kind, period) = (was.id, was.kind, Some(*period));
            events.push(RecordChanged { record, kind, revision, period, changes, import: None }.into());
        }
        Ok(events)
    }

    /// Right, mode, lock, and what others do at the time: as for any change of this class.
    fn check_allowed(
        &self,
        office: &Office<'_>,
        ask: &Ask<'_>,
        done: &Done,
        touched: &Touched<'_>,
    ) -> Result<(), Refusal> {
        let of_import = done.is_of_import();
        if of_import && self.under_import {
            return office.check_needs(crate::command::Needs::Right(crate::Right::Import), ask.who);
        }
        let so_far = Office { plan: Some(&self.scratch), ..office.clone() };
        let session = so_far.own_session(ask)?;
        let Touched { kind, class, before, after, period } = *touched;
        let about = |refusal: Refusal| refusal.about(kind, Some(done.record()));
        check_right(&so_far, ask, session, kind, class)?;
        if class == Class::Exclusive {
            let own = [action_of(kind)];
            let with_import = [own[0], Action::DataImport, Action::DepartmentImport];
            let actions = if of_import { &with_import[..] } else { &own[..] };
            check_lock(&self.scratch, session, self.lock, actions).map_err(about)?;
        }
        if kind.is_of_cover() {
            let periods = periods_touched(&self.scratch, kind, before, after);
            check_blocks(&so_far, session, class, &periods, ask.today).map_err(about)
        } else {
            check_block(&so_far, session, class, period, ask.today).map_err(about)
        }
    }

    /// 409 `exists` when another has the name meanwhile.
    fn check_name(&self, kind: Kind, own: Option<RecordId>, after: &Fields) -> Result<(), Refusal> {
        let name = after.get("id").and_then(Value::text);
        match name.and_then(|name| self.scratch.named(kind, name)) {
            Some(other) if Some(other.id) != own => {
                let members = json!({ "record": self.scratch.subject_of(other) });
                Err(Refusal::with(RefusalCode::Exists, members))
            }
            _ => Ok(()),
        }
    }

    /// 412: somebody has changed since what is to be taken back.
    fn stale(
        &self,
        office: &Office<'_>,
        ask: &Ask<'_>,
        record: &Arc<Record>,
        revision: u64,
        back: Option<(&RecordChanged, &[FieldChange])>,
    ) -> Result<Obstruction, Obstruction> {
        let (kind, period) = (record.kind, back.and_then(|(e, _)| e.period));
        let Some(there) = self.base.record(record.id) else {
            return stale_removed(office, ask, kind, record.id, revision);
        };
        let resolved = back.map_or(&[][..], |(_, back)| back);
        let wanted: Vec<Wanted> = resolved
            .iter()
            .filter_map(|change| {
                let value =
                    change.to.as_ref().map(|value| by_names(value.open(), |id| self.base.name_of(id)));
                Some((kind.field(&change.field)?, value))
            })
            .collect();
        // No revision is of this epoch, so that it is stale whatever has become of the record.
        let precondition = Precondition::Revisions(vec![(-1, revision)]);
        let judged =
            Judged { precondition: &precondition, wanted: &wanted, resolved, period, disjoint: false };
        match check_stale(office, ask, there, &judged) {
            Err(obstruction) => Ok(obstruction),
            Ok(()) => Ok(Refusal::bare(RefusalCode::Stale).into()),
        }
    }
}

/// What taking a change back touches.
struct Touched<'a> {
    kind: Kind,
    class: Class,
    before: Option<&'a Fields>,
    after: &'a Fields,
    period: Option<RecordId>,
}

fn sealed_fields(record: &Record, fields: &Fields) -> BTreeMap<FieldName, Value> {
    let sealed = |(name, value): (&&'static str, &Value)| {
        Some((FieldName::Borrowed(*name), sealed(record.kind.field(name)?, record.id, value.clone())))
    };
    fields.iter().filter_map(sealed).collect()
}
