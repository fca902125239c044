//! Nobody rewrites the ledger.

use eventstore::{Expected, Ledger, OpenError, PoolSettings};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::setting::{Setting, one};

const REWRITINGS: [&str; 7] = [
    "update event set data = ''",
    "delete from event",
    "truncate event",
    "update head set epoch = epoch - 1",
    "insert into head values (false)",
    "delete from head",
    "truncate head",
];

async fn refusal(connection: &mut PgConnection, sql: &'static str) -> String {
    let refused = sqlx::raw_sql(sql).execute(connection).await.expect_err(sql);
    refused.as_database_error().expect(sql).message().to_owned()
}

#[tokio::test]
async fn the_service_may_add_and_read_and_nothing_else() {
    let setting = Setting::new().await;
    setting.ledger.append(one("a", Expected::Any, "1")).await.unwrap();
    let mut service = setting.settings().connect_one().await.unwrap();
    for sql in REWRITINGS {
        let message = refusal(&mut service, sql).await;
        assert!(message.contains("permission denied"), "{sql}: {message}");
    }
    for sql in
        ["delete from command", "update command set position = 0", "drop table event", "create table x ()"]
    {
        let message = refusal(&mut service, sql).await;
        assert!(
            message.contains("permission denied") || message.contains("must be owner"),
            "{sql}: {message}"
        );
    }
}

#[tokio::test]
async fn the_owner_cannot_rewrite_it_either() {
    let setting = Setting::new().await;
    setting.ledger.append(one("a", Expected::Any, "1")).await.unwrap();
    let mut owner = setting.as_owner().await;
    for sql in REWRITINGS {
        let message = refusal(&mut owner, sql).await;
        assert!(message.contains("the ledger is only appended to"), "{sql}: {message}");
    }
    setting.assert_sound().await;
}

#[tokio::test]
async fn a_role_that_could_rewrite_is_refused() {
    let setting = Setting::new().await;
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql("grant update on event to daybook_service").execute(&mut owner).await.unwrap();
    let refused = Ledger::open(setting.settings()).await.err().expect("refused");
    assert!(matches!(refused, OpenError::TooPowerful(_)), "{refused}");
    assert!(refused.to_string().contains("daybook migrate"), "{refused}");
}

#[tokio::test]
async fn a_login_that_may_not_take_the_role_is_told_what_to_do() {
    let setting = Setting::new().await;
    let mut owner = setting.as_owner().await;
    let login = format!("stranger_{}", setting.schema);
    let sql = |text: &str| AssertSqlSafe(text.replace("LOGIN", &login));
    sqlx::raw_sql(sql("create role LOGIN login password 'x'")).execute(&mut owner).await.unwrap();
    let connect = setting.owner.clone().username(&login).password("x");
    let refused = Ledger::open(PoolSettings::new(connect, &setting.schema)).await.err().expect("refused");
    sqlx::raw_sql(sql("drop role LOGIN")).execute(&mut owner).await.unwrap();
    assert!(matches!(refused, OpenError::RoleRefused(_)), "{refused}");
    assert!(refused.to_string().contains("grant daybook_service to"), "{refused}");
}

#[tokio::test]
async fn a_schema_without_a_ledger_is_told_apart() {
    let setting = Setting::new().await;
    let settings = PoolSettings::new(setting.owner.clone(), "nothing_here");
    let refused = Ledger::open(settings).await.err().expect("refused");
    assert!(matches!(refused, OpenError::NoLedger(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_and_at_once_does_no_harm() {
    let setting = Setting::new().await;
    setting.ledger.append(one("a", Expected::Any, "1")).await.unwrap();
    let schema = format!("{}_b", setting.schema);
    let mut tasks = Vec::new();
    for n in 0..6 {
        let (owner, schema) =
            (setting.owner.clone(), if n % 2 == 0 { schema.clone() } else { setting.schema.clone() });
        tasks.push(tokio::spawn(async move { Ledger::migrate(&owner, &schema).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(setting.ledger.head().await.unwrap().position, 1);
}
