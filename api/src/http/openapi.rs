//! The description of the routes (OpenAPI 3.1): what all of them share, and which refusals each can answer.
//!
//! ```ignore
//! OpenApiRouter::with_openapi(openapi::frame(env!("CARGO_PKG_VERSION")))
//!     .routes(reading(routes!(show_teacher), &[READ_ONE]))
//!     .routes(revising(routes!(change_teacher), &["Daybook-Lock"], &[HINDERED]))
//! ```

use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Info, License, OpenApi, PathItem, Ref, RefOr, Response, Server};
use utoipa_axum::router::UtoipaMethodRouter;

use self::components::{components, header, parameters, problem_schema, response};
use super::problem::Code;

mod components;
mod finished;

pub use self::finished::finished;

/// Every operation can answer these, whatever it does; [`refusing`] adds them by itself.
pub const ALWAYS: &[Code] = &[Code::Unreadable, Code::TooMany, Code::Internal, Code::Busy];
/// Reading below a plan, or of one record: with parameters, a position to wait for, an address that may name nothing.
pub const READING: &[Code] = &[
    Code::NotLoggedIn,
    Code::SignedOff,
    Code::SessionExpired,
    Code::NotPermitted,
    Code::Outage,
    Code::NotFound,
    Code::Invalid,
    Code::EpochChanged,
    Code::ProjectionBehind,
];
/// A write with a JSON body by somebody logged in; for one of a record add [`REVISED`], for one below a plan [`HINDERED`].
pub const WRITING: &[Code] = &[
    Code::NotLoggedIn,
    Code::SignedOff,
    Code::SessionExpired,
    Code::NotPermitted,
    Code::Outage,
    Code::NotFound,
    Code::MediaType,
    Code::TooLarge,
    Code::Invalid,
    Code::KeyReused,
];
/// A write that needs If-Match.
pub const REVISED: &[Code] = &[Code::RevisionMissing, Code::Stale];
/// A write that others may stand in the way of.
pub const HINDERED: &[Code] = &[Code::Blocked, Code::LockMissing, Code::LockEnded];

/// Declares which refusals the routes can answer: responses of `application/problem+json`, one for each status, naming its
/// codes. Asks for a bearer token where `not-logged-in` is among them, else says that none is needed.
pub fn refusing<S>(routes: UtoipaMethodRouter<S>, codes: &[&[Code]]) -> UtoipaMethodRouter<S> {
    let (schemas, mut paths, router) = routes;
    let mut all: Vec<Code> = ALWAYS.iter().chain(codes.iter().copied().flatten()).copied().collect();
    all.sort_unstable();
    all.dedup();
    for operation in operations(&mut paths) {
        declare(operation, &all);
    }
    (schemas, paths, router)
}

/// Adds refusals to what is declared already; the macro's own responses for a status stay.
fn declare(operation: &mut Operation, codes: &[Code]) {
    for code in codes {
        let status = code.status().as_u16().to_string();
        let same: Vec<Code> = codes.iter().copied().filter(|other| other.status() == code.status()).collect();
        operation.responses.responses.entry(status).or_insert_with(|| response_of(&same));
    }
    let write = codes.contains(&Code::KeyReused);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            announce(response, status, write && status.starts_with('2'));
        }
    }
    let (nothing, token) = (SecurityRequirement::default(), SecurityRequirement::new("token", [""; 0]));
    let needed = match operation.operation_id.as_deref() {
        _ if !codes.contains(&Code::NotLoggedIn) => vec![nothing],
        Some("log_in") => vec![nothing],
        // Only its past takes a token.
        Some("show_outage") => vec![nothing, token],
        _ => vec![token],
    };
    operation.security.get_or_insert(needed);
}

/// The header fields that every answer may carry, those of a status, and those of a write that was done.
fn announce(response: &mut Response, status: &str, done: bool) {
    let always = ["X-Request-Id", "RateLimit", "RateLimit-Policy", "Daybook-Outage"];
    let written = ["Daybook-Position", "Idempotency-Replayed"];
    let of_status: &[&str] = match status {
        "401" => &["WWW-Authenticate"],
        "429" | "503" => &["Retry-After"],
        _ => &[],
    };
    for name in always.iter().chain(of_status).chain(written.iter().filter(|_| done)) {
        response.headers.entry((*name).to_owned()).or_insert_with(|| header(name));
    }
}

/// One code has a response among the components; several of one status are told apart by `type`.
fn response_of(codes: &[Code]) -> RefOr<Response> {
    if let [code] = codes {
        return RefOr::Ref(Ref::from_response_name(code.text()));
    }
    let texts: Vec<String> = codes.iter().map(|code| format!("`{}`", code.text())).collect();
    RefOr::T(response(&texts.join(", "), &problem_schema(codes)))
}

