//! How events change the rows of plans.

use async_trait::async_trait;
use chrono::DateTime;
use domain::{Event, PlanCondition};
use sqlx::PgConnection;
use std::sync::Arc;

use super::{Plans, Row, count, filled::Filled};
use crate::fill::Filling;
use crate::versions::{Edge, Past, Version, Versions};
use crate::{Happened, Projection, ProjectionError};

#[derive(Debug, Clone)]
pub(super) struct State {
    pub title: String,
    pub state: String,
    pub revision: i64,
    pub epoch: i64,
}

#[async_trait]
impl Projection for Plans {
    fn name(&self) -> &'static str {
        "plan"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let mut plans = load(connection, batch).await?;
        for happened in batch {
            take(&mut plans, happened)?;
        }
        write(connection, plans).await?;
        count::apply(connection, batch).await
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
    }
}

/// The plans that were there before the batch and are changed by it.
async fn load(
    connection: &mut PgConnection,
    batch: &[Happened],
) -> Result<Versions<State, Arc<str>>, sqlx::Error> {
    let mut plans = Versions::new();
    let changed = batch.iter().filter(|happened| matches!(happened.event, Event::PlanChanged(_)));
    let touched: Vec<&str> = changed.filter_map(|happened| happened.plan.as_deref()).collect();
    if touched.is_empty() {
        return Ok(plans);
    }
    let rows = sqlx::query_as!(
        Row,
        "select plan, title, state, revision, epoch, valid_from from plan
        where plan = any ($1) and valid_to is null",
        &touched as _,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let from = Edge { position: row.valid_from, at: DateTime::UNIX_EPOCH };
        let state = State { title: row.title, state: row.state, revision: row.revision, epoch: row.epoch };
        plans.load(row.plan.into(), state, from);
    }
    Ok(plans)
}

pub(super) fn take<P: Past<State, Arc<str>>>(
    plans: &mut Versions<State, Arc<str>, P>,
    happened: &Happened,
) -> Result<(), ProjectionError> {
    let edge = Edge { position: happened.append_end, at: happened.at };
    match &happened.event {
        Event::PlanCreated(e) => {
            let state = State {
                title: e.title.clone(),
                state: word(PlanCondition::Open).to_owned(),
                revision: 1,
                epoch: happened.epoch,
            };
            plans.put(e.plan.to_string().into(), state, edge);
        }
        Event::PlanChanged(e) => {
            let plan = happened.plan.clone().unwrap_or_default();
            let Some(state) = plans.change(Arc::clone(&plan), edge) else {
                let cause = format!("there is no plan {plan}");
                return Err(ProjectionError::Unfit { position: happened.position, cause });
            };
            if let Some(title) = &e.title {
                state.title.clone_from(title);
            }
            if let Some(condition) = e.state {
                word(condition).clone_into(&mut state.state);
            }
            state.revision = i64::try_from(e.revision).unwrap_or(i64::MAX);
            state.epoch = happened.epoch;
        }
        _ => {}
    }
    Ok(())
}

async fn write(connection: &mut PgConnection, plans: Versions<State, Arc<str>>) -> Result<(), sqlx::Error> {
    let (closed, new): (_, Vec<Version<State, Arc<str>>>) = plans.finish();
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update plan set valid_to = e.position from unnest($1::text[], $2::bigint[]) as e (plan, position)
        where plan.plan = e.plan and plan.valid_to is null",
        &closed.iter().map(|(plan, _)| plan.as_ref()).collect::<Vec<&str>>() as _,
        &closed.iter().map(|(_, to)| to.position).collect::<Vec<_>>(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into plan (plan, title, state, revision, epoch, valid_from, valid_to)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])",
        &new.iter().map(|it| it.id.as_ref()).collect::<Vec<&str>>() as _,
        &new.iter().map(|it| it.row.title.as_str()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.state.as_str()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.revision).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.epoch).collect::<Vec<_>>(),
        &new.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

fn word(state: PlanCondition) -> &'static str {
    match state {
        PlanCondition::Open => "open",
        PlanCondition::ReadOnly => "read-only",
        PlanCondition::Archived => "archived",
    }
}
