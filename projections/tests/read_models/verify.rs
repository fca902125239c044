//! What is wrong is found, with its name and its place.

use domain::Kind;
use projections::{Finding, Verified, VerifyTerms, read_models, verify};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::office::{Office, text};
use crate::rebuild::{furnish, rebuilt};
use crate::setting::Setting;

pub async fn verified(setting: &Setting) -> Verified {
    let settings = eventstore::PoolSettings::new(setting.owner.clone(), &setting.schema);
    let terms = VerifyTerms { settings, full_speed: true };
    verify(&setting.ledger, &terms, read_models(), &|_| ()).await.expect("verified")
}

/// What is wrong, after something was done to the tables by hand.
async fn after(office: &Office, sql: &str) -> Vec<Finding> {
    let mut owner = office.setting.as_owner().await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut owner).await.expect("done by hand");
    verified(&office.setting).await.findings
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_followed_live_is_right() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let found = verified(&office.setting).await;
    assert_eq!(found.findings, []);
    let head = office.setting.ledger.head().await.expect("head").position;
    assert_eq!(found.head, head);
    let compared: Vec<&str> = found.compared.iter().map(|it| it.projection.as_str()).collect();
    assert_eq!(compared, read_models().iter().map(|it| it.name()).collect::<Vec<_>>());
    assert!(found.compared.iter().all(|it| it.position == head), "{:?}", found.compared);
    assert!(found.compared.iter().any(|it| it.projection == "change" && it.rows > 10));
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_changed_is_named_with_its_column_and_a_rebuild_mends_it() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    let teacher = office.create(Kind::Teachers, "NEWTON", &[]).await;
    let at = office.change(teacher, None, "long_name", Some(text("Newton"))).await;
    office.followed().await;
    let sql =
        format!("update record set search = 'other' where record_id = '{teacher}' and valid_from = {at}");
    let found = after(&office, &sql).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].of, "record");
    assert_eq!(found[0].position, Some(at));
    assert_eq!(
        found[0].row.as_deref(),
        Some(format!("record (record_id {teacher}, valid_from {at})").as_str())
    );
    assert_eq!(found[0].detail, "the row is not what the ledger makes it: search");
    rebuilt(&office.setting, &["record"]).await.expect("rebuilt");
    assert_eq!(verified(&office.setting).await.findings, []);
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_missing_and_one_too_many_are_named() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let found = after(&office, "delete from meeting where ctid = (select min(ctid) from meeting)").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].of.as_str(), found[0].detail.as_str()), ("placement", "the row is missing"));
    rebuilt(&office.setting, &["placement"]).await.expect("rebuilt");
    let copy = "insert into change_about select subject_id, position + 1000, began, mode, period_id, activity from change_about
        order by position limit 2";
    let mut owner = PgConnection::connect_with(&office.setting.owner).await.expect("connect");
    let current: String = sqlx::query_scalar(AssertSqlSafe(format!(
        "select schema_name from {}.generation",
        office.setting.schema
    )))
    .fetch_one(&mut owner)
    .await
    .expect("current");
    let path = format!("set search_path = {current}");
    sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut owner).await.expect("there");
    sqlx::raw_sql(copy).execute(&mut owner).await.expect("done by hand");
    let found = verified(&office.setting).await.findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].detail, "the row is one too many; another row differs too");
    assert_eq!(found[0].position, Some(1016));
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_that_are_wrong_are_named() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    office.projections.stop().await;
    let found = after(&office, "update checkpoint set position = 1000 where projection = 'lock'").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].detail.contains("ahead of the ledger"), "{found:?}");
    let stopped =
        "update checkpoint set position = 1, state = 'stopped', cause = 'by hand' where projection = 'lock'";
    let found = after(&office, stopped).await;
    // The first append has two events.
    assert!(found.iter().any(|it| it.detail == "it has stopped: by hand"), "{found:?}");
    assert!(found.iter().any(|it| it.detail.contains("within an append")), "{found:?}");
    let found = after(&office, "update checkpoint set position = 2 where projection = 'record'").await;
    assert!(found.iter().any(|it| it.of == "record" && it.position.is_some()), "{found:?}");
    let found =
        after(&office, "drop table refusal_lock; delete from checkpoint where projection = 'plan'").await;
    assert!(found.iter().any(|it| it.of == "refusal" && it.detail.contains("refusal_lock")), "{found:?}");
    assert!(found.iter().any(|it| it.of == "plan" && it.detail.contains("never begun")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_tampered_with_is_found_where_it_was() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    office.projections.stop().await;
    let found = after(
        &office,
        "alter table event disable trigger user; delete from command where position = 4;
        update event set version = 1000 where position = 6;
        update event set recorded_at = recorded_at - interval '1 day' where position = 7",
    )
    .await;
    let ledger: Vec<(Option<i64>, &str)> =
        found.iter().filter(|it| it.of == "ledger").map(|it| (it.position, it.detail.as_str())).collect();
    assert!(ledger.contains(&(Some(4), "its command is not known")), "{ledger:?}");
    assert!(ledger.iter().any(|it| it.0 == Some(6) && it.1.starts_with("version 1000")), "{ledger:?}");
    assert!(ledger.iter().any(|it| it.0 == Some(7) && it.1.contains("recorded at")), "{ledger:?}");
    let found = after(&office, "delete from event where position between 9 and 10").await;
    assert!(
        found.iter().any(|it| it.position == Some(9) && it.detail.contains("from 9 to 10 are missing")),
        "{found:?}"
    );
    let found = after(&office, "update event set data = 'no JSON' where position = 12").await;
    assert!(
        found.iter().any(|it| it.position == Some(12) && it.detail.contains("cannot be read")),
        "{found:?}"
    );
    let found = after(&office, "update event set meta = 'no JSON' where position = 11").await;
    assert!(
        found.iter().any(|it| it.position == Some(11) && it.detail.contains("nothing behind it")),
        "{found:?}"
    );
}
