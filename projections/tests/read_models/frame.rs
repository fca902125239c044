//! The follower: every append once, in order, and no projection harmed by another.

use std::time::Duration;

use domain::{Actor, CommandId, Event, Meta, NodeStarted, StreamName};
use eventstore::{Append, Expected, NewEvent, Write};
use projections::{Happened, Projection, ProjectionError, ProjectionState, async_trait, prepare};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::setting::{SOON, Setting};

/// Writes down each event that it is given.
struct Diary {
    name: &'static str,
    fails_at: Option<&'static str>,
}

#[async_trait]
impl Projection for Diary {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let positions: Vec<i64> = batch.iter().map(|event| event.position).collect();
        sqlx::query("insert into diary (projection, position) select $1, unnest($2::bigint[])")
            .bind(self.name)
            .bind(&positions)
            .execute(connection)
            .await?;
        for happened in batch {
            if let Event::NodeStarted(e) = &happened.event
                && self.fails_at == Some(e.node.as_str())
            {
                return Err(ProjectionError::Unfit {
                    position: happened.position,
                    cause: "a bad node".into(),
                });
            }
        }
        Ok(())
    }
}

fn diary(name: &'static str) -> Box<dyn Projection> {
    Box::new(Diary { name, fails_at: None })
}

async fn with_diary() -> Setting {
    let setting = Setting::new().await;
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(
        "create table diary (entry bigint generated always as identity, projection text, position bigint);
        grant all on diary to daybook_service",
    )
    .execute(&mut owner)
    .await
    .expect("a table for the test");
    setting
}

async fn start_nodes(setting: &Setting, names: &[&str]) -> i64 {
    let mut last = 0;
    for name in names {
        let event = NodeStarted { node: (*name).to_owned(), version: "1".into(), date: None };
        last = setting.append(&StreamName::from("site"), vec![event.into()]).await.last;
    }
    last
}

