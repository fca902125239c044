//! The description of the routes (OpenAPI 3.1): what all of them share, and which refusals each can answer.
//!
//! ```ignore
//! OpenApiRouter::with_openapi(openapi::frame(env!("CARGO_PKG_VERSION")))
//!     .routes(refusing(routes!(show_teacher, change_teacher), &[READING, &[Code::Stale]]))
//! ```

use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Info, OpenApi, PathItem, Ref, RefOr, Response, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use super::problem::Code;

/// Every operation can answer these, whatever it does; [`refusing`] adds them by itself.
pub const ALWAYS: &[Code] = &[Code::Unreadable, Code::TooMany, Code::Internal, Code::Busy];
/// Who must be logged in, and may meet an outage or lack a right.
pub const LOGGED_IN: &[Code] =
    &[Code::NotLoggedIn, Code::SignedOff, Code::SessionExpired, Code::NotPermitted, Code::Outage];
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
    let public = !codes.contains(&Code::NotLoggedIn) || operation.operation_id.as_deref() == Some("log_in");
    let requirement =
        if public { SecurityRequirement::default() } else { SecurityRequirement::new("token", [""; 0]) };
    operation.security.get_or_insert_with(|| vec![requirement]);
}

/// One code has a response among the components; several of one status are told apart by `type`.
fn response_of(codes: &[Code]) -> RefOr<Response> {
    if let [code] = codes {
        return RefOr::Ref(Ref::from_response_name(code.text()));
    }
    let texts: Vec<String> = codes.iter().map(|code| format!("`{}`", code.text())).collect();
    RefOr::T(response(&texts.join(", "), &problem_schema(codes)))
}

fn response(description: &str, schema: &Value) -> Response {
    let schema: RefOr<Schema> = serde_json::from_value(schema.clone()).expect("a schema written here is one");
    Response::builder()
        .description(description)
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}

fn problem_schema(codes: &[Code]) -> Value {
    let types: Vec<String> =
        codes.iter().map(|code| format!("urn:daybook:problem:{}", code.text())).collect();
    json!({ "allOf": [
        { "$ref": "#/components/schemas/Problem" },
        { "type": "object", "properties": { "type": { "type": "string", "enum": types } } },
    ] })
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
    let mut api = OpenApi::new(info, Paths::new());
    api.components = Some(components());
    api
}

fn components() -> Components {
    let mut components = Components::new();
    components.schemas.insert(
        "Problem".to_owned(),
        serde_json::from_value(problem()).expect("a schema written here is one"),
    );
    for code in Code::ALL {
        let title = super::texts::title(*code, super::texts::Language::English);
        components
            .responses
            .insert(code.text().to_owned(), RefOr::T(response(title, &problem_schema(&[*code]))));
    }
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description =
        Some("A session token (POST /v1/sessions), or an API token `dbk_…` of a program.".to_owned());
    components.add_security_scheme("token", SecurityScheme::Http(token));
    for (name, parameter) in parameters() {
        components.parameters.insert(
            name.to_owned(),
            serde_json::from_value(parameter).expect("a parameter written here is one"),
        );
    }
    components
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457, with the members that belong to the code.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "description": "`urn:daybook:problem:<code>`" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "errors": { "type": "array", "items": { "type": "object" } },
        },
    })
}

/// Parameters that many operations take. [`taking`] adds them by these names.
fn parameters() -> Vec<(&'static str, Value)> {
    let header = |name: &str, required: bool, description: &str, pattern: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": description,
            "schema": { "type": "string", "pattern": pattern },
        })
    };
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
    let tags = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;
    vec![
        // Not marked as required: the refusal for its absence is part of the contract.
        (
            "If-Match",
            header("If-Match", false, "The ETag that the change is based on; without it 428.", tags),
        ),
        (
            "If-None-Match",
            header(
                "If-None-Match",
                false,
                "On GET: 304 when it still stands so. `*` on PUT: only a new one.",
                tags,
            ),
        ),
        (
            "Idempotency-Key",
            header(
                "Idempotency-Key",
                false,
                "Repeating the request under its key answers what was answered.",
                "^[!-~]{1,200}$",
            ),
        ),
        (
            "Daybook-Lock",
            header("Daybook-Lock", false, "The lock that a protected write is made under.", "^[!-~]{1,200}$"),
        ),
        (
            "Daybook-Min-Position",
            header(
                "Daybook-Min-Position",
                false,
                "Wait (2 s at most) until this position can be read.",
                r"^([0-9]{1,18}\.)?[0-9]{1,18}$",
            ),
        ),
        (
            "limit",
            query(
                "limit",
                "Items of a page.",
                json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
            ),
        ),
        ("after", query("after", "`next` of the page before.", json!({ "type": "string" }))),
        (
            "as_of",
            query("as_of", "A position or time: things as they stood then.", json!({ "type": "string" })),
        ),
        (
            "period",
            query(
                "period",
                "Name of a period: its value instead of the plan-wide one.",
                json!({ "type": "string" }),
            ),
        ),
    ]
}

/// Header fields of a GET of something with a revision.
pub const READ_ONE: &[&str] = &["If-None-Match", "Daybook-Min-Position"];
/// Header fields and parameters of a list.
pub const READ_LIST: &[&str] = &["Daybook-Min-Position", "limit", "after"];
/// Header fields of a write that needs a revision.
pub const WRITE_REVISED: &[&str] = &["If-Match", "Idempotency-Key"];

/// Declares shared parameters by their names ([`READ_ONE`], [`READ_LIST`], [`WRITE_REVISED`], or one by one).
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

#[cfg(test)]
mod tests {
    use super::*;
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
            .routes(refusing(taking(routes!(show_teacher), &[READ_ONE]), &[READING]))
            .routes(refusing(
                taking(routes!(change_teacher), &[WRITE_REVISED]),
                &[WRITING, REVISED, HINDERED, &[Code::Exists]],
            ));
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
