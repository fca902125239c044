//! Every answer that a test sees is held against the description: its status must be declared, its body must have the shape.

use std::sync::OnceLock;

use reqwest::{Method, StatusCode};
use serde_json::Value as Json;

fn description() -> &'static Json {
    static DESCRIPTION: OnceLock<Json> = OnceLock::new();
    DESCRIPTION.get_or_init(api::routes::openapi)
}

/// Panics when a route answers what its description does not say. What is no route of ours says nothing.
pub fn check(method: &Method, path: &str, status: StatusCode, body: &Json) {
    let Some((route, item)) = route(path) else { return };
    let Some(operation) = item.get(method.as_str().to_lowercase()) else { return };
    let response = &operation["responses"][status.as_str()];
    assert!(!response.is_null(), "{method} {route} answers {status}, which it does not declare: {body}");
    let schema = &resolved(response)["content"]["application/json"]["schema"];
    if schema.is_null() || !status.is_success() {
        return;
    }
    if let Err(fault) = fits(schema, body) {
        panic!("{method} {route} {status}: {fault}; the body is {body}");
    }
}

/// Panics when an event of a stream is not as the description says.
pub fn check_event(name: &str, data: &Json) {
    let shape = match name {
        "message" => "Message",
        "outage" => "Outage",
        name if name.starts_with("daybook.") => "Change",
        "position" | "sign-off" => {
            let members: Vec<&str> =
                data.as_object().expect("an object").keys().map(String::as_str).collect();
            let expected: &[&str] =
                if name == "position" { &["position"] } else { &["by", "message", "ends_at"] };
            assert_eq!(members, expected, "{name}");
            return;
        }
        other => panic!("{other} is no event of the description: {data}"),
    };
    if let Err(fault) = fits(&description()["components"]["schemas"][shape], data) {
        panic!("{name}: {fault}; the data is {data}");
    }
}

fn route(path: &str) -> Option<(&'static str, &'static Json)> {
    let asked: Vec<&str> = path.split('/').collect();
    let is_asked = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == asked.len()
            && parts.iter().zip(&asked).all(|(part, it)| part.starts_with('{') || part == it)
    };
    let paths = description()["paths"].as_object()?.iter();
    let fitting = paths.filter(|(template, _)| is_asked(template));
    fitting
        .min_by_key(|(template, _)| template.matches('{').count())
        .map(|(template, item)| (template.as_str(), item))
}

/// What a `$ref` leads to.
fn resolved(json: &'static Json) -> &'static Json {
    match json["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => resolved(description().pointer(pointer).expect("the reference leads somewhere")),
        None => json,
    }
}

/// Whether a value has the shape; else what is wrong, and where.
fn fits(schema: &'static Json, value: &Json) -> Result<(), String> {
    let schema = resolved(schema);
    for several in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[several].as_array() {
            let mut faults = choices.iter().map(|choice| fits(choice, value)).collect::<Vec<_>>();
            if faults.iter().all(Result::is_err) {
                return faults.pop().unwrap_or(Ok(()));
            }
        }
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Err(format!("{value} is none of {choices:?}"));
    }
    let is = |name: &Json| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    let good = schema["type"].as_array().map_or_else(|| is(&schema["type"]), |names| names.iter().any(is));
    if !good {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(&schema["items"], item).map_err(|fault| format!("/{index}: {fault}"))?;
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    let parts = parts(schema);
    let required = parts.iter().flat_map(|part| part["required"].as_array().into_iter().flatten());
    if let Some(name) = required.filter_map(Json::as_str).find(|name| !object.contains_key(*name)) {
        return Err(format!("{name} is missing"));
    }
    let open =
        |part: &&'static Json| part["additionalProperties"].is_object() || part["properties"].is_null();
    for (name, member) in object {
        match parts.iter().find_map(|part| part["properties"].get(name)) {
            Some(schema) => fits(schema, member).map_err(|fault| format!("/{name}: {fault}"))?,
            None if parts.iter().all(open) => {}
            None => return Err(format!("{name} is not described")),
        }
    }
    Ok(())
}

/// A schema with all that `allOf` lays upon it.
fn parts(schema: &'static Json) -> Vec<&'static Json> {
    let schema = resolved(schema);
    let mut all = vec![schema];
    for part in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(parts(part));
    }
    all
}
