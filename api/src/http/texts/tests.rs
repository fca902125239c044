//! The message files.

use serde_json::json;

use super::*;
use crate::http::Problem;

mod libraries;
mod literals;

fn document(problem: &Problem, language: Language) -> Value {
    serde_json::from_slice(&problem.document("", language)).unwrap()
}

#[test]
fn a_refusal_is_told_in_the_language_that_is_wanted() {
    let problem = Problem::not_permitted("timetable");
    let details = Language::ALL.map(|language| document(&problem, language)["detail"].clone());
    assert_eq!(details[0], "This needs the right \"timetable\".");
    assert_eq!(details[1], "Dazu braucht es das Recht „timetable“.");
    assert_eq!(details[2], "Detta kräver rättigheten ”timetable”.");
    assert_eq!(details[3], "Tähän tarvitaan oikeus ”timetable”.");
}

#[test]
fn who_signed_somebody_off_is_told_with_his_words() {
    let detail = |by, message| {
        let problem = Problem::new(Code::SignedOff).with("by", by).with("message", message).with("at", "now");
        document(&problem, Language::German)["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(detail(json!("anna"), json!("Import")), "anna hat diese Sitzung beendet: Import");
    assert_eq!(detail(json!("anna"), json!("")), "anna hat diese Sitzung beendet.");
    assert_eq!(detail(json!(null), json!(null)), "Diese Sitzung wurde von jemand anderem beendet.");
}

#[test]
fn the_words_of_who_announced_an_outage_stay_his() {
    let problem = Problem::new(Code::Outage).with("message", "Wartung bis 18 Uhr");
    assert_eq!(document(&problem, Language::Finnish)["detail"], "Wartung bis 18 Uhr");
}

/// The keys of a file, each with the arguments that its message names, by itself or through the messages that it uses.
fn keys(language: Language) -> std::collections::BTreeMap<String, std::collections::BTreeSet<String>> {
    let mut keys = std::collections::BTreeMap::<String, std::collections::BTreeSet<String>>::new();
    let mut key = String::new();
    for line in source(language).lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) =
            line.split_once(" =").filter(|(name, _)| !name.is_empty() && !name.starts_with([' ', '{']))
        {
            name.clone_into(&mut key);
            assert!(
                keys.insert(key.clone(), std::collections::BTreeSet::new()).is_none(),
                "{key} is there twice"
            );
        }
        let args = keys.entry(key.clone()).or_default();
        args.extend(line.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next()).map(str::to_owned));
        if line.contains("{ kind }") {
            args.insert("kind".to_owned());
        }
    }
    keys.remove("");
    keys
}

#[test]
fn the_four_files_have_the_same_keys_and_name_the_same_things() {
    let english = keys(Language::English);
    assert!(english.len() > 150, "{}", english.len());
    for language in Language::ALL {
        if let Err((_, faults)) = FluentResource::try_new(source(language).to_owned()) {
            panic!("{language:?}: {faults:?}");
        }
        let other = keys(language);
        let missing: Vec<_> = english.keys().filter(|key| !other.contains_key(*key)).collect();
        let unknown: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{language:?} lacks {missing:?} and has {unknown:?}"
        );
        for (key, args) in &other {
            let more: Vec<_> = args.difference(&english[key]).collect();
            assert!(more.is_empty(), "{language:?}: {key} names {more:?}, which the English one does not");
        }
    }
}

/// Every key that the program asks for, with the names of its arguments.
fn used() -> Vec<(String, Vec<String>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("domain/src"), root.join("api/src")];
    let mut used = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs")
                && !path.ends_with("said.rs")
                && !path.ends_with("tests.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in text.split("said!(").skip(1) {
                    let Some((key, rest)) =
                        call.trim_start().strip_prefix('"').and_then(|it| it.split_once('"'))
                    else {
                        continue;
                    };
                    let mut depth = 1;
                    let end = rest.find(|c| {
                        depth += i32::from(c == '(') - i32::from(c == ')');
                        depth == 0
                    });
                    let call = &rest[..end.unwrap_or(rest.len())];
                    let args =
                        call.split(',').filter_map(|arg| arg.split_once(" = ")).map(|(name, _)| name.trim());
                    used.push((key.to_owned(), args.map(str::to_owned).collect()));
                }
            }
        }
    }
    used
}

#[test]
fn every_key_that_the_program_uses_is_there_with_its_arguments_and_none_is_for_nothing() {
    let english = keys(Language::English);
    let used = used();
    for (key, args) in &used {
        let named = english.get(key).unwrap_or_else(|| panic!("no message {key}"));
        for name in named {
            assert!(args.contains(name), "{key} needs {name}: {args:?}");
        }
    }
    let own = |key: &str| {
        ["problem-", "say-", "part-"].iter().any(|it| key.starts_with(it))
            || ["and-more", "kind"].contains(&key)
    };
    let idle: Vec<_> =
        english.keys().filter(|key| !own(key) && !used.iter().any(|(it, _)| it == *key)).collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
    for code in Code::ALL {
        assert!(english.contains_key(&format!("problem-{}", code.text())), "{code:?}");
    }
}

#[test]
fn a_sentence_of_the_rules_is_said_in_every_language() {
    for (english, german) in [
        ("a name has at most 50 characters", "Ein Name hat höchstens 50 Zeichen."),
        ("the plan has no period \"2\"", "Der Plan hat keine Periode „2“."),
        ("a whole number from 0 to 5 belongs here", "Hier gehört eine ganze Zahl von 0 bis 5 hin."),
        (
            "unknown field `x`, expected one of `a`, `b`",
            "Die Angabe „x“ gibt es hier nicht; möglich sind `a`, `b`.",
        ),
        (
            "\"X\" is not among the teachers of the files and the plan",
            "„X“ ist weder in den Dateien noch im Plan (Lehrkräfte).",
        ),
    ] {
        assert_eq!(sentence(english, Language::German), german);
        assert_eq!(sentence(english, Language::English), english);
        for language in [Language::Swedish, Language::Finnish] {
            assert_ne!(sentence(english, language), english);
        }
    }
    assert_eq!(sentence("nobody translated this", Language::German), "nobody translated this");
}
