//! People who edit: a connection and a session each, with teachers of their own, so that nobody is in anybody's way.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use api::private_postgres::{PrivatePostgres, Settings};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _};

use crate::{
    http::{Connection, Request},
    measure::Writer,
    service::{Service, plan},
};

/// Teachers that each of them edits in turn.
pub const RECORDS_AN_EDITOR: usize = 32;

/// How long the read model may take until it has everything.
const CATCH_UP_MAX: Duration = Duration::from_secs(300);

/// One who edits.
pub struct Editor {
    connection: Connection,
    token: String,
    plan: String,
    records: Vec<Record>,
    next: usize,
    changes: u64,
    /// The ledger's number of the last change.
    position: u64,
}

/// A teacher as its editor knows it.
struct Record {
    path: String,
    name: String,
    /// Of its last change.
    etag: String,
    /// The one before.
    before: String,
    /// The header line for the next change.
    if_match: String,
    /// Acknowledged since it was created.
    changes: u64,
}

impl Editor {
    /// Logs so many in, spread over the plans in turn, and makes their teachers, whose names begin with `prefix`.
    pub async fn enter(service: &Service, editors: usize, plans: usize, prefix: &str) -> Result<Vec<Self>> {
        let mut entered = Vec::new();
        for number in 0..editors {
            let plan = plan(number % plans);
            let (connection, token) = service.log_in(&plan).await?;
            let mut editor =
                Self { connection, token, plan, records: Vec::new(), next: 0, changes: 0, position: 0 };
            for teacher in 0..RECORDS_AN_EDITOR {
                editor.create(format!("{prefix}{number}-{teacher}")).await?;
            }
            entered.push(editor);
        }
        Ok(entered)
    }

    /// Changes the long name of the next teacher and returns when that is acknowledged.
    pub async fn change(&mut self) -> Result<()> {
        let record = &mut self.records[self.next];
        let body = format!("{{\"long_name\":\"{}\"}}", long_name(record.changes + 1));
        let request = Request {
            method: "PATCH",
            path: &record.path,
            token: Some(&self.token),
            condition: Some(&record.if_match),
            body: Some(&body),
        };
        let answer = self.connection.send(request).await?;
        ensure!(answer.status == 200, "PATCH {}: {}", record.path, answer.tell());
        let etag = answer.etag.context("a change without an ETag")?;
        let position = answer.position.context("a change without a position")?;
        self.position = position.rsplit('.').next().unwrap_or_default().parse()?;
        record.if_match = format!("If-Match: {etag}");
        record.before = std::mem::replace(&mut record.etag, etag);
        record.changes += 1;
        self.changes += 1;
        self.next = (self.next + 1) % self.records.len();
        Ok(())
    }

    /// Asks once whether the last change can be read: 304 as long as the revision before it is the newest, then 200 with the new one.
    pub async fn sees_last_change(&mut self) -> Result<bool> {
        let last = (self.next + self.records.len() - 1) % self.records.len();
        let record = &self.records[last];
        let condition = format!("If-None-Match: {}", record.before);
        let request = Request {
            method: "GET",
            path: &record.path,
            token: Some(&self.token),
            condition: Some(&condition),
            ..Request::default()
        };
        let answer = self.connection.send(request).await?;
        ensure!(matches!(answer.status, 200 | 304), "GET {}: {}", record.path, answer.tell());
        ensure!(
            answer.status == 304 || answer.etag.as_ref() == Some(&record.etag),
            "{}: a revision of nobody's",
            record.path
        );
        Ok(answer.status == 200)
    }

    /// The ledger's number of the last change.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Changes that were acknowledged to this one.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    async fn create(&mut self, name: String) -> Result<()> {
        let path = format!("/v1/plans/{}/teachers/{name}", self.plan);
        let body = format!("{{\"long_name\":\"{}\"}}", long_name(0));
        let request = Request {
            method: "PUT",
            path: &path,
            token: Some(&self.token),
            condition: Some("If-None-Match: *"),
            body: Some(&body),
        };
        let answer = self.connection.send(request).await?;
        ensure!(answer.status == 201, "PUT {path}: {}", answer.tell());
        let etag = answer.etag.context("a new record without an ETag")?;
        self.records.push(Record {
            path,
            name,
            if_match: format!("If-Match: {etag}"),
            before: etag.clone(),
            etag,
            changes: 0,
        });
        Ok(())
    }
}

