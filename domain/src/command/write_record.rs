//! Making and changing records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::block::{action_of, check_block, check_blocks, check_lock};
use super::stale::{Judged, check_stale, stale_gone};
use super::{Ask, CarriedLock, Command, Decision, Needs, Obstruction, Office, Precondition, Stream};
use crate::{
    Class, Event, Field, FieldChange, FieldFault, FieldName, Fields, Form, HourOf, Kind, Plan, PlanId,
    Record, RecordChanged, RecordCreated, RecordId, Refusal, RefusalCode, Right, Session, Value, Wanted,
    name_fault,
};

mod check;
pub(crate) mod dated;
mod rights;
mod values;

pub(super) use rights::{check_right, needs, right_of};
use values::same_but_rooms;
pub(super) use values::set_room;
pub use values::{differences, sealed};

pub(super) use check::{check_placement, check_standing, resolve};

/// Makes or changes one record.
#[derive(Debug, Clone)]
pub struct WriteRecord {
    /// The plan.
    pub plan: PlanId,
    /// Which record.
    pub target: Target,
    /// Whether fields that are not named keep their values.
    pub how: How,
    /// The fields, or what is wrong with the body.
    pub body: Result<Vec<Wanted>, Refusal>,
    /// A room for all rows of a placement; `Some(None)` unsets it.
    pub room: Option<Option<String>>,
    /// The name of the period whose own values are written.
    pub period: Option<String>,
    /// On what the change is based.
    pub precondition: Precondition,
    /// The lock that it carries.
    pub lock: CarriedLock,
    /// Whether a stale change may pass when nobody else touched its fields.
    pub disjoint: bool,
}

/// The record that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// By kind and name.
    Named(Kind, String),
    /// A new one; the body may name it, else it gets the next number.
    New(Kind),
    /// An hour of a lesson; the period is the command's or else the session's.
    Hour {
        /// The name of the lesson.
        lesson: String,
        /// From 1.
        n: u32,
    },
    /// The one of its kind.
    Singleton(Kind),
}

/// How a body is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The record as a whole: what is not named is unset.
    Put,
    /// What is not named stays.
    Patch,
}

impl Target {
    /// The kind of record.
    pub fn kind(&self) -> Kind {
        match self {
            Target::Named(kind, _) | Target::New(kind) | Target::Singleton(kind) => *kind,
            Target::Hour { .. } => Kind::Placements,
        }
    }
}

impl Command for WriteRecord {
    fn needs(&self) -> Needs {
        needs(self.target.kind())
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let plan = office.plan()?;
        let kind = self.target.kind();
        let hour_of = self.hour_of(plan, session)?;
        self.check_mode(office, ask, session)?;
        let there = self.find(plan, hour_of)?;
        if there.is_none() && !self.creates() {
            return Err(self.missing(office, ask, plan)?);
        }
        let wanted = self.body.clone()?;
        if self.precondition == Precondition::None && !matches!(self.target, Target::New(_)) {
            return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
        }
        let period = self.own_period(plan)?;
        if there.is_none() && period.is_some() {
            let detail = "the record has to be there before it can have values for one period";
            return Err(Refusal::fault("/query/period", detail).into());
        }
        let id = there.map_or_else(|| RecordId((ask.new_id)()), |record| record.id);
        let mut faults = Vec::new();
        let before = there.map(|record| match period {
            None => record.fields.clone(),
            Some(period) => record.by_period.get(&period).cloned().unwrap_or_default(),
        });
        let mut after = self.after(plan, before.as_ref(), &wanted, &mut faults);
        if let (Some(hour_of), Some(room)) = (hour_of, &self.room) {
            set_room(plan, hour_of, &mut after, room.as_deref(), &mut faults);
        }
        let changes = differences(kind, id, before.as_ref(), &after);
        let class = self.class(there, &changes, !faults.is_empty());
        if there.is_none() || !changes.is_empty() {
            check_right(office, ask, session, kind, class)?;
        }
        let about = |refusal: Refusal| refusal.about(kind, there.map(|record| record.id));
        if class == Class::Exclusive {
            check_lock(plan, session, self.lock, &[action_of(kind)]).map_err(about)?;
        }
        if kind.is_of_cover() {
            let periods = dated::periods_touched(plan, kind, before.as_ref(), &after);
            check_blocks(office, session, class, &periods, ask.today).map_err(about)?;
        } else {
            let touched = hour_of.map(|hour| hour.period).or(period);
            check_block(office, session, class, touched, ask.today).map_err(about)?;
        }
        if let Some(record) = there {
            let judged = Judged {
                precondition: &self.precondition,
                wanted: &wanted,
                resolved: &changes,
                period,
                disjoint: self.disjoint,
            };
            if !matches!(self.target, Target::New(_)) {
                check_stale(office, ask, record, &judged)?;
            }
        }
        self.check_rules(plan, there, hour_of, period, &after, faults)?;
        Ok(match there {
            None => vec![(Stream::Plan, self.created(plan, id, hour_of, after))],
            Some(_) if changes.is_empty() => Vec::new(),
            Some(record) => vec![(
                Stream::Plan,
                RecordChanged {
                    record: id,
                    kind,
                    revision: record.revision + 1,
                    period,
                    changes,
                    import: None,
                }
                .into(),
            )],
        })
    }
}

