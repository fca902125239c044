//! Importing files.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use domain::command::{Ask, Office};
use domain::gpu::{self, GpuFiles};
use domain::import::{ImportFiles, ImportMode, ImportReport, LessonSource};
use domain::{ImportId, LockId, PlanId, Refusal, Right};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::{key_id, respond_in};
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Answered, Caller, Desk, Extra, Failure, Request};
use crate::http::openapi::{HINDERED, writing};
use crate::http::{Code, IdempotencyKey, LockHeader, PlanPath, Problem};

/// The most bytes of one import, all files together.
pub const IMPORT_BYTES_MAX: usize = 64 << 20;
/// The most files of one import.
const FILES_MAX: usize = 32;
/// The most bytes of a part that is no file.
const WORD_BYTES_MAX: usize = 1_000;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    // Room for the boundaries beside the files themselves.
    let limit = DefaultBodyLimit::max(IMPORT_BYTES_MAX + (1 << 20));
    OpenApiRouter::new()
        .routes(writing(routes!(import_files), &["Daybook-Lock"], &[HINDERED, &[Code::ImportFaults]]))
        .layer(limit)
}

/// Files and how they are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the description of a multipart form")]
struct ImportForm {
    /// Files with `GPUnnn` in their names, 64 MiB together.
    #[schema(content_media_type = "application/octet-stream")]
    files: Vec<String>,
    /// `merge` (default): empty leaves; `replace`: empty unsets, and records that a given file lacks are removed.
    mode: Option<String>,
    /// `file` (default), or `from-timetable`.
    lessons: Option<String>,
    /// `true`: unknown names become records.
    create_missing: Option<bool>,
    /// `true`: says what would happen; takes no lock and answers 200.
    dry_run: Option<bool>,
    /// Only the records of this department; takes the lock `department-import`.
    department: Option<String>,
}

/// What is to be imported, and how.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// Names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    /// What an empty field means.
    pub mode: ImportMode,
    /// Where lessons come from.
    pub lessons: LessonSource,
    /// Whether unknown names become records.
    pub create_missing: bool,
    /// Whether it is only tried.
    pub dry_run: bool,
    /// The department that alone is imported.
    pub department: Option<String>,
    /// The period whose placements GPU001 holds.
    pub period: Option<String>,
}

/// Imports files: all of them or nothing.
#[utoipa::path(post, path = "/plans/{plan}/imports", operation_id = "import_files", tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 201, description = "What it did", body = schemas::Import),
        (status = 200, description = "What it would do (`dry_run`)", body = schemas::Import)))]
async fn import_files(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let (caller, context) = super::reader::caller_of(&mut parts, &app).await?;
    let PlanPath(plan) = plan?;
    app.desk.check_right(&caller, Some(&plan), Right::Import).await?;
    let key = IdempotencyKey::in_headers(&parts.headers)?;
    let lock = LockHeader::in_headers(&parts.headers)?;
    let lock = lock.map(|lock| LockId(lock.0.parse().unwrap_or(Uuid::nil())));
    let form = Multipart::from_request(HttpRequest::from_parts(parts, body), &app)
        .await
        .map_err(|_| Problem::new(Code::MediaType))?;
    let upload = read_form(form).await?;
    let keyed = key.map(|key| (key_id(caller.who, &key.0), digest(&plan, lock, &upload)));
    let request = Request {
        who: caller.who,
        session: caller.session,
        keyed,
        request_id: Some(context.request_id.to_string()),
        traceparent: context.traceparent.as_ref().map(ToString::to_string),
    };
    if upload.dry_run {
        let mut body = app.desk.try_import(&caller, &plan, upload).await?;
        crate::http::texts::word_list(body.get_mut("warnings"), context.language());
        return Ok(crate::http::Json(body).into_response());
    }
    let answered = app.desk.import(request, plan, upload, lock).await;
    respond_in(&app, answered, context.language())
}

/// What makes two imports the same request.
fn digest(plan: &PlanId, lock: Option<LockId>, upload: &Upload) -> [u8; 32] {
    let mut digest = Sha256::new();
    let words = format!(
        "import {plan} {lock:?} {:?} {:?} {} {} {:?} {:?}",
        upload.mode, upload.lessons, upload.create_missing, upload.dry_run, upload.department, upload.period
    );
    digest.update(words.as_bytes());
    for (name, bytes) in &upload.files {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name.as_bytes());
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    digest.finalize().into()
}

