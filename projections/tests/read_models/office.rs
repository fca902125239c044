//! A plan in the ledger: short ways to write what happens in it.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Actor, At, Coupling, Event, FieldChange, FieldName, Fold, HourOf, Kind, Personal, Plan, PlanCreated,
    PlanId, RecordChanged, RecordCreated, RecordId, RecordRemoved, Row, Value,
};
use projections::{Page, Projections, read_models};
use uuid::Uuid;

use crate::setting::{SOON, Setting};

pub struct Office {
    pub setting: Setting,
    pub projections: Projections,
    pub plan: PlanId,
    pub actor: Actor,
    /// What the rules would make of the same events.
    pub fold: Plan,
    /// The states that were true after each append, by its end.
    pub states: Vec<(i64, Plan)>,
    hours: HashMap<(RecordId, u32), RecordId>,
}

pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// The first page of a list.
pub fn page(limit: i64) -> Page {
    Page { limit, after: None }
}

pub fn coupling(class: Option<RecordId>, teacher: Option<RecordId>, room: Option<RecordId>) -> Coupling {
    Coupling { class, teacher, subject: None, room, hours_per_week: None, student_group: None }
}

impl Office {
    /// A plan with the period `1`.
    pub async fn open() -> Self {
        let setting = Setting::new().await;
        let projections = setting.follow(read_models());
        let plan: PlanId = "100234~2026-2027~1".parse().expect("a plan");
        let mut office = Self {
            setting,
            projections,
            plan: plan.clone(),
            actor: Actor::Operator,
            fold: Plan::default(),
            states: Vec::new(),
            hours: HashMap::new(),
        };
        let period = created(Kind::Periods, id(), "1", &[]);
        office
            .write(vec![
                PlanCreated { plan, title: "A plan".into(), copy_of: None, new_year_of: None }.into(),
                period,
            ])
            .await;
        office
    }

    /// One append; answers its last position.
    pub async fn write(&mut self, events: Vec<Event>) -> i64 {
        for event in &events {
            self.fold.evolve(event, &At { version: 0, epoch: 1, stamp: None });
        }
        let last = self.setting.append_by(self.actor, &self.plan.stream(), events).await.last;
        self.states.push((last, self.fold.clone()));
        last
    }

    pub async fn followed(&self) {
        let head = self.setting.ledger.head().await.expect("the head").position;
        self.projections.wait_for(head, SOON).await.unwrap_or_else(|behind| {
            panic!("{behind}: {:?}", self.projections.status());
        });
        for status in self.projections.status() {
            assert_eq!(status.cause, None, "{}", status.name);
        }
    }

    pub async fn create(&mut self, kind: Kind, name: &str, fields: &[(&'static str, Value)]) -> RecordId {
        let record = id();
        self.write(vec![created(kind, record, name, fields)]).await;
        record
    }

    pub async fn change(
        &mut self,
        record: RecordId,
        period: Option<RecordId>,
        field: &'static str,
        to: Option<Value>,
    ) -> i64 {
        let event = self.changed(record, period, field, to);
        self.write(vec![event]).await
    }

    pub fn changed(
        &self,
        record: RecordId,
        period: Option<RecordId>,
        field: &'static str,
        to: Option<Value>,
    ) -> Event {
        let before = self.fold.record(record).expect("the record is there");
        let changes = vec![FieldChange { field: FieldName::Borrowed(field), from: None, to }];
        RecordChanged {
            record,
            kind: before.kind,
            revision: before.revision + 1,
            period,
            changes,
            import: None,
        }
        .into()
    }

    pub async fn remove(&mut self, record: RecordId) -> i64 {
        let event = self.removed(record);
        self.write(vec![event]).await
    }

    pub fn removed(&self, record: RecordId) -> Event {
        let before = self.fold.record(record).expect("the record is there");
        let (kind, revision) = (before.kind, before.revision + 1);
        RecordRemoved { record, kind, revision, fields: BTreeMap::new(), import: None }.into()
    }

    /// A lesson of one class with one teacher.
    pub async fn lesson(&mut self, name: &str, hours: i64, couplings: Vec<Coupling>) -> RecordId {
        let fields =
            [("hours_per_week", Value::Number(hours)), ("couplings", Value::Couplings(couplings.into()))];
        self.create(Kind::Lessons, name, &fields).await
    }

    /// Places an hour of a lesson in the period `1`.
    pub async fn place(
        &mut self,
        lesson: RecordId,
        n: u32,
        day: i64,
        hour: i64,
        more: &[(&'static str, Value)],
    ) -> RecordId {
        let placement = id();
        let period = self.period();
        let mut fields = vec![("day", Value::Number(day)), ("hour", Value::Number(hour))];
        fields.extend(more.iter().cloned());
        self.hours.insert((lesson, n), placement);
        self.write(vec![placed(placement, HourOf { lesson, period, n }, fields)]).await;
        placement
    }

    pub fn period(&self) -> RecordId {
        self.fold.named(Kind::Periods, "1").expect("the first period").id
    }
}

pub fn id() -> RecordId {
    RecordId(Uuid::now_v7())
}

pub fn created(kind: Kind, record: RecordId, name: &str, fields: &[(&'static str, Value)]) -> Event {
    let name = text(name);
    let name = if kind.is_person() {
        Value::Personal(Personal { of: record.0, open: Box::new(name) })
    } else {
        name
    };
    let fields = std::iter::once(("id", name)).chain(fields.iter().cloned());
    let fields = fields.map(|(field, value)| (FieldName::Borrowed(field), value)).collect();
    RecordCreated { record, kind, revision: 1, hour_of: None, fields, import: None }.into()
}

pub fn placed(record: RecordId, hour_of: HourOf, fields: Vec<(&'static str, Value)>) -> Event {
    let fields = fields.into_iter().map(|(field, value)| (FieldName::Borrowed(field), value)).collect();
    RecordCreated {
        record,
        kind: Kind::Placements,
        revision: 1,
        hour_of: Some(hour_of),
        fields,
        import: None,
    }
    .into()
}

pub fn rows(rows: &[(Option<RecordId>, Option<RecordId>, Option<RecordId>)]) -> Value {
    let rows: Vec<Row> = rows
        .iter()
        .map(|(class, teacher, room)| Row { class: *class, teacher: *teacher, subject: None, room: *room })
        .collect();
    Value::Rows(rows.into())
}