/// The strictest class of changes of a record; a placement of which only rooms change is of the room class.
pub(super) fn class_of(kind: Kind, changes: &[FieldChange]) -> Class {
    if kind != Kind::Placements {
        return kind.class_of(changes.iter().map(|change| change.field.as_ref()));
    }
    let of_rooms = |change: &FieldChange| {
        change.field == "rows" && same_but_rooms(change.from.as_ref(), change.to.as_ref())
    };
    let only_rooms = !changes.is_empty() && changes.iter().all(of_rooms);
    if only_rooms { Class::Room } else { Class::Timetable }
}

impl WriteRecord {
    /// Whether the record is made when it is not there.
    fn creates(&self) -> bool {
        matches!(self.target, Target::New(_)) || self.precondition == Precondition::Absent
    }

    /// A record that is written is not there: 428 without a revision, 412 when it was there, else 404.
    fn missing(&self, office: &Office<'_>, ask: &Ask<'_>, plan: &Plan) -> Result<Obstruction, Obstruction> {
        if self.how == How::Put {
            if self.precondition == Precondition::None {
                self.body.clone()?;
                return Ok(Refusal::bare(RefusalCode::RevisionMissing).into());
            }
            if let Target::Named(kind, name) = &self.target
                && let Some(gone) = plan.gone(*kind, name)
            {
                return stale_gone(office, ask, *kind, name, gone, &self.precondition);
            }
        }
        Ok(Refusal::not_found().into())
    }

    fn hour_of(&self, plan: &Plan, session: &Session) -> Result<Option<HourOf>, Refusal> {
        let Target::Hour { lesson, n } = &self.target else { return Ok(None) };
        let lesson = plan.named(Kind::Lessons, lesson).ok_or_else(Refusal::not_found)?.id;
        let period = match &self.period {
            Some(name) => check::period_named(plan, name)?,
            None => session.period.ok_or_else(Refusal::not_found)?,
        };
        Ok(Some(HourOf { lesson, period, n: *n }))
    }

    fn own_period(&self, plan: &Plan) -> Result<Option<RecordId>, Refusal> {
        match (&self.target, &self.period) {
            (Target::Hour { .. }, _) | (_, None) => Ok(None),
            (Target::Named(kind, _), Some(name)) if kind.has_period_values() => {
                check::period_named(plan, name).map(Some)
            }
            _ => Err(Refusal::fault("/query/period", "such a record has no values for one period")),
        }
    }

