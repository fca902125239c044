//! Examples of what happens in plans and schools.

use domain::*;

use crate::{date, id, user};

pub fn of_plans() -> Vec<Event> {
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

pub fn of_schools() -> Vec<Event> {
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
