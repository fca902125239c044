//! What the libraries say that read JSON and times, in every language.

use std::fmt::Debug;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::http::json::read;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Three {
    #[expect(dead_code, reason = "only read")]
    text: String,
    #[expect(dead_code, reason = "only read")]
    flag: Option<bool>,
    #[expect(dead_code, reason = "only read")]
    small: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    One,
    Two,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Two {
    #[expect(dead_code, reason = "only read")]
    one: Option<Word>,
    #[expect(dead_code, reason = "only read")]
    when: Option<DateTime<Utc>>,
}

/// Holds that what is wrong with this JSON text is said in other words in each language, and none of them half in English.
fn told<T: DeserializeOwned + Debug>(json: &str) -> Result<(), String> {
    let problem = read::<T>(json.as_bytes()).unwrap_err();
    let english =
        document(&problem, Language::English)["errors"][0]["detail"].as_str().expect("a detail").to_owned();
    let (_, gaps) = sentences::found(&english).ok_or_else(|| format!("{json}: {english}"))?;
    for (gap, words) in gaps {
        if ["found", "wanted", "what"].contains(&gap) && sentences::found_in_gap(gap, words).is_none() {
            return Err(format!("{json}: {english}: {words}"));
        }
    }
    for language in &Language::ALL[1..] {
        let other =
            document(&problem, *language)["errors"][0]["detail"].as_str().expect("a detail").to_owned();
        if other == english || other.contains("expected") {
            return Err(format!("{language:?} {json}: {other}"));
        }
    }
    Ok(())
}

fn nothing_in_english(told: impl IntoIterator<Item = Result<(), String>>) {
    let faults: Vec<_> = told.into_iter().filter_map(Result::err).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_no_json_is_told_in_every_language() {
    let texts = [
        "",
        "{",
        "[",
        "\"a",
        "{\"a\"}",
        "{\"a\":1,}",
        "[1,]",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "nul",
        "{a:1}",
        "{1:1}",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\u{1}\"",
        "1e",
        "-",
        "1 2",
        "1e999",
        "01",
        "?",
        "{\"a\":1,\"a\":2}",
        "\"\\u12\"",
    ];
    let deep = "[".repeat(100);
    nothing_in_english(texts.into_iter().chain([deep.as_str()]).map(told::<Value>));
}

#[test]
fn what_does_not_fit_is_told_in_every_language() {
    let three = [
        "{}",
        "[]",
        "1",
        "true",
        "null",
        "\"x\"",
        "1.5",
        "{\"text\":1}",
        "{\"text\":null}",
        "{\"text\":[]}",
        "{\"text\":{}}",
        "{\"text\":\"\",\"flag\":\"yes\"}",
        "{\"text\":\"\",\"small\":300}",
        "{\"text\":\"\",\"small\":-1}",
        "{\"text\":\"\",\"small\":1.5}",
        "{\"other\":1}",
    ];
    let two = [
        "{\"one\":\"three\"}",
        "{\"one\":1}",
        "{\"three\":1}",
        "{\"when\":1}",
        "{\"when\":\"\"}",
        "{\"when\":\"x\"}",
        "{\"when\":\"2026-13-01T00:00:00Z\"}",
        "{\"when\":\"2026-02-30T00:00:00Z\"}",
        "{\"when\":\"2026-01-01T00:00:00Zx\"}",
    ];
    let texts = ["1", "\"x\"", "{}", "[1]", "[{}]"];
    nothing_in_english(
        three
            .map(told::<Three>)
            .into_iter()
            .chain(two.map(told::<Two>))
            .chain(["1", "\"x\"", "\"2026-02-30\""].map(told::<NaiveDate>))
            .chain(texts.map(told::<Vec<String>>))
            .chain(["1", "[]", "{\"a\":\"b\"}"].map(told::<std::collections::BTreeMap<String, u64>>))
            .chain(["1", "\"x\"", "\"0\""].map(told::<uuid::Uuid>)),
    );
}
