//! Notices as they stood.

use axum::response::Response;
use domain::{Notice, NoticeId, NoticeState, Right, Who};
use projections::notice::{NoticesOf, notice, notices};
use serde_json::Value as Json;

use crate::app::App;
use crate::desk::Failure;
use crate::http::{Code, Json as Body, Problem};
use crate::routes::when::When;

/// A notice with its place among the others.
type Placed = ((bool, i64), Json);

/// The notices of a moment in the past, in the words of then: those in one state, or all.
pub async fn past_ones(
    app: &App,
    when: When,
    state: Option<NoticeState>,
    after: Option<(bool, i64)>,
    limit: usize,
) -> Result<Vec<Placed>, Failure> {
    let (accounts, today) = (when.accounts(app).await?, when.today(app).await?);
    let of = NoticesOf { today, state, after, limit: i64::try_from(limit).unwrap_or(i64::MAX) };
    let found = notices(app.projections.pool(), of, when.moment).await?;
    let told = |notice: &Notice| notice.json(today, Some(&accounts.name_of(notice.by)));
    Ok(found.iter().map(|notice| (notice.place(), told(notice))).collect())
}

/// A notice as it stood, for who may see it now: 404 before it was posted and once it was withdrawn.
pub async fn show_past(app: &App, id: NoticeId, who: Who, when: When) -> Result<Response, Problem> {
    let found = notice(app.projections.pool(), id, when.moment).await?;
    let today = when.today(app).await?;
    let all = app.desk.with_accounts(|accounts| accounts.may(who, Right::Maintenance)).await?;
    let seen = found.filter(|notice| all || notice.content.state(today) == NoticeState::Showing);
    let Some(notice) = seen else { return Err(Problem::new(Code::NotFound)) };
    let accounts = when.accounts(app).await?;
    Ok(when.answer(Body(notice.json(today, Some(&accounts.name_of(notice.by))))))
}
