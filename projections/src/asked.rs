//! What all questions share: the moment they ask for, pages, and names for ids.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{Kind, PlanId, Position, RecordId};
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;

mod words;

pub(crate) use words::asked;

impl Moment {
    /// The position, if it is not now.
    pub fn position(self) -> Option<i64> {
        match self {
            Moment::Now => None,
            Moment::AsOf(position) => Some(position),
        }
    }

    /// The last position that is told of.
    pub fn last(self) -> i64 {
        self.position().unwrap_or(i64::MAX)
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The most items, from 1.
    pub limit: i64,
    /// What `next` of the page before said.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// What the next page comes after; nothing at the end.
    pub next: Option<String>,
}

impl Page {
    /// One more than fits, to see whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        self.limit.max(1) + 1
    }

    /// Cuts off what is too much; `cursor` names the last item that is left.
    pub(crate) fn cut<T>(&self, mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> Paged<T> {
        let limit = usize::try_from(self.limit.max(1)).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Paged { items, next }
    }
}

impl<T> Paged<T> {
    pub(crate) fn nothing() -> Self {
        Self { items: Vec::new(), next: None }
    }

    pub(crate) fn map<S>(self, change: impl FnMut(T) -> S) -> Paged<S> {
        Paged { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// By what a list of records is ordered. Names come by their code points; lessons, absences and substitutions that are called by
/// a number come first, by that number, so that lesson 9 stands before lesson 10.
pub(crate) fn sort_key(kind: Kind, name: Option<&str>) -> String {
    let Some(name) = name else { return kind.word().to_owned() };
    if !matches!(kind, Kind::Lessons | Kind::Absences | Kind::Substitutions) {
        return name.to_owned();
    }
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = name.trim_start_matches('0');
        return format!("0{:03}{digits} {name}", digits.len());
    }
    format!("1{name}")
}

/// Who changed something, when and where, as `changed` shows it.
pub(crate) fn changed_json(by: &str, at: DateTime<Utc>, epoch: i64, number: i64) -> Json {
    json!({"by": by, "at": at, "position": Position { epoch, number }.to_string()})
}

/// What a question answers that only counts.
pub(crate) struct Count {
    pub count: i64,
}

struct Called {
    record_id: Uuid,
    name: String,
}

/// What records were called at a moment.
pub(crate) async fn record_names(
    pool: &PgPool,
    ids: &BTreeSet<RecordId>,
    moment: Moment,
) -> Result<HashMap<RecordId, String>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = asked!(Called, moment, fetch_all(pool);
        r#"select r.record_id, coalesce(r.name, r.kind) as "name!" "# @ids "r" "record" "record_id" "$2"; &ids)?;
    Ok(rows.into_iter().map(|row| (RecordId(row.record_id), row.name)).collect())
}

/// The record that had a name at a moment.
pub(crate) async fn record_id(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    name: &str,
    moment: Moment,
) -> Result<Option<RecordId>, sqlx::Error> {
    let found = asked!(Called, moment, fetch_optional(pool);
        "select r.record_id, r.sort as name " @called "r" "$2" "$3" "$4";
        plan.to_string(), kind.word(), sort_key(kind, Some(name)))?;
    Ok(found.map(|row| RecordId(row.record_id)))
}

struct Id {
    record_id: Uuid,
}

/// The records of a kind that there were at a moment in the past; nothing for now, whose questions find them by themselves.
pub(crate) async fn those_then(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    moment: Moment,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    if moment == Moment::Now {
        return Ok(None);
    }
    let rows = asked!(Id, moment, fetch_all(pool);
        r#"select r.record_id as "record_id!" "# @named "r" "$2" "$3" "''"; plan.to_string(), kind.word())?;
    Ok(Some(rows.into_iter().map(|row| row.record_id).collect()))
}

/// Records that a question names. `None`: one of them is called nothing in the plan.
pub(crate) async fn record_ids(
    pool: &PgPool,
    plan: &PlanId,
    named: &[(Kind, &str)],
    moment: Moment,
) -> Result<Option<Vec<RecordId>>, sqlx::Error> {
    let mut ids = Vec::with_capacity(named.len());
    for (kind, name) in named {
        match record_id(pool, plan, *kind, name, moment).await? {
            Some(id) => ids.push(id),
            None => return Ok(None),
        }
    }
    Ok(Some(ids))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_called_by_numbers_come_by_number_and_before_the_others() {
        let mut names = ["10", "9", "Chor", "007", "7", "1000", "0"];
        names.sort_by_key(|name| sort_key(Kind::Lessons, Some(name)));
        assert_eq!(names, ["0", "007", "7", "9", "10", "1000", "Chor"]);
        assert_eq!(sort_key(Kind::Rooms, Some("10")), "10");
    }

    #[test]
    fn a_full_page_names_its_last_item() {
        let page = Page { limit: 2, after: None };
        let cut = page.cut(vec!["a", "b", "c"], |item| (*item).to_owned());
        assert_eq!(cut, Paged { items: vec!["a", "b"], next: Some("b".into()) });
        assert_eq!(page.cut(vec!["a", "b"], |item| (*item).to_owned()).next, None);
    }
}
