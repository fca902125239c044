//! What differs between two moments of a plan: of every record that was changed between them, what it was at one and at the other.

use std::collections::{BTreeSet, HashMap};

use domain::{FieldName, Fields, Kind, PlanId, Record, RecordId, Right, Value, named, value_json};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::record_names;
use crate::change::of_word;
use crate::placement::placements_by_id;
use crate::places::Key;
use crate::record::records_by_id;

/// How many changes are looked at with one statement.
const CHANGES_AT_ONCE: i64 = 1_000;

/// Between which moments, and which part of it.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    /// The end of the append that is the earlier moment.
    pub from: i64,
    /// The same of the later one.
    pub to: i64,
    /// Only records that were first changed after this position.
    pub after: i64,
    /// The most records that are looked at.
    pub limit: i64,
    /// Whether absences and their reasons are told too.
    pub absences: bool,
}

/// Some of the differences.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    /// `{record, kind, changes}`, in the order in which the records were first changed; `period` of an hour of a lesson.
    pub items: Vec<Json>,
    /// Where to read on; nothing at the end.
    pub next: Option<i64>,
}

/// The differences between two moments. A record that is again as it was is left out.
///
/// Which records there are is read from the feed, from its first change on, so that a page costs what it shows and not what the plan
/// has; what they were is read from their rows.
pub async fn differences(pool: &PgPool, plan: &PlanId, between: Between) -> Result<Differences, sqlx::Error> {
    let limit = between.limit.max(1);
    // One too many tells whether there is more.
    let mut touched = touched(pool, plan, between, limit + 1).await?;
    let mut next = None;
    if i64::try_from(touched.len()).is_ok_and(|count| count > limit) {
        touched.pop();
        next = touched.last().map(|row| row.position);
    }
    let ids: Vec<Uuid> = touched.iter().map(|row| row.record_id).collect();
    let then = State::load(pool, &ids, Moment::AsOf(between.from)).await?;
    let now = State::load(pool, &ids, Moment::AsOf(between.to)).await?;
    let items = ids.iter().filter_map(|id| difference(RecordId(*id), &then, &now, between.absences));
    Ok(Differences { items: items.collect(), next })
}

/// A record, and where it was first changed.
struct Touched {
    record_id: Uuid,
    position: i64,
}

/// The first records that were changed between two moments, at most `limit`.
async fn touched(
    pool: &PgPool,
    plan: &PlanId,
    between: Between,
    limit: i64,
) -> Result<Vec<Touched>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let feed = Key::feed(&plan.to_string());
    let (mut all, mut after) = (Vec::new(), between.after.max(between.from));
    loop {
        let positions = of_word(&mut connection, feed, after, between.to, CHANGES_AT_ONCE).await?;
        let missing = limit - i64::try_from(all.len()).unwrap_or(limit);
        let Some(last) = positions.last().copied().filter(|_| missing > 0) else { return Ok(all) };
        let some = sqlx::query_as!(
            Touched,
            r#"select e.subject as "record_id!", e.position from event e
            where e.position = any ($1) and e.subject is not null
                and e.type in ('RecordCreated', 'RecordChanged', 'RecordRemoved')
                and not exists (select from event b where b.subject = e.subject and b.position > $2 and b.position < e.position
                    and b.type in ('RecordCreated', 'RecordChanged', 'RecordRemoved'))
            order by e.position limit $3"#,
            &positions,
            between.from,
            missing,
        );
        all.extend(some.fetch_all(&mut *connection).await?);
        after = last;
    }
}

/// Some records at one of the moments, with what they and those that they refer to were called.
struct State {
    records: HashMap<RecordId, Record>,
    names: HashMap<RecordId, String>,
}

impl State {
    async fn load(pool: &PgPool, ids: &[Uuid], moment: Moment) -> Result<Self, sqlx::Error> {
        let mut records: HashMap<RecordId, Record> = HashMap::new();
        if !ids.is_empty() {
            let all = records_by_id(pool, ids, moment).await?;
            let placed = placements_by_id(pool, ids, moment).await?;
            records.extend(all.into_iter().chain(placed).map(|record| (record.id, record)));
        }
        let mut referred = BTreeSet::new();
        for record in records.values() {
            record.references(|id| {
                referred.insert(id);
            });
        }
        Ok(Self { names: record_names(pool, &referred, moment).await?, records })
    }

    fn name(&self, id: RecordId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// `teachers/GAUSS`, `lessons/12/placements/3`, `time-grid`.
    fn subject(&self, record: &Record) -> String {
        match (record.name(), record.hour_of) {
            (Some(name), _) => format!("{}/{name}", record.kind),
            (None, Some(hour)) => format!("lessons/{}/placements/{}", self.name(hour.lesson), hour.n),
            (None, None) => record.kind.word().to_owned(),
        }
    }

    fn shown(&self, value: Option<&Value>) -> Json {
        value.map_or(Json::Null, |value| value_json(&named(value, |id| self.names.get(&id).cloned())))
    }
}

fn difference(id: RecordId, then: &State, now: &State, absences: bool) -> Option<Json> {
    let (before, after) = (then.records.get(&id), now.records.get(&id));
    let (word, state, record) = match (before, after) {
        (None, None) => return None,
        (None, Some(record)) => ("created", now, record),
        (Some(record), None) => ("removed", then, record),
        (Some(_), Some(record)) => ("changed", now, record),
    };
    if !absences && record.kind.reading_right() == Right::ReadAbsences {
        return None;
    }
    let none = Fields::new();
    let whole = |record: Option<&Record>| record.map_or_else(Fields::new, |it| it.fields.clone());
    let mut changes = changes_of(record.kind, (then, &whole(before)), (now, &whole(after)), None, absences);
    let periods: BTreeSet<RecordId> =
        before.into_iter().chain(after).flat_map(|it| it.by_period.keys().copied()).collect();
    for period in periods {
        let own = |record: Option<&Record>| {
            record.and_then(|it| it.by_period.get(&period)).unwrap_or(&none).clone()
        };
        let called = now.names.get(&period).cloned().unwrap_or_else(|| then.name(period));
        let (before, after) = (own(before), own(after));
        changes.extend(changes_of(record.kind, (then, &before), (now, &after), Some(&called), absences));
    }
    if word == "changed" && changes.is_empty() {
        return None;
    }
    let mut item = Map::new();
    item.insert("record".into(), state.subject(record).into());
    item.insert("kind".into(), word.into());
    if let Some(hour) = record.hour_of {
        item.insert("period".into(), state.name(hour.period).into());
    }
    item.insert("changes".into(), changes.into());
    Some(Json::Object(item))
}

/// The fields that differ, in the order of the table of fields. What is referred to is compared by what it is, not by its name.
fn changes_of(
    kind: Kind,
    (then, before): (&State, &Fields),
    (now, after): (&State, &Fields),
    period: Option<&str>,
    absences: bool,
) -> Vec<Json> {
    let told = kind.fields().iter().filter(|field| absences || !field.sensitive);
    let mut changes = Vec::new();
    for field in told {
        let name: FieldName = field.name.into();
        let (from, to) = (before.get(field.name), after.get(field.name));
        if from.map(Value::open) == to.map(Value::open) {
            continue;
        }
        let mut change = json!({ "field": name, "from": then.shown(from), "to": now.shown(to) });
        if let Some(period) = period {
            change["period"] = period.into();
        }
        changes.push(change);
    }
    changes
}
