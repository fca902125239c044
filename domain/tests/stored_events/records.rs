//! Examples of what happens to records, and of what is refused.

use std::collections::BTreeMap;

use domain::*;

use crate::{date, id, moment, user};

pub fn of_records() -> Vec<Event> {
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

pub fn of_refusals() -> Vec<Event> {
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
