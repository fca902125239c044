//! Every sentence that stands in the sources of `domain` and `api` is in the message files, and every `say-…` line is said somewhere.
//!
//! The sources are read, not run: each literal outside comments, attributes and tests that looks like a sentence has to be a `say-…`
//! line of the English file, unless it is in a place that only whoever runs the service reads.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What stands in the place of a gap when a literal is compared with a line.
const GAP: &str = "\u{1}";

/// Sources whose texts are for whoever runs the service or programs against it: command line, logs, OpenAPI, metrics.
const NOT_FOR_READERS: [&str; 11] = [
    "api/src/cli",
    "api/src/private_postgres",
    "api/src/http/openapi",
    "api/src/http/docs.rs",
    "api/src/follow/text.rs",
    "api/src/http/metrics",
    "api/src/traces",
    "api/src/routes/schemas",
    "api/src/outage/partner.rs",
    "api/src/outage/operator.rs",
    "api/src/main.rs",
];

/// Calls and macros whose texts go into a log, a failed test, a header or a statement.
const NOT_SAID: [&str; 22] = [
    "expect(",
    "panic!(",
    "assert!(",
    "assert_eq!(",
    "debug_assert!(",
    "unreachable!(",
    "error!(",
    "warn!(",
    "info!(",
    "debug!(",
    "trace!(",
    "query!(",
    "query_scalar!(",
    "query_as!(",
    "bail!(",
    "anyhow!(",
    "context(",
    "from_static(",
    "Problem::internal(",
    "Failure::Internal(",
    "EventUnreadable{",
    "has(",
];

/// Literals with blanks that are no sentences.
const NO_SENTENCES: [(&str, &str); 22] = [
    // Why a snapshot is thrown away; it goes into the log.
    ("domain/src/snapshot.rs", "a state that was written aside cannot be read: {0}"),
    ("domain/src/record.rs", "there is no field {name}"),
    ("api/src/http/conventions.rs", "{} {route}"),
    ("domain/src/event.rs", "an event of type {type} cannot be read: {cause}"),
    ("api/src/desk/failure.rs", "{error}, and nobody took it in"),
    ("api/src/audit/export.rs", "cut off"),
    ("api/src/routes/audit.rs", "text/csv; charset=utf-8; header=present"),
    ("api/src/routes/audit.rs", "attachment; filename=\"audit.csv\""),
    ("api/src/routes/audit.rs", "attachment; filename=\"audit.ndjson\""),
    ("api/src/http/page.rs", "<{}?{}>; rel=\"next\""),
    ("api/src/http/texts.rs", "{pointer}: {detail}"),
    ("api/src/http/json.rs", " at line "),
    ("api/src/http/conventions.rs", "private, no-cache"),
    ("api/src/http/query.rs", "missing field `"),
    (
        "api/src/http/serve/worded.rs",
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nx-request-id: {}\r\nconnection: close\r\n\r\n",
    ),
    ("api/src/routes/tokens.rs", "token {turn} {}"),
    ("api/src/routes/imports.rs", "import {plan} {lock:?} {:?} {:?} {} {} {:?} {:?}"),
    ("api/src/routes/sessions/log_in.rs", "log-in {plan:?} {:?} {:?}"),
    ("api/src/routes/sessions/log_in.rs", "log-in {turn} {}"),
    // Words that the sentences of libraries fill in: `part-…`.
    ("api/src/http/strict.rs", "a JSON value"),
    ("api/src/http/strict.rs", "a name"),
    ("api/src/http/problem.rs", "Bearer realm=\"daybook\""),
];

