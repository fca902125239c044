//! How events become messages.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, Recipients, RefusalCode, Told, Who};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use std::collections::BTreeMap;

use super::Messages;
use crate::who::who_text;
use crate::{Happened, Projection, ProjectionError};

struct Row {
    position: i64,
    epoch: i64,
    at: DateTime<Utc>,
    kind: &'static str,
    who: String,
    plan: Option<String>,
    for_all: bool,
    text: Option<String>,
    data: String,
    from: i64,
}

#[async_trait]
impl Projection for Messages {
    fn name(&self) -> &'static str {
        "message"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let mut rows = Vec::new();
        let mut to: Vec<(String, i64, i64)> = Vec::new();
        // Who read what; the first time counts.
        let mut read: BTreeMap<(String, i64), (DateTime<Utc>, i64)> = BTreeMap::new();
        for happened in batch {
            if let Event::MessageRead(e) = &happened.event {
                let edge = (happened.at, happened.append_end);
                read.entry((who_text(e.by), e.message)).or_insert(edge);
            }
            let Some(told) = Told::by(&happened.event) else { continue };
            if let Recipients::These(all) = &told.to {
                to.extend(all.iter().map(|who| (who_text(*who), happened.position, happened.append_end)));
            }
            rows.push(row(happened, &told));
        }
        insert_messages(connection, &rows).await?;
        insert_recipients(connection, &to).await?;
        note_read(connection, &read).await?;
        Ok(())
    }
}

fn row(happened: &Happened, told: &Told) -> Row {
    let mut plan = happened.plan.as_ref().map(ToString::to_string);
    let mut text = None;
    let (who, data) = match &happened.event {
        Event::MessageSent(e) => {
            plan = e.plan.as_ref().map(ToString::to_string);
            text = Some(e.text.open.clone());
            (e.from, json!({}))
        }
        Event::ChangeRefused(e) => {
            let record = e.notice.map(|notice| format!("notices/{notice}"));
            let mut data = json!({ "code": e.code });
            if let Some(record) = record {
                data["record"] = record.into();
            }
            (Who::System, data)
        }
        Event::LockDenied(e) => {
            let mut data = json!({ "code": e.code, "action": e.action });
            if e.code == RefusalCode::Blocked.word() {
                // Only cover mode blocks a request for a lock; other locks make it `lock-refused`.
                data["rule"] = "cover".into();
            }
            (Who::System, data)
        }
        Event::SignOffAnnounced(e) => {
            let ends_at = happened.at + chrono::TimeDelta::seconds(e.grace_seconds.into());
            let (seconds, plan) = (e.grace_seconds, &plan);
            (
                e.by,
                json!({ "message": e.message, "grace_seconds": seconds, "ends_at": ends_at, "plan": plan }),
            )
        }
        Event::OutageAnnounced(e) => {
            text = Some(e.message.clone());
            (e.by, outage_json(e.prevent_logins, e.until))
        }
        Event::OutageChanged(e) => {
            text = Some(e.message.clone());
            (e.by, outage_json(e.prevent_logins, e.until))
        }
        _ => (Who::System, json!({})),
    };
    Row {
        position: happened.position,
        epoch: happened.epoch,
        at: happened.at,
        kind: told.kind.word(),
        who: who_text(who),
        plan,
        for_all: told.to == Recipients::WhoIsLoggedIn,
        text,
        data: data.to_string(),
        from: happened.append_end,
    }
}

fn outage_json(prevent_logins: bool, until: Option<DateTime<Utc>>) -> Json {
    json!({ "prevent_logins": prevent_logins, "until": until })
}

async fn insert_messages(connection: &mut PgConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into message (position, epoch, at, kind, who, plan, for_all, text, data, valid_from)
        select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
            $7::boolean[], $8::text[], $9::text[], $10::bigint[])",
        &rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.epoch).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.kind).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.who.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.plan.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.for_all).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.text.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.data.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.from).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn insert_recipients(
    connection: &mut PgConnection,
    to: &[(String, i64, i64)],
) -> Result<(), sqlx::Error> {
    if to.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into message_to (who, position, valid_from)
        select * from unnest($1::text[], $2::bigint[], $3::bigint[])",
        &to.iter().map(|(who, ..)| who.as_str()).collect::<Vec<_>>() as _,
        &to.iter().map(|(_, position, _)| *position).collect::<Vec<_>>(),
        &to.iter().map(|(.., from)| *from).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn note_read(
    connection: &mut PgConnection,
    read: &BTreeMap<(String, i64), (DateTime<Utc>, i64)>,
) -> Result<(), sqlx::Error> {
    if read.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into message_to (who, position, read_at, valid_from, valid_to)
        select r.who, r.position, r.at, r.read, r.read
        from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bigint[]) as r (who, position, at, read)
        on conflict (who, position) do update set read_at = excluded.read_at, valid_to = excluded.valid_to
        where message_to.valid_to is null",
        &read.keys().map(|(who, _)| who.as_str()).collect::<Vec<_>>() as _,
        &read.keys().map(|(_, position)| *position).collect::<Vec<_>>(),
        &read.values().map(|(at, _)| *at).collect::<Vec<_>>(),
        &read.values().map(|(_, position)| *position).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}
