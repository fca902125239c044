//! The next stretch of the past, for one who is not where the ring begins.

use std::time::Duration;

use domain::PlanId;
use projections::change::{Called, Wanted, stretch};

use crate::app::App;
use crate::desk::Failure;
use crate::follow::Interest;
use crate::follow::page::Page;

/// So many changes of the past are read at once.
const ROWS: i64 = 250;
/// After it could not be read.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What was read of the past.
pub struct Past {
    /// What happened.
    pub page: Page,
    /// Which records a name means.
    pub called: Called,
}

/// Reads what happened after a position.
pub async fn read_past(app: App, plan: PlanId, interest: Interest, after: i64) -> Result<Past, Failure> {
    let read = stretch_after(&app, &plan, &interest, after).await;
    if read.is_err() {
        tokio::time::sleep(RETRY_AFTER).await;
    }
    read
}

async fn stretch_after(app: &App, plan: &PlanId, interest: &Interest, after: i64) -> Result<Past, Failure> {
    let _turn = app.followers.turn().await;
    let accounts = app.desk.accounts().await?;
    let (kind, record) = (interest.kind(), interest.record());
    let wanted = Wanted { after, upto: i64::MAX, limit: ROWS, kind, record, absences: true };
    let pool = app.projections.pool();
    let stretch = stretch(pool, plan, wanted, &|who| accounts.name_of(who)).await?;
    // Before anybody looks whether he may be told this: what another node wrote up to there counts too.
    app.desk.hear(stretch.upto).await?;
    let page = Page::of(after, stretch.upto, stretch.is_whole, stretch.told, app.desk.epoch());
    Ok(Past { page, called: stretch.called })
}
