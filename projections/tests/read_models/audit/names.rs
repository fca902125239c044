//! Whom and what a name means that is asked for.

use domain::{Actor, Event, Kind, Personal, StreamName, TokenIssued, UserAdded, UserChanged, UserId, Who};
use projections::audit::{Bearer, audit_event, bearers, records_named};
use uuid::Uuid;

use super::{everywhere, plan};
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
