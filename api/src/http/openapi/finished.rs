//! What the description gets once all routes are in it: what every operation of a kind has in common, the tags, and nothing that
//! nobody refers to. It is JSON from here on: utoipa's types do not read all that they write.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use utoipa::openapi::OpenApi;

/// The groups of routes that are not the records of one kind, each with what it is about.
const TAGS: &[(&str, &str)] = &[
    ("audit", "Everything that happened, and who looked at it."),
    ("batch", "Several changes of a plan, all or nothing."),
    ("changes", "What happened in a plan since a position."),
    ("exports", "A plan as files of Untis."),
    ("imports", "Files of Untis, read into a plan."),
    ("licence", "The licence of a school."),
    ("locks", "The right of one session to carry out a critical action."),
    ("messages", "What users and the system tell users."),
    ("notices", "What everybody should know, on the login page too."),
    ("operations", "What those ask who run the service."),
    (
        "optimisations",
        "One period or several, optimised by a program, with the result written all or nothing.",
    ),
    ("outage", "Messages about a service that is or will be away, and the gate for log-ins."),
    ("plans", "A school year of a school, in one version: what people log in to."),
    ("sessions", "Logging in and out, and who is in a plan."),
    ("sign-offs", "Asking others out of a plan."),
    ("status", "How the service is doing, and who works with it."),
    ("timetable", "Who meets when and where, what collides, what is not placed yet, and what is covered."),
    ("undo", "Changes and imports, taken back as new changes."),
    ("users", "Users, the groups that their rights come from, and the tokens of programs."),
];

/// The description as it is shown.
///
/// # Panics
/// At start-up, when a tag has no description: [`TAGS`] lacks it.
pub fn finished(api: &OpenApi) -> Json {
    let mut api = serde_json::to_value(api).expect("the description is plain data");
    let mut tags = BTreeSet::new();
    for operation in operations(&mut api) {
        tags.extend(
            operation["tags"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned),
        );
        tell_names(operation);
        announce(operation);
    }
    api["tags"] = tags.iter().map(|tag| json!({ "name": tag, "description": about(tag) })).collect();
    order_verbs(&mut api);
    drop_unused(&mut api);
    let finished = serde_json::from_value(api.clone()).expect("it was made of one");
    debug_assert!(
        serde_json::to_value(&finished).is_ok_and(|again| again == api),
        "reading it lost something"
    );
    finished
}