    fn find<'a>(&self, plan: &'a Plan, hour_of: Option<HourOf>) -> Result<Option<&'a Arc<Record>>, Refusal> {
        Ok(match &self.target {
            Target::Named(kind, name) => plan.named(*kind, name),
            Target::Singleton(kind) => Some(plan.singleton(*kind).ok_or_else(Refusal::not_found)?),
            Target::Hour { .. } => hour_of.and_then(|hour_of| plan.placement(&hour_of)),
            Target::New(_) => None,
        })
    }

    /// The fields as they would be; what cannot be resolved is a fault and keeps its old value.
    fn after(
        &self,
        plan: &Plan,
        before: Option<&Fields>,
        wanted: &[Wanted],
        faults: &mut Vec<FieldFault>,
    ) -> Fields {
        let mut after = match (self.how, before) {
            (How::Patch, Some(before)) => before.clone(),
            // The name stays: it is in the path, and changing it takes a PATCH.
            (How::Put, Some(before)) => {
                before.iter().filter(|(name, _)| **name == "id").map(|(n, v)| (*n, v.clone())).collect()
            }
            (_, None) => Fields::new(),
        };
        if let (Target::Named(_, name), None, None) = (&self.target, before, &self.period) {
            faults.extend(name_fault(name).map(|fault| FieldFault::new("/path/id", fault)));
            after.insert("id", Value::Text(name.as_str().into()));
        }
        // What a reference is to can hang from another field, so that those come last.
        let hangs = |field: &Field| matches!(field.form, Form::ReferenceOf(_));
        let plain = wanted.iter().filter(|(field, _)| !hangs(field));
        for (field, value) in plain.chain(wanted.iter().filter(|(field, _)| hangs(field))) {
            match value {
                None => {
                    after.remove(field.name);
                }
                Some(value) => match resolve(plan, field, value, &after) {
                    Ok(value) => {
                        after.insert(field.name, value);
                    }
                    Err(more) => faults.extend(more),
                },
            }
        }
        after
    }

    /// The strictest class of what changes; a placement of which only rooms change is of the room class.
    fn class(&self, there: Option<&Arc<Record>>, changes: &[FieldChange], faulty: bool) -> Class {
        let kind = self.target.kind();
        if there.is_none() {
            return kind.creation_class();
        }
        if kind == Kind::Placements {
            let set_all = self.room.is_some() && changes.iter().all(|change| change.field == "rows");
            return if set_all { Class::Room } else { class_of(kind, changes) };
        }
        if faulty && changes.is_empty() {
            let body = self.body.as_ref().map(Vec::as_slice).unwrap_or_default();
            return kind.class_of(body.iter().map(|(field, _)| field.name));
        }
        class_of(kind, changes)
    }

    /// Absences and substitutions are written in cover mode, but for their texts: those are open to whoever may edit data too.
    fn check_mode(&self, office: &Office<'_>, ask: &Ask<'_>, session: &Session) -> Result<(), Refusal> {
        let may_edit_texts =
            office.accounts.may(ask.who, Right::Data) && !self.creates() && self.how == How::Patch;
        if !self.target.kind().is_of_cover() || may_edit_texts {
            return Ok(());
        }
        check_right(office, ask, session, self.target.kind(), Class::Cover)
    }

    fn created(&self, plan: &Plan, id: RecordId, hour_of: Option<HourOf>, mut after: Fields) -> Event {
        let kind = self.target.kind();
        if let Target::New(_) = self.target
            && !after.contains_key("id")
        {
            after.insert("id", Value::Text(check::next_number(plan, kind).into()));
        }
        let last = match (hour_of, after.get("id").and_then(Value::text)) {
            (Some(hour_of), _) => plan.last_revision_of_hour(&hour_of),
            (None, Some(name)) => plan.last_revision(kind, name),
            (None, None) => 0,
        };
        let fields = after
            .into_iter()
            .filter_map(|(name, value)| {
                Some((FieldName::Borrowed(name), sealed(kind.field(name)?, id, value)))
            })
            .collect::<BTreeMap<_, _>>();
        RecordCreated { record: id, kind, revision: last + 1, hour_of, fields, import: None }.into()
    }
}

#[cfg(test)]
mod tests;
