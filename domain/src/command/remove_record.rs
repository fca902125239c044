//! Removing records.

use serde_json::json;
use std::collections::BTreeSet;

use super::block::{action_of, check_block, check_blocks, check_lock};
use super::stale::{Judged, check_stale};
use super::write_record::{Target, check_right, needs, right_of, sealed};
use super::{Ask, CarriedLock, Command, Decision, Needs, Office, Precondition, Stream};
use crate::calendar::spans;
use crate::{
    Class, FieldName, HourOf, Kind, Plan, PlanId, Record, RecordId, RecordRemoved, Refusal, RefusalCode,
};

/// Removes a record that no other refers to.
#[derive(Debug, Clone)]
pub struct RemoveRecord {
    /// The plan.
    pub plan: PlanId,
    /// Which record.
    pub target: Target,
    /// The period of a placement; else the session's.
    pub period: Option<String>,
    /// On what the removal is based.
    pub precondition: Precondition,
    /// The lock that it carries.
    pub lock: CarriedLock,
    /// What is wrong with the request's headers and parameters.
    pub shape: Result<(), Refusal>,
}

impl Command for RemoveRecord {
    fn needs(&self) -> Needs {
        match self.target.kind().removal_class() {
            Class::Exclusive => needs(self.target.kind()),
            class => Needs::Right(right_of(class)),
        }
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let plan = office.plan()?;
        let kind = self.target.kind();
        let class = kind.removal_class();
        check_right(office, ask, session, kind, class)?;
        let record = self.find(plan, session.period)?;
        self.shape.clone()?;
        if self.precondition == Precondition::None {
            return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
        }
        let about = |refusal: Refusal| refusal.about(kind, Some(record.id));
        if class == Class::Exclusive {
            check_lock(plan, session, self.lock, &[action_of(kind)]).map_err(about)?;
        }
        if kind.is_of_cover() {
            let periods = plan.periods_of(&spans(kind, &record.fields));
            check_blocks(office, session, class, &periods, ask.today).map_err(about)?;
        } else {
            let touched = record.hour_of.map(|hour| hour.period);
            check_block(office, session, class, touched, ask.today).map_err(about)?;
        }
        let judged = Judged {
            precondition: &self.precondition,
            wanted: &[],
            resolved: &[],
            period: None,
            disjoint: false,
        };
        check_stale(office, ask, record, &judged)?;
        if kind == Kind::Periods && plan.records_of(Kind::Periods).count() == 1 {
            return Err(Refusal::fault("", "a plan has at least one period").into());
        }
        let used_by = used_by(plan, record.id);
        if !used_by.is_empty() {
            return Err(Refusal::with(RefusalCode::InUse, json!({ "used_by": used_by })).into());
        }
        Ok(vec![(Stream::Plan, removed(record, None).into())])
    }
}

impl RemoveRecord {
    fn find<'a>(&self, plan: &'a Plan, of_session: Option<RecordId>) -> Result<&'a Record, Refusal> {
        let found = match &self.target {
            Target::Named(kind, name) => plan.named(*kind, name),
            Target::Singleton(_) | Target::New(_) => None,
            Target::Hour { lesson, n } => {
                let lesson = plan.named(Kind::Lessons, lesson).ok_or_else(Refusal::not_found)?.id;
                let period = match &self.period {
                    Some(name) => {
                        plan.named(Kind::Periods, name).map(|period| period.id).ok_or_else(|| {
                            Refusal::fault("/query/period", format!("the plan has no period {name:?}"))
                        })?
                    }
                    None => of_session.ok_or_else(Refusal::not_found)?,
                };
                plan.placement(&HourOf { lesson, period, n: *n })
            }
        };
        found.map(AsRef::as_ref).ok_or_else(Refusal::not_found)
    }
}

/// How many users of a record are told at the most.
const USED_BY_MAX: usize = 100;

/// Who refers to a record, in the order of their names: `[{record}]`.
fn used_by(plan: &Plan, id: RecordId) -> Vec<serde_json::Value> {
    let mut users = BTreeSet::new();
    for other in plan.records() {
        let mut refers = false;
        other.references(|reference| refers |= reference == id);
        if refers && other.id != id {
            users.insert(plan.subject_of(other));
        }
    }
    users.into_iter().take(USED_BY_MAX).map(|subject| json!({ "record": subject })).collect()
}

/// The event that a record is gone, with what it was.
pub fn removed(record: &Record, import: Option<crate::ImportId>) -> RecordRemoved {
    let fields = record.fields.iter().filter_map(|(name, value)| {
        let field = record.kind.field(name)?;
        Some((FieldName::Borrowed(field.name), sealed(field, record.id, value.clone())))
    });
    RecordRemoved {
        record: record.id,
        kind: record.kind,
        revision: record.revision + 1,
        fields: fields.collect(),
        import,
    }
}
