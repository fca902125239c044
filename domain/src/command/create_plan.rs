//! A new plan: empty, a copy of another, or a new school year that starts from an old one.

use chrono::NaiveDate;
use std::collections::BTreeMap;

use super::block::check_lock;
use super::{Ask, CarriedLock, Command, Decision, Needs, Office, Stream};
use crate::{
    Action, ChangeRefused, Event, FieldFault, FieldName, Hour, Kind, Plan, PlanCreated, PlanId,
    RecordCreated, RecordId, Refusal, RefusalCode, Right, School, SchoolPlanAdded, Value,
};

mod taken_over;

/// Makes a plan with one period over the whole school year, days 1-5 and hours 1-12, or from another plan.
#[derive(Debug, Clone)]
pub struct CreatePlan {
    /// The plan.
    pub plan: PlanId,
    /// What people will call it; else its own spelling.
    pub title: Option<String>,
    /// The first day of its first period; else that of the school year.
    pub from: Option<NaiveDate>,
    /// The last day of its first period; else that of the school year.
    pub to: Option<NaiveDate>,
    /// The plan that it starts from.
    pub origin: Option<Origin>,
}

/// The plan that a new one starts from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Which it is.
    pub plan: PlanId,
    /// What is taken over.
    pub how: TakeOver,
    /// The lock of that plan.
    pub lock: CarriedLock,
}

/// What a new plan takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOver {
    /// Every record, with its values for single periods: another version of the same year.
    Copy,
    /// What still holds in a later year. Master data, lessons, time grid and school data with the values of the old year's last
    /// period, whose placements stand in the new period `1`; first and last days of lessons and classes so many years later.
    /// Not: the old periods, holidays, absences, substitutions.
    NewYear,
}

/// The hours of the time grid of a new plan.
pub const HOURS_OF_A_NEW_PLAN: u32 = 12;

