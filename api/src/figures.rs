//! Figures that are looked up when somebody asks for them (`/metrics`): how things stand, where it would cost to note every change.

use std::time::Duration;

use domain::OutageState;
use metrics::gauge;
use projections::ProjectionState;
use projections::status::{lag_seconds, present};
use sqlx::PgPool;

use crate::app::App;

/// How long the read models may take to answer; else what they told before stands.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Looks everything up. What the ledger has to be asked for is left out while it is gone.
pub async fn look(app: &App) {
    let desk = &app.desk;
    gauge!("daybook_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!("daybook_start_time_seconds").set(app.started_at.timestamp_millis() as f64 / 1_000.0);
    let (plans, schools) = desk.states_open();
    gauge!("daybook_states_open", "of" => "plans").set(plans as f64);
    gauge!("daybook_states_open", "of" => "schools").set(schools as f64);
    let waiting = desk.ledger.unanswered();
    gauge!("daybook_ledger_appends_waiting").set(waiting.appends as f64);
    gauge!("daybook_ledger_waiting_bytes").set(waiting.bytes as f64);
    gauge!("daybook_ledger_position").set(desk.ledger.known_end() as f64);
    let is_there = !desk.standing.is_ledger_gone();
    gauge!("daybook_ledger_reachable").set(one(is_there));
    let state = desk.standing.known().state();
    for each in OutageState::ALL {
        gauge!("daybook_outage", "state" => each.word()).set(one(each == state));
    }
    connections("ledger", desk.ledger.pool());
    connections("read-models", app.projections.pool());
    projections(app);
    if is_there {
        // A database that is busy is not waited for.
        let _ = tokio::time::timeout(ANSWER_WITHIN, asked(app)).await;
    }
}

fn one(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

fn connections(pool: &'static str, of: &PgPool) {
    let (all, idle) = (of.size() as usize, of.num_idle());
    gauge!("daybook_database_connections", "pool" => pool, "state" => "idle").set(idle as f64);
    gauge!("daybook_database_connections", "pool" => pool, "state" => "busy")
        .set(all.saturating_sub(idle) as f64);
}

fn projections(app: &App) {
    let end = app.desk.ledger.known_end();
    for it in app.projections.status() {
        let of = |name: &'static str, value: f64| gauge!(name, "projection" => it.name).set(value);
        of("daybook_projection_position", it.position as f64);
        of("daybook_projection_lag_events", (end - it.position).max(0) as f64);
        of("daybook_projection_live", one(it.state == ProjectionState::Live));
        of("daybook_projection_rebuilding", one(it.rebuilding.is_some()));
        of("daybook_projection_rebuilt_position", it.rebuilding.map_or(0.0, |it| it.position as f64));
    }
}

/// What only the database knows.
async fn asked(app: &App) {
    let (pool, statuses) = (app.projections.pool(), app.projections.status());
    if let Ok(lags) = lag_seconds(pool, &statuses).await {
        for (it, lag) in statuses.iter().zip(lags) {
            gauge!("daybook_projection_lag_seconds", "projection" => it.name).set(lag);
        }
    }
    if let Ok(now) = present(pool).await {
        let modes =
            [("timetable", now.timetable), ("cover", now.cover), ("read", now.read), ("site", now.site)];
        for (mode, sessions) in modes {
            gauge!("daybook_sessions", "mode" => mode).set(sessions as f64);
        }
        gauge!("daybook_locks").set(now.locks as f64);
    }
}