impl Writer for Editor {
    async fn append(&mut self) -> Result<()> {
        self.change().await
    }
}

/// What a teacher is called after so many changes.
fn long_name(changes: u64) -> String {
    format!("Gauss, Carl Friedrich, revision {changes}")
}

/// Waits until the read model has all that these have changed, and says how long that took.
pub async fn caught_up(editors: &mut [Editor]) -> Result<Duration> {
    let began = Instant::now();
    let position = editors.iter().map(|editor| editor.position).max().context("nobody edits")?;
    let condition = format!("Daybook-Min-Position: {position}");
    let editor = editors.first_mut().context("nobody edits")?;
    let path = editor.records.first().context("nothing to edit")?.path.clone();
    while began.elapsed() < CATCH_UP_MAX {
        let (token, condition) = (Some(editor.token.as_str()), Some(condition.as_str()));
        let request = Request { method: "GET", path: &path, token, condition, body: None };
        // The service waits two seconds itself before it answers 503.
        let answer = editor.connection.send(request).await?;
        match answer.status {
            200 => return Ok(began.elapsed()),
            503 => {}
            _ => bail!("GET {path}: {}", answer.tell()),
        }
    }
    bail!("the read model is still behind after {CATCH_UP_MAX:?}")
}

/// Proves that the ledger and the read model hold exactly the acknowledged changes; says so in a line.
pub async fn prove(service: &Service, editors: &mut [Editor]) -> Result<String> {
    caught_up(editors).await?;
    let acknowledged: u64 = editors.iter().map(Editor::changes).sum();
    let recorded = recorded_changes(service.data()).await?;
    ensure!(
        recorded == acknowledged,
        "{acknowledged} changes were acknowledged, the ledger holds {recorded}"
    );
    let mut expected: HashMap<(String, String), u64> = HashMap::new();
    for editor in &*editors {
        for record in &editor.records {
            expected.insert((editor.plan.clone(), record.name.clone()), record.changes);
        }
    }
    let mut plans: Vec<String> = expected.keys().map(|(plan, _)| plan.clone()).collect();
    plans.sort();
    plans.dedup();
    let records = expected.len();
    let editor = editors.first_mut().context("nobody edits")?;
    for plan in plans {
        let mut page = format!("/v1/plans/{plan}/teachers?limit=1000");
        loop {
            let request =
                Request { method: "GET", path: &page, token: Some(&editor.token), ..Request::default() };
            let list = editor.connection.json(request).await?;
            for item in list["items"].as_array().context("a list without items")? {
                let key = (plan.clone(), item["id"].as_str().unwrap_or_default().to_owned());
                let changes = expected.remove(&key).with_context(|| format!("{key:?} is nobody's"))?;
                let (name, revision) = (long_name(changes), Value::from(changes + 1));
                ensure!(
                    item["long_name"] == *name && item["revision"] == revision,
                    "{key:?} after {changes} changes reads {item}"
                );
            }
            let Some(after) = list["next"].as_str() else { break };
            page = format!("/v1/plans/{plan}/teachers?limit=1000&after={after}");
        }
    }
    ensure!(expected.is_empty(), "{} records cannot be read", expected.len());
    Ok(format!(
        "Checked at the end: {acknowledged} changes were acknowledged, the ledger holds {recorded}, and each of {records} records reads as its last \
         acknowledged change left it."
    ))
}

/// Counts the changes of records in the ledger itself, beside the service.
async fn recorded_changes(data: &Path) -> Result<u64> {
    let server = PrivatePostgres::start(&Settings::new(data)).await?;
    let mut connection = server.connect_options(api::private_postgres::DATABASE).connect().await?;
    let table: String = sqlx::query_scalar(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables where table_name = 'event'",
    )
    .fetch_one(&mut connection)
    .await?;
    let count = format!("select count(*) from {table} where type = 'RecordChanged' and stream like 'plan/%'");
    let recorded: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut connection).await?;
    connection.close().await?;
    server.stop().await?;
    Ok(u64::try_from(recorded)?)
}
