//! Notices and the login page.

use serde::Serialize;
use utoipa::ToSchema;

/// What the office tells everybody.
#[derive(Serialize, ToSchema)]
pub struct Notice {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(minimum = 1)]
    pub revision: i64,
    pub title: String,
    pub text: String,
    /// Whether it is seen without an account, on the login page.
    pub public: bool,
    /// Whether it stands before the others.
    pub important: bool,
    /// The first day on which it shows, in the site's time zone.
    #[schema(required, format = Date)]
    pub show_from: Option<String>,
    /// The first day on which it no longer shows.
    #[schema(required, format = Date)]
    pub hide_from: Option<String>,
    pub state: NoticeState,
    pub changed: NoticeChange,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    Waiting,
    Showing,
    Over,
}

/// Who changed it last, when and where. Strangers are not told who.
#[derive(Serialize, ToSchema)]
pub struct NoticeChange {
    #[schema(required)]
    pub by: Option<String>,
    #[schema(required, format = DateTime)]
    pub at: Option<String>,
    #[schema(required)]
    pub position: Option<String>,
}

/// What is shown to whoever has not logged in.
#[derive(Serialize, ToSchema)]
pub struct LoginPage {
    /// The public ones that show; important ones first, then the newest.
    pub notices: Vec<Notice>,
    /// The outage that there is.
    #[schema(required)]
    pub outage: Option<super::Outage>,
    /// Whether one can log in.
    pub login_open: bool,
    /// The plans to log in to.
    pub plans: Vec<OfferedPlan>,
}

#[derive(Serialize, ToSchema)]
pub struct OfferedPlan {
    pub plan: String,
    pub title: String,
}
