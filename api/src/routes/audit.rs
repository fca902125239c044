//! The audit: everything that happened, for those with the right to see it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{AuditForm, AuditRead, PlanId, Right};
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use projections::audit::audit_event;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::audit::export::Export;
use crate::audit::shown::Shown;
use crate::audit::{Cursor, Given, Question, check_epoch, note};
use crate::http::openapi::{READ, READ_LIST, reading};
use crate::http::{Code, GivenPosition, Json as Body, Listing, NoQuery, Path, Problem, Query};

/// How long it is waited for the name of a record.
const NAMED_WITHIN: Duration = Duration::from_secs(2);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_audit), &[READ_LIST]))
        .routes(reading(routes!(show_audit), &[READ]))
}

/// Everything that happened, of all plans and of what is in none, with what was refused.
///
/// `Accept: text/csv` or `application/x-ndjson` gives all of it as a file, as it is read from the ledger (with `limit` so many); a
/// file that breaks off is not complete. Each reading is noted in the ledger (`AuditRead`) before it is answered; what is shown ends
/// before that note, on all pages of a list. A page may have fewer than `limit` events and yet a `next`.
#[utoipa::path(get, path = "/audit/events", operation_id = "list_audit", tag = "audit",
    params(("plan" = Option<String>, Query, description = "Only events of this plan: `school~year~version`"),
        ("record" = Option<String>, Query, description = "Only what is about this record, such as `teachers/GAUSS`, `lessons/7/placements/2` or `time-grid`; without `plan` in whatever plan. Under its last name all of it, under an earlier one what happened while it was called so"),
        ("actor" = Option<String>, Query, description = "Only what this user did, or a program (`token:NAME`), `operator`, `system`; former names as with records"),
        ("type" = Option<String>, Query, description = "Only events of this type, as `type` shows it"),
        ("request" = Option<String>, Query, description = "Only what the request with this `X-Request-Id` did"),
        ("from" = Option<String>, Query, description = "From this position or time on"),
        ("to" = Option<String>, Query, description = "Before this position or time"),
        ("order" = Option<String>, Query, description = "`newest` first, or `oldest`")),
    responses((status = 200, description = "In the order that was asked for", content(
        (schemas::Page<schemas::AuditEvent> = "application/json"),
        (String = "text/csv"),
        (String = "application/x-ndjson")))))]
async fn list_audit(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    list: Result<Listing<Given>, Problem>,
) -> Result<Response, Problem> {
    reader.permit(&app, Right::Audit).await?;
    let Listing { page, filter } = list?;
    let cursor: Option<Cursor> = page.after()?;
    let question = Question::read(filter)?.resolve(&app.desk).await?;
    let form = form_of(&headers);
    let (place, limit) = match form {
        AuditForm::Page => (None, Some(u64::from(page.limit))),
        _ => {
            let place = Arc::clone(&app.audit_exports).try_acquire_owned();
            let place = place.map_err(|_| Problem::new(Code::Busy).retry_after(10))?;
            (Some(place), page.is_limited.then(|| u64::from(page.limit)))
        }
    };
    let noted = question.note(&app.desk, reader.request(), form, cursor, limit).await?;
    app.note_acknowledged(noted.position);
    let walk = question.walk(app.projections.pool(), noted, cursor, limit);
    let absences = reader.sees_absences(&app).await?;
    if let Some(place) = place {
        let (desk, shutdown) = (Arc::clone(&app.desk), app.shutdown.clone());
        return Ok(file(form, Export { desk, walk, form, absences, shutdown, place }));
    }
    let found = walk.page(usize::from(page.limit)).await?;
    let accounts = app.desk.accounts().await?;
    let shown = Shown { accounts: &accounts, epoch: app.desk.epoch(), absences };
    let items = found.events.iter().map(|event| shown.json(event)).collect();
    let next = found.next.map(|behind| Cursor { behind, upto: noted.upto });
    Ok(([(VARY, "accept")], page.answer_next(items, next)).into_response())
}

fn file(form: AuditForm, export: Export) -> Response {
    let (media, disposition) = if form == AuditForm::Csv {
        ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\"")
    } else {
        ("application/x-ndjson", "attachment; filename=\"audit.ndjson\"")
    };
    let headers = [(CONTENT_TYPE, media), (CONTENT_DISPOSITION, disposition), (VARY, "accept")];
    (headers, export.body()).into_response()
}

/// What the reader would rather have: of those that he wants most, the first.
fn form_of(headers: &HeaderMap) -> AuditForm {
    let (mut best, mut form) = (0.0, AuditForm::Page);
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    for range in accepted.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let of_range = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "text/csv" => AuditForm::Csv,
            "application/x-ndjson" | "application/ndjson" => AuditForm::Ndjson,
            "application/json" | "application/*" | "*/*" => AuditForm::Page,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if quality > best {
            (best, form) = (quality, of_range);
        }
    }
    form
}

/// One event. The reading is noted before it is answered.
#[utoipa::path(get, path = "/audit/events/{position}", operation_id = "show_audit", tag = "audit",
    params(("position" = String, Path, description = "Such as `1.4711`")),
    responses((status = 200, description = "The event", body = schemas::AuditEvent)))]
async fn show_audit(
    State(app): State<App>,
    reader: Reader,
    path: Result<Path<String>, Problem>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Response, Problem> {
    reader.permit(&app, Right::Audit).await?;
    let Path(position) = path?;
    let given: GivenPosition = position.parse().map_err(|_| Problem::new(Code::NotFound))?;
    query?;
    check_epoch(&app.desk, given).await?;
    let pool = app.projections.pool();
    let found = audit_event(pool, given.number).await?;
    let mut event = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    if app.projections.position() < given.number {
        // What its record was called is known a moment later.
        let _ = app.projections.wait_for(given.number, NAMED_WITHIN).await;
        event = audit_event(pool, given.number).await?.unwrap_or(event);
    }
    let within = event.plan.as_deref().and_then(|plan| plan.parse::<PlanId>().ok());
    let reading = AuditRead { position: Some(given.number), ..AuditRead::new(AuditForm::Event) };
    let noted = note(&app.desk, reader.request(), reading, within).await?;
    app.note_acknowledged(noted);
    let accounts = app.desk.accounts().await?;
    let absences = reader.sees_absences(&app).await?;
    let shown = Shown { accounts: &accounts, epoch: app.desk.epoch(), absences };
    Ok(Body(shown.json(&event)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_wanted_most() {
        for (accept, form) in [
            ("", AuditForm::Page),
            ("*/*", AuditForm::Page),
            ("text/csv", AuditForm::Csv),
            ("Text/CSV; header=present", AuditForm::Csv),
            ("application/x-ndjson, application/json", AuditForm::Ndjson),
            ("application/json;q=0.5, text/csv;q=0.8", AuditForm::Csv),
            ("text/csv;q=0, */*", AuditForm::Page),
            ("text/csv;q=0", AuditForm::Page),
            ("text/html", AuditForm::Page),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(form_of(&headers), form, "{accept}");
        }
        assert_eq!(form_of(&HeaderMap::new()), AuditForm::Page);
    }
}
