//! `as_of` is a fold: what every question answers of a position in a long history is what it answers now where the ledger ends there,
//! and what the rules themselves know after the events up to there.
//!
//! The history is made by the random commands of the laws (`domain/tests/invariants`), so it holds events of every kind.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]
#![allow(dead_code, reason = "the laws use more of what they are made of")]

#[path = "../../domain/tests/invariants/asked.rs"]
mod asked;
#[path = "../../domain/tests/invariants/beside.rs"]
mod beside;
#[path = "../../domain/tests/invariants/desk.rs"]
mod desk;
#[path = "../../domain/tests/invariants/drawn.rs"]
mod drawn;
#[path = "../../domain/tests/invariants/drawn_beside.rs"]
mod drawn_beside;
#[path = "../../domain/tests/invariants/folded.rs"]
mod folded;
#[path = "../../domain/tests/invariants/holds.rs"]
mod holds;
#[path = "../../domain/tests/invariants/places.rs"]
mod places;
#[path = "../../domain/tests/invariants/what.rs"]
mod what;

#[path = "as_of/by_fold.rs"]
mod by_fold;
#[path = "as_of/long.rs"]
mod long;
#[path = "as_of/progress.rs"]
mod progress;
#[path = "as_of/questions.rs"]
mod questions;
#[path = "read_models/setting.rs"]
mod setting;

use std::collections::BTreeSet;
use std::time::Instant;

use projections::{Moment, Projections, read_models, recorded_at};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use by_fold::check;
use folded::Folded;
use long::{Dice, Long};
use progress::Progress;
use questions::Asked;
use setting::{SOON, Setting};

/// How many events the first plan has, and how many positions are looked at.
fn size() -> (usize, usize) {
    if std::env::var_os("DAYBOOK_SOAK").is_some() { (50_000, 200) } else { (1_500, 8) }
}

/// So many differences are gathered before the test gives up.
const DIFFERING_MAX: usize = 10;

/// Copies the events between two positions into another ledger, with everything that is noted beside them.
async fn copy(owner: &mut PgConnection, whole: &Setting, cut: &Setting, after: i64, upto: i64) {
    let copy = format!(
        "insert into {}.event select * from {}.event where position > {after} and position <= {upto} order by position",
        cut.schema, whole.schema
    );
    sqlx::raw_sql(AssertSqlSafe(copy)).execute(owner).await.unwrap();
}

async fn followed(projections: &Projections, position: i64) {
    projections.wait_for(position, SOON * 30).await.unwrap();
    for status in projections.status() {
        assert_eq!(status.cause, None, "{}", status.name);
    }
}

async fn locks_granted(owner: &mut PgConnection) -> Vec<Uuid> {
    sqlx::query_scalar("select lock_id from lock order by md5(lock_id::text) limit 20")
        .fetch_all(owner)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_is_a_fold_of_the_events_up_to_there() {
    let (events, positions) = size();
    let (began, mut dice) = (Instant::now(), Dice(20_261_122));
    let (whole, cut) = (Setting::new().await, Setting::new().await);
    let mut owner = whole.as_owner().await;
    let now = sqlx::query_scalar("select now()").fetch_one(&mut owner).await.unwrap();
    let long = Long::made(events, now, &mut dice);
    let types: BTreeSet<&str> = long.types().collect();
    assert!(types.len() > 30, "only these happened: {types:?}");
    long.append(&whole.ledger).await;
    let ends = long.ends();
    let last = *ends.last().unwrap();
    assert_eq!(whole.ledger.head().await.unwrap().position, last);
    let made = began.elapsed().as_secs_f64();
    eprintln!("{last} events made and appended in {made:.0} s");
    let (of_whole, of_cut) = (whole.follow(read_models()), cut.follow(read_models()));
    followed(&of_whole, last).await;
    let locks = locks_granted(&mut owner).await;
    let mut chosen: BTreeSet<i64> = [ends[0], last].into();
    while chosen.len() < positions {
        chosen.insert(ends[dice.below(ends.len())]);
    }
    let (mut before, mut fold, mut answers, mut compared) = (0, Folded::default(), 0, 0);
    let mut differing = Vec::new();
    let mut progress = Progress::new("positions looked at", chosen.len());
    for (count, position) in chosen.into_iter().enumerate() {
        progress.at(count);
        copy(&mut owner, &whole, &cut, before, position).await;
        followed(&of_cut, position).await;
        fold = long.folded(fold, before, position);
        let then = Moment::AsOf(position);
        compared += check(of_whole.pool(), &fold, then).await;
        let at = recorded_at(of_whole.pool(), position).await.unwrap().unwrap();
        let asked = |pool, moment| Asked { pool, moment, at, earlier: before, last: position };
        let (then, now) = (asked(of_whole.pool(), then), asked(of_cut.pool(), Moment::Now));
        let (told, now) = tokio::join!(then.all(&fold, &locks), now.all(&fold, &locks));
        answers += told.len();
        for (told, now) in told.iter().zip(&now).filter(|(told, now)| told != now) {
            let differs =
                format!("as of {position}: {told:?}\n  and now where the ledger ends there: {now:?}");
            eprintln!("{differs}");
            differing.push(differs);
        }
        assert_eq!(told.len(), now.len());
        before = position;
        assert!(differing.len() < DIFFERING_MAX, "{differing:#?}");
    }
    assert!(differing.is_empty(), "{differing:#?}");
    eprintln!(
        "{last} events of {} types made in {made:.0} s; {answers} answers and {compared} states equal at {positions} positions in {:.0} s",
        types.len(),
        began.elapsed().as_secs_f64()
    );
    of_whole.stop().await;
    of_cut.stop().await;
    whole.drop_schemas().await;
    cut.drop_schemas().await;
}
