//! A day as it really is: the regular timetable of its date with the substitutions applied.
//!
//! What a day is made of is read from the tables `record`, `placement` and `meeting`; nothing of it is stored a second time, so
//! that it cannot disagree with them. [`applied`] says what each kind of substitution does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use domain::{Kind, PlanId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::record::records_on;

mod applied;
mod calendar;
mod regular;
mod substitution;
mod timetable;

pub(crate) use applied::DayRow;
use calendar::Calendar;

use regular::{Cell, Meets, Regular, regular};
pub(crate) use substitution::Absence;
use substitution::Substitution;
pub use timetable::timetable_of_day;

/// An hour of a date.
pub(crate) type Place = (NaiveDate, i32);

/// Dates with what it takes to say what happens in their hours.
pub(crate) struct Days {
    calendar: Calendar,
    /// In the order of their names; a later one is applied after an earlier one.
    substitutions: Vec<Substitution>,
    /// By the hour that they are about, and by the one that they move something to: indexes of `substitutions`.
    from: BTreeMap<Place, Vec<usize>>,
    to: BTreeMap<Place, Vec<usize>>,
    regular: HashMap<Cell, Vec<Regular>>,
}

impl Days {
    /// Everything about one date.
    pub async fn one(
        pool: &PgPool,
        plan: &PlanId,
        date: NaiveDate,
        moment: Moment,
    ) -> Result<Self, sqlx::Error> {
        Self::load(pool, plan, Some(date), moment).await
    }

    /// Every hour that a substitution is about.
    pub async fn substituted(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<Self, sqlx::Error> {
        Self::load(pool, plan, None, moment).await
    }

    async fn load(
        pool: &PgPool,
        plan: &PlanId,
        date: Option<NaiveDate>,
        moment: Moment,
    ) -> Result<Self, sqlx::Error> {
        let records = records_on(pool, plan, Kind::Substitutions, date, moment).await?;
        let substitutions = records.iter().filter_map(Substitution::of).collect();
        let mut days = Self {
            calendar: Calendar::load(pool, plan, moment).await?,
            substitutions,
            from: BTreeMap::new(),
            to: BTreeMap::new(),
            regular: HashMap::new(),
        };
        for (index, it) in days.substitutions.iter().enumerate() {
            days.from.entry(it.from).or_default().push(index);
            if let Some(to) = it.to.filter(|_| !it.came_here()) {
                days.to.entry(to).or_default().push(index);
            }
        }
        // Hour 0 stands for all hours of the day.
        let mut cells: BTreeSet<Cell> =
            date.into_iter().filter_map(|date| days.calendar.cell((date, 0))).collect();
        let places: BTreeSet<Place> = days.substituted_places().collect();
        for (period, day, hour) in places.into_iter().filter_map(|place| days.calendar.cell(place)) {
            if !cells.contains(&(period, day, 0)) {
                cells.insert((period, day, hour));
            }
        }
        for row in regular(pool, plan, &cells, moment).await? {
            days.regular.entry(row.cell).or_default().push(row);
        }
        Ok(days)
    }

    /// The hours of dates that substitutions are about.
    pub fn substituted_places(&self) -> impl Iterator<Item = Place> {
        self.from.keys().chain(self.to.keys()).copied()
    }

    /// The hours of a date in which something happens or would have happened.
    pub fn hours_of(&self, date: NaiveDate) -> BTreeSet<i32> {
        let cell = self.calendar.cell((date, 0));
        let regular =
            self.regular.keys().filter(|it| cell.is_some_and(|cell| (it.0, it.1) == (cell.0, cell.1)));
        let substituted = self.substituted_places().filter(|place| place.0 == date).map(|(_, hour)| hour);
        regular.map(|it| it.2).chain(substituted).collect()
    }

    /// The period of a date, with its name.
    pub fn period_of(&self, date: NaiveDate) -> Option<(Uuid, &str)> {
        self.calendar.period_of(date)
    }

    /// What happens in an hour.
    pub fn rows(&self, place: Place) -> Vec<DayRow> {
        let of = |index: &usize| &self.substitutions[*index];
        let here: Vec<&Substitution> = self.from.get(&place).into_iter().flatten().map(of).collect();
        let arriving = self.to.get(&place).into_iter().flatten().map(of);
        let arriving: Vec<_> = arriving.map(|it| (it, self.standing(it.from))).collect();
        applied::applied(self.standing(place), &here, &arriving)
    }

    /// Where the substitution of that id stands in their order.
    pub fn order_of(&self, substitution: Uuid) -> Option<usize> {
        self.substitutions.iter().position(|it| it.id == substitution)
    }

    /// The regular rows of an hour: none on a holiday, none of a lesson or class that is not there on that date.
    fn standing(&self, place: Place) -> Vec<Meets> {
        let cell = if self.calendar.is_holiday(place.0) { None } else { self.calendar.cell(place) };
        let rows = cell.and_then(|cell| self.regular.get(&cell)).into_iter().flatten();
        rows.filter(|row| row.holds_on(place.0)).map(|row| row.meets.clone()).collect()
    }
}

/// The day of the week, 1 = Monday.
pub(crate) fn weekday(date: NaiveDate) -> i32 {
    i32::try_from(date.weekday().number_from_monday()).expect("1 to 7")
}
