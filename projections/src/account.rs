//! What people and programs are called, and when they last logged in.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, UserId, Who};
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

use crate::asked::asked;
use crate::versions::{Edge, Versions, end_rows};
use crate::who::who_named;
use crate::{Happened, Moment, Projection, ProjectionError};

/// The read model of accounts: tables `account` and `last_login`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accounts;

#[async_trait]
impl Projection for Accounts {
    fn name(&self) -> &'static str {
        "account"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let mut called = Versions::new();
        let mut logins: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
        for happened in batch {
            let edge = Edge { position: happened.append_end, at: happened.at };
            match &happened.event {
                Event::UserAdded(e) => called.put(e.user.0, ("user", e.name.open.clone()), edge),
                Event::UserChanged(e) => called.put(e.user.0, ("user", e.name.open.clone()), edge),
                Event::TokenIssued(e) => called.put(e.token.0, ("token", e.name.clone()), edge),
                Event::SessionStarted(e) if !e.resumed => {
                    if let Who::User(user) = e.who {
                        logins.insert(user.0, happened.at);
                    }
                }
                _ => {}
            }
        }
        write_names(connection, called).await?;
        write_logins(connection, &logins).await?;
        Ok(())
    }
}

/// Whatever is called something new in the batch had another name before it, or none.
async fn write_names(
    connection: &mut PgConnection,
    called: Versions<(&'static str, String)>,
) -> Result<(), sqlx::Error> {
    let (_, rows) = called.finish();
    if rows.is_empty() {
        return Ok(());
    }
    let mut first: BTreeMap<Uuid, Edge> = BTreeMap::new();
    for row in &rows {
        let from = first.entry(row.id).or_insert(row.from);
        if row.from.position < from.position {
            *from = row.from;
        }
    }
    end_rows!(connection, "account", "account_id", first)?;
    sqlx::query!(
        "insert into account (account_id, kind, name, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])",
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.row.0).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.row.1.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.from.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn write_logins(
    connection: &mut PgConnection,
    logins: &BTreeMap<Uuid, DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    if logins.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into last_login (user_id, last_login_at) select * from unnest($1::uuid[], $2::timestamptz[])
        on conflict (user_id) do update set last_login_at = excluded.last_login_at",
        &logins.keys().copied().collect::<Vec<_>>(),
        &logins.values().copied().collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

struct Called {
    account_id: Uuid,
    name: String,
}

/// What those who acted were called at a moment, by the text that rows name them with: the user name, `token:NAME`,
/// `operator`, `system`. Who is called nothing shows his id.
pub async fn who_names(
    pool: &PgPool,
    who: impl IntoIterator<Item = &str>,
    moment: Moment,
) -> Result<HashMap<String, String>, sqlx::Error> {
    let all: BTreeSet<&str> = who.into_iter().collect();
    let mut ids: Vec<Uuid> = Vec::new();
    for text in &all {
        match who_named(text) {
            Who::User(id) => ids.push(id.0),
            Who::Token(id) => ids.push(id.0),
            Who::Operator | Who::System => {}
        }
    }
    let mut names: HashMap<Uuid, String> = HashMap::new();
    if !ids.is_empty() {
        let rows = asked!(Called, moment, fetch_all(pool);
            "select a.account_id, a.name " @ids "a" "account" "account_id" "$2"; &ids)?;
        names.extend(rows.into_iter().map(|row| (row.account_id, row.name)));
    }
    let name_of = |id: Uuid| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    Ok(all
        .into_iter()
        .map(|text| {
            let name = match who_named(text) {
                Who::User(id) => name_of(id.0),
                Who::Token(id) => format!("token:{}", name_of(id.0)),
                Who::Operator => "operator".to_owned(),
                Who::System => "system".to_owned(),
            };
            (text.to_owned(), name)
        })
        .collect())
}

/// When these users last logged in; who never did is left out.
pub async fn last_logins(
    pool: &PgPool,
    users: &[UserId],
) -> Result<HashMap<UserId, DateTime<Utc>>, sqlx::Error> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query!("select user_id, last_login_at from last_login where user_id = any ($1)", &ids)
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user_id), row.last_login_at)).collect())
}