async fn read_form(mut form: Multipart) -> Result<Upload, Problem> {
    let mut upload = Upload::default();
    let mut total = 0;
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|error| broken(&error))?;
        total += bytes.len();
        if total > IMPORT_BYTES_MAX {
            return Err(Problem::new(Code::TooLarge));
        }
        match file {
            Some(_) if upload.files.len() >= FILES_MAX => {
                return Err(Problem::invalid("/files", format!("an import has at most {FILES_MAX} files")));
            }
            Some(file) => upload.files.push((base_name(&file).to_owned(), bytes.into())),
            None => read_word(&mut upload, &name, &bytes)?,
        }
    }
    if upload.files.is_empty() {
        return Err(Problem::invalid("/files", "send at least one file with GPUnnn in its name"));
    }
    Ok(upload)
}

/// Some clients send the path on their disk.
fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn broken(error: &axum::extract::multipart::MultipartError) -> Problem {
    if error.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::TooLarge);
    }
    Problem::unreadable("", "the form ended before it was complete, or its boundaries are wrong")
}

fn read_word(upload: &mut Upload, name: &str, bytes: &[u8]) -> Result<(), Problem> {
    let pointer = format!("/{name}");
    let wrong = |detail: &str| Problem::invalid(pointer.as_str(), detail);
    let word = std::str::from_utf8(bytes).ok().filter(|word| word.len() <= WORD_BYTES_MAX);
    let word = word.ok_or_else(|| wrong("a short text belongs here"))?.trim();
    match (name, word) {
        ("mode", "merge") => upload.mode = ImportMode::Merge,
        ("mode", "replace") => upload.mode = ImportMode::Replace,
        ("mode", _) => return Err(wrong("merge or replace belongs here")),
        ("lessons", "file") => upload.lessons = LessonSource::File,
        ("lessons", "from-timetable") => upload.lessons = LessonSource::Timetable,
        ("lessons", _) => return Err(wrong("file or from-timetable belongs here")),
        ("create_missing", "true" | "false") => upload.create_missing = word == "true",
        ("dry_run", "true" | "false") => upload.dry_run = word == "true",
        ("create_missing" | "dry_run", _) => return Err(wrong("true or false belongs here")),
        ("department", word) => upload.department = (!word.is_empty()).then(|| word.to_owned()),
        ("period", word) => upload.period = (!word.is_empty()).then(|| word.to_owned()),
        _ => return Err(wrong("there is no such part; a file has a filename")),
    }
    Ok(())
}

impl Desk {
    /// Carries an import out: reads the files, then decides and writes all of it or nothing.
    pub async fn import(
        self: &Arc<Desk>,
        request: Request,
        plan: PlanId,
        upload: Upload,
        lock: Option<LockId>,
    ) -> Result<Answered, Failure> {
        let import = ImportId(Uuid::now_v7());
        let command = command(plan, upload, lock, import).await?;
        let report = command.report.clone();
        // A protected write that runs renews its lock.
        if let Some(lock) = lock {
            self.ledger.touch_contacts(&[lock.0]).await?;
        }
        let extra = Extra { cause: Some(format!("import:{import}")), ..Extra::default() };
        self.execute(request, command, extra, move |_, _| {
            let report = report.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Answer::new(201, import_json(import, report)).position_at(&["/position"]).said_at(&["/warnings"])
        })
        .await
    }

    /// Says what an import would do, without a lock.
    pub async fn try_import(&self, caller: &Caller, plan: &PlanId, upload: Upload) -> Result<Json, Failure> {
        let import = ImportId(Uuid::now_v7());
        let command = command(plan.clone(), upload, None, import).await?;
        let (now, today) = (self.now(), self.today());
        let outcome = self
            .look(Some(plan), |office: &Office<'_>| {
                let mut new_id = Uuid::now_v7;
                let mut ask = Ask {
                    who: caller.who,
                    session: caller.session,
                    now,
                    today,
                    new_id: &mut new_id,
                    history: None,
                };
                command.preview(office, &mut ask)
            })
            .await?;
        let outcome = outcome.map_err(|refusal: Refusal| Failure::from(refusal))?;
        Ok(import_json(import, Some(outcome.report)))
    }
}

async fn command(
    plan: PlanId,
    upload: Upload,
    lock: Option<LockId>,
    import: ImportId,
) -> Result<ImportFiles, Failure> {
    // Megabytes of text are read aside, so that the other requests of this thread go on.
    let files = upload.files;
    let files: GpuFiles = tokio::task::spawn_blocking(move || gpu::read(&files))
        .await
        .map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(ImportFiles {
        plan,
        import,
        files: Arc::new(files),
        mode: upload.mode,
        lessons: upload.lessons,
        create_missing: upload.create_missing,
        period: upload.period,
        department: upload.department,
        lock,
        report: Arc::new(Mutex::new(None)),
    })
}

fn import_json(import: ImportId, report: Option<ImportReport>) -> Json {
    let mut body = json!({ "import": import });
    if let (Json::Object(body), Ok(Json::Object(report))) = (&mut body, serde_json::to_value(report)) {
        body.extend(report);
        body.insert("position".to_owned(), Json::Null);
    }
    body
}
