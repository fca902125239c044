//! What is in the ledger is read for ever: the bytes of every type of event, as they were first written.
//!
//! A file per type, an event per line. A new type gets a file by `DAYBOOK_WRITE_STORED_FORMAT=1 cargo test -p domain --test
//! stored_format`; a line that is there is never changed, because ledgers hold it.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use domain::*;
use uuid::Uuid;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stored_format/{name}.json"))
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn user(number: u128) -> Who {
    Who::User(UserId(id(number)))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap()
}

fn announced(until: Option<DateTime<Utc>>) -> OutageAnnounced {
    let message = "At noon the service rests.".to_owned();
    OutageAnnounced { outage: OutageId(id(30)), message, prevent_logins: true, until, by: user(1) }
}

fn ended(reason: OutageEnd, by: Option<Who>, at: Option<DateTime<Utc>>) -> OutageEnded {
    OutageEnded { outage: OutageId(id(30)), reason, by, at }
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, 1).unwrap()
}

fn personal(text: &str) -> Personal<String> {
    Personal { of: id(1), open: text.to_owned() }
}

/// Every form that a value can have.
fn values() -> BTreeMap<FieldName, Value> {
    let coupling = Coupling {
        class: Some(RecordId(id(1))),
        teacher: Some(RecordId(id(2))),
        subject: Some(RecordId(id(3))),
        room: Some(RecordId(id(4))),
        hours_per_week: Some(2),
        student_group: Some("A".to_owned()),
    };
    let bare: Coupling = Coupling {
        class: None,
        teacher: None,
        subject: None,
        room: None,
        hours_per_week: None,
        student_group: None,
    };
    let row = coupling.row();
    let hour = Hour { hour: 1, from: Some("08:00".to_owned()), to: Some("08:45".to_owned()) };
    let named = Value::Personal(Personal { of: id(1), open: Box::new(Value::Text("GAUSS".into())) });
    let all = [
        ("couplings", Value::Couplings([coupling, bare].into())),
        ("cover_restricted_to_period", Value::Flag(true)),
        ("days", Value::Days(vec![1, 2, 5])),
        ("department", Value::Reference(RecordId(id(5)))),
        ("from", Value::Date(date())),
        ("hours", Value::Hours(vec![hour, Hour { hour: 2, from: None, to: None }])),
        ("id", named),
        ("references", Value::References(vec![RecordId(id(6)), RecordId(id(7))])),
        ("rows", Value::Rows([row].into())),
        ("text", Value::Text("Größe \"x\" \u{1F600}".into())),
        ("week_target", Value::Decimal("2.50".into())),
        ("weight", Value::Number(-3)),
    ];
    all.into_iter().map(|(name, value)| (FieldName::Borrowed(name), value)).collect()
}

fn changes() -> Vec<FieldChange> {
    let text = |text: &str| Some(Value::Text(text.into()));
    vec![
        FieldChange { field: "long_name".into(), from: text("Gauss"), to: text("Gauß") },
        FieldChange { field: "text".into(), from: None, to: text("new") },
        FieldChange { field: "alias".into(), from: text("old"), to: None },
    ]
}

/// Examples of every type: one with everything that it can hold, and one with as little as possible where that differs.
fn samples() -> Vec<Event> {
    let mut all = of_plans();
    all.extend(of_records());
    all.extend(of_refusals());
    all.extend(of_accounts());
    all.extend(of_schools());
    all.extend(of_notices());
    all.extend(of_messages());
    all.extend(of_audit());
    all
}

fn of_schools() -> Vec<Event> {
    let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
    let (session, lock) = (SessionId(id(20)), LockId(id(21)));
    let field = |field: &'static str, to| FieldChange { field: field.into(), from: None, to };
    let changes = vec![
        field("licensee", Some(Value::Text("Gymnasium".into()))),
        field("valid_until", Some(Value::Date(date()))),
        FieldChange { field: "number".into(), from: Some(Value::Text("7".into())), to: None },
    ];
    vec![
        SchoolPlanAdded { plan: plan.clone(), who: user(1) }.into(),
        LicenceChanged { who: user(1), revision: 2, changes }.into(),
        SchoolShut { plan, lock, session }.into(),
        SchoolOpened { lock }.into(),
    ]
}

