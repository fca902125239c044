//! `Accept`: in which form an answer is wanted (RFC 9110, 12.5.1).

use http::HeaderMap;
use http::header::ACCEPT;

/// What is made as it happens.
const EVENTS: &str = "text/event-stream";
/// What is made otherwise.
const JSON: &str = "application/json";
/// A browser names some ten ranges; what is behind these is not read.
const RANGES_MAX: usize = 50;

/// Whether server-sent events are liked better than JSON, or as well and named first. Whoever takes anything gets JSON.
pub fn wants_events(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges: Vec<Range<'_>> =
        lines.flat_map(|line| line.split(',')).take(RANGES_MAX).filter_map(Range::read).collect();
    let Some((place, events)) = liked(&ranges, EVENTS).filter(|(_, range)| range.weight > 0) else {
        return false;
    };
    if events.name == "*/*" {
        return false;
    }
    match liked(&ranges, JSON) {
        Some((other, json)) => (events.weight, other) > (json.weight, place),
        None => true,
    }
}

struct Range<'a> {
    name: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Range<'a>> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| name.contains('/'))?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())
        });
        let weight = match weight {
            None => 1.0,
            Some(weight) => weight.filter(|weight| (0.0..=1.0).contains(weight))?,
        };
        // Between 0 and 1000, so nothing is lost that means anything.
        Some(Range { name, weight: (weight * 1000.0).round() as u16 })
    }

    /// How exactly it names a media type; nothing when it does not.
    fn exactness(&self, r#type: &str) -> Option<u8> {
        if self.name.eq_ignore_ascii_case(r#type) {
            return Some(2);
        }
        let (main, _) = r#type.split_once('/')?;
        match self.name.split_once('/')? {
            (of, "*") if of.eq_ignore_ascii_case(main) => Some(1),
            ("*", "*") => Some(0),
            _ => None,
        }
    }
}

/// The range that says most exactly how much a media type is liked, and its place among all.
fn liked<'a, 'b>(ranges: &'a [Range<'b>], r#type: &str) -> Option<(usize, &'a Range<'b>)> {
    let exact = |(place, range): (usize, &'a Range<'b>)| Some((range.exactness(r#type)?, place, range));
    let best = ranges.iter().enumerate().filter_map(exact).max_by_key(|(exactness, place, _)| {
        // The first of those that are alike.
        (*exactness, std::cmp::Reverse(*place))
    });
    best.map(|(_, place, range)| (place, range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn events_go_to_who_asks_for_them() {
        for (accept, events) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream, */*;q=0.1", true),
            ("text/event-stream;q=0.9, application/json;q=0.8", true),
            ("text/event-stream, application/json", true),
            ("text/*", true),
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/event-stream", false),
            ("application/json, text/event-stream;q=0.5", false),
            ("text/event-stream;q=0", false),
            ("text/event-stream;q=0, */*", false),
            ("text/event-stream;q=2", false),
            ("application/json;q=0, text/event-stream;q=0.1", true),
            ("nonsense", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_events(&headers), events, "{accept}");
        }
        assert!(!wants_events(&HeaderMap::new()));
    }
}