fn operations(api: &mut Json) -> impl Iterator<Item = &mut Json> {
    let paths = api["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    paths
        .filter_map(Json::as_object_mut)
        .flat_map(|item| item.values_mut())
        .filter(|it| it["responses"].is_object())
}

fn about(tag: &str) -> String {
    if let Some((_, about)) = TAGS.iter().find(|(name, _)| *name == tag) {
        return (*about).to_owned();
    }
    let kind = domain::Kind::ALL.iter().find(|kind| kind.word() == tag);
    let kind = kind.unwrap_or_else(|| panic!("the tag {tag} has no description in {}", file!()));
    if kind.is_singleton() {
        format!("The {kind} of a plan.")
    } else {
        format!("The {kind} of a plan, record by record.")
    }
}

/// Names of plans and records have one form wherever they stand in an address.
fn tell_names(operation: &mut Json) {
    let below_a_plan = parameters(operation).any(|it| it["name"] == "plan");
    for parameter in operation.get_mut("parameters").and_then(Json::as_array_mut).into_iter().flatten() {
        if parameter["in"] != "path" || parameter["schema"]["type"] != "string" {
            continue;
        }
        let (about, schema) = match parameter["name"].as_str() {
            Some("plan") => (
                "`school~year~version`",
                json!({ "type": "string", "pattern": "^[^~/]{1,50}~[12][0-9]{3}-[12][0-9]{3}~[0-9]{1,3}$", "example": "100234~2026-2027~1" }),
            ),
            Some("school") => (
                "The school number",
                json!({ "type": "string", "pattern": "^[^~/]{1,50}$", "example": "100234" }),
            ),
            Some("id") if below_a_plan => {
                ("The name", json!({ "type": "string", "minLength": 1, "maxLength": 50 }))
            }
            Some("lock") => ("The lock that was granted", json!({ "type": "string", "format": "uuid" })),
            _ => ("What the list and the answer of its making call it", parameter["schema"].clone()),
        };
        parameter["schema"] = schema;
        if parameter["description"].is_null() {
            parameter["description"] = about.into();
        }
    }
}

fn parameters(operation: &Json) -> impl Iterator<Item = &Json> {
    operation["parameters"].as_array().into_iter().flatten()
}

/// Header fields that follow from what an operation takes.
fn announce(operation: &mut Json) {
    let takes = |name: &str| {
        let reference = format!("#/components/parameters/{name}");
        parameters(operation).any(|it| it["$ref"] == reference.as_str())
    };
    let revised = takes("If-Match") || takes("If-None-Match");
    let (paged, in_time) = (takes("limit") && takes("after"), takes("as_of"));
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if !response["$ref"].is_null() {
            continue;
        }
        let (made, shown) = (status == "201", status == "200");
        let mine = [
            ("ETag", revised && (made || shown || status == "304")),
            ("Link", shown && paged),
            ("Location", made),
            ("Daybook-As-Of", shown && in_time),
        ];
        for (name, _) in mine.into_iter().filter(|(_, carried)| *carried) {
            response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
    }
}

/// Reading before writing, whichever file a route stands in.
fn order_verbs(api: &mut Json) {
    let paths = api["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for item in paths.filter_map(Json::as_object_mut) {
        for verb in ["get", "post", "put", "patch", "delete"] {
            if let Some((verb, operation)) = item.shift_remove_entry(verb) {
                item.insert(verb, operation);
            }
        }
    }
}

/// Shared parts that nothing leads to only ask what they are for.
fn drop_unused(api: &mut Json) {
    loop {
        let text = api.to_string();
        let used = |section: &str, name: &str| text.contains(&format!("\"#/components/{section}/{name}\""));
        let mut dropped = false;
        for (section, parts) in api["components"].as_object_mut().into_iter().flatten() {
            let Some(parts) = parts.as_object_mut().filter(|_| section != "securitySchemes") else {
                continue;
            };
            let before = parts.len();
            parts.retain(|name, _| used(section, name));
            dropped |= parts.len() < before;
        }
        if !dropped {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_is_and_what_it_refuses() {
        let mut api = crate::routes::openapi();
        let tags = api["tags"].clone();
        let mut ids = BTreeSet::new();
        for operation in operations(&mut api) {
            let id =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("no id: {operation}")).to_owned();
            assert!(operation["summary"].is_string(), "{id} has no summary");
            assert!(operation["responses"].as_object().unwrap().keys().any(|it| it.starts_with('4')), "{id}");
            assert!(operation["security"].is_array(), "{id} does not say who may call it");
            for tag in operation["tags"].as_array().unwrap() {
                assert!(tags.as_array().unwrap().iter().any(|it| it["name"] == *tag), "{id}: {tag}");
            }
            assert!(
                parameters(operation).all(|it| it["$ref"].is_string() || it["description"].is_string()),
                "{id}"
            );
            assert!(ids.insert(id.clone()), "{id} twice");
        }
    }

    #[test]
    fn every_shared_part_is_used_and_every_reference_leads_somewhere() {
        let api = crate::routes::openapi();
        let text = api.to_string();
        for (section, parts) in api["components"].as_object().unwrap() {
            for name in parts.as_object().unwrap().keys().filter(|_| section != "securitySchemes") {
                assert!(text.contains(&format!("\"#/components/{section}/{name}\"")), "{section}/{name}");
            }
        }
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(api.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_record_has_its_name_its_tag_and_its_plan_described() {
        let api = crate::routes::openapi();
        let put = &api["paths"]["/v1/plans/{plan}/rooms/{id}"]["put"];
        assert_eq!(put["parameters"][0]["schema"]["example"], "100234~2026-2027~1");
        assert_eq!(put["parameters"][1]["schema"]["maxLength"], 50);
        assert_eq!(put["responses"]["201"]["headers"]["ETag"]["$ref"], "#/components/headers/ETag");
        assert_eq!(put["responses"]["201"]["headers"]["Location"]["$ref"], "#/components/headers/Location");
    }
}
