//! Signing others off.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use domain::command::end_sign_off::Over;
use domain::command::sign_off::{GRACE_SECONDS_MAX, RESERVED_SECONDS, SignOffSessions, Whom};
use domain::command::{Office, Stream};
use domain::{Action, Event, SessionId, SignOffId};
use eventstore::Deadline;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::Incoming;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::writing;
use crate::http::{Code, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(writing(routes!(sign_off), &[], &[&[Code::LockRefused]]))
}

/// Who has to leave, and what they are told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignOffBody {
    sessions: Leavers,
    /// What they are told.
    #[schema(min_length = 1, max_length = 2000)]
    message: String,
    /// How long they may stay, in seconds.
    #[serde(default)]
    #[schema(maximum = 86400)]
    grace_seconds: u32,
    /// Nobody new gets in until this lock is granted, or 60 seconds have passed since everybody had to leave.
    #[schema(value_type = Option<schemas::Action>)]
    lock: Option<Action>,
}

/// Sessions by their ids, or `others`: everybody but the session that asks.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "a list of session ids, or the word \"others\"")]
enum Leavers {
    /// The word `others`.
    Others(Others),
    /// The ids.
    Sessions(Vec<String>),
}

/// The word `others`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Others {
    /// Everybody but the session that asks.
    Others,
}

impl Leavers {
    fn whom(&self) -> Whom {
        match self {
            Leavers::Others(Others::Others) => Whom::Others,
            // What is no id names no session of the plan; the rule says so, with its place in the list.
            Leavers::Sessions(ids) => {
                Whom::Sessions(ids.iter().map(|id| SessionId(id.parse().unwrap_or(Uuid::nil()))).collect())
            }
        }
    }
}

/// Tells sessions to leave the plan. Without a grace they end at once.
#[utoipa::path(post, path = "/plans/{plan}/sign-offs", operation_id = "sign_off", tag = "sessions", request_body = SignOffBody,
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 202, description = "Who has to leave, and when", body = schemas::SignOffs)))]
async fn sign_off(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter_with(&app, plan, domain::Right::Users).await?;
    let body: SignOffBody = incoming.json()?;
    let sign_off = SignOffId(Uuid::now_v7());
    let deadline = |over: Over, seconds: u32| Deadline {
        subject: sign_off.0,
        kind: over.word(),
        stream: plan.stream(),
        wait: Duration::from_secs(seconds.into()),
    };
    let mut deadlines = Vec::new();
    if body.grace_seconds > 0 {
        deadlines.push(deadline(Over::Grace, body.grace_seconds));
    }
    if body.lock.is_some() {
        let seconds = body.grace_seconds.min(GRACE_SECONDS_MAX) + RESERVED_SECONDS;
        deadlines.push(deadline(Over::Reservation, seconds));
    }
    let command = SignOffSessions {
        plan,
        sign_off,
        whom: body.sessions.whom(),
        message: body.message,
        grace_seconds: body.grace_seconds,
        lock: body.lock,
    };
    let grace = Duration::from_secs(body.grace_seconds.into());
    incoming
        .execute(&app, command, Extra { deadlines, ..Extra::default() }, move |office, events| {
            answer(office, events, grace)
        })
        .await
}

fn answer(office: &Office<'_>, events: &[(Stream, Event)], grace: Duration) -> Answer {
    let announced = events.iter().find_map(|(_, event)| match event {
        Event::SignOffAnnounced(announced) => Some(announced),
        _ => None,
    });
    let leavers = announced.map(|announced| announced.sessions.as_slice()).unwrap_or_default();
    let items: Vec<Json> = leavers
        .iter()
        .map(|it| json!({ "session": it.session, "user": office.accounts.name_of(it.who), "ends_at": null }))
        .collect();
    let count = items.len();
    (0..count).fold(Answer::new(202, json!({ "items": items })), |answer, index| {
        answer.later_at(&format!("/items/{index}/ends_at"), grace)
    })
}
