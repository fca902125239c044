//! The status report.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::outage::{Contact, Outage, OutageState};
use super::{Lock, Notice, Session};

#[derive(Serialize, ToSchema)]
pub struct StatusReport {
    pub service: ServiceStatus,
    pub users: UsersStatus,
    /// Who is there: the first thousand.
    pub sessions: Vec<Session>,
    /// The locks that are held: the first thousand.
    pub locks: Vec<HeldLock>,
    pub conflicts: Conflicts,
    pub engine: Engine,
    pub notices: NoticesStatus,
}

#[derive(Serialize, ToSchema)]
pub struct ServiceStatus {
    /// Like node and start left out before the first start of a node.
    pub version: Option<String>,
    /// The node that answers; of the past the one that had been started last.
    pub node: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    /// Left out of the past.
    #[schema(minimum = 0)]
    pub uptime_seconds: Option<i64>,
    /// All nodes that live, those that were started last first: at most a thousand. Left out of the past: how long one lives is on no
    /// record.
    pub nodes: Option<Vec<NodeStatus>>,
    /// Message, gate and contact in one word.
    pub state: OutageState,
    /// The message, its author and its moments.
    pub outage: Outage,
    pub contact: Contact,
    /// Log-ins that a closed gate refused in the last 24 hours.
    #[schema(minimum = 0)]
    pub refused_logins: i64,
    /// Log-ins with a wrong name or password in the last 24 hours.
    #[schema(minimum = 0)]
    pub failed_logins: i64,
    /// The last ten that are over, the newest first.
    #[schema(max_items = 10)]
    pub outages: Vec<PastOutage>,
}

