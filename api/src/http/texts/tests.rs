//! The message files.

use serde_json::json;

use super::*;
use crate::http::Problem;

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
        document(&Problem::signed_off(by, message, "now"), Language::German)["detail"]
            .as_str()
            .unwrap()
            .to_owned()
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