impl Command for CreatePlan {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Plans)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn scope(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn school(&self) -> Option<&str> {
        Some(&self.plan.school)
    }

    fn plans_beside(&self, school: &School) -> Vec<PlanId> {
        let origin = self.origin.iter().map(|origin| &origin.plan);
        origin.filter(|plan| **plan != self.plan && school.has(plan)).cloned().collect()
    }

    fn recorded_in(&self) -> Option<&PlanId> {
        // The new plan may never be, and those who work in the old one want to know.
        self.origin.as_ref().map(|origin| &origin.plan).or(Some(&self.plan))
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if !office.accounts.may_enter(ask.who, &self.plan) {
            return Err(Refusal::not_permitted("plan").into());
        }
        let source = self.origin.as_ref().map(|origin| self.source(office, ask, origin)).transpose()?;
        if office.plan.is_some_and(|plan| plan.id().is_some()) {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        if let Some(fault) = self.title.as_deref().and_then(title_fault) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        let how = self.origin.as_ref().map(|origin| origin.how);
        if how == Some(TakeOver::Copy) && (self.from.is_some() || self.to.is_some()) {
            let pointer = if self.from.is_some() { "/from" } else { "/to" };
            return Err(Refusal::fault(pointer, "a copy keeps the periods of its source").into());
        }
        let named =
            |wanted| self.origin.as_ref().filter(|origin| origin.how == wanted).map(|it| it.plan.clone());
        let created = PlanCreated {
            plan: self.plan.clone(),
            title: self.title.clone().unwrap_or_else(|| self.plan.to_string()),
            copy_of: named(TakeOver::Copy),
            new_year_of: named(TakeOver::NewYear),
        };
        let records = match (source, how) {
            (Some(source), Some(TakeOver::Copy)) => taken_over::copy(source, ask.new_id),
            (Some(source), _) => {
                taken_over::new_year(source, self.plan.year, self.first_period(ask)?, ask.new_id)
            }
            (None, _) => self.first_records(ask)?,
        };
        // The plan itself and its place in the school are two events more.
        if records.len() + 2 > crate::import::EVENTS_MAX {
            let most = crate::import::EVENTS_MAX;
            let detail = format!(
                "the plan takes {} events to copy; one write holds at most {most}",
                records.len() + 2
            );
            return Err(Refusal::fault(self.pointer(), detail).into());
        }
        let records = records.into_iter().map(|event| (Stream::Plan, event));
        let added = SchoolPlanAdded { plan: self.plan.clone(), who: ask.who };
        Ok(std::iter::once((Stream::Plan, created.into()))
            .chain(records)
            .chain(std::iter::once((Stream::School, added.into())))
            .collect())
    }
}

impl CreatePlan {
    /// A plan that starts empty.
    pub fn empty(plan: PlanId, title: Option<String>) -> CreatePlan {
        CreatePlan { plan, title, from: None, to: None, origin: None }
    }

    fn pointer(&self) -> &'static str {
        match self.origin.as_ref().map(|origin| origin.how) {
            Some(TakeOver::Copy) => "/copy_of",
            Some(TakeOver::NewYear) => "/new_year_of",
            None => "",
        }
    }

    /// The plan that it starts from, under the lock of whoever is alone in it.
    fn source<'a>(&self, office: &Office<'a>, ask: &Ask<'_>, origin: &Origin) -> Result<&'a Plan, Refusal> {
        let old = &origin.plan;
        if old.school != self.plan.school {
            return Err(Refusal::fault(self.pointer(), "a plan starts from one of its own school"));
        }
        match origin.how {
            TakeOver::Copy if old.year != self.plan.year => {
                let detail = "a copy has the school year of its source; another year begins with new_year_of";
                return Err(Refusal::fault("/year", detail));
            }
            TakeOver::NewYear if old.year >= self.plan.year => {
                return Err(Refusal::fault(
                    "/year",
                    format!("it does not come after {}, where it starts from", old.year),
                ));
            }
            _ => {}
        }
        if *old == self.plan {
            return Err(Refusal::bare(RefusalCode::Exists));
        }
        let known = |id: &PlanId| office.plans_beside.iter().copied().find(|plan| plan.id() == Some(id));
        let Some(source) = known(old) else {
            return Err(Refusal::fault(self.pointer(), format!("there is no plan {old}")));
        };
        if !office.accounts.may_enter(ask.who, old) {
            return Err(Refusal::not_permitted("plan"));
        }
        let Some(session) = ask.session.and_then(|id| source.sessions.get(id)) else {
            let mut event = ChangeRefused::new(ask.who, ask.session, RefusalCode::LockMissing);
            event.action = Some(Action::NewSchoolYear);
            return Err(Refusal::lock(RefusalCode::LockMissing, Action::NewSchoolYear).recorded(event));
        };
        check_lock(source, session, origin.lock, &[Action::NewSchoolYear])?;
        Ok(source)
    }

    /// The period over the whole school year, or from and to the days given.
    fn first_period(&self, ask: &mut Ask<'_>) -> Result<RecordCreated, Refusal> {
        let year = self.plan.year;
        let Some((first, last)) = year.dates() else {
            return Err(Refusal::fault("/year", "a school year is written like 2026-2027"));
        };
        let (from, to) = (self.from.unwrap_or(first), self.to.unwrap_or(last));
        for (pointer, day) in [("/from", from), ("/to", to)] {
            if day < first || day > last {
                let detail = format!("it lies outside the school year {year} ({first} to {last})");
                return Err(Refusal::fault(pointer, detail));
            }
        }
        if to < from {
            return Err(Refusal::fault("/to", "it ends before it begins"));
        }
        let period = [("id", Value::Text("1".into())), ("from", Value::Date(from)), ("to", Value::Date(to))];
        Ok(created(ask, Kind::Periods, period))
    }

    /// What a plan that starts from nothing has.
    fn first_records(&self, ask: &mut Ask<'_>) -> Result<Vec<Event>, Refusal> {
        let period = self.first_period(ask)?;
        let hours = (1..=HOURS_OF_A_NEW_PLAN).map(|hour| Hour { hour, from: None, to: None }).collect();
        let grid = [("days", Value::Days((1..=5).collect())), ("hours", Value::Hours(hours))];
        let school = [("cover_restricted_to_period", Value::Flag(false))];
        Ok(vec![
            period.into(),
            created(ask, Kind::TimeGrid, grid).into(),
            created(ask, Kind::SchoolData, school).into(),
        ])
    }
}

fn created<const N: usize>(
    ask: &mut Ask<'_>,
    kind: Kind,
    fields: [(&'static str, Value); N],
) -> RecordCreated {
    let fields: BTreeMap<FieldName, Value> =
        fields.into_iter().map(|(name, value)| (FieldName::Borrowed(name), value)).collect();
    RecordCreated { record: RecordId((ask.new_id)()), kind, revision: 1, hour_of: None, fields, import: None }
}

/// What is wrong with the title of a plan.
pub fn title_fault(title: &str) -> Option<FieldFault> {
    let bad = title.chars().count() > 200 || title.chars().any(char::is_control) || title.trim().is_empty();
    bad.then(|| FieldFault::new("/title", "a title has 1 to 200 characters and no control characters"))
}

#[cfg(test)]
mod tests;
