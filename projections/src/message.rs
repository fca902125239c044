//! Messages: what people tell each other, and what the service tells somebody (RULES.md, 1.4 and 3.7). Nobody but the sender and those
//! who get one is ever shown it.

use chrono::{DateTime, Utc};
use domain::{Position, Who};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use std::collections::BTreeMap;

use crate::change::{NameOf, with_names};
use crate::who::{who_named, who_text};

mod taken_in;

/// The read model of messages: tables `message` and `message_to`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messages;

/// A message, as one who may see it sees it.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// What it is known by, without the epoch.
    pub position: i64,
    /// `user`, `refused`, `sign-off` or `outage`.
    pub kind: String,
    /// In the words of who sent it; nothing where the service finds the words, from [`MessageView::data`].
    pub text: Option<String>,
    /// What it is about, as the API shows it.
    pub data: Map<String, Json>,
    /// As the API shows it, but for the text.
    pub json: Map<String, Json>,
    /// When whoever asks has read it.
    pub read_at: Option<DateTime<Utc>>,
}

struct Row {
    position: i64,
    epoch: i64,
    at: DateTime<Utc>,
    kind: String,
    who: String,
    plan: Option<String>,
    text: Option<String>,
    data: String,
    read_at: Option<DateTime<Utc>>,
    subject: Option<String>,
    changes: Option<String>,
    more: Option<String>,
}

/// The messages that somebody got, `$1`, before a position, `$2`; newest first, at most `$3`. There is one text for all and one for
/// those that wait to be read, so that these are found by an index of their own.
macro_rules! received {
    ($waiting:literal, $read_by_him:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"select m.position, m.epoch, m.at, m.kind, m.who, m.plan, m.text, m.data, i.read_at,
                c.subject as "subject?", c.changes as "changes?", c.more as "more?"
            from (
                (select t.position, t.read_at from message_to t
                where t.who = $1 and t.position < $2 and "# + $waiting + r#" order by t.position desc limit $3)
                union all
                (select a.position, t.read_at from message a
                left join message_to t on t.who = $1 and t.position = a.position
                where a.for_all and a.position < $2 and "# + $read_by_him + r#" and exists (
                    select 1 from session s where s.who = $1 and s.valid_from <= a.position
                        and (s.valid_to is null or s.valid_to > a.position))
                order by a.position desc limit $3)
            ) i join message m on m.position = i.position
            left join change_told c on c.position = m.position and m.kind = 'refused'
            order by i.position desc limit $3"#,
            $($argument),+
        )
    };
}

/// The messages that somebody got before a position, newest first: at most `limit`; `unread` ones only, or all.
pub async fn received(
    pool: &PgPool,
    who: Who,
    unread: bool,
    before: i64,
    limit: i64,
    name_of: NameOf<'_>,
) -> Result<Vec<MessageView>, sqlx::Error> {
    let reader = who_text(who);
    let rows = if unread {
        received!("t.valid_to is null", "t.position is null", reader, before, limit).fetch_all(pool).await?
    } else {
        received!("(t.valid_to is null or t.valid_to > t.valid_from)", "true", reader, before, limit)
            .fetch_all(pool)
            .await?
    };
    let to = recipients(pool, rows.iter().filter(|row| row.kind == "user").map(|row| row.position)).await?;
    Ok(rows.into_iter().map(|row| view(row, &to, &reader, name_of)).collect())
}

/// That there is a new message, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newly {
    /// What it is known by, without the epoch.
    pub position: i64,
    /// One of those who get it; nothing where it is for everybody who is logged in.
    pub who: Option<Who>,
}

/// Who has got a message after a position and up to another one; in order.
pub async fn newly(pool: &PgPool, after: i64, upto: i64) -> Result<Vec<Newly>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select m.position, m.for_all, t.who as "who?" from message m
        left join message_to t on t.position = m.position and not m.for_all
        where m.position > $1 and m.position <= $2 and (m.for_all or t.who is not null) order by m.position"#,
        after,
        upto,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Newly { position: row.position, who: row.who.as_deref().map(who_named) })
        .collect())
}

