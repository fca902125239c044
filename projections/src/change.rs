//! The feed of a plan: everything that people in it see happen, in order and in the words of that moment.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Kind, PlanId, Position, Right, Who};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::who::who_named;

mod filled;
mod followed;
mod names;
mod shown;
mod taken_in;
mod told;

pub use followed::{
    Called, Reached, Stretch, Told, Without, reached_for_followers, stretch, stretch_of_plans,
};

/// The read model of changes: tables `change` and `change_name`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes;

/// What is asked of the feed of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Changes after this position.
    pub after: i64,
    /// Changes up to this end of an append; `i64::MAX` for all that the read model has.
    pub upto: i64,
    /// About so many; the last append comes whole.
    pub limit: i64,
    /// Only of this kind: one of records, or `sessions`, `locks`, `imports`.
    pub kind: Option<&'a str>,
    /// Only of what has, or last had, this subject at the end: `teachers/GAUSS`. Of one that has another by then, only what happened
    /// under this one.
    pub record: Option<&'a str>,
    /// Whether absences and their reasons are told too.
    pub absences: bool,
}

/// What is asked of the history of a record.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Which record, as it was called last: `teachers/GAUSS`, `lessons/7/placements/2`, `time-grid`.
    pub record: &'a str,
    /// Of an hour of a lesson, the period; else those of all periods.
    pub period: Option<&'a str>,
    /// As things stood at this end of an append; `i64::MAX` for now.
    pub upto: i64,
    /// Only what was before this position.
    pub before: i64,
    /// The most items.
    pub limit: i64,
    /// Whether absences and their reasons are told too.
    pub absences: bool,
}

/// Some of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// In order, each as `CloudEvents` 1.0 has it.
    pub items: Vec<Json>,
    /// Where to read on, without the epoch: never within an append, and beyond what was left out.
    pub next: i64,
}

/// A row of the feed.
#[derive(Debug, Clone)]
struct ChangeRow {
    plan: String,
    position: i64,
    append_end: i64,
    epoch: i64,
    at: DateTime<Utc>,
    r#type: String,
    kind: Option<String>,
    subject_id: Option<Uuid>,
    subject: String,
    who: String,
    session_id: Option<Uuid>,
    mode: Option<String>,
    period: Option<String>,
    revision: Option<i64>,
    changes: String,
    more: Option<String>,
    cause: Option<String>,
    request: Option<String>,
}

/// Gives the name of whoever acted.
pub type NameOf<'a> = &'a (dyn Fn(Who) -> String + Sync);

impl ChangeRow {
    fn position_text(&self) -> String {
        Position { epoch: self.epoch, number: self.position }.to_string()
    }

    /// The change as the API shows it, by `CloudEvents` 1.0.
    fn cloud_event(&self, name_of: NameOf<'_>) -> Json {
        let position = self.position_text();
        let mut data = Map::new();
        data.insert("by".into(), json!(name_of(who_named(&self.who))));
        data.insert("session".into(), json!(self.session_id));
        data.insert("period".into(), json!(self.period));
        data.insert("revision".into(), json!(self.revision));
        data.insert("changes".into(), self.changes());
        if let Some(Json::Object(more)) =
            self.more.as_deref().and_then(|more| serde_json::from_str(more).ok())
        {
            for (name, value) in more {
                let (name, value) = with_names(name, value, name_of);
                data.entry(name).or_insert(value);
            }
        }
        json!({
            "specversion": "1.0",
            "id": position,
            "source": format!("/v1/plans/{}", self.plan),
            "type": format!("daybook.{}", self.r#type),
            "subject": self.subject,
            "time": self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "sequence": position,
            "datacontenttype": "application/json",
            "data": data,
        })
    }

    fn kind(&self) -> Option<Kind> {
        kind_of_subject(&self.subject).parse().ok()
    }

    /// Whether it is told only to those who may read absences.
    fn is_sensitive(&self) -> bool {
        self.kind().is_some_and(|kind| kind.reading_right() == Right::ReadAbsences)
    }

    /// Leaves out of a change what its reader may not see.
    fn hide_sensitive(&mut self, sees_absences: bool) {
        let Some(kind) = self.kind().filter(|kind| !sees_absences && kind.sensitive_fields().count() > 0)
        else {
            return;
        };
        let is_shown = |change: &Json| {
            let field = change["field"].as_str().and_then(|name| kind.field(name));
            field.is_none_or(|field| !field.sensitive)
        };
        let mut changes: Vec<Json> = serde_json::from_str(&self.changes).unwrap_or_default();
        changes.retain(is_shown);
        self.changes = Json::from(changes).to_string();
    }

    fn changes(&self) -> Json {
        serde_json::from_str(&self.changes).unwrap_or_else(|_| json!([]))
    }

    /// The change as the history of a record shows it.
    fn history_item(&self, name_of: NameOf<'_>) -> Json {
        json!({
            "position": self.position_text(),
            "at": self.at,
            "by": name_of(who_named(&self.who)),
            "session": self.session_id,
            "mode": self.mode,
            "kind": self.r#type.strip_prefix("record.").unwrap_or(&self.r#type),
            "revision": self.revision,
            "changes": self.changes(),
            "cause": self.cause,
            "request": self.request,
        })
    }
}

/// Rows say `who` by id; people read `user`.
pub(crate) fn with_names(name: String, value: Json, name_of: NameOf<'_>) -> (String, Json) {
    match value {
        Json::String(who) if name == "who" => ("user".to_owned(), Json::from(name_of(who_named(&who)))),
        Json::Object(object) => {
            (name, object.into_iter().map(|(name, value)| with_names(name, value, name_of)).collect())
        }
        Json::Array(list) => {
            (name, list.into_iter().map(|value| with_names(String::new(), value, name_of).1).collect())
        }
        plain => (name, plain),
    }
}

/// A question about the changes of a plan, the first argument, after a position and up to another one; or of `several` plans.
macro_rules! select_change {
    (several $($argument:expr),+) => { select_change!(@ "plan = any ($1)", "true order by position", $($argument),+) };
    ($where:literal, $($argument:expr),+) => { select_change!(@ "plan = $1", $where, $($argument),+) };
    (@ $of:literal, $where:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            ChangeRow,
            "select plan, position, append_end, epoch, at, type, kind, subject_id, subject, who, session_id, mode, period,
                revision, changes, more, cause, request
            from change where " + $of + " and position > $2 and position <= $3 and " + $where,
            $($argument),+
        )
    };
}
use select_change;