#[derive(Serialize, ToSchema)]
pub struct NodeStatus {
    pub node: String,
    pub version: String,
    pub started_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageEnd {
    ContactBack,
    Restart,
    Administrator,
}

/// An outage that is over.
#[derive(Serialize, ToSchema)]
pub struct PastOutage {
    /// `open`, as it is over.
    pub state: OutageState,
    /// What people read at its end; `null` when nobody announced it.
    #[schema(required)]
    pub message: Option<String>,
    /// Whether the gate was closed at its end.
    pub prevent_logins: bool,
    /// When it was expected to be over.
    #[schema(required)]
    pub until: Option<DateTime<Utc>>,
    #[schema(required)]
    pub by: Option<String>,
    #[schema(required)]
    pub announced_at: Option<DateTime<Utc>>,
    /// When the gate closed.
    #[schema(required)]
    pub gated_at: Option<DateTime<Utc>>,
    /// When it began for those who were in.
    #[schema(required)]
    pub down_at: Option<DateTime<Utc>>,
    /// `null`: only known of now.
    #[schema(required)]
    pub contact: Option<Contact>,
    /// `null`: only known of now.
    #[schema(required)]
    pub users: Option<i64>,
    /// How many log-ins its gate has refused.
    #[schema(minimum = 0)]
    pub refused_logins: i64,
    pub ended_at: DateTime<Utc>,
    pub reason: OutageEnd,
}

#[derive(Serialize, ToSchema)]
pub struct UsersStatus {
    /// Everybody, sessions of the site included.
    pub now: UserCount,
    /// The schools in whose plans somebody is, by number; the thousand with the most sessions.
    pub schools: Vec<SchoolUsers>,
    /// The plans in which somebody is, by name; the thousand with the most sessions.
    pub plans: Vec<PlanUsers>,
    pub course: UsersCourse,
    pub quietest: QuietestMoment,
}

#[derive(Serialize, ToSchema)]
pub struct UserCount {
    #[schema(minimum = 0)]
    pub sessions: i64,
    /// Distinct users and programs.
    #[schema(minimum = 0)]
    pub distinct: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SchoolUsers {
    pub school: String,
    #[serde(flatten)]
    pub count: UserCount,
}

#[derive(Serialize, ToSchema)]
pub struct PlanUsers {
    pub plan: String,
    #[serde(flatten)]
    pub count: UserCount,
    /// Sessions by mode (`timetable`, `cover`, `read`); modes that nobody is in are left out.
    pub modes: BTreeMap<String, i64>,
}

/// How many sessions there were on the average of the last 5, 15 and 60 minutes, to one decimal.
#[derive(Serialize, ToSchema)]
pub struct UsersCourse {
    #[schema(minimum = 0)]
    pub m5: f64,
    #[schema(minimum = 0)]
    pub m15: f64,
    #[schema(minimum = 0)]
    pub m60: f64,
}

/// The longest stretch of the last 24 hours in which the fewest were there. Time before the very first log-in does not count.
#[derive(Serialize, ToSchema)]
pub struct QuietestMoment {
    /// Where it begins.
    pub at: DateTime<Utc>,
    /// How many sessions there were in it.
    #[schema(minimum = 0)]
    pub sessions: i64,
}

#[derive(Serialize, ToSchema)]
pub struct HeldLock {
    #[serde(flatten)]
    pub lock: Lock,
    pub plan: String,
    /// Who was refused because of it, the last ones first: at most twenty.
    #[schema(max_items = 20)]
    pub refused: Vec<RefusedByLock>,
}

#[derive(Serialize, ToSchema)]
pub struct RefusedByLock {
    pub user: String,
    /// The code of refusal.
    pub code: String,
    /// The critical action that was wanted; `null` for a change or a log-in.
    #[schema(required)]
    pub action: Option<String>,
    /// How often.
    #[schema(minimum = 1)]
    pub count: i64,
    /// The last time.
    pub at: DateTime<Utc>,
}

/// What was refused for a reason of the office in the last 24 hours.
#[derive(Serialize, ToSchema)]
pub struct Conflicts {
    /// Changes, the most frequent first: at most a thousand.
    pub refused: Vec<RefusedChanges>,
    /// Locks, the most frequent first: at most a thousand.
    pub denied: Vec<DeniedLocks>,
    /// The records most fought over: at most twenty.
    #[schema(max_items = 20)]
    pub records: Vec<FoughtRecord>,
}

#[derive(Serialize, ToSchema)]
pub struct RefusedChanges {
    /// `null` for what is in no plan, such as a notice.
    #[schema(required)]
    pub plan: Option<String>,
    /// `stale`, `lock-missing`, `lock-ended`; of blocked ones `optimisation`, `cover`, `exclusive-lock`.
    pub rule: String,
    #[schema(minimum = 1)]
    pub count: i64,
}

#[derive(Serialize, ToSchema)]
pub struct DeniedLocks {
    #[schema(required)]
    pub plan: Option<String>,
    /// `not-alone`, `lock-refused`, `cover`.
    pub rule: String,
    #[schema(minimum = 1)]
    pub count: i64,
    /// By the action that was wanted.
    pub actions: BTreeMap<String, i64>,
}

#[derive(Serialize, ToSchema)]
pub struct FoughtRecord {
    pub plan: String,
    /// As it was called when it was last refused, such as `teachers/GAUSS`; `null` while that is not known yet.
    #[schema(required)]
    pub record: Option<String>,
    /// How many changes of it were refused.
    #[schema(minimum = 1)]
    pub count: i64,
}

/// The ledger and its read models.
#[derive(Serialize, ToSchema)]
pub struct Engine {
    /// The last position.
    pub head: String,
    /// Counts restores.
    #[schema(minimum = 1)]
    pub epoch: i64,
    /// Left out of the past.
    pub projections: Option<Vec<ProjectionStatus>>,
    /// What the tables of the ledger and its read models take on the disk, with their indexes. Left out of the past.
    #[schema(minimum = 0)]
    pub store_bytes: Option<i64>,
    /// `null`: none is on record.
    #[schema(required, value_type = Option<Object>)]
    pub last_backup: Option<serde_json::Value>,
    /// The last sealed checkpoint. `null`: none is on record.
    #[schema(required, value_type = Option<Object>)]
    pub last_checkpoint: Option<serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectionState {
    /// It follows the ledger; how far it is behind says the lag.
    Live,
    /// It failed, and waits for a rebuild or the next start.
    Stopped,
    /// It is being made anew, while the old one goes on answering.
    Rebuilding,
}

#[derive(Serialize, ToSchema)]
pub struct ProjectionStatus {
    pub name: String,
    /// The last position in its rows.
    pub position: String,
    /// How many events it is behind the head.
    #[schema(minimum = 0)]
    pub lag_events: i64,
    /// How long the first event waits that it does not have yet.
    #[schema(minimum = 0)]
    pub lag_seconds: f64,
    pub state: ProjectionState,
    /// Why it stopped, or how far its rebuild is.
    #[schema(required)]
    pub cause: Option<String>,
}

/// Notices by where they are in their time; important ones first, then the newest, at most a hundred of each.
#[derive(Serialize, ToSchema)]
pub struct NoticesStatus {
    #[schema(max_items = 100)]
    pub showing: Vec<Notice>,
    #[schema(max_items = 100)]
    pub waiting: Vec<Notice>,
    #[schema(max_items = 100)]
    pub over: Vec<Notice>,
}
