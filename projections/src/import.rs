//! Imports of files: what each of them did.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, ImportDone, PlanId, Position};
use serde_json::{Value as Json, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::who::{who_acted, who_text};
use crate::{Happened, Projection, ProjectionError};

/// The read model of imports: table `import`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Imports;

/// An import that was done.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Which it is.
    pub import_id: Uuid,
    /// Its plan.
    pub plan: String,
    /// The epoch of its position.
    pub epoch: i64,
    /// Where it stands.
    pub position: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// By whom, as in [`crate::who::who_text`].
    pub who: String,
    /// In which session.
    pub session_id: Option<Uuid>,
    files: String,
    counts: String,
    /// How many warnings it gave.
    pub warnings: i64,
}

impl ImportRow {
    /// The import as the API shows it. Warnings and ignored columns quote the files; they were in the answer and are not kept.
    pub fn json(&self) -> Json {
        let parsed = |text: &str| serde_json::from_str::<Json>(text).unwrap_or_default();
        json!({
            "import": self.import_id,
            "files": parsed(&self.files),
            "counts": parsed(&self.counts),
            "position": Position { epoch: self.epoch, number: self.position }.to_string(),
        })
    }
}

macro_rules! select_import {
    ($where:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            ImportRow,
            "select import_id, plan, epoch, position, at, who, session_id, files, counts, warnings from import where "
                + $where,
            $($argument),+
        )
    };
}

/// The imports of a plan, oldest first: at most `limit`, after a position.
pub async fn imports(
    pool: &PgPool,
    plan: &PlanId,
    after: i64,
    limit: i64,
) -> Result<Vec<ImportRow>, sqlx::Error> {
    select_import!("plan = $1 and position > $2 order by position limit $3", plan.to_string(), after, limit)
        .fetch_all(pool)
        .await
}

/// One import of a plan.
pub async fn import(pool: &PgPool, plan: &PlanId, id: Uuid) -> Result<Option<ImportRow>, sqlx::Error> {
    select_import!("plan = $1 and import_id = $2", plan.to_string(), id).fetch_optional(pool).await
}

#[async_trait]
impl Projection for Imports {
    fn name(&self) -> &'static str {
        "import"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let done: Vec<(&Happened, &ImportDone)> = batch
            .iter()
            .filter_map(|happened| match &happened.event {
                Event::ImportDone(e) => Some((happened, e)),
                _ => None,
            })
            .collect();
        if done.is_empty() {
            return Ok(());
        }
        let text = |json: serde_json::Result<String>| json.expect("names and numbers are always JSON");
        sqlx::query!(
            "insert into import (import_id, plan, epoch, position, at, who, session_id, files, counts, warnings,
                valid_from)
            select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[],
                $7::uuid[], $8::text[], $9::text[], $10::bigint[], $11::bigint[])",
            &done.iter().map(|(_, e)| e.import.0).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| it.plan.as_ref().map(ToString::to_string)).collect::<Vec<_>>() as _,
            &done.iter().map(|(it, _)| it.epoch).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| it.position).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| it.at).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| who_text(who_acted(it.meta.actor))).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| it.meta.session).collect::<Vec<_>>() as _,
            &done.iter().map(|(_, e)| text(serde_json::to_string(&e.files))).collect::<Vec<_>>(),
            &done.iter().map(|(_, e)| text(serde_json::to_string(&e.counts))).collect::<Vec<_>>(),
            &done.iter().map(|(_, e)| i64::try_from(e.warnings).unwrap_or(i64::MAX)).collect::<Vec<_>>(),
            &done.iter().map(|(it, _)| it.append_end).collect::<Vec<_>>(),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