/// The messages that somebody sent before a position, newest first: at most `limit`, each with who has read it.
pub async fn sent(
    pool: &PgPool,
    who: Who,
    before: i64,
    limit: i64,
    name_of: NameOf<'_>,
) -> Result<Vec<MessageView>, sqlx::Error> {
    let sender = who_text(who);
    let rows = sqlx::query_as!(
        Row,
        r#"select position, epoch, at, kind, who, plan, text, data, null::timestamptz as read_at,
            null::text as subject, null::text as changes, null::text as more
        from message where who = $1 and position < $2 and kind = 'user' order by position desc limit $3"#,
        sender,
        before,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let to = recipients(pool, rows.iter().map(|row| row.position)).await?;
    let read_by = |position: i64| -> Vec<Json> {
        let all = to.get(&position).into_iter().flatten();
        let read = all.filter_map(|(who, at)| Some((who, (*at)?)));
        read.map(|(who, at)| json!({ "user": name_of(who_named(who)), "at": at })).collect()
    };
    let shown = |row: Row| {
        let read_by = read_by(row.position);
        let mut view = view(row, &to, &sender, name_of);
        view.json.insert("read_by".into(), read_by.into());
        view
    };
    Ok(rows.into_iter().map(shown).collect())
}

type Recipients = BTreeMap<i64, Vec<(String, Option<DateTime<Utc>>)>>;

/// Who gets these messages, and when each of them read it.
async fn recipients(pool: &PgPool, messages: impl Iterator<Item = i64>) -> Result<Recipients, sqlx::Error> {
    let messages: Vec<i64> = messages.collect();
    let mut all = Recipients::new();
    if messages.is_empty() {
        return Ok(all);
    }
    let rows = sqlx::query!(
        "select position, who, read_at from message_to where position = any ($1) order by position, who",
        &messages,
    )
    .fetch_all(pool)
    .await?;
    for row in rows {
        all.entry(row.position).or_default().push((row.who, row.read_at));
    }
    Ok(all)
}

fn view(row: Row, to: &Recipients, asks: &str, name_of: NameOf<'_>) -> MessageView {
    let position = Position { epoch: row.epoch, number: row.position };
    let users: Vec<String> = match (row.kind.as_str(), to.get(&row.position)) {
        ("user", Some(all)) => all.iter().map(|(who, _)| name_of(who_named(who))).collect(),
        ("user", None) => Vec::new(),
        // What the service says is said to each alone.
        _ => vec![name_of(who_named(asks))],
    };
    let mut shown_to = json!({ "users": users });
    if let (Some(plan), "user") = (&row.plan, row.kind.as_str()) {
        shown_to["plan"] = plan.as_str().into();
    }
    let data = data(&row, name_of);
    let mut json = Map::new();
    json.insert("id".into(), position.to_string().into());
    json.insert("kind".into(), row.kind.as_str().into());
    json.insert("from".into(), name_of(who_named(&row.who)).into());
    json.insert("to".into(), shown_to);
    json.insert("data".into(), Json::Object(data.clone()));
    json.insert("sent_at".into(), json!(row.at));
    json.insert("read_at".into(), json!(row.read_at));
    let read_at = row.read_at;
    MessageView { position: row.position, kind: row.kind, text: row.text, data, json, read_at }
}

/// What it is about: what the event says, and of a refusal what the feed of the plan says, in the names of then.
fn data(row: &Row, name_of: NameOf<'_>) -> Map<String, Json> {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Json::Object(object)) => object,
        _ => Map::new(),
    };
    let mut data = Map::new();
    for (name, value) in
        object(&row.data).into_iter().chain(row.more.as_deref().map(object).into_iter().flatten())
    {
        let (name, value) = with_names(name, value, name_of);
        data.insert(name, value);
    }
    if row.kind != "refused" {
        return data;
    }
    if let Some(plan) = &row.plan {
        data.insert("plan".into(), plan.as_str().into());
    }
    if let Some(subject) = row.subject.as_deref().filter(|subject| subject.contains('/')) {
        data.insert("record".into(), subject.into());
    }
    let changes: Vec<Json> =
        row.changes.as_deref().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    let told =
        |change: &Json| json!({ "field": change["field"], "theirs": change["from"], "yours": change["to"] });
    data.insert("changes".into(), changes.iter().map(told).collect());
    data
}
