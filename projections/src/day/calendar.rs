//! Which period a date is in, and whether it is a holiday.

use chrono::NaiveDate;
use domain::PlanId;
use sqlx::PgPool;
use uuid::Uuid;

use super::regular::Cell;
use super::{Place, weekday};
use crate::Moment;
use crate::asked::asked;

/// The periods and holidays of a plan.
pub(super) struct Calendar {
    dated: Vec<Dated>,
}

struct Dated {
    record_id: Uuid,
    kind: String,
    name: String,
    day_from: NaiveDate,
    day_to: NaiveDate,
}

impl Dated {
    fn holds(&self, date: NaiveDate) -> bool {
        (self.day_from..=self.day_to).contains(&date)
    }
}

impl Calendar {
    pub async fn load(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<Self, sqlx::Error> {
        let dated = asked!(Dated, moment, fetch_all(pool);
            r#"select r.record_id as "record_id!", r.kind as "kind!", coalesce(r.name, '') as "name!", r.day_from as "day_from!",
                r.day_to as "day_to!"
            "# @named "r" "$2" "any ('{periods,holidays}')" "''" " and isfinite(r.day_from) and isfinite(r.day_to)";
            plan.to_string())?;
        Ok(Self { dated })
    }

    /// The period of a date: the shortest one that holds it, as the rules say ([`domain::Plan::period_holding`]).
    pub fn period_of(&self, date: NaiveDate) -> Option<(Uuid, &str)> {
        let holding = self.dated.iter().filter(|it| it.kind == "periods" && it.holds(date));
        holding
            .min_by_key(|it| (it.day_to - it.day_from, it.day_from, it.record_id))
            .map(|it| (it.record_id, it.name.as_str()))
    }

    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        self.dated.iter().any(|it| it.kind == "holidays" && it.holds(date))
    }

    /// Where the regular timetable says what happens at an hour of a date.
    pub fn cell(&self, (date, hour): Place) -> Option<Cell> {
        Some((self.period_of(date)?.0, weekday(date), hour))
    }
}
