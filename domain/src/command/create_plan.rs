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
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::LockEnd;
    use crate::command::Precondition;
    use crate::command::end_lock::EndLock;
    use crate::command::testing::{Desk, PLAN};
    use crate::command::write_record::{How, Target, WriteRecord};

    #[test]
    fn a_new_plan_has_one_period_over_the_school_year_and_a_time_grid() {
        let desk = Desk::with_plan();
        let period = desk.plan().named(Kind::Periods, "1").expect("the first period");
        let dates = desk.plan().period_dates(period.id).map(|(from, to)| (from.to_string(), to.to_string()));
        assert_eq!(dates, Some(("2026-08-01".to_owned(), "2027-07-31".to_owned())));
        assert!(desk.plan().singleton(Kind::TimeGrid).is_some());
        assert!(desk.plan().singleton(Kind::SchoolData).is_some());
    }

    #[test]
    fn the_first_period_of_a_new_plan_lies_where_it_is_wanted_within_the_school_year() {
        let mut desk = Desk::with_plan();
        let date = |text: &str| Some(text.parse().unwrap());
        let plan: PlanId = "100234~2026-2027~9".parse().unwrap();
        let wanted = |from, to| CreatePlan { from, to, ..CreatePlan::empty(plan.clone(), None) };
        let refused = desk.refused(&wanted(date("2026-07-31"), None));
        assert_eq!(refused.members["errors"][0]["pointer"], "/from");
        let refused = desk.refused(&wanted(date("2027-01-02"), date("2027-01-01")));
        assert_eq!(refused.members["errors"][0]["pointer"], "/to");
    }

    #[test]
    fn a_plan_is_made_once() {
        let mut desk = Desk::with_plan();
        let again = CreatePlan::empty(PLAN.parse().unwrap(), None);
        assert_eq!(desk.refused(&again).code, RefusalCode::Exists);
    }

    const COPY: &str = "100234~2026-2027~2";
    const NEXT: &str = "100234~2027-2028~1";

    fn from(plan: &str, how: TakeOver, lock: Option<crate::LockId>) -> CreatePlan {
        let origin = Origin { plan: PLAN.parse().unwrap(), how, lock };
        CreatePlan { origin: Some(origin), ..CreatePlan::empty(plan.parse().unwrap(), None) }
    }

    fn put(target: Target, period: Option<&str>, fields: &Json, lock: Option<crate::LockId>) -> WriteRecord {
        let body = crate::read_fields(target.kind(), fields.as_object().unwrap());
        WriteRecord {
            plan: PLAN.parse().unwrap(),
            target,
            how: How::Patch,
            body: body.map_err(|faults| Refusal::invalid(&faults)),
            room: None,
            period: period.map(str::to_owned),
            precondition: if period.is_some_and(|_| !fields["day"].is_number()) {
                Precondition::Present
            } else {
                Precondition::Absent
            },
            lock,
            disjoint: false,
        }
    }

    /// A teacher, a class with a first day, a lesson with other hours in period 2, and one hour of it placed in each period.
    fn furnished() -> (Desk, crate::SessionId, crate::LockId) {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        let named = |kind, name: &str| Target::Named(kind, name.to_owned());
        let lock = desk.lock(anna, Action::Periods);
        let second = json!({ "from": "2027-02-01", "to": "2027-07-31" });
        desk.done_in(anna, &put(named(Kind::Periods, "2"), None, &second, Some(lock)));
        let release = EndLock { plan: PLAN.parse().unwrap(), lock, reason: LockEnd::Released };
        desk.done_in(anna, &release);
        desk.done_in(
            anna,
            &put(named(Kind::Teachers, "GAUSS"), None, &json!({ "long_name": "Gauss" }), None),
        );
        desk.done_in(anna, &put(named(Kind::Classes, "5a"), None, &json!({ "from": "2026-09-01" }), None));
        let lesson = json!({ "hours_per_week": 1, "couplings": [{ "class": "5a", "teacher": "GAUSS" }] });
        desk.done_in(anna, &put(named(Kind::Lessons, "7"), None, &lesson, None));
        desk.done_in(anna, &put(named(Kind::Lessons, "7"), Some("2"), &json!({ "hours_per_week": 2 }), None));
        for (period, n, day) in [("1", 1, 1), ("2", 2, 3)] {
            let hour = Target::Hour { lesson: "7".to_owned(), n };
            desk.done_in(anna, &put(hour, Some(period), &json!({ "day": day, "hour": 4 }), None));
        }
        let lock = desk.lock(anna, Action::NewSchoolYear);
        (desk, anna, lock)
    }

    #[test]
    fn a_copy_has_every_record_under_a_new_id_and_its_references_stay_inside() {
        let (mut desk, anna, lock) = furnished();
        desk.done_in(anna, &from(COPY, TakeOver::Copy, Some(lock)));
        let (old, new) = (desk.plan(), desk.plan_called(COPY));
        assert_eq!(new.records().count(), old.records().count());
        for record in new.records() {
            assert!(old.record(record.id).is_none(), "it has an id of its own");
            record.references(|id| assert!(new.record(id).is_some(), "{record:?} refers to the old plan"));
        }
        let shown = |plan: &Plan, period: &str| {
            let period = plan.named(Kind::Periods, period).map(|it| it.id);
            let mut json = plan.record_json(plan.named(Kind::Lessons, "7").unwrap(), period);
            json.remove("revision");
            json
        };
        assert_eq!(shown(old, "1"), shown(new, "1"));
        assert_eq!(shown(old, "2"), shown(new, "2"), "the values for one period come along");
        assert_eq!(new.named(Kind::Teachers, "GAUSS").unwrap().revision, 1);
    }

    #[test]
    fn a_new_year_takes_over_what_holds_in_the_last_period() {
        let (mut desk, anna, lock) = furnished();
        desk.done_in(anna, &from(NEXT, TakeOver::NewYear, Some(lock)));
        let new = desk.plan_called(NEXT);
        let periods: Vec<_> = new.records_of(Kind::Periods).collect();
        assert_eq!(periods.len(), 1);
        let dates = new.period_dates(periods[0].id).map(|(from, to)| (from.to_string(), to.to_string()));
        assert_eq!(dates, Some(("2027-08-01".to_owned(), "2028-07-31".to_owned())));
        let lesson = new.named(Kind::Lessons, "7").unwrap();
        assert_eq!(lesson.number("hours_per_week", None), Some(2), "the value of the last period");
        let placed: Vec<_> = new.placements(lesson.id, periods[0].id).collect();
        assert_eq!(placed.len(), 1);
        assert_eq!((placed[0].hour_of.unwrap().n, placed[0].number("day", None)), (2, Some(3)));
        let class = new.named(Kind::Classes, "5a").unwrap();
        assert_eq!(new.record_json(class, None)["from"], "2027-09-01", "a year later");
    }

    #[test]
    fn starting_from_a_plan_takes_its_lock_and_fits_its_school_and_year() {
        let (mut desk, anna, lock) = furnished();
        let asked = |desk: &mut Desk, plan, how, lock| desk.refused_in(anna, &from(plan, how, lock)).code;
        assert_eq!(asked(&mut desk, COPY, TakeOver::Copy, None), RefusalCode::LockMissing);
        assert_eq!(asked(&mut desk, NEXT, TakeOver::Copy, Some(lock)), RefusalCode::Invalid);
        assert_eq!(asked(&mut desk, COPY, TakeOver::NewYear, Some(lock)), RefusalCode::Invalid);
        assert_eq!(asked(&mut desk, "7~2026-2027~1", TakeOver::Copy, Some(lock)), RefusalCode::Invalid);
        assert_eq!(asked(&mut desk, PLAN, TakeOver::Copy, Some(lock)), RefusalCode::Exists);
        desk.done_in(anna, &from(COPY, TakeOver::Copy, Some(lock)));
        assert_eq!(asked(&mut desk, COPY, TakeOver::Copy, Some(lock)), RefusalCode::Exists);
        let of_nothing =
            Origin { plan: "100234~2026-2027~9".parse().unwrap(), how: TakeOver::Copy, lock: Some(lock) };
        let nothing = CreatePlan {
            origin: Some(of_nothing),
            ..CreatePlan::empty("100234~2026-2027~8".parse().unwrap(), None)
        };
        assert_eq!(desk.refused_in(anna, &nothing).code, RefusalCode::Invalid);
    }
}
