//! The moment that a reading shows: now, or one of the past (`as_of`).

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::{Accounts, PlanId, Position, Right};
use projections::Moment;
use serde::Serialize;

use super::reader::Reader;
use crate::app::App;
use crate::desk::Failure;
use crate::http::{AsOf, Code, ETag, GivenMoment, IfNoneMatch, InTime, Json, Problem, tagged};

/// How long a reading waits for read models that have not come to its moment.
const MOMENT_WITHIN: Duration = Duration::from_secs(2);

/// The moment that a reading shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// As the questions take it.
    pub moment: Moment,
    /// The end of the write that it comes after; nothing for now.
    shown: Option<Position>,
}

impl Reader {
    /// Everything that comes before an answer: plan and right, then the parameters, then the moment, at which the plan must have been
    /// there: 404, 403, 422, 409, 503. Rights are those of now.
    pub async fn ask<Q>(
        &self,
        app: &App,
        plan: &PlanId,
        right: Right,
        asked: Result<InTime<Q>, Problem>,
    ) -> Result<(When, Q), Problem> {
        self.enter(app, plan, right).await?;
        let InTime { as_of, query } = asked?;
        let Some(given) = as_of else { return Ok((When::NOW, query)) };
        let when = When::of(app, given, "as_of").await?;
        let pool = app.projections.pool();
        if !projections::plan::is_there(pool, plan, when.moment).await? {
            return Err(Problem::new(Code::NotFound));
        }
        Ok((when, query))
    }

    /// The same of the site, which was always there, for whoever has the right, or for everybody who is logged in.
    pub async fn ask_site<Q>(
        &self,
        app: &App,
        right: Option<Right>,
        asked: Result<InTime<Q>, Problem>,
    ) -> Result<(When, Q), Problem> {
        match right {
            Some(right) => self.permit(app, right).await?,
            None => self.catch_up(app).await?,
        }
        let InTime { as_of, query } = asked?;
        let when = match as_of {
            Some(given) => When::of(app, given, "as_of").await?,
            None => When::NOW,
        };
        Ok((when, query))
    }
}

impl When {
    /// Now.
    pub const NOW: When = When { moment: Moment::Now, shown: None };

    /// The moment that a parameter names: 409 in another epoch, 422 above the head. A time names the last position that was recorded
    /// by then, one that has not come the head.
    pub async fn of(app: &App, given: GivenMoment, name: &str) -> Result<When, Problem> {
        let pool = app.projections.pool();
        let found = match given {
            GivenMoment::Position(given) => {
                if given.epoch.is_some_and(|epoch| epoch != app.desk.epoch()) {
                    let head = app.desk.ledger.head().await?;
                    if given.epoch != Some(head.epoch) {
                        return Err(Problem::epoch_changed(head.at().to_string()));
                    }
                }
                projections::moment_at_position(pool, given.number).await
            }
            GivenMoment::Time(time) => projections::moment_at_time(pool, time).await.map(Some),
        };
        let Some(Moment::AsOf(end)) = found? else {
            return Err(Problem::invalid(format!("/query/{name}"), "nothing has this position yet"));
        };
        let reached = app.projections.wait_for(end, MOMENT_WITHIN).await;
        reached.map_err(|_| Problem::new(Code::ProjectionBehind).retry_after(1))?;
        Ok(When { moment: Moment::AsOf(end), shown: Some(app.desk.position(end)) })
    }

    /// Whether it is not now.
    pub fn is_past(self) -> bool {
        self.shown.is_some()
    }

    /// The end of the write that it comes after; nothing for now.
    pub fn shown(self) -> Option<Position> {
        self.shown
    }

    /// The position after which nothing is shown.
    pub fn end(self) -> i64 {
        self.shown.map_or(i64::MAX, |shown| shown.number)
    }

    /// The date at the site: that of the write that the moment comes after, so that a position always has the same answer.
    pub async fn today(self, app: &App) -> Result<NaiveDate, Failure> {
        let Some(shown) = self.shown else { return Ok(app.desk.today()) };
        let at = projections::recorded_at(app.projections.pool(), shown.number).await?;
        Ok(at.map_or_else(|| app.desk.today(), |at| at.with_timezone(&app.desk.terms.zone).date_naive()))
    }

    /// Users and groups as they stood.
    pub async fn accounts(self, app: &App) -> Result<Arc<Accounts>, Failure> {
        match self.shown {
            Some(shown) => app.desk.accounts_at(shown.number).await,
            None => app.desk.accounts().await,
        }
    }

    /// An answer, which says which moment of the past it shows.
    pub fn answer(self, answer: impl IntoResponse) -> Response {
        match self.shown {
            Some(shown) => (AsOf(shown), answer).into_response(),
            None => answer.into_response(),
        }
    }

    /// An answer with a revision. What is past has no `ETag`: no change can be based on it.
    pub fn tagged(self, etag: ETag, known: Option<&IfNoneMatch>, body: impl Serialize) -> Response {
        if self.is_past() { self.answer(Json(body)) } else { tagged(etag, known, body) }
    }
}

/// Takes a member away that is not known of the past, because what it tells is no event.
pub fn leave_out(item: &mut serde_json::Value, member: &str) {
    if let Some(item) = item.as_object_mut() {
        item.shift_remove(member);
    }
}