async fn entries(setting: &Setting, projection: &str) -> Vec<i64> {
    sqlx::query_scalar("select position from diary where projection = $1 order by entry")
        .bind(projection)
        .fetch_all(&mut setting.as_owner().await)
        .await
        .expect("the diary")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_taken_in_once_and_in_order() {
    let setting = with_diary().await;
    let projections = setting.follow(vec![diary("a"), diary("b")]);
    let last = start_nodes(&setting, &["1", "2", "3", "4"]).await;
    projections.wait_for(last, SOON).await.expect("in time");
    assert_eq!(entries(&setting, "a").await, [1, 2, 3, 4]);
    assert_eq!(entries(&setting, "b").await, [1, 2, 3, 4]);
    assert_eq!(projections.position(), last);
    assert_eq!(*projections.advanced().borrow(), last);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_fails_stops_alone_and_says_where() {
    let setting = with_diary().await;
    let last = start_nodes(&setting, &["good", "bad", "later"]).await;
    let weak = Box::new(Diary { name: "weak", fails_at: Some("bad") });
    let projections = setting.follow(vec![diary("strong"), weak]);
    projections.wait_for(last, SOON).await.expect("the others go on");
    assert_eq!(entries(&setting, "strong").await, [1, 2, 3]);
    assert_eq!(entries(&setting, "weak").await, [1], "what was before the fault stays");
    let weak = projections.status().into_iter().find(|status| status.name == "weak").expect("its status");
    assert_eq!((weak.position, weak.state), (1, ProjectionState::Stopped));
    assert!(weak.cause.expect("a cause").contains("position 2"));
    let behind = projections.wait_for_named(&["weak"], last, SOON).await.expect_err("it never gets there");
    assert_eq!((behind.reached, behind.wanted), (1, 3));
    let later = start_nodes(&setting, &["more"]).await;
    projections.wait_for(later, SOON).await.expect("the others still go on");
    projections.stop().await;

    // The next start tries it again.
    let mended = setting.follow(vec![diary("strong"), diary("weak")]);
    mended.wait_for_named(&["weak"], later, SOON).await.expect("mended");
    assert_eq!(entries(&setting, "weak").await, [1, 2, 3, 4]);
    mended.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_can_read_stops_all_before_it() {
    let setting = with_diary().await;
    start_nodes(&setting, &["1"]).await;
    let event = NewEvent { r#type: "FromTheFuture", subject: None, data: b"{}".to_vec() };
    let write = Write { stream: StreamName::from("site"), expected: Expected::Any, events: vec![event] };
    let meta = Meta::new(CommandId(Uuid::now_v7()), Actor::System);
    setting
        .ledger
        .append(Append { writes: vec![write], ..Append::new(meta) })
        .await
        .expect("of a newer build");
    let projections = setting.follow(vec![diary("a")]);
    projections.wait_for(2, Duration::from_secs(5)).await.expect_err("it cannot");
    let status = projections.status();
    assert_eq!((status[0].position, status[0].state), (1, ProjectionState::Stopped));
    assert!(status[0].cause.as_deref().unwrap_or_default().contains("FromTheFuture"));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_take_each_append_in_once() {
    let setting = with_diary().await;
    let one = setting.follow(vec![diary("a"), diary("b")]);
    let other = setting.follow(vec![diary("a"), diary("b")]);
    let names: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let last = start_nodes(&setting, &names).await;
    one.wait_for(last, SOON).await.expect("in time");
    other.wait_for(last, SOON).await.expect("in time");
    let all: Vec<i64> = (1..=last).collect();
    assert_eq!(entries(&setting, "a").await, all);
    assert_eq!(entries(&setting, "b").await, all);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_another_node_did_counts() {
    let setting = with_diary().await;
    let idle = setting.follow(vec![diary("a")]);
    let worker = setting.follow(vec![diary("a")]);
    let last = start_nodes(&setting, &["1", "2"]).await;
    worker.wait_for(last, SOON).await.expect("in time");
    idle.wait_for(last, SOON).await.expect("the checkpoint says so");
    idle.stop().await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_what_is_not_there_ends_in_time() {
    let setting = with_diary().await;
    let projections = setting.follow(vec![diary("a")]);
    let behind = projections.wait_for(5, Duration::from_millis(50)).await.expect_err("nothing is there");
    assert_eq!(behind.wanted, 5);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_agree_on_the_generation() {
    let setting = Setting::new().await;
    let (a, b) =
        tokio::join!(prepare(&setting.owner, &setting.schema), prepare(&setting.owner, &setting.schema));
    assert_eq!(a.expect("prepared"), setting.generation);
    assert_eq!(b.expect("prepared"), setting.generation);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_definitions_make_a_new_generation_and_the_old_one_goes_when_it_is_overtaken() {
    let setting = Setting::new().await;
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql("update generation set digest = 'of an older build'")
        .execute(&mut owner)
        .await
        .expect("made old");
    let next = prepare(&setting.owner, &setting.schema).await.expect("prepared");
    assert_eq!(next, format!("{}_read_2", setting.schema));
    assert_eq!(prepare(&setting.owner, &setting.schema).await.expect("prepared"), next);
    let left: Vec<String> =
        sqlx::query_scalar("select schema_name from generation").fetch_all(&mut owner).await.expect("read");
    assert_eq!(left, [next]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_has_not_begun_has_reached_nothing() {
    let setting = with_diary().await;
    let last = start_nodes(&setting, &["1", "2"]).await;
    let first = setting.follow(vec![diary("a")]);
    first.wait_for(last, SOON).await.expect("in time");
    first.stop().await;
    let mut owner = setting.as_owner().await;
    // Holds up whoever takes events in, so that the second one cannot begin.
    let mut held = sqlx::Connection::begin(&mut owner).await.expect("a transaction");
    sqlx::raw_sql("lock table checkpoint in exclusive mode").execute(&mut *held).await.expect("held");
    let second = setting.follow(vec![diary("b")]);
    second.wait_for(last, Duration::from_millis(200)).await.expect_err("only the first one has");
    held.rollback().await.expect("let go");
    second.wait_for(last, SOON).await.expect("now it has");
    assert_eq!(entries(&setting, "b").await, [1, 2]);
    second.stop().await;
}