fn operations(paths: &mut Paths) -> impl Iterator<Item = &mut Operation> {
    paths.paths.values_mut().flat_map(|item| {
        let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
        [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
    })
}

/// The description without a route: title, the problems, the token, the shared headers and parameters.
pub fn frame(version: &str) -> OpenApi {
    let mut info = Info::new("Daybook", version);
    info.description = Some(
        "Planning data of schools that several people edit at once. Every refusal is an RFC 9457 problem; every record has a \
         revision (`ETag`, `If-Match`); every write can be repeated under its `Idempotency-Key`."
            .to_owned(),
    );
    let mut licence = License::new("Apache-2.0 or MIT");
    licence.identifier = Some("Apache-2.0 OR MIT".to_owned());
    info.license = Some(licence);
    let mut api = OpenApi::new(info, Paths::new());
    api.servers = Some(vec![Server::new("/")]);
    api.components = Some(components());
    api
}

/// Header fields of a GET of something with a revision.
pub const READ_ONE: &[&str] = &["If-None-Match", "Daybook-Min-Position"];
/// Header fields and parameters of a list.
pub const READ_LIST: &[&str] = &["Daybook-Min-Position", "limit", "after"];
/// The header field of a GET of what has no revision.
pub const READ: &[&str] = &["Daybook-Min-Position"];
/// The parameter of every GET below a plan, and of those about notices, outage and status: the moment that it shows.
pub const AS_OF: &[&str] = &["as_of"];
/// The header field of a write.
const WRITE: &[&str] = &["Idempotency-Key"];
/// Header fields of a write that needs a revision.
const WRITE_REVISED: &[&str] = &["If-Match", "Idempotency-Key"];

/// Declares shared parameters by their names ([`READ_ONE`], [`READ_LIST`] and so on, or one by one).
///
/// # Panics
/// At start-up, when a name is not among the shared parameters.
pub fn taking<S>(routes: UtoipaMethodRouter<S>, names: &[&[&str]]) -> UtoipaMethodRouter<S> {
    let (schemas, mut paths, router) = routes;
    let known = parameters();
    for operation in operations(&mut paths) {
        for name in names.iter().copied().flatten() {
            assert!(known.iter().any(|(known, _)| known == name), "{name} is no shared parameter");
            let reference = RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
            operation.parameters.get_or_insert_default().push(reference);
        }
    }
    (schemas, paths, router)
}

/// Describes a GET for those who are logged in: with these parameters, and the refusals of [`READING`].
pub fn reading<S>(routes: UtoipaMethodRouter<S>, names: &[&[&str]]) -> UtoipaMethodRouter<S> {
    refusing(taking(routes, names), &[READING])
}

/// Describes a write: under an `Idempotency-Key`, with these parameters beside it, and more refusals than those of [`WRITING`].
pub fn writing<S>(routes: UtoipaMethodRouter<S>, names: &[&str], codes: &[&[Code]]) -> UtoipaMethodRouter<S> {
    refusing(taking(routes, &[WRITE, names]), &[&[WRITING], codes].concat())
}

/// Describes a write of something with a revision, which it needs: as [`writing`], with the refusals of [`REVISED`].
pub fn revising<S>(
    routes: UtoipaMethodRouter<S>,
    names: &[&str],
    codes: &[&[Code]],
) -> UtoipaMethodRouter<S> {
    refusing(taking(routes, &[WRITE_REVISED, names]), &[&[WRITING, REVISED], codes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use utoipa_axum::router::OpenApiRouter;
    use utoipa_axum::routes;

    /// Shows a teacher.
    #[utoipa::path(get, path = "/teachers/{id}", params(("id" = String, Path)), responses((status = 200, body = String)))]
    async fn show_teacher() {}

    /// Changes a teacher.
    #[utoipa::path(patch, path = "/teachers/{id}", params(("id" = String, Path)), responses((status = 200, body = String)))]
    async fn change_teacher() {}

    /// Is it alive?
    #[utoipa::path(get, path = "/livez", responses((status = 200)))]
    async fn livez() {}

    fn described() -> Value {
        let own: OpenApiRouter = OpenApiRouter::new()
            .routes(reading(routes!(show_teacher), &[READ_ONE]))
            .routes(revising(routes!(change_teacher), &[], &[HINDERED, &[Code::Exists]]));
        let (_, api) = OpenApiRouter::with_openapi(frame("1.2.3"))
            .nest("/v1", own)
            .routes(refusing(routes!(livez), &[]))
            .split_for_parts();
        serde_json::to_value(api).unwrap()
    }

    #[test]
    fn a_route_declares_every_status_that_it_can_answer() {
        let api = described();
        let change = &api["paths"]["/v1/teachers/{id}"]["patch"];
        let statuses: Vec<&String> = change["responses"].as_object().unwrap().keys().collect();
        assert_eq!(
            statuses,
            [
                "200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "423", "428", "429",
                "500", "503"
            ]
        );
        assert_eq!(change["responses"]["412"], json!({ "$ref": "#/components/responses/stale" }));
        let conflict = &change["responses"]["409"];
        assert_eq!(conflict["description"], "`exists`, `lock-missing`, `lock-ended`");
        let types = &conflict["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["type"]
            ["enum"];
        assert_eq!(types[0], "urn:daybook:problem:exists");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let api = described();
        let text = api.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(api.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_token_is_asked_for_where_one_is_needed() {
        let api = described();
        assert_eq!(api["paths"]["/v1/teachers/{id}"]["get"]["security"], json!([{ "token": [] }]));
        assert_eq!(api["paths"]["/livez"]["get"]["security"], json!([{}]));
        assert_eq!(api["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    }

    #[test]
    fn shared_parameters_are_taken_by_name() {
        let api = described();
        let parameters = api["paths"]["/v1/teachers/{id}"]["patch"]["parameters"].as_array().unwrap();
        assert_eq!(parameters[0]["name"], "id");
        assert_eq!(parameters[1]["$ref"], "#/components/parameters/If-Match");
    }
}
