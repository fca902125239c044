//! Which period a question is about.

use domain::{Kind, PlanId};

use crate::app::App;
use crate::http::{Code, Problem};
use crate::routes::reader::Reader;
use crate::routes::when::When;

/// A period that a question names must be there: 422.
pub(in crate::routes) async fn known_period(
    app: &App,
    plan: &PlanId,
    period: Option<String>,
    when: When,
) -> Result<Option<String>, Problem> {
    let Some(name) = period else { return Ok(None) };
    let there = if when.is_past() {
        let pool = app.projections.pool();
        projections::record::is_period(pool, plan, &name, when.moment).await?
    } else {
        app.desk.with_plan(plan, |plan| plan.named(Kind::Periods, &name).is_some()).await?
    };
    if there {
        return Ok(Some(name));
    }
    Err(Problem::invalid("/query/period", format!("the plan has no period {name:?}")))
}

/// The period of a question that names none: that of the session, else the one of today. Of the past: the session's if it was
/// there, else the one of that day.
pub(in crate::routes) async fn period_or_own(
    app: &App,
    reader: &Reader,
    plan: &PlanId,
    period: Option<String>,
    when: When,
) -> Result<String, Problem> {
    if let Some(period) = known_period(app, plan, period, when).await? {
        return Ok(period);
    }
    let today = when.today(app).await?;
    if when.is_past() {
        let session = |plan: &domain::Plan| plan.sessions.get(reader.caller.session?)?.period;
        let own = app.desk.with_plan(plan, session).await?;
        let pool = app.projections.pool();
        let found = projections::record::period_then(pool, plan, own, today, when.moment).await;
        return found?.ok_or_else(|| Problem::new(Code::NotFound));
    }
    let own = app
        .desk
        .with_plan(plan, |plan| {
            let session = reader.caller.session.and_then(|id| plan.sessions.get(id));
            let period = session.and_then(|session| session.period).or_else(|| plan.period_of(today));
            period.and_then(|period| plan.name_of(period))
        })
        .await?;
    own.ok_or_else(|| Problem::new(Code::NotFound))
}
