//! A plan as files.

use std::io::Write;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::export::{names_of_files, numbers_named};
use domain::gpu::write::{FILES, file_name, kind_of};
use domain::{Kind, PlanId, Right, Said, said};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use projections::Moment;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zip::write::SimpleFileOptions;

use super::reader::Reader;
use super::records::period_or_own;
use crate::app::App;
use crate::http::openapi::{AS_OF, READ, reading};
use crate::http::{Code, InTime, Language, PlanPath, Problem, Query, texts};

/// As many exports are made at once by a node. Each has in memory one kind of records, with the lessons also the hours of a period, and
/// the archive, which is small beside them. Measured: 1 MB for the largest school of our data, 5 MB for ten of them in one plan, 170 MB
/// for a hundred (10,200 lessons with 58,860 hours), of which the archive is 0.6 MB; so streaming it would gain nothing.
pub const EXPORTS_MAX: usize = 2;
/// How long one more waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// The file beside the others that tells what they have no room for.
const NOTES: &str = "NOTES.txt";

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(export_files), &[READ, AS_OF]))
}

/// Which files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    files: Option<String>,
    period: Option<String>,
}

/// The plan as Untis GPU files, which are imported again without a change: a zip of text files in UTF-8, all of one moment.
///
/// GPU012, GPU013 and GPU014 take the right `read-absences`; without `files` whoever lacks it gets the others. GPU001 holds the placements
/// of one period. The files have no column for `text` of departments and of absence reasons, `description` of students, where a substitution
/// moves an hour to, values for one period, clock times, and periods themselves. They call lessons, absences and substitutions by numbers:
/// `NOTES.txt` in the zip names those that are called otherwise.
#[utoipa::path(get, path = "/plans/{plan}/exports", operation_id = "export_files", tag = "exports",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("files" = Option<String>, Query, description = "Such as `GPU001,GPU002`: 001 to 007, 010, 012 to 014, 018; else all", max_length = 200),
        ("period" = Option<String>, Query, description = "The period whose placements GPU001 holds; else that of the session, or of today")),
    responses((status = 200, description = "The files", content_type = "application/zip", body = [u8])))]
async fn export_files(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Query<ExportQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, Query(query)) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let numbers = match &query.files {
        Some(files) => named(files)?,
        None if reader.sees_absences(&app).await? => FILES.to_vec(),
        None => FILES.into_iter().filter(|number| right_of(*number) == Right::Read).collect(),
    };
    for number in &numbers {
        app.desk.check_right(&reader.caller, Some(&plan), right_of(*number)).await?;
    }
    let period = period_or_own(&app, &reader, &plan, query.period, when).await?;
    // All files show one moment, also while others write.
    let moment = match when.moment {
        Moment::Now => Moment::AsOf(app.projections.position()),
        then @ Moment::AsOf(_) => then,
    };
    let turn = tokio::time::timeout(TURN_WITHIN, app.exports.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(Problem::new(Code::Busy).retry_after(2)) };
    let bytes = archive(&app, &plan, &numbers, &period, moment, reader.language()).await?;
    let name = format!("attachment;filename=\"{}.zip\"", file_part(&plan));
    let headers = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok(when.answer((headers, bytes).into_response()))
}

/// The right that reading a file takes. Of substitutions most columns tell who is absent and why.
fn right_of(number: u16) -> Right {
    match kind_of(number) {
        Some(Kind::Substitutions) | None => Right::ReadAbsences,
        Some(kind) => kind.reading_right(),
    }
}

fn named(files: &str) -> Result<Vec<u16>, Problem> {
    numbers_named(files.split(',')).map_err(|name| {
        Problem::invalid("/query/files", said!("export-no-file", name = name, names = names_of_files()))
    })
}

async fn archive(
    app: &App,
    plan: &PlanId,
    numbers: &[u16],
    period: &str,
    moment: Moment,
    language: Language,
) -> Result<Vec<u8>, Problem> {
    let mut archive = Archive::default();
    let mut left_out = Vec::new();
    for number in numbers {
        let found =
            projections::export::exported(app.projections.pool(), plan, *number, period, moment).await;
        // A period that this node's read models do not have yet, because another node has just made it.
        let file = found?.ok_or_else(|| Problem::new(Code::ProjectionBehind).retry_after(1))?;
        left_out.extend(file.left_out.iter().map(|record| (file_name(*number), record.clone())));
        // Deflating is work for a thread of its own.
        let written = tokio::task::spawn_blocking(move || archive.put(&file.name, file.text.as_bytes()));
        archive = written.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    }
    if !left_out.is_empty() {
        let notes = notes(&left_out, language);
        archive = archive.put(NOTES, notes.as_bytes()).map_err(Problem::internal)?;
    }
    archive.finish().map_err(Problem::internal)
}

fn notes(left_out: &[(String, String)], language: Language) -> String {
    let why: Said = said!("export-numbers");
    let mut text = format!("{}\r\n", texts::say(&why, language));
    for (file, record) in left_out {
        text.push_str(&format!("{file}\t{record}\r\n"));
    }
    text
}

/// The name of a plan as a part of a file's name that every system takes and no header field breaks on.
fn file_part(plan: &PlanId) -> String {
    plan.to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "~-".contains(c) { c } else { '_' })
        .collect()
}

/// A zip that is being written.
struct Archive(zip::ZipWriter<std::io::Cursor<Vec<u8>>>);

impl Default for Archive {
    fn default() -> Archive {
        Archive(zip::ZipWriter::new(std::io::Cursor::default()))
    }
}

impl Archive {
    fn put(mut self, name: &str, bytes: &[u8]) -> Result<Archive, zip::result::ZipError> {
        // Without a time of its own, so that the same plan is the same zip.
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        self.0.start_file(name, options)?;
        self.0.write_all(bytes)?;
        Ok(self)
    }

    fn finish(self) -> Result<Vec<u8>, zip::result::ZipError> {
        Ok(self.0.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_once_each_and_only_those_there_are() {
        assert_eq!(named("GPU002,gpu001, GPU002").unwrap(), [1, 2]);
        for files in ["", "GPU008", "GPU001,", "001"] {
            assert!(named(files).is_err(), "{files:?}");
        }
    }

    #[test]
    fn who_is_absent_and_why_takes_a_right_of_its_own() {
        let sensitive: Vec<u16> =
            FILES.into_iter().filter(|number| right_of(*number) == Right::ReadAbsences).collect();
        assert_eq!(sensitive, [12, 13, 14]);
    }

    #[test]
    fn the_name_of_the_archive_breaks_no_header() {
        let plan: PlanId = "Schule \"ä\"~2026-2027~1".parse().unwrap();
        assert_eq!(file_part(&plan), "Schule ___~2026-2027~1".replace(' ', "_"));
    }
}