fn of_plans() -> Vec<Event> {
    let (session, lock) = (SessionId(id(20)), LockId(id(21)));
    let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
    let started = SessionStarted {
        session,
        who: user(1),
        mode: Mode::Timetable,
        period: Some(RecordId(id(9))),
        client: Some("console/1".to_owned()),
        resumed: true,
    };
    let bare = SessionStarted {
        who: Who::Token(TokenId(id(2))),
        mode: Mode::Read,
        period: None,
        client: None,
        resumed: false,
        ..started.clone()
    };
    let covering = SessionStarted { mode: Mode::Cover, who: Who::Operator, ..bare.clone() };
    let mut all: Vec<Event> = vec![
        PlanCreated { plan: plan.clone(), title: "Main".to_owned(), copy_of: None, new_year_of: None }.into(),
        PlanCreated {
            plan: plan.clone(),
            title: "Copy".to_owned(),
            copy_of: Some(plan.clone()),
            new_year_of: None,
        }
        .into(),
        PlanCreated { plan: plan.clone(), title: "Next".to_owned(), copy_of: None, new_year_of: Some(plan) }
            .into(),
        PlanChanged {
            title: Some("Other".to_owned()),
            state: Some(PlanCondition::ReadOnly),
            revision: 2,
            by: None,
        }
        .into(),
        PlanChanged { title: None, state: Some(PlanCondition::Archived), revision: 3, by: None }.into(),
        PlanChanged { title: None, state: Some(PlanCondition::Open), revision: 4, by: Some(user(1)) }.into(),
        started.into(),
        bare.into(),
        covering.into(),
        SessionChanged {
            session,
            mode: Some(Mode::Cover),
            period: Some(RecordId(id(9))),
            activity: Some("substitutions".to_owned()),
        }
        .into(),
        SessionChanged { session, mode: None, period: None, activity: None }.into(),
    ];
    let reasons = [
        SessionEnd::LoggedOut,
        SessionEnd::SignedOff { by: user(3), message: "import at ten".to_owned() },
        SessionEnd::ContactLost,
        SessionEnd::Aged,
        SessionEnd::Replaced,
        SessionEnd::AccountClosed,
    ];
    all.extend(reasons.map(|reason| Event::from(SessionEnded { session, reason })));
    for action in Action::ALL {
        all.push(LockGranted { lock, session, action: *action, periods: None }.into());
    }
    let periods = Some(vec![RecordId(id(9))]);
    all.push(LockGranted { lock, session, action: Action::Optimise, periods }.into());
    let reasons = [LockEnd::Released, LockEnd::NotRenewed, LockEnd::SessionEnded, LockEnd::Done];
    all.extend(reasons.map(|reason| Event::from(LockEnded { lock, reason })));
    all.push(OptimisationDone { optimisation: lock, placed: 50_000 }.into());
    all.extend(of_sign_offs(session));
    all
}

fn of_sign_offs(session: SessionId) -> Vec<Event> {
    let sign_off = SignOffId(id(24));
    let announced = SignOffAnnounced {
        sign_off,
        sessions: vec![Leaver { session, who: user(1) }, Leaver { session, who: Who::Token(TokenId(id(2))) }],
        by: user(3),
        message: "import at ten".to_owned(),
        grace_seconds: 30,
        reservation: Some(Reservation { session: SessionId(id(25)), action: Action::DataImport }),
    };
    let bare = SignOffAnnounced {
        sessions: Vec::new(),
        by: Who::Operator,
        grace_seconds: 0,
        reservation: None,
        ..announced.clone()
    };
    let by_program =
        SessionEnd::SignedOff { by: Who::Token(TokenId(id(2))), message: "import at ten".to_owned() };
    let mut all: Vec<Event> =
        vec![announced.into(), bare.into(), SessionEnded { session, reason: by_program }.into()];
    let reasons = [
        ReservationEnd::Granted,
        ReservationEnd::TimeOver,
        ReservationEnd::SessionEnded,
        ReservationEnd::Renewed,
    ];
    all.extend(reasons.map(|reason| Event::from(ReservationEnded { sign_off, reason })));
    all
}

