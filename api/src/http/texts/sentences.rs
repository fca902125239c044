//! Sentences that the rules say in English. They are found again by their words among the messages `say-…` of the English file, with
//! what was filled in, and then said in another language; the English sentence is the key, as with gettext. So whoever writes a rule
//! writes a sentence, and whoever translates it writes one line.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Language, source};

/// Longer ones quote somebody at length, and are told as they are.
const LENGTH_MAX: usize = 2_000;

/// A sentence of the English file.
struct Sentence {
    key: &'static str,
    /// The words before the first gap, between the gaps, and behind the last.
    words: Vec<&'static str>,
    gaps: Vec<&'static str>,
}

struct Sentences {
    whole: HashMap<&'static str, &'static str>,
    /// Those with gaps; the ones with the most words first, because they say the most about what they are.
    gapped: Vec<Sentence>,
}

static SENTENCES: LazyLock<Sentences> = LazyLock::new(|| read("say-"));

/// What the sentences of libraries fill in, in words too: what was found, what was expected.
static PARTS: LazyLock<Sentences> = LazyLock::new(|| read("part-"));

/// The gaps that are filled with words.
const GAPS_WITH_WORDS: [&str; 3] = ["found", "wanted", "what"];

/// A key with what was filled in.
pub type Found<'a> = (&'static str, Vec<(&'static str, &'a str)>);

fn read(prefix: &str) -> Sentences {
    let mut all = Sentences { whole: HashMap::new(), gapped: Vec::new() };
    for line in source(Language::English).lines().filter(|line| line.starts_with(prefix)) {
        let Some((key, text)) = line.split_once(" = ") else { continue };
        let sentence = Sentence::of(key, text);
        if sentence.gaps.is_empty() {
            all.whole.insert(text, key);
        } else {
            all.gapped.push(sentence);
        }
    }
    all.gapped.sort_by_key(|it| std::cmp::Reverse(it.words.iter().map(|words| words.len()).sum::<usize>()));
    all
}

impl Sentence {
    fn of(key: &'static str, text: &'static str) -> Sentence {
        let (mut words, mut gaps) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, (gap, after))) =
            rest.split_once("{ $").and_then(|(before, after)| Some((before, after.split_once(" }")?)))
        {
            words.push(before);
            gaps.push(gap);
            rest = after;
        }
        words.push(rest);
        Sentence { key, words, gaps }
    }

    /// What stands in the gaps, if the text is this sentence.
    fn gaps_in<'a>(&self, text: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut rest = text.strip_prefix(self.words.first()?)?;
        let mut filled = Vec::with_capacity(self.gaps.len());
        for (index, gap) in self.gaps.iter().enumerate() {
            let words = *self.words.get(index + 1)?;
            let is_last = index + 1 == self.gaps.len();
            let end = match (is_last, words) {
                (true, words) => rest.strip_suffix(words)?.len(),
                (false, words) => rest.find(words)?,
            };
            filled.push((*gap, &rest[..end]));
            rest = &rest[end + words.len()..];
        }
        Some(filled)
    }
}

impl Sentences {
    fn found<'a>(&self, text: &'a str) -> Option<Found<'a>> {
        if let Some(key) = self.whole.get(text) {
            return Some((key, Vec::new()));
        }
        if text.len() > LENGTH_MAX {
            return None;
        }
        self.gapped.iter().find_map(|sentence| Some((sentence.key, sentence.gaps_in(text)?)))
    }
}

/// The key of a sentence, and what was filled in; nothing when the English file does not have it.
pub fn found(text: &str) -> Option<Found<'_>> {
    SENTENCES.found(text)
}

/// The same for what was filled into a gap, where that is words and not a name or a number.
pub fn found_in_gap<'a>(gap: &str, words: &'a str) -> Option<Found<'a>> {
    GAPS_WITH_WORDS.contains(&gap).then(|| PARTS.found(words)).flatten()
}
