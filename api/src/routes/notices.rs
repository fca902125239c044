//! Notices: what the office tells everybody.
//!
//! Those of now are answered from the state of the site and not from a read model: all of them are in memory anyway, for the login
//! page. How they were is asked of the read model.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::command::Office;
use domain::command::change_notice::ChangeNotice;
use domain::command::post_notice::PostNotice;
use domain::command::withdraw_notice::WithdrawNotice;
use domain::{Notice, NoticeContent, NoticeId, NoticeState, Right, Who};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::double_option;
use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{AS_OF, READ_LIST, READ_ONE, reading, revising, writing};
use crate::http::{Code, Date, ETag, InTime, Listing, NoQuery, Path, Problem, Query};

pub(super) mod past;

use past::{past_ones, show_past};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_notices), &[READ_LIST, AS_OF]))
        .routes(writing(routes!(post_notice), &[], &[]))
        .routes(reading(routes!(show_notice), &[READ_ONE, AS_OF]))
        .routes(revising(routes!(change_notice), &[], &[]))
        .routes(revising(routes!(withdraw_notice), &[], &[]))
}

/// The notices that show; whoever has the right `maintenance` sees those that wait and those that are over too. Important ones
/// first, then the newest. While the ledger is away the public ones, from memory, to everybody.
#[utoipa::path(get, path = "/notices", operation_id = "list_notices", tag = "notices",
    responses((status = 200, description = "Important ones first, then the newest", body = schemas::Page<schemas::Notice>)))]
async fn list_notices(
    State(app): State<App>,
    reader: Result<Reader, Problem>,
    asked: Result<InTime<Listing>, Problem>,
) -> Result<Response, Problem> {
    let reader = match reader {
        Err(problem) if problem.code == Code::Outage => {
            let InTime { as_of, query } = asked?;
            return if as_of.is_some() { Err(problem) } else { public_ones(&app, query) };
        }
        reader => reader?,
    };
    let (when, list) = reader.ask_site(&app, None, asked).await?;
    let after: Option<(bool, i64)> = list.page.after()?;
    let limit = usize::from(list.page.limit) + 1;
    let who = reader.caller.who;
    let items = if when.is_past() {
        let all = app.desk.with_accounts(|accounts| accounts.may(who, Right::Maintenance)).await?;
        let state = (!all).then_some(NoticeState::Showing);
        past_ones(&app, when, state, after, limit).await?
    } else {
        let today = app.desk.today();
        let seen = |office: &Office<'_>| {
            let notices = office.site.notices().in_order().into_iter();
            let seen = notices.filter(|notice| {
                after.is_none_or(|after| notice.place() > after) && is_seen(office, who, notice, today)
            });
            seen.take(limit).map(|notice| (notice.place(), json(office, notice, today))).collect()
        };
        app.desk.look(None, seen).await?
    };
    let page = list.page.answer(items, |(place, _)| *place);
    Ok(when.answer(page.map(|(_, json)| json)))
}

/// What everybody may see, from memory.
fn public_ones(app: &App, list: Listing) -> Result<Response, Problem> {
    let after: Option<(bool, i64)> = list.page.after()?;
    let limit = usize::from(list.page.limit) + 1;
    let (shown, today) = (app.desk.front.shown(), app.desk.today());
    let notices = shown.notices.in_order().into_iter();
    let seen = notices
        .filter(|notice| after.is_none_or(|after| notice.place() > after) && notice.is_on_login_page(today));
    let items = seen.take(limit).map(|notice| (notice.place(), notice.json(today, None))).collect();
    let page = list.page.answer(items, |(place, _)| *place);
    Ok(page.map(|(_, json)| json).into_response())
}

fn is_seen(office: &Office<'_>, who: Who, notice: &Notice, today: NaiveDate) -> bool {
    notice.content.state(today) == NoticeState::Showing || office.accounts.may(who, Right::Maintenance)
}

fn json(office: &Office<'_>, notice: &Notice, today: NaiveDate) -> Json {
    notice.json(today, Some(&office.accounts.name_of(notice.by)))
}

/// A new notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNotice {
    /// Its heading, in one line.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// What people read.
    #[schema(min_length = 1, max_length = 10_000)]
    text: String,
    /// Whether it is seen without an account, on the login page.
    #[serde(default)]
    public: bool,
    /// Whether it stands before the others.
    #[serde(default)]
    important: bool,
    /// The first day on which it shows, in the site's time zone; at once where nothing is said.
    #[schema(value_type = Option<String>, format = Date)]
    show_from: Option<Date>,
    /// The first day on which it no longer shows.
    #[schema(value_type = Option<String>, format = Date)]
    hide_from: Option<Date>,
}

/// Posts a notice.
#[utoipa::path(post, path = "/notices", operation_id = "post_notice", tag = "notices", request_body = NewNotice,
    responses((status = 201, description = "The notice", body = schemas::Notice)))]
