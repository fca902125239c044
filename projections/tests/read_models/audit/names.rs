//! Whom and what a name means that is asked for.

use domain::{
    Actor, Event, Kind, Personal, StreamName, TokenIssued, UserAdded, UserChanged, UserId, Value, Who,
};
use projections::audit::{AuditWanted, Bearer, audit_event, audit_page, bearers, records_named};
use uuid::Uuid;

use super::{everywhere, plan, wanted};
use crate::office::{Office, id, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_last_name_finds_everything_and_an_earlier_one_what_happened_under_it() {
    let mut office = Office::open().await;
    let (anna, other) = (UserId(Uuid::from_u128(11)), UserId(Uuid::from_u128(12)));
    let called = |user: UserId, name: &str| Personal { of: user.0, open: name.to_owned() };
    let group = domain::GroupId(Uuid::from_u128(1));
    let added = |user: UserId, name: &str| -> Event {
        let name = called(user, name);
        UserAdded { user, name, group, full_name: None, email: None, language: None }.into()
    };
    let accounts = StreamName::from("accounts");
    office.setting.append(&accounts, vec![added(anna, "anna")]).await;
    office.actor = Actor::User(anna.0);
    let gauss = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let before = office.change(gauss, None, "text", Some(text("a"))).await;
    let renamed = UserChanged {
        user: anna,
        revision: 2,
        name: called(anna, "berta"),
        group,
        full_name: None,
        email: None,
        language: None,
        disabled: false,
        by: None,
    };
    let renaming = office.setting.append(&accounts, vec![renamed.into(), added(other, "anna")]).await;
    let euler = office.change(gauss, None, "id", Some(text("EULER"))).await;
    office.actor = Actor::User(other.0);
    let again = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let issued =
        TokenIssued { token: domain::TokenId(id().0), name: "screen".into(), group, expires_at: None };
    office.setting.append(&accounts, vec![issued.into()]).await;
    office.followed().await;

    let pool = office.projections.pool();
    let found = bearers(pool, "berta").await.expect("asked");
    assert_eq!(found, [everywhere(Who::User(anna))]);
    let found = bearers(pool, "anna").await.expect("asked");
    let limited = Bearer { id: Who::User(anna), after: 2, upto: renaming.first - 1 };
    assert_eq!(found, [limited, everywhere(Who::User(other))], "{before}");
    assert_eq!(bearers(pool, "operator").await.expect("asked"), [everywhere(Who::Operator)]);
    assert_eq!(bearers(pool, "token:screen").await.expect("asked").len(), 1);
    assert_eq!(bearers(pool, "screen").await.expect("asked"), []);

    let here = Some(&office.plan);
    for plan in [here, None] {
        let found = records_named(pool, plan, "teachers/EULER").await.expect("asked");
        assert_eq!(found, [everywhere(gauss.0)]);
        let mut found = records_named(pool, plan, "teachers/GAUSS").await.expect("asked");
        found.sort_by_key(|it| it.id != gauss.0);
        assert_eq!((found[0].id, found[0].upto, found[1]), (gauss.0, euler - 1, everywhere(again.0)));
    }
    assert_eq!(records_named(pool, Some(&plan(7)), "teachers/EULER").await.expect("asked"), []);
    assert_eq!(records_named(pool, here, "teachers/NOBODY").await.expect("asked"), []);
    let shown = audit_event(pool, before).await.expect("asked").expect("there");
    assert_eq!(shown.record.as_deref(), Some("teachers/GAUSS"), "what it was called then");
    assert_eq!(audit_event(pool, 1_000).await.expect("asked"), None);
    office.projections.stop().await;
    office.setting.drop_schemas().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_is_called_after_its_lesson_of_then_also_between_two_names_that_the_page_does_not_show() {
    let mut office = Office::open().await;
    let (anna, bert) = (Actor::User(Uuid::from_u128(11)), Actor::User(Uuid::from_u128(12)));
    office.actor = anna;
    let lesson = office.lesson("L0", 3, Vec::new()).await;
    let hour = office.place(lesson, 1, 1, 2, &[]).await;
    for (name, day) in [("L1", 3), ("L2", 4)] {
        office.actor = bert;
        office.change(lesson, None, "id", Some(text(name))).await;
        office.actor = anna;
        office.change(hour, None, "day", Some(Value::Number(day))).await;
    }
    office.followed().await;
    let head = office.setting.ledger.head().await.expect("the head").position;
    let by_anna = Some(vec![everywhere(Who::User(UserId(Uuid::from_u128(11))))]);
    let wanted = AuditWanted { actors: by_anna, newest_first: false, ..wanted(head) };
    let page = audit_page(office.projections.pool(), &wanted).await.expect("asked");
    let told: Vec<_> = page.events.iter().map(|event| event.record.as_deref().unwrap_or_default()).collect();
    let hours = ["lessons/L0/placements/1", "lessons/L1/placements/1", "lessons/L2/placements/1"];
    assert_eq!(told, [&["lessons/L0"], &hours[..]].concat());
    office.projections.stop().await;
}