fn of_records() -> Vec<Event> {
    let (record, import) = (RecordId(id(30)), ImportId(id(31)));
    let hour_of = HourOf { lesson: RecordId(id(32)), period: RecordId(id(33)), n: 2 };
    let mut all: Vec<Event> = vec![
        RecordCreated {
            record,
            kind: Kind::Placements,
            revision: 7,
            hour_of: Some(hour_of),
            fields: values(),
            import: Some(import),
        }
        .into(),
    ];
    for kind in Kind::ALL {
        let fields = BTreeMap::new();
        all.push(RecordCreated { record, kind, revision: 1, hour_of: None, fields, import: None }.into());
    }
    let changed = RecordChanged {
        record,
        kind: Kind::Teachers,
        revision: 8,
        period: Some(RecordId(id(33))),
        changes: changes(),
        import: Some(import),
    };
    all.push(changed.clone().into());
    all.push(RecordChanged { period: None, import: None, ..changed }.into());
    let removed =
        RecordRemoved { record, kind: Kind::Teachers, revision: 9, fields: values(), import: Some(import) };
    all.push(removed.clone().into());
    all.push(RecordRemoved { fields: BTreeMap::new(), import: None, ..removed }.into());
    let count = ImportCount { created: 1, changed: 2, unchanged: 3, removed: 4 };
    let files = vec![ImportFile { file: "GPU001.TXT".to_owned(), rows: 12 }];
    let counts = [(Kind::Teachers, count), (Kind::Placements, count)].into_iter().collect();
    all.push(ImportDone { import, files, counts, warnings: 5 }.into());
    all
}

fn of_refusals() -> Vec<Event> {
    let obstacle = Obstacle { session: SessionId(id(20)), who: user(3), lock: Some(LockId(id(21))) };
    let free = Obstacle { lock: None, ..obstacle.clone() };
    let refused = ChangeRefused {
        who: user(1),
        session: Some(SessionId(id(22))),
        code: "stale".to_owned(),
        rule: Some("cover".to_owned()),
        record: Some(RecordId(id(30))),
        kind: Some(Kind::Lessons),
        notice: None,
        class: Some(Class::Timetable),
        action: Some(Action::DataImport),
        changes: changes(),
        winner: Some(Winner { who: Who::System, at: moment(), position: 4711 }),
        obstacles: vec![obstacle.clone(), free.clone()],
    };
    let mut all = vec![Event::from(refused.clone())];
    for class in [Class::Text, Class::Data, Class::Room, Class::Cover, Class::Exclusive] {
        let bare = ChangeRefused {
            session: None,
            rule: None,
            record: None,
            kind: None,
            class: Some(class),
            action: None,
            changes: Vec::new(),
            winner: None,
            obstacles: Vec::new(),
            ..refused.clone()
        };
        all.push(bare.into());
    }
    let of_notice = ChangeRefused { record: None, kind: None, notice: Some(NoticeId(id(34))), ..refused };
    all.push(of_notice.into());
    let denied = LockDenied {
        who: user(1),
        session: Some(SessionId(id(22))),
        action: Action::Optimise,
        periods: Some(vec![RecordId(id(33))]),
        code: "lock-refused".to_owned(),
        obstacles: vec![obstacle, free],
    };
    all.push(denied.clone().into());
    all.push(LockDenied { session: None, periods: None, obstacles: Vec::new(), ..denied }.into());
    all
}

