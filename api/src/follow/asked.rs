//! Whether a follower is still welcome: asked like any request, again and again, and whenever rights have changed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{PlanId, Refusal, RefusalCode, Right, SignOffId};
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::desk::{Caller, Failure};

/// How soon it is looked again whether an end that was on its way has come about.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What a follower may be told, and has to be told.
pub struct Asked {
    /// Whether he may read absences.
    pub sees_absences: bool,
    /// The sign-offs that tell his session to leave.
    pub sign_offs: Vec<(SignOffId, Json)>,
}

/// Asks. A refusal says why the stream ends. It is contact of the session, as every request is.
pub async fn ask(app: App, token: String, plan: PlanId) -> Result<Asked, Failure> {
    let mut caller = app.desk.caller(&token).await?;
    // A request is answered meanwhile. A follower can wait: what was written after that end is not for him, if it comes about.
    while app.desk.is_ending(&caller).await? {
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        caller = app.desk.caller(&token).await?;
    }
    app.desk.check_right(&caller, Some(&plan), Right::Read).await?;
    let may = |accounts: &domain::Accounts| accounts.may(caller.who, Right::ReadAbsences);
    let sees_absences = app.desk.with_accounts(may).await?;
    Ok(Asked { sees_absences, sign_offs: sign_offs(&app, &caller).await? })
}

async fn sign_offs(app: &App, caller: &Caller) -> Result<Vec<(SignOffId, Json)>, Failure> {
    let (Some(session), Some(plan)) = (caller.session, &caller.plan) else { return Ok(Vec::new()) };
    let told = |it: &domain::SignOff, by: String| {
        let grace = TimeDelta::seconds(it.grace_seconds.into());
        // One that is on its way is told with the next look, when it is known when it was announced.
        let ends_at = it.announced?.at + grace;
        Some((it.id, sign_off(&by, &it.message, ends_at)))
    };
    app.desk
        .with_committed_plan(plan, |plan, accounts| {
            plan.sign_offs.of(session).filter_map(|it| told(it, accounts.name_of(it.by))).collect()
        })
        .await
}

fn sign_off(by: &str, message: &str, ends_at: DateTime<Utc>) -> Json {
    json!({ "by": by, "message": message, "ends_at": ends_at })
}

/// What is told last to one who has been signed off.
pub fn signed_off(refusal: &Refusal) -> Option<Json> {
    let member = |name: &str| refusal.members.get(name).cloned().unwrap_or_default();
    (refusal.code == RefusalCode::SignedOff)
        .then(|| json!({ "by": member("by"), "message": member("message"), "ends_at": member("at") }))
}
