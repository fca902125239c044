//! Tags and preconditions, well and badly written.

use super::*;
use crate::http::problem::Code;

const SEVEN: ETag = ETag { epoch: 1, revision: 7 };

fn if_match(lines: &[&'static str]) -> Result<Option<IfMatch>, Problem> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(IF_MATCH, HeaderValue::from_static(line));
    }
    IfMatch::in_headers(&headers)
}

#[test]
fn a_tag_reads_as_it_writes() {
    let text = SEVEN.to_string();
    assert_eq!(text, "\"1-7\"");
    assert_eq!(if_match(&["\"1-7\""]).unwrap().unwrap().revisions(), [(1, 7)]);
    assert_eq!(ETag::of(1, 7), SEVEN);
}

#[test]
fn lists_and_stars_are_read() {
    let list = if_match(&["\"x,y\" , W/\"1-8\"", "\"1-7\""]).unwrap().unwrap();
    assert!(list.revisions() == [(1, 7)] && !list.is_any());
    let any = if_match(&[" * "]).unwrap().unwrap();
    assert!(any.revisions().is_empty() && any.is_any());
    assert_eq!(if_match(&[]).unwrap(), None);
}

#[test]
fn a_weak_tag_names_no_state_but_is_known_again() {
    assert!(if_match(&["W/\"1-7\""]).unwrap().unwrap().revisions().is_empty());
    let mut headers = HeaderMap::new();
    headers.insert(IF_NONE_MATCH, HeaderValue::from_static("W/\"1-7\""));
    assert!(IfNoneMatch::in_headers(&headers).unwrap().unwrap().matches(SEVEN));
}

#[test]
fn another_spelling_is_another_tag() {
    for line in ["\"1-07\"", "\"+1-7\"", "\"1-7 \"", "\"\""] {
        assert!(
            if_match(&[line]).unwrap_or_default().is_none_or(|tags| tags.revisions().is_empty()),
            "{line}"
        );
    }
}

#[test]
fn malformed_lists_are_unreadable() {
    for line in ["1-7", "\"1-7", "\"1-7\" \"1-8\"", "\"1-7\",", "*, \"1-7\"", "w/\"1-7\"", ""] {
        assert_eq!(if_match(&[line]).unwrap_err().code, Code::Unreadable, "{line}");
    }
    assert!(if_match(&["*", "\"1-7\""]).is_err());
}

#[test]
fn a_get_of_what_one_has_is_not_modified() {
    let mut headers = HeaderMap::new();
    headers.insert(IF_NONE_MATCH, HeaderValue::from_static("\"1-7\""));
    let given = IfNoneMatch::in_headers(&headers).unwrap();
    let answer = tagged(SEVEN, given.as_ref(), "x");
    assert_eq!((answer.status(), &answer.headers()[ETAG]), (StatusCode::NOT_MODIFIED, &SEVEN.header()));
    assert_eq!(tagged(ETag { epoch: 1, revision: 8 }, given.as_ref(), "x").status(), StatusCode::OK);
    assert_eq!(tagged(SEVEN, None, "x").status(), StatusCode::OK);
}
