//! What a Prometheus server expects of `/metrics`, as strictly as `promtool check metrics` reads it.

use std::collections::{BTreeMap, BTreeSet};

/// The text of one scrape, read.
#[derive(Debug, Default)]
pub struct Exposition {
    /// By family: its kind.
    pub kinds: BTreeMap<String, String>,
    /// By the whole series, as written: its value.
    pub series: BTreeMap<String, f64>,
}

impl Exposition {
    /// Reads a scrape; panics with the line where it is not as the format says.
    pub fn read(text: &str) -> Exposition {
        let mut read = Exposition::default();
        let mut helped = BTreeSet::new();
        let mut family: Option<String> = None;
        assert!(text.ends_with('\n'), "the last line ends");
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect(line);
                assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(helped.contains(name), "no HELP before {line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                assert!(read.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "twice: {line}");
                family = Some(name.to_owned());
            } else {
                let family = family.as_deref().expect("a TYPE before the first sample");
                read.sample(family, line);
            }
        }
        read.histograms_add_up();
        read
    }

    fn sample(&mut self, family: &str, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect(line);
        let name = series.split('{').next().unwrap_or(series);
        let is_name = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        assert!(is_name(name) && name.starts_with("daybook_"), "{line}");
        let part = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} stands among {family}"));
        let parts: &[&str] =
            if self.kinds[family] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(parts.contains(&part), "{line}");
        for (label, value) in labels(series) {
            assert!(is_name(&label) && !value.contains('"'), "{line}");
        }
        let value: f64 = value.parse().expect(line);
        assert!(value.is_finite(), "{line}");
        assert!(self.series.insert(series.to_owned(), value).is_none(), "twice: {line}");
    }

    fn histograms_add_up(&self) {
        for (series, count) in self.series.iter().filter(|(series, _)| series.contains("_count")) {
            let family = series.split("_count").next().unwrap_or_default();
            if self.kinds.get(family).is_none_or(|kind| kind != "histogram") {
                continue;
            }
            let bucket = match series.split_once('{') {
                Some((_, labels)) => {
                    format!("{family}_bucket{{{},le=\"+Inf\"}}", labels.trim_end_matches('}'))
                }
                None => format!("{family}_bucket{{le=\"+Inf\"}}"),
            };
            assert_eq!(self.series.get(&bucket), Some(count), "{bucket} is not {series}");
        }
    }

    /// The sum of all series of this name whose labels include these.
    pub fn sum(&self, name: &str, wanted: &[(&str, &str)]) -> f64 {
        let fits = |series: &&String| {
            let own = labels(series);
            series.split('{').next() == Some(name)
                && wanted.iter().all(|(label, value)| own.get(*label).is_some_and(|it| it == value))
        };
        self.series.iter().filter(|(series, _)| fits(series)).map(|(_, value)| value).sum()
    }
}

/// The labels of a series; no value of ours holds a comma or a quote.
fn labels(series: &str) -> BTreeMap<String, String> {
    let Some((_, rest)) = series.split_once('{') else { return BTreeMap::new() };
    let inner = rest.strip_suffix('}').unwrap_or_else(|| panic!("{series} is not closed"));
    let parts = inner.split("\",").filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (label, value) = part.split_once("=\"").unwrap_or_else(|| panic!("{series}"));
            (label.to_owned(), value.trim_end_matches('"').to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_read_as_it_is_written() {
        let text = "# HELP daybook_a_total A\n# TYPE daybook_a_total counter\ndaybook_a_total{x=\"1\",y=\"b\"} 2\ndaybook_a_total{x=\"2\",y=\"b\"} 3\n";
        let read = Exposition::read(text);
        assert_eq!(
            (read.sum("daybook_a_total", &[("y", "b")]), read.sum("daybook_a_total", &[("x", "1")])),
            (5.0, 2.0)
        );
    }

    #[test]
    #[should_panic(expected = "no HELP before")]
    fn a_figure_that_nobody_described_is_a_fault() {
        Exposition::read("# TYPE daybook_a gauge\ndaybook_a 1\n");
    }
}
