//! What the rules' own states say of a moment, as far as they know what the read models tell.

use std::collections::BTreeMap;

use domain::{Contact, Kind, Outages};
use projections::Moment;
use projections::lock::locks;
use projections::notice::{NoticesOf, notices};
use projections::outage::outages;
use projections::placement::placement;
use projections::plan::plan;
use projections::record::{record, singleton};
use projections::session::sessions;
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::folded::Folded;

/// Checks records, placements, counts, sessions, locks, notices and outage of a moment. Answers how many things it compared.
pub async fn check(pool: &PgPool, fold: &Folded, moment: Moment) -> usize {
    let mut compared = 0;
    for (of, state) in &fold.plans {
        let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
        for expected in state.records() {
            *counts.entry(expected.kind).or_default() += 1;
            let found: Option<Map<String, Json>> = if let Some(hour_of) = expected.hour_of {
                let [lesson, period] = [hour_of.lesson, hour_of.period].map(|id| state.name_of(id).unwrap());
                placement(pool, of, &lesson, &period, hour_of.n, moment).await.unwrap().map(|it| it.json)
            } else if let Some(name) = expected.name() {
                record(pool, of, expected.kind, name, None, moment).await.unwrap().map(|it| it.json)
            } else {
                singleton(pool, of, expected.kind, moment).await.unwrap().map(|it| it.json)
            };
            let mut found = found.unwrap_or_else(|| panic!("{expected:?} is missing, {moment:?}"));
            found.remove("changed");
            assert_eq!(found, state.record_json(expected, None), "{of}, {moment:?}");
            compared += 1;
        }
        let view = plan(pool, of, moment).await.unwrap().unwrap().json;
        assert_eq!(view["title"], state.title(), "{of}, {moment:?}");
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_singleton()) {
            let count = counts.get(&kind).copied().unwrap_or_default();
            assert_eq!(view["counts"][kind.word()], count, "{kind} of {of}, {moment:?}");
        }
        let here: Vec<Uuid> =
            sessions(pool, of, moment, None, 1_000).await.unwrap().iter().map(|it| it.session_id).collect();
        let mut expected: Vec<Uuid> = state.sessions.iter().map(|it| it.id.0).collect();
        expected.sort_unstable();
        assert_eq!(here, expected, "sessions of {of}, {moment:?}");
        let held: Vec<Uuid> =
            locks(pool, of, moment, None, 1_000).await.unwrap().iter().map(|it| it.lock_id).collect();
        let mut expected: Vec<Uuid> = state.locks().map(|it| it.id.0).collect();
        expected.sort_unstable();
        assert_eq!(held, expected, "locks of {of}, {moment:?}");
        compared += here.len() + held.len() + 2;
    }
    let today = "2026-11-24".parse().unwrap();
    let of = NoticesOf { today, state: None, after: None, limit: 1_000 };
    let told = notices(pool, of, moment).await.unwrap();
    let texts: Vec<_> = told.iter().map(|it| (it.id, it.revision, it.content.clone())).collect();
    let expected = fold.site.notices().in_order();
    let expected: Vec<_> = expected.iter().map(|it| (it.id, it.revision, it.content.clone())).collect();
    assert_eq!(texts, expected, "{moment:?}");
    let (found, expected) = (outages(pool, moment).await.unwrap(), fold.site.outages());
    assert_eq!(shape(&found), shape(expected), "{moment:?}");
    compared + texts.len() + 1
}

/// What does not depend on when something was recorded.
fn shape(outages: &Outages) -> Json {
    let outage = outages.current().map(|it| json!([it.id.0, it.message, it.prevent_logins]));
    json!([outages.state().word(), outage, matches!(outages.contact(), Contact::Lost { .. })])
}
