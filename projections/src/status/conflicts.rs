//! What was refused in the 24 hours before a moment.

use serde::Serialize;
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::collections::BTreeMap;

use super::LISTED_MAX;
use crate::DayBefore;
use crate::refusal::{denied_locks, fought_over, refused_changes};

/// How many records are told that people fight over.
const FOUGHT_MAX: i64 = 20;

/// What was refused in the 24 hours before a moment.
#[derive(Debug, Clone, Serialize)]
pub struct Conflicts {
    /// Changes: `[{plan, rule, count}]`, the most frequent first.
    pub refused: Vec<Json>,
    /// Locks.
    pub denied: Vec<Denied>,
    /// The records most fought over: `[{plan, record, count}]`.
    pub records: Vec<Json>,
}

/// So many locks were denied in a plan under a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Denied {
    /// The plan.
    pub plan: Option<String>,
    /// The rule, or the code where it has no several rules.
    pub rule: String,
    /// How often.
    pub count: i64,
    /// How often by the action that was wanted.
    pub actions: BTreeMap<String, i64>,
}

/// What was refused in a day, by plan and rule.
pub async fn conflicts(pool: &PgPool, day: DayBefore) -> Result<Conflicts, sqlx::Error> {
    let refused = refused_changes(pool, day, LISTED_MAX).await?;
    let mut denied: Vec<Denied> = Vec::new();
    for it in denied_locks(pool, day, LISTED_MAX).await? {
        let known = denied.iter_mut().find(|known| known.plan == it.plan && known.rule == it.rule);
        let actions = it.action.into_iter().map(|action| (action, it.count));
        match known {
            Some(known) => {
                known.count += it.count;
                known.actions.extend(actions);
            }
            None => {
                let (plan, rule, count) = (it.plan, it.rule, it.count);
                denied.push(Denied { plan, rule, count, actions: actions.collect() });
            }
        }
    }
    denied.sort_by_key(|it| -it.count);
    let fought = fought_over(pool, day, FOUGHT_MAX).await?;
    Ok(Conflicts {
        refused: refused
            .iter()
            .map(|it| json!({ "plan": it.plan, "rule": it.rule, "count": it.count }))
            .collect(),
        denied,
        records: fought
            .iter()
            .map(|it| json!({ "plan": it.plan, "record": it.record, "count": it.count }))
            .collect(),
    })
}
