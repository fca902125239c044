//! Examples of what happens at the site: nodes, outages, notices, messages, the reading of the audit.

use chrono::{DateTime, Utc};
use domain::*;

use crate::{date, id, moment, personal, user};

/// Of nodes, outages and contact.
pub fn of_outages() -> Vec<Event> {
    let user = UserId(id(1));
    vec![
        NodeStarted { node: "alpha".to_owned(), version: "0.1.0".to_owned(), date: Some(date()) }.into(),
        NodeStarted { node: "alpha".to_owned(), version: "0.1.0".to_owned(), date: None }.into(),
        announced(Some(moment())).into(),
        announced(None).into(),
        OutageChanged {
            outage: OutageId(id(30)),
            message: "Until two.".to_owned(),
            prevent_logins: false,
            until: Some(moment()),
            by: Who::Operator,
        }
        .into(),
        OutageBegun { outage: OutageId(id(30)), by: Who::User(user), at: None }.into(),
        OutageBegun { outage: OutageId(id(30)), by: Who::System, at: Some(moment()) }.into(),
        ended(OutageEnd::ContactBack, None, Some(moment())).into(),
        ended(OutageEnd::Restart, None, None).into(),
        ended(OutageEnd::Administrator, Some(Who::User(user)), None).into(),
        ContactLost { contacts: vec!["ledger".to_owned()], at: moment() }.into(),
        ContactBack { at: moment() }.into(),
        LoginsRefused {
            node: "alpha".to_owned(),
            minute: moment(),
            outage: Some(OutageId(id(30))),
            gated: 3,
            failed: 1,
        }
        .into(),
        LoginsRefused { node: "alpha".to_owned(), minute: moment(), outage: None, gated: 0, failed: 1 }
            .into(),
    ]
}

pub fn of_notices() -> Vec<Event> {
    let notice = NoticeId(id(34));
    let posted = NoticePosted {
        notice,
        title: "Rest".to_owned(),
        text: "From six\nto eight.".to_owned(),
        public: true,
        important: true,
        show_from: Some(date()),
        hide_from: Some(date()),
        by: user(1),
    };
    let bare =
        NoticePosted { public: false, important: false, show_from: None, hide_from: None, ..posted.clone() };
    let changes = vec![
        FieldChange { field: "public".into(), from: Some(Value::Flag(false)), to: Some(Value::Flag(true)) },
        FieldChange { field: "hide_from".into(), from: None, to: Some(Value::Date(date())) },
    ];
    vec![
        posted.into(),
        bare.into(),
        NoticeChanged { notice, revision: 2, changes, by: user(2) }.into(),
        NoticeWithdrawn { notice, revision: 3, by: Who::Operator }.into(),
    ]
}

pub fn of_messages() -> Vec<Event> {
    let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
    let to = vec![user(2), Who::Token(TokenId(id(3)))];
    let sent = MessageSent { from: user(1), plan: Some(plan), to, text: personal("Please log out.") };
    vec![
        sent.clone().into(),
        MessageSent { plan: None, to: Vec::new(), ..sent }.into(),
        MessageRead { message: 4711, by: user(2) }.into(),
    ]
}

pub fn of_audit() -> Vec<Event> {
    let whole = AuditRead {
        by: Who::Token(TokenId(id(3))),
        position: Some(12),
        plan: "100234~2026-2027~1".parse().ok(),
        record: Some(personal("teachers/GAUSS")),
        actor: Some(personal("anna")),
        r#type: Some("RecordChanged".to_owned()),
        request: Some("req-1".to_owned()),
        from: Some("1.10".to_owned()),
        to: Some("2026-11-22T08:00:00Z".to_owned()),
        oldest_first: true,
        after: Some(20),
        limit: Some(100),
        ..AuditRead::new(AuditForm::Page)
    };
    let forms = [AuditForm::Event, AuditForm::Csv, AuditForm::Ndjson, AuditForm::Table];
    let bare = forms.map(|form| AuditRead { by: user(2), ..AuditRead::new(form) }.into());
    [whole.into()].into_iter().chain(bare).collect()
}

fn announced(until: Option<DateTime<Utc>>) -> OutageAnnounced {
    let message = "At noon the service rests.".to_owned();
    OutageAnnounced { outage: OutageId(id(30)), message, prevent_logins: true, until, by: user(1) }
}

fn ended(reason: OutageEnd, by: Option<Who>, at: Option<DateTime<Utc>>) -> OutageEnded {
    OutageEnded { outage: OutageId(id(30)), reason, by, at }
}
