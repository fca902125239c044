//! Refusals as documents and as answers.

use serde_json::json;

use super::*;

fn document(problem: &Problem) -> Value {
    serde_json::from_slice(&problem.document("/v1/plans", Language::English)).unwrap()
}

#[test]
fn a_problem_has_the_members_of_rfc_9457_and_its_own() {
    let seen = document(&Problem::new(Code::InUse).with("used_by", [json!({ "record": "lessons/12" })]));
    assert_eq!(seen["type"], "urn:daybook:problem:in-use");
    assert_eq!(seen["status"], 409);
    assert_eq!(seen["instance"], "/v1/plans");
    assert_eq!(seen["used_by"], json!([{ "record": "lessons/12" }]));
    assert!(seen["title"].is_string() && seen["detail"].is_string());
}

#[test]
fn every_code_has_a_title_and_a_detail() {
    for code in Code::ALL {
        let seen = document(&Problem::new(*code));
        assert!(
            !seen["title"].as_str().unwrap().is_empty() && !seen["detail"].as_str().unwrap().is_empty(),
            "{code:?}"
        );
        assert_eq!(seen["type"], format!("urn:daybook:problem:{}", code.text()));
    }
}

#[test]
fn what_says_come_back_says_when() {
    for code in Code::ALL {
        let answer = Problem::new(*code).answer("", Language::English);
        let wanted = matches!(code.status().as_u16(), 429 | 503);
        assert_eq!(answer.headers().contains_key(RETRY_AFTER), wanted, "{code:?}");
        assert_eq!(answer.headers().contains_key(WWW_AUTHENTICATE), code.status() == 401, "{code:?}");
    }
    assert_eq!(
        Problem::new(Code::Busy).retry_after(7).answer("", Language::English).headers()[RETRY_AFTER],
        "7"
    );
}

#[test]
fn a_stored_problem_comes_back_the_same() {
    let problem = Problem::new(Code::Blocked)
        .with("rule", "cover")
        .with("held_by", [json!({ "user": "anna" })])
        .retry_after(3);
    let stored = serde_json::to_vec(&problem).unwrap();
    assert_eq!(serde_json::from_slice::<Problem>(&stored).unwrap(), problem);
}
