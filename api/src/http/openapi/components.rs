//! What the description keeps in one place: the problems, the header fields, the shared parameters, the token.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::openapi::header::Header;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, Response, Schema};

use crate::http::problem::Code;
use crate::http::texts::{self, Language};

/// All of it.
pub fn components() -> Components {
    let mut components = Components::new();
    components.schemas.insert("Problem".to_owned(), made(problem()));
    for code in Code::ALL {
        let mut response = response(&texts::title(*code, Language::English), &problem_schema(&[*code]));
        super::announce(&mut response, code.status().as_str(), false);
        components.responses.insert(code.text().to_owned(), RefOr::T(response));
    }
    for (name, description, schema) in headers() {
        let header: Header = made(json!({ "description": description, "schema": schema }));
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
    for (name, parameter) in parameters() {
        components.parameters.insert(name.to_owned(), made(parameter));
    }
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description =
        Some("A session token (POST /v1/sessions), or an API token `dbk_…` of a program.".to_owned());
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components
}

/// A response of one media type, `application/problem+json`.
pub fn response(description: &str, schema: &Value) -> Response {
    let schema: RefOr<Schema> = made(schema.clone());
    Response::builder()
        .description(description)
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}

/// A shared header field of an answer, by its name.
pub fn header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

/// The problem that has one of these codes; with the code's own members when there is one.
pub fn problem_schema(codes: &[Code]) -> Value {
    let types: Vec<String> =
        codes.iter().map(|code| format!("urn:daybook:problem:{}", code.text())).collect();
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "type": "string", "enum": types }));
    if let [code] = codes {
        properties.extend(members(*code).iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }
    json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, { "type": "object", "properties": properties }] })
}

fn made<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("what is written in this file is of its kind")
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
        },
    })
}

/// The members of a code, as the table "Codes of refusal" names them.
fn members(code: Code) -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    let maybe = || json!({ "type": ["string", "null"] });
    let list = |properties: Value| json!({ "type": "array", "items": { "type": "object", "properties": properties } });
    let maybes =
        |names: &[&str]| Value::Object(names.iter().map(|name| ((*name).to_owned(), maybe())).collect());
    match code {
        Code::Unreadable | Code::Invalid => {
            vec![("errors", list(json!({ "pointer": text(), "detail": text() })))]
        }
        Code::SignedOff => vec![("by", maybe()), ("message", maybe()), ("at", maybe())],
        Code::NotPermitted => vec![("right", text())],
        Code::InUse => vec![("used_by", list(json!({ "record": text() })))],
        Code::NotAlone => vec![("sessions", list(maybes(&["session", "user", "mode", "activity", "since"])))],
        Code::LockRefused | Code::Blocked => {
            let periods = json!({ "type": ["array", "null"], "items": text() });
            let held_by =
                list(json!({ "user": maybe(), "action": maybe(), "periods": periods, "since": maybe() }));
            let rule = json!({ "type": "string", "enum": ["optimisation", "cover", "exclusive-lock"] });
            let all = [("held_by", held_by), ("rule", rule)];
            all.into_iter().take(if code == Code::Blocked { 2 } else { 1 }).collect()
        }
        Code::LockMissing | Code::LockEnded => vec![("action", text())],
        Code::EpochChanged => vec![("last_common", maybe())],
        Code::Stale => vec![
            ("record", text()),
            (
                "winner",
                json!({ "type": ["object", "null"], "properties": maybes(&["user", "at", "position"]) }),
            ),
            ("changes", list(json!({ "field": text(), "base": {}, "theirs": {}, "yours": {} }))),
            ("current", json!({ "type": ["object", "null"] })),
            ("revision", json!({ "type": ["integer", "null"] })),
        ],
        Code::ImportFaults => {
            let number = json!({ "type": "integer" });
            let fault = json!({ "file": text(), "line": number, "column": number, "detail": text() });
            vec![("errors", list(fault)), ("more", number)]
        }
        Code::Outage => vec![("message", maybe()), ("since", maybe()), ("until", maybe())],
        Code::GateClosed => vec![("message", maybe()), ("until", maybe())],
        _ => Vec::new(),
    }
}

fn headers() -> Vec<(&'static str, &'static str, Value)> {
    let text = || json!({ "type": "string" });
    vec![
        ("X-Request-Id", "The request's id, yours when it was sane.", text()),
        ("RateLimit", "What is left in this window.", text()),
        ("RateLimit-Policy", "Requests in a window, and its length in seconds.", text()),
        ("ETag", "The state of the record.", text()),
        ("Daybook-Position", "The position of the write.", text()),
        ("Daybook-As-Of", "The position at which things are shown.", text()),
        (
            "Daybook-Outage",
            "An outage is announced or gated.",
            json!({ "type": "string", "enum": ["announced", "gated"] }),
        ),
        (
            "Idempotency-Replayed",
            "`true`: the stored answer of the first time.",
            json!({ "type": "string", "enum": ["true"] }),
        ),
        ("Link", "rel=\"next\": the next page.", text()),
        ("Location", "Where what was made is.", text()),
        (
            "Retry-After",
            "Seconds after which it is worth asking again.",
            json!({ "type": "integer", "minimum": 0 }),
        ),
        ("WWW-Authenticate", "How to say who you are: `Bearer`.", text()),
    ]
}

/// Parameters that many operations take, by the name that [`taking`](super::taking) knows them by.
pub fn parameters() -> Vec<(&'static str, Value)> {
    let header = |name: &'static str, description: &str, pattern: &str| {
        // None is marked as required: the refusal for its absence is part of the contract.
        let schema = json!({ "type": "string", "pattern": pattern });
        (
            name,
            json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema }),
        )
    };
    let query = |name: &'static str, description: &str, schema: Value| {
        (
            name,
            json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema }),
        )
    };
    let text = || json!({ "type": "string" });
    let tags = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;
    let position = r"^([0-9]{1,18}\.)?[0-9]{1,18}$";
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
    // A quote at the beginning would begin a structured string, which a pattern this short cannot describe.
    let key = "^[!#-~][!-~]{0,199}$";
    vec![
        header("If-Match", "The ETag that the change is based on; without it 428.", tags),
        header("If-None-Match", "On GET: 304 when it still stands so. `*` on PUT: only a new one.", tags),
        header("Idempotency-Key", "Repeating the request under its key answers what was answered.", key),
        header("Daybook-Lock", "The lock that a protected write is made under.", "^[!-~]{1,200}$"),
        header("Daybook-Min-Position", "Wait (2 s at most) until this position can be read.", position),
        query("limit", "Items of a page.", limit),
        query("after", "`next` of the page before.", text()),
        query(
            "as_of",
            "A position or time: things as they stood after the write that it belongs to. The answer has no ETag, nothing in it is editable, \
                and what is no event (last contact, lease left) is left out.",
            text(),
        ),
        query("period", "Name of a period: its value instead of the plan-wide one.", text()),
    ]
}