/// A literal of the sources.
struct Literal {
    file: String,
    line: usize,
    text: String,
    /// What opens the brackets around it, from the outside in: `format!(`, `#[`, `vec![`.
    around: Vec<String>,
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = vec![root.join("domain/src"), root.join("api/src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("it can be read").path();
            let name = path.strip_prefix(&root).expect("it lies there").to_str().expect("UTF-8").to_owned();
            let is_test = ["tests", "testing", "matrix"]
                .contains(&path.file_stem().and_then(OsStr::to_str).expect("UTF-8"));
            if is_test {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                sources.push((name, std::fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    sources
}

/// The source without its tests, which stand at the end.
fn without_tests(source: &str) -> &str {
    let is_module = |at: usize| {
        let line = source[at..].lines().nth(1).unwrap_or_default();
        line.contains("mod ") && line.ends_with('{')
    };
    source
        .match_indices("#[cfg(test)]")
        .find(|(at, _)| is_module(*at))
        .map_or(source, |(at, _)| &source[..at])
}

/// The literals of a source, in order.
fn literals(file: &str, source: &str) -> Vec<Literal> {
    let (mut found, mut open, mut code) = (Vec::new(), Vec::<String>::new(), String::new());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let hashes = raw_hashes(rest).filter(|_| !code.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(hashes) = hashes {
            let (start, close) = (rest.find('"').unwrap() + 1, format!("\"{}", "#".repeat(hashes)));
            let end = start + rest[start..].find(&close).unwrap();
            let line = line_of(source, rest);
            let text = rest[start..end].to_owned();
            found.push(Literal { file: file.to_owned(), line, text, around: open.clone() });
            code.push('_');
            rest = &rest[end + close.len()..];
        } else if first == '"' {
            let (text, after) = unescaped(&rest[1..]);
            let line = line_of(source, rest);
            found.push(Literal { file: file.to_owned(), line, text, around: open.clone() });
            code.push('_');
            rest = after;
        } else if let Some(after) = after_character(rest) {
            code.push('_');
            rest = after;
        } else {
            match first {
                '(' | '[' | '{' => open.push(opener(&code, first)),
                ')' | ']' | '}' => drop(open.pop()),
                _ => {}
            }
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn line_of(source: &str, rest: &str) -> usize {
    source[..source.len() - rest.len()].matches('\n').count() + 1
}

/// How many `#` a raw literal that begins here has.
fn raw_hashes(text: &str) -> Option<usize> {
    let after = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// What comes after a character literal (`'"'`, `'\n'`); a lifetime is none.
fn after_character(text: &str) -> Option<&str> {
    let mut inside = text.strip_prefix('\'')?.chars();
    if inside.next()? == '\\' {
        inside.next();
        return inside.as_str().split_once('\'').map(|(_, after)| after);
    }
    inside.as_str().strip_prefix('\'')
}

/// The words of a literal whose quote was opened, and what comes after it.
fn unescaped(text: &str) -> (String, &str) {
    let (mut words, mut rest) = (String::new(), text);
    loop {
        let mut chars = rest.chars();
        match chars.next().expect("a literal ends") {
            '"' => return (words, chars.as_str()),
            '\\' => match chars.next().expect("an escape says what") {
                '\n' => {
                    rest = chars.as_str().trim_start();
                    continue;
                }
                'n' => words.push('\n'),
                'r' => words.push('\r'),
                't' => words.push('\t'),
                other => words.push(other),
            },
            other => words.push(other),
        }
        rest = chars.as_str();
    }
}

fn opener(code: &str, bracket: char) -> String {
    let code = code.trim_end();
    let is_name = |c: char| c.is_alphanumeric() || "_:!#".contains(c);
    let start =
        code.rfind(|c| !is_name(c)).map_or(0, |at| at + code[at..].chars().next().unwrap().len_utf8());
    format!("{}{bracket}", &code[start..])
}

/// Two words with a blank between them.
fn looks_like_a_sentence(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(3).any(|it| {
        (it[0].is_ascii_alphabetic() || ",.;:}".contains(it[0]))
            && it[1] == ' '
            && (it[2].is_ascii_alphanumeric() || "{(\"".contains(it[2]))
    })
}

/// A literal with its gaps as [`GAP`]; one that quotes (`{name:?}`) with quotes around.
fn gapped(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((gap, after)) = after.split_once('}') else { break };
        words = words + before + &if gap.ends_with(":?") { format!("\"{GAP}\"") } else { GAP.to_owned() };
        rest = after;
    }
    words + rest
}

/// The `say-…` lines of the English file that the program has to say itself, with their gaps as [`GAP`].
fn lines() -> Vec<(&'static str, String)> {
    let own = super::source(super::Language::English).split("## Sentences of the libraries").next().unwrap();
    let line = |line: &'static str| {
        let (key, text) = line.strip_prefix("say-").and(line.split_once(" = "))?;
        let text = text.strip_suffix("{ $rest }").unwrap_or(text);
        let mut words = text.split("{ $");
        let mut all = words.next()?.to_owned();
        for gap in words {
            all = all + GAP + gap.split_once(" }")?.1;
        }
        Some((key, all))
    };
    own.lines().filter_map(line).collect()
}

fn may_be_english(literal: &Literal) -> bool {
    let is_in = |opener: &str| NOT_SAID.iter().any(|it| opener == *it || opener.ends_with(&format!(":{it}")));
    let attribute = literal.around.iter().any(|it| it.ends_with("#[") || it.ends_with("#!["));
    // What an error of the rules says is told to people, and so is what serde is told to expect.
    let told = literal
        .around
        .iter()
        .any(|it| it == "serde(" || (it == "error(" && literal.file.starts_with("domain/")));
    NOT_FOR_READERS.iter().any(|it| literal.file.starts_with(it))
        || NO_SENTENCES.contains(&(literal.file.as_str(), literal.text.as_str()))
        || literal.around.iter().any(|it| is_in(it))
        || (attribute && !told)
}

#[test]
fn every_sentence_in_the_sources_is_in_the_message_files_and_every_line_is_said() {
    let lines = lines();
    assert!(lines.len() > 150, "{}", lines.len());
    let (mut unknown, mut said, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (file, source) in sources() {
        for literal in literals(&file, without_tests(&source)) {
            let words = gapped(&literal.text);
            // A line may have a gap where the source has a word or a number, not where it has half a sentence.
            let same = lines.iter().find(|(_, line)| *line == words).map(|(key, _)| *key);
            let key = same.or_else(|| {
                let (key, gaps) = super::sentences::found(&words)?;
                let is_own = lines.iter().any(|(own, _)| *own == key);
                (is_own && gaps.iter().all(|(_, filled)| !filled.contains(' '))).then_some(key)
            });
            if let Some(key) = key {
                said.insert(key);
                continue;
            }
            seen.insert((literal.file.clone(), literal.text.clone()));
            if looks_like_a_sentence(&literal.text) && !may_be_english(&literal) {
                unknown.push(format!("{file}:{}: {:?}", literal.line, literal.text));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "no say-… line of api/texts/en.ftl has the words of these sentences:\n{}",
        unknown.join("\n")
    );
    let idle: Vec<_> = lines.iter().map(|(key, _)| *key).filter(|key| !said.contains(key)).collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
    let gone: Vec<_> = NO_SENTENCES
        .iter()
        .filter(|(file, text)| !seen.contains(&((*file).to_owned(), (*text).to_owned())))
        .collect();
    assert!(gone.is_empty(), "no longer there: {gone:?}");
}

#[test]
fn literals_are_read_out_of_a_source() {
    let source = "
        // \"not this one\"
        #[error(\"an attribute\")]
        fn of<'a>(c: char) { if c == '\"' { say(format!(\"one {c:?} and \\
              two\"), r#\"three \"four\"\"#, '\\'') } }
    ";
    let found = literals("x.rs", source);
    let texts: Vec<_> = found.iter().map(|it| (it.line, it.text.as_str())).collect();
    assert_eq!(texts, [(3, "an attribute"), (4, "one {c:?} and two"), (5, "three \"four\"")]);
    assert_eq!(found[0].around.last().unwrap(), "error(");
    assert_eq!(found[1].around.last().unwrap(), "format!(");
    assert_eq!(gapped("one {c:?} and two"), format!("one \"{GAP}\" and two"));
    assert!(looks_like_a_sentence("say why") && !looks_like_a_sentence("data-import"));
}