async fn post_notice(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Maintenance).await?;
    let NewNotice { title, text, public, important, show_from, hide_from } = incoming.json()?;
    let id = NoticeId(Uuid::now_v7());
    let (show_from, hide_from) = (show_from.map(|day| day.0), hide_from.map(|day| day.0));
    let content = NoticeContent { title, text, public, important, show_from, hide_from };
    let today = app.desk.today();
    incoming
        .execute(&app, PostNotice { notice: id, content }, Extra::default(), move |office, _| {
            answer(201, office, id, today).location(format!("/v1/notices/{id}"))
        })
        .await
}

/// A notice.
#[utoipa::path(get, path = "/notices/{id}", operation_id = "show_notice", tag = "notices", params(("id" = String, Path)),
    responses((status = 200, description = "The notice", body = schemas::Notice), (status = 304, description = "The caller has it")))]
async fn show_notice(
    State(app): State<App>,
    reader: Reader,
    path: Result<Path<NoticeId>, Problem>,
    asked: Result<InTime<Query<NoQuery>>, Problem>,
) -> Result<Response, Problem> {
    reader.catch_up(&app).await?;
    let (Path(id), who) = (path?, reader.caller.who);
    let (when, _) = reader.ask_site(&app, None, asked).await?;
    if when.is_past() {
        return show_past(&app, id, who, when).await;
    }
    let today = app.desk.today();
    let found = app.desk.look(None, |office| {
        let notice = office.site.notices().get(id).filter(|notice| is_seen(office, who, notice, today))?;
        Some((ETag::of(notice.epoch, notice.revision), json(office, notice, today)))
    });
    reader.tagged(found.await?)
}

/// What changes of a notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoticePatch {
    /// Its heading, in one line.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// What people read.
    #[schema(min_length = 1, max_length = 10_000)]
    text: Option<String>,
    /// Whether it is seen without an account.
    public: Option<bool>,
    /// Whether it stands before the others.
    important: Option<bool>,
    /// The first day on which it shows.
    #[serde(default, deserialize_with = "double_option::deserialize")]
    #[schema(value_type = Option<String>, format = Date)]
    show_from: Option<Option<Date>>,
    /// The first day on which it no longer shows.
    #[serde(default, deserialize_with = "double_option::deserialize")]
    #[schema(value_type = Option<String>, format = Date)]
    hide_from: Option<Option<Date>>,
}

/// Changes a notice.
#[utoipa::path(patch, path = "/notices/{id}", operation_id = "change_notice", tag = "notices", request_body = NoticePatch,
    params(("id" = String, Path)), responses((status = 200, description = "The notice", body = schemas::Notice)))]
async fn change_notice(
    State(app): State<App>,
    path: Result<Path<NoticeId>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let id = permitted(&app, path, &incoming).await?;
    let body: NoticePatch = incoming.json()?;
    let command = ChangeNotice {
        notice: id,
        title: body.title,
        text: body.text,
        public: body.public,
        important: body.important,
        show_from: body.show_from.map(|day| day.map(|day| day.0)),
        hide_from: body.hide_from.map(|day| day.map(|day| day.0)),
        precondition: incoming.precondition.clone(),
    };
    let today = app.desk.today();
    incoming.execute(&app, command, Extra::default(), move |office, _| answer(200, office, id, today)).await
}

/// Withdraws a notice.
#[utoipa::path(delete, path = "/notices/{id}", operation_id = "withdraw_notice", tag = "notices", params(("id" = String, Path)),
    responses((status = 204, description = "It is withdrawn")))]
async fn withdraw_notice(
    State(app): State<App>,
    path: Result<Path<NoticeId>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let notice = permitted(&app, path, &incoming).await?;
    let command = WithdrawNotice { notice, precondition: incoming.precondition.clone() };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// The right is asked before whether there is such a notice. Of one that was withdrawn a moment ago the command has more to say.
async fn permitted(
    app: &App,
    path: Result<Path<NoticeId>, Problem>,
    incoming: &Incoming,
) -> Result<NoticeId, Problem> {
    incoming.permit(app, Right::Maintenance).await?;
    let Path(id) = path?;
    let is_known = |notices: &domain::Notices| notices.get(id).is_some() || notices.gone(id).is_some();
    let known = app.desk.look(None, |office| is_known(office.site.notices())).await?;
    known.then_some(id).ok_or_else(|| Problem::new(Code::NotFound))
}

fn answer(status: u16, office: &Office<'_>, id: NoticeId, today: NaiveDate) -> Answer {
    let Some(notice) = office.site.notices().get(id) else { return Answer::empty(status) };
    let answer = Answer::new(status, json(office, notice, today)).revision(notice.epoch, notice.revision);
    // Where and when it was written is known with the commit only.
    if notice.stamp.is_some() {
        return answer;
    }
    answer.position_at(&["/changed/position"]).moment_at(&["/changed/at"])
}
