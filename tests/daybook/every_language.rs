//! No reader of German, Swedish or Finnish is told anything in English: many bad requests of each area, in every language.

use reqwest::RequestBuilder;
use serde_json::Value as Json;
use tests::doings::text;
use tests::office::{Answer, Office};

mod cover;
mod files;
mod records;
mod site;

/// The texts of a refusal: title, detail, and the details of its faults.
fn texts(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    let own = [answer.body["title"].clone(), answer.body["detail"].clone()];
    own.iter().chain(errors.iter().map(|error| &error["detail"])).map(text).collect()
}

/// What of a refused request is told in the same words in two languages.
async fn told_alike(office: &Office, make: impl Fn() -> RequestBuilder) -> Vec<String> {
    let english = office.send(make().header("accept-language", "en")).await;
    let shown = format!("{} {}", english.outcome(), english.body);
    if !english.status.is_client_error() || !english.body["title"].is_string() {
        return vec![format!("not refused: {shown}")];
    }
    let mut alike = Vec::new();
    for language in ["de", "sv", "fi"] {
        let other = office.send(make().header("accept-language", language)).await;
        assert_eq!(other.outcome(), english.outcome(), "{} {shown}", other.body);
        assert_eq!(other.header("content-language"), Some(language));
        assert_eq!(texts(&other).len(), texts(&english).len(), "{} {shown}", other.body);
        let same = texts(&other).into_iter().zip(texts(&english)).filter(|(one, two)| one == two);
        alike.extend(same.map(|(one, _)| format!("{language}: {one}: {shown}")));
    }
    alike
}

/// Refused requests with a JSON body, below `/v1`, of who has this token.
async fn all_told(office: &Office, token: &str, requests: &[(&str, String, Json)]) {
    let mut alike = Vec::new();
    for (method, path, body) in requests {
        let make = || {
            let request = office.write(method.parse().unwrap(), token, path, body);
            match *method {
                "PUT" if path.starts_with("/plans") => request.header("if-none-match", "*"),
                "PATCH" | "DELETE" => request.header("if-match", "*"),
                _ => request,
            }
        };
        alike.extend(told_alike(office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
}