fn of_accounts() -> Vec<Event> {
    let (user, group, token) = (UserId(id(1)), GroupId(id(40)), TokenId(id(41)));
    let added = UserAdded {
        user,
        name: personal("anna"),
        group,
        full_name: Some(personal("Anna Alt")),
        email: Some(personal("anna@example.org")),
        language: Some("de".to_owned()),
    };
    let changed = UserChanged {
        user,
        revision: 2,
        name: personal("anna"),
        group,
        full_name: Some(personal("Anna Alt")),
        email: Some(personal("anna@example.org")),
        language: Some("de".to_owned()),
        disabled: true,
        by: None,
    };
    let rights = Right::ALL.to_vec();
    let some = Plans::Some(vec!["100234~*~*".to_owned()]);
    vec![
        added.clone().into(),
        UserAdded { full_name: None, email: None, language: None, ..added }.into(),
        changed.clone().into(),
        UserChanged { full_name: None, email: None, language: None, disabled: false, ..changed.clone() }
            .into(),
        UserChanged { by: Some(Who::Operator), ..changed }.into(),
        PasswordChanged { user }.into(),
        GroupAdded { group, name: "all".to_owned(), rights: rights.clone(), plans: Plans::ALL }.into(),
        GroupAdded { group, name: "none".to_owned(), rights: Vec::new(), plans: some.clone() }.into(),
        GroupChanged { group, revision: 2, name: "all".to_owned(), rights, plans: Plans::ALL, by: None }
            .into(),
        GroupChanged {
            group,
            revision: 3,
            name: "none".to_owned(),
            rights: Vec::new(),
            plans: some,
            by: Some(Who::User(user)),
        }
        .into(),
        GroupRemoved { group }.into(),
        TokenIssued { token, name: "loader".to_owned(), group, expires_at: Some(moment()) }.into(),
        TokenIssued { token, name: "loader".to_owned(), group, expires_at: None }.into(),
        TokenRevoked { token }.into(),
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

fn of_notices() -> Vec<Event> {
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

fn of_messages() -> Vec<Event> {
    let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
    let to = vec![user(2), Who::Token(TokenId(id(3)))];
    let sent = MessageSent { from: user(1), plan: Some(plan), to, text: personal("Please log out.") };
    vec![
        sent.clone().into(),
        MessageSent { plan: None, to: Vec::new(), ..sent }.into(),
        MessageRead { message: 4711, by: user(2) }.into(),
    ]
}

fn of_audit() -> Vec<Event> {
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

/// The lines that today's build writes, by type.
fn written_today() -> BTreeMap<&'static str, Vec<String>> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for event in samples() {
        lines.entry(event.r#type()).or_default().push(String::from_utf8(event.encode()).unwrap());
    }
    lines
}

#[test]
fn every_type_of_event_is_written_as_it_always_was() {
    let today = written_today();
    for name in Event::TYPES {
        let lines = today.get(name).unwrap_or_else(|| panic!("{name} has no example here"));
        let path = file(name);
        if !path.exists() && std::env::var_os("DAYBOOK_WRITE_STORED_FORMAT").is_some() {
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        }
        let stored = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; see the head of this file", path.display()));
        let stored: Vec<&str> = stored.lines().collect();
        for line in lines {
            assert!(stored.contains(&line.as_str()), "{name} is written otherwise now: {line}");
        }
    }
}

#[test]
fn every_event_that_was_ever_written_can_be_read() {
    for entry in std::fs::read_dir(file("").parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(Event::TYPES.contains(&name.as_str()), "{name} is a type no more");
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let event = Event::decode(&name, line.as_bytes()).unwrap();
            assert_eq!(event.r#type(), name);
            assert_eq!(
                String::from_utf8(event.encode()).unwrap(),
                line,
                "read and written again it is the same"
            );
        }
    }
}
