//! What people are told, in their language: the message files `api/texts/*.ftl` (Project Fluent), one for each language.
//!
//! Everywhere else texts are data, a key with arguments ([`domain::Said`]); in JSON that is `{"said": key, "with": {…}}`. Here the
//! words are put in its place, when an answer goes out. A test holds the four files to the same keys and arguments.

use std::borrow::Cow;
use std::sync::LazyLock;

use domain::{Said, Word};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde_json::{Map, Value};
use unic_langid::LanguageIdentifier;

use super::problem::Code;

pub use super::language::Language;

mod sentences;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 4]> = LazyLock::new(|| Language::ALL.map(bundle));

/// The message file of a language, as a translator edits it.
pub fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../texts/en.ftl"),
        Language::German => include_str!("../../texts/de.ftl"),
        Language::Swedish => include_str!("../../texts/sv.ftl"),
        Language::Finnish => include_str!("../../texts/fi.ftl"),
    }
}

fn bundle(language: Language) -> Bundle {
    let id: LanguageIdentifier = language.tag().parse().expect("the tags of our languages are well formed");
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Marks around arguments that keep right-to-left text in place: none of our languages needs them, and programs compare texts.
    bundle.set_use_isolating(false);
    // What a translator got wrong costs that message only, which is then told in English; a test finds it before.
    let resource = match FluentResource::try_new(source(language).to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let _ = bundle.add_resource(resource);
    bundle
}

fn bundle_of(language: Language) -> &'static Bundle {
    let index = Language::ALL.iter().position(|it| *it == language).unwrap_or(0);
    &BUNDLES[index]
}

/// A message, or one attribute of it, in a language; English where that language lacks it.
fn message(language: Language, key: &str, attribute: Option<&str>, args: &FluentArgs<'_>) -> String {
    let worded = |language| {
        let bundle = bundle_of(language);
        let message = bundle.get_message(key)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut faults = Vec::new();
        Some(bundle.format_pattern(pattern, Some(args), &mut faults).into_owned())
    };
    worded(language).or_else(|| worded(Language::English)).unwrap_or_else(|| key.to_owned())
}

/// What is said, in words.
pub fn say(said: &Said, language: Language) -> String {
    let args = said.args.iter().map(|(name, word)| {
        let value = match word {
            Word::Text(text) => FluentValue::from(text.as_str()),
            Word::Number(number) => FluentValue::from(*number),
        };
        (*name, value)
    });
    if let ("plain", Some((_, Word::Text(text)))) = (said.key, said.args.first()) {
        return sentence(text, language);
    }
    message(language, said.key, None, &args.collect())
}

/// Puts the words in the place of what is said as JSON: a key with arguments, or an English sentence.
pub fn word(value: &mut Value, language: Language) {
    let text = match (&*value, value.get("said").and_then(Value::as_str)) {
        (Value::String(text), _) => sentence(text, language),
        (_, Some(key)) => match (key, value.get("with").and_then(Value::as_object)) {
            ("plain", Some(with)) => {
                sentence(with.get("text").and_then(Value::as_str).unwrap_or_default(), language)
            }
            (key, with) => message(language, key, None, &with.map(arguments).unwrap_or_default()),
        },
        (_, None) => return,
    };
    *value = Value::String(text);
}

/// A sentence that the rules said in English. One that the message files do not have stays as it is.
fn sentence(text: &str, language: Language) -> String {
    match sentences::found(text) {
        Some((key, gaps)) if language != Language::English => {
            let args = gaps.into_iter().map(|(name, words)| {
                let worded = sentences::found_in_gap(name, words).map(|(key, gaps)| {
                    let args = gaps.into_iter().map(|(name, words)| (name, FluentValue::from(words)));
                    message(language, key, None, &args.collect())
                });
                (name, FluentValue::from(worded.unwrap_or_else(|| words.to_owned())))
            });
            message(language, key, None, &args.collect())
        }
        _ => text.to_owned(),
    }
}

/// The same for the `detail` of each of `errors`.
pub fn word_errors(members: &mut Map<String, Value>, language: Language) {
    let Some(errors) = members.get_mut("errors").and_then(Value::as_array_mut) else { return };
    for detail in errors.iter_mut().filter_map(|error| error.get_mut("detail")) {
        word(detail, language);
    }
}

/// The same for each of a list.
pub fn word_list(list: Option<&mut Value>, language: Language) {
    for text in list.and_then(Value::as_array_mut).into_iter().flatten() {
        word(text, language);
    }
}

/// Texts and numbers among members, as a message can name them.
fn arguments(members: &Map<String, Value>) -> FluentArgs<'_> {
    let value = |value: &Value| match value {
        Value::String(text) => Some(FluentValue::from(text.clone())),
        Value::Number(number) => number.as_i64().map(FluentValue::from),
        _ => None,
    };
    members.iter().filter_map(|(name, it)| Some((name.as_str(), value(it)?))).collect()
}

/// What kind of refusal it is, the same for every one of the kind.
pub fn title(code: Code, language: Language) -> String {
    message(language, &format!("problem-{}", code.text()), None, &FluentArgs::new())
}

/// What happened this time: the first of `errors`, which must be in words already, or what is said of the code.
pub fn detail(code: Code, members: &Map<String, Value>, language: Language) -> Cow<'static, str> {
    if matches!(code, Code::Unreadable | Code::Invalid)
        && let Some(first) = first_error(members, language)
    {
        return first.into();
    }
    // An outage speaks with the words of who announced it.
    let own = members.get("message").and_then(Value::as_str).filter(|text| !text.is_empty());
    if let (Code::Outage | Code::GateClosed, Some(own)) = (code, own) {
        return own.to_owned().into();
    }
    let mut args = arguments(members);
    if code == Code::SignedOff {
        let case = match (is_text(members, "by"), is_text(members, "message")) {
            (false, _) => "nobody",
            (true, false) => "by",
            (true, true) => "by-with-words",
        };
        args.set("case", case);
    }
    // A message that chooses by one of these needs something to look at.
    for name in ["by", "message", "right", "rule", "action"] {
        if !is_text(members, name) {
            args.set(name, "none");
        }
    }
    message(language, &format!("problem-{}", code.text()), Some("detail"), &args).into()
}

fn is_text(members: &Map<String, Value>, name: &str) -> bool {
    members.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

/// The first of `errors`, with the number of the others: most people read one line only.
fn first_error(members: &Map<String, Value>, language: Language) -> Option<String> {
    let errors = members.get("errors")?.as_array()?;
    let first = errors.first()?;
    let (pointer, detail) = (first.get("pointer")?.as_str()?, first.get("detail")?.as_str()?);
    let text = if pointer.is_empty() { detail.to_owned() } else { format!("{pointer}: {detail}") };
    if errors.len() == 1 {
        return Some(text);
    }
    let mut args = FluentArgs::new();
    args.set("text", text);
    args.set("more", errors.len() - 1);
    Some(message(language, "and-more", None, &args))
}

#[cfg(test)]
mod tests;
