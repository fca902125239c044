//! Dates of a plan: the school year, and which periods days belong to.

use chrono::{Days, NaiveDate};

use crate::{Fields, Kind, Plan, RecordId, SchoolYear, Value};

/// A date field.
pub fn date(fields: &Fields, field: &str) -> Option<NaiveDate> {
    match fields.get(field).map(Value::open) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

/// A first and a last day, when both are there.
pub type Span = (NaiveDate, NaiveDate);

/// What a record of a dated kind says about when it is: `from` to `to`, or each of `date` and `to_date` alone.
pub fn spans(kind: Kind, fields: &Fields) -> Vec<Span> {
    if kind == Kind::Substitutions {
        let days = ["date", "to_date"].into_iter().filter_map(|field| date(fields, field));
        return days.map(|day| (day, day)).collect();
    }
    date(fields, "from").zip(date(fields, "to")).into_iter().collect()
}

impl SchoolYear {
    /// Its first and last day: 1 August to 31 July.
    pub fn dates(&self) -> Option<Span> {
        let begins = self.begins();
        NaiveDate::from_ymd_opt(begins, 8, 1).zip(NaiveDate::from_ymd_opt(begins + 1, 7, 31))
    }
}

impl Plan {
    /// The period of a day: the shortest one that holds it. A day may belong to none.
    pub fn period_holding(&self, day: NaiveDate) -> Option<RecordId> {
        let dated = self.records_of(Kind::Periods).filter_map(|it| Some((self.period_dates(it.id)?, it.id)));
        dated
            .filter(|((from, to), _)| (*from..=*to).contains(&day))
            .min_by_key(|((from, to), id)| (*to - *from, *from, *id))
            .map(|(_, id)| id)
    }

    /// The periods that days fall into, each once, in the order of the days.
    pub fn periods_of(&self, spans: &[Span]) -> Vec<RecordId> {
        let Some((first, last)) = self.id().and_then(|id| id.year.dates()) else { return Vec::new() };
        let mut found = Vec::new();
        for (from, to) in spans {
            // No day outside the school year has a period, and no year is longer than this.
            let mut day = (*from).max(first);
            while day <= (*to).min(last) {
                if let Some(period) = self.period_holding(day)
                    && !found.contains(&period)
                {
                    found.push(period);
                }
                let Some(next) = day.checked_add_days(Days::new(1)) else { break };
                day = next;
            }
        }
        found
    }
}
