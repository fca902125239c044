//! A new plan.

use chrono::NaiveDate;
use std::collections::BTreeMap;

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Event, FieldFault, FieldName, Hour, Kind, PlanCreated, PlanId, RecordCreated, RecordId, Refusal,
    RefusalCode, Right, Value,
};

/// Makes a plan with one period over the whole school year, days 1-5 and hours 1-12.
#[derive(Debug, Clone)]
pub struct CreatePlan {
    /// The plan.
    pub plan: PlanId,
    /// What people will call it; else its own spelling.
    pub title: Option<String>,
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

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if !office.accounts.may_enter(ask.who, &self.plan) {
            return Err(Refusal::not_permitted("plan").into());
        }
        if office.plan.is_some_and(|plan| plan.id().is_some()) {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        if let Some(fault) = self.title.as_deref().and_then(title_fault) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        let begins = self.plan.year.begins();
        let (Some(from), Some(to)) =
            (NaiveDate::from_ymd_opt(begins, 8, 1), NaiveDate::from_ymd_opt(begins + 1, 7, 31))
        else {
            return Err(Refusal::fault("/year", "a school year is written like 2026-2027").into());
        };
        let period = [("id", Value::Text("1".into())), ("from", Value::Date(from)), ("to", Value::Date(to))];
        let hours = (1..=HOURS_OF_A_NEW_PLAN).map(|hour| Hour { hour, from: None, to: None }).collect();
        let grid = [("days", Value::Days((1..=5).collect())), ("hours", Value::Hours(hours))];
        let school = [("cover_restricted_to_period", Value::Flag(false))];
        let title = self.title.clone().unwrap_or_else(|| self.plan.to_string());
        Ok(vec![
            (Stream::Plan, PlanCreated { plan: self.plan.clone(), title }.into()),
            (Stream::Plan, created(ask, Kind::Periods, period)),
            (Stream::Plan, created(ask, Kind::TimeGrid, grid)),
            (Stream::Plan, created(ask, Kind::SchoolData, school)),
        ])
    }
}

fn created<const N: usize>(ask: &mut Ask<'_>, kind: Kind, fields: [(&'static str, Value); N]) -> Event {
    let fields: BTreeMap<FieldName, Value> =
        fields.into_iter().map(|(name, value)| (FieldName::Borrowed(name), value)).collect();
    RecordCreated { record: RecordId((ask.new_id)()), kind, revision: 1, hour_of: None, fields, import: None }
        .into()
}

/// What is wrong with the title of a plan.
pub fn title_fault(title: &str) -> Option<FieldFault> {
    let bad = title.chars().count() > 200 || title.chars().any(char::is_control) || title.trim().is_empty();
    bad.then(|| FieldFault::new("/title", "a title has 1 to 200 characters and no control characters"))
}

#[cfg(test)]
mod tests {
    use crate::command::testing::{Desk, PLAN};
    use crate::{Kind, RefusalCode};

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
    fn a_plan_is_made_once() {
        let mut desk = Desk::with_plan();
        let again = super::CreatePlan { plan: PLAN.parse().unwrap(), title: None };
        assert_eq!(desk.refused(&again).code, RefusalCode::Exists);
    }
}