/// What a filter leaves.
enum Filter<'a> {
    All,
    Kind(&'a str),
    /// These records, but of those that are not in the second list only what happened under this very name.
    Records(Vec<Uuid>, Vec<Uuid>, &'a str),
}

/// The position up to which the feed is complete.
pub async fn reached(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select position from checkpoint where projection = 'change'")
        .fetch_optional(pool)
        .await
        .map(Option::unwrap_or_default)
}

/// What happened in a plan after a position. Never beyond what the read model has, so that whoever reads on skips nothing.
pub async fn changes(
    pool: &PgPool,
    plan: &PlanId,
    wanted: Wanted<'_>,
    name_of: NameOf<'_>,
) -> Result<Feed, sqlx::Error> {
    let plan = plan.to_string();
    // Asked before the rows are: all rows up to there are committed with it.
    let upto = wanted.upto.min(reached(pool).await?);
    let mut next = wanted.after.max(upto);
    if wanted.after >= upto {
        return Ok(Feed { items: Vec::new(), next });
    }
    let filter = match (wanted.record, wanted.kind) {
        (Some(record), _) => {
            let (ever, now) = records_called(pool, &plan, record, None, upto).await?;
            Filter::Records(ever, now, record)
        }
        (None, Some(kind)) => Filter::Kind(kind),
        (None, None) => Filter::All,
    };
    let limit = wanted.limit.max(1);
    // One too many tells whether there is more.
    let mut rows = read(pool, &plan, wanted.after, upto, &filter, limit + 1).await?;
    let full = usize::try_from(limit).is_ok_and(|limit| rows.len() > limit);
    if full {
        let cut = rows.pop().map_or(0, |one_too_many| one_too_many.append_end);
        rows.retain(|row| row.append_end < cut);
        match rows.last() {
            Some(last) => next = last.append_end,
            // The first append alone is larger than the limit.
            None => {
                rows = read(pool, &plan, wanted.after, cut, &filter, i64::MAX).await?;
                next = cut;
            }
        }
    }
    // A record filter goes before the kind in the index, so the kind is looked at here.
    let kind_too = |row: &&ChangeRow| match (wanted.record, wanted.kind) {
        (Some(_), Some(kind)) => kind_of_subject(&row.subject) == kind,
        _ => true,
    };
    for row in &mut rows {
        row.hide_sensitive(wanted.absences);
    }
    let shown = |row: &&ChangeRow| wanted.absences || !row.is_sensitive();
    let items = rows.iter().filter(kind_too).filter(shown).map(|row| row.cloud_event(name_of)).collect();
    Ok(Feed { items, next })
}

/// What happened to a record, newest first, with the refused changes between; each with its position. Nothing when no record was ever
/// called so. A record that is gone is found by its last name; of one that was renamed all is told under its newest name, and under
/// an earlier one only what happened while it was called so.
pub async fn history(
    pool: &PgPool,
    plan: &PlanId,
    wanted: Past<'_>,
    name_of: NameOf<'_>,
) -> Result<Option<Vec<(i64, Json)>>, sqlx::Error> {
    let plan = plan.to_string();
    let Past { record, period, upto, before, limit, absences } = wanted;
    let (ever, now) = records_called(pool, &plan, record, period, upto).await?;
    if ever.is_empty() {
        return Ok(None);
    }
    let mut rows = select_change!(
        "subject_id = any ($4) and (subject_id = any ($5) or subject = $6) order by position desc limit $7",
        plan,
        0,
        before.saturating_sub(1).min(upto),
        &ever,
        &now,
        record,
        limit
    )
    .fetch_all(pool)
    .await?;
    for row in &mut rows {
        row.hide_sensitive(absences);
    }
    let shown = rows.iter().filter(|row| absences || !row.is_sensitive());
    Ok(Some(shown.map(|row| (row.position, row.history_item(name_of))).collect()))
}

async fn read(
    pool: &PgPool,
    plan: &str,
    after: i64,
    upto: i64,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    match filter {
        Filter::All => {
            select_change!("true order by position limit $4", plan, after, upto, limit).fetch_all(pool).await
        }
        Filter::Kind(kind) => {
            select_change!("kind = $5 order by position limit $4", plan, after, upto, limit, kind)
                .fetch_all(pool)
                .await
        }
        Filter::Records(ever, now, subject) => select_change!(
            "subject_id = any ($5) and (subject_id = any ($6) or subject = $7) order by position limit $4",
            plan,
            after,
            upto,
            limit,
            ever,
            now,
            subject
        )
        .fetch_all(pool)
        .await,
    }
}

/// The kind of what a change is about, by its subject: `teachers`, or `placements` for an hour of a lesson.
pub fn kind_of_subject(subject: &str) -> &str {
    let mut parts = subject.split('/');
    let first = parts.next().unwrap_or_default();
    if subject.contains("/placements/") && first == "lessons" { "placements" } else { first }
}

/// All records that were ever called so up to a position, and which of them were then, else which were last.
async fn records_called(
    pool: &PgPool,
    plan: &str,
    subject: &str,
    period: Option<&str>,
    upto: i64,
) -> Result<(Vec<Uuid>, Vec<Uuid>), sqlx::Error> {
    let Some((kind, name)) = subject.split_once('/') else {
        let singletons = sqlx::query_as!(
            Named,
            "select record_id, case when valid_to <= $3 then valid_to end as valid_to from change_name
            where plan = $1 and kind = $2 and name is null and lesson_id is null and valid_from <= $3",
            plan,
            subject,
            upto,
        );
        return Ok(newest(&singletons.fetch_all(pool).await?));
    };
    if let ("sessions" | "locks" | "imports", Ok(id)) = (kind, name.parse()) {
        return Ok((vec![id], vec![id]));
    }
    let of_lesson = name.rsplit_once("/placements/").filter(|_| kind == "lessons");
    if let Some((lesson, n)) = of_lesson.and_then(|(lesson, n)| Some((lesson, n.parse::<i32>().ok()?))) {
        let hours = sqlx::query_as!(
            Named,
            "select p.record_id, case when p.valid_to <= $4 then p.valid_to end as valid_to from change_name l
            join change_name p on p.lesson_id = l.record_id and p.n = $3 and p.valid_from <= $4
            where l.plan = $1 and l.kind = 'lessons' and l.name = $2 and l.valid_from <= $4
                and ($5::text is null or p.period_id in (
                    select record_id from change_name where plan = $1 and kind = 'periods' and name = $5 and valid_from <= $4))",
            plan,
            lesson,
            n,
            upto,
            period,
        );
        return Ok(newest(&hours.fetch_all(pool).await?));
    }
    let named = sqlx::query_as!(
        Named,
        "select record_id, case when valid_to <= $4 then valid_to end as valid_to from change_name
        where plan = $1 and kind = $2 and name = $3 and valid_from <= $4",
        plan,
        kind,
        name,
        upto,
    );
    Ok(newest(&named.fetch_all(pool).await?))
}

/// A record that was called so until a position.
struct Named {
    record_id: Uuid,
    valid_to: Option<i64>,
}

fn newest(found: &[Named]) -> (Vec<Uuid>, Vec<Uuid>) {
    let until = |it: &Named| it.valid_to.unwrap_or(i64::MAX);
    let newest = found.iter().map(until).max();
    let now = found.iter().filter(|it| Some(until(it)) == newest).map(|it| it.record_id).collect();
    (found.iter().map(|it| it.record_id).collect(), now)
}
