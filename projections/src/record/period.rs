//! Which periods there were at a moment.

use chrono::NaiveDate;
use domain::{Kind, PlanId, Record, RecordId, Value};
use sqlx::PgPool;

use super::question::records_on;
use crate::Moment;
use crate::asked::record_id;

/// Whether there was a period of this name.
pub async fn is_period(
    pool: &PgPool,
    plan: &PlanId,
    name: &str,
    moment: Moment,
) -> Result<bool, sqlx::Error> {
    Ok(record_id(pool, plan, Kind::Periods, name, moment).await?.is_some())
}

/// The name of the period of a question that names none: that of `own` if it was there, else of the period of a day, which is the
/// shortest one that holds it, else the first there was ([`domain::Plan::period_of`]).
pub async fn period_then(
    pool: &PgPool,
    plan: &PlanId,
    own: Option<RecordId>,
    day: NaiveDate,
    moment: Moment,
) -> Result<Option<String>, sqlx::Error> {
    let all = records_on(pool, plan, Kind::Periods, None, moment).await?;
    let of_own = all.iter().find(|record| Some(record.id) == own);
    let dated: Vec<_> = all.iter().filter_map(|record| Some((dates(record)?, record))).collect();
    let of_day = || {
        let holding = dated.iter().filter(|((from, to), _)| (*from..=*to).contains(&day));
        let shortest = holding.min_by_key(|((from, to), record)| (*to - *from, *from, record.id));
        let first = || dated.iter().min_by_key(|((from, _), record)| (*from, record.id));
        shortest.or_else(first).map(|(_, record)| *record)
    };
    Ok(of_own.or_else(of_day).and_then(Record::name).map(str::to_owned))
}

fn dates(record: &Record) -> Option<(NaiveDate, NaiveDate)> {
    match (record.fields.get("from")?.open(), record.fields.get("to")?.open()) {
        (Value::Date(from), Value::Date(to)) => Some((*from, *to)),
        _ => None,
    }
}
