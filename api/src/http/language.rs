//! The languages that people are spoken to in, and which of them a request wants (RFC 9110, section 12.5.4).

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The most ranges of a header that are looked at; who lists more does not care.
const RANGES_MAX: usize = 32;

/// A language that answers can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// The language of last resort.
    #[default]
    English,
    /// German.
    German,
    /// Swedish.
    Swedish,
    /// Finnish.
    Finnish,
}

impl Language {
    /// All of them; of those that are liked alike, the first is taken.
    pub const ALL: [Language; 4] =
        [Language::English, Language::German, Language::Swedish, Language::Finnish];

    /// As in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Swedish => "sv",
            Language::Finnish => "fi",
        }
    }

    /// The language of a tag such as `de` or `de-AT`.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The one that `Accept-Language` likes best. Nothing when it says nothing: it is absent, cannot be read, takes any (`*`, which
    /// some programs send by themselves), or none of ours.
    pub fn accepted(headers: &HeaderMap) -> Option<Language> {
        let mut best: Option<(Language, u16)> = None;
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        for (tag, weight) in lines.flat_map(|line| line.split(',')).take(RANGES_MAX).filter_map(range) {
            let Some(language) = Language::of_tag(tag) else { continue };
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// A language range and its weight in thousandths; nothing when it cannot be read.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let weight = match parts.next() {
        None => 1_000,
        Some(weight) => {
            let (name, value) = weight.split_once('=')?;
            let value: f32 = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
            // Between 0 and 1000 by the line above.
            name.trim().eq_ignore_ascii_case("q").then(|| (value * 1_000.0).round() as u16)?
        }
    };
    Some((tag, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(header: &str) -> Option<Language> {
        let headers = [(ACCEPT_LANGUAGE, header.parse().unwrap())].into_iter().collect();
        Language::accepted(&headers)
    }

    #[test]
    fn the_best_liked_language_that_we_have_is_taken() {
        for (header, wanted) in [
            ("de", Language::German),
            ("de-AT, en;q=0.8", Language::German),
            ("SV-fi", Language::Swedish),
            ("en;q=0.3, fi;q=0.9", Language::Finnish),
            ("fr, it;q=0.9, fi;q=0.1", Language::Finnish),
            ("de;q=0, sv;q=0.001", Language::Swedish),
            ("fr;q=1, sv ; q=0.5, de; q=0.5", Language::Swedish),
            ("de;q=x, fi", Language::Finnish),
        ] {
            assert_eq!(accepted(header), Some(wanted), "{header}");
        }
    }

    #[test]
    fn a_header_may_say_nothing() {
        for header in ["", "*", "fr", "de;q=0", ";;", "de;q=2", ",,,"] {
            assert_eq!(accepted(header), None, "{header}");
        }
        assert_eq!(Language::accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_LANGUAGE, "en;q=0.5".parse().unwrap());
        headers.append(ACCEPT_LANGUAGE, "fi".parse().unwrap());
        assert_eq!(Language::accepted(&headers), Some(Language::Finnish));
    }
}
