//! All routes, in one function. A handler says in its signature what it needs, calls one command or one question, and is short.

pub mod audit;
pub mod batch;
pub mod changes;
pub mod cover_list;
pub mod differences;
mod door;
pub mod exports;
pub mod groups;
pub mod history;
pub mod imports;
pub mod incoming;
pub mod licence;
pub mod locks;
pub mod login_page;
pub mod messages;
pub mod notices;
pub mod operations;
pub mod optimisations;
pub mod outage;
pub mod placements;
pub mod plans;
pub mod reader;
pub mod records;
pub mod schemas;
pub mod sessions;
pub mod sign_offs;
pub mod singletons;
pub mod status;
pub mod timetable;
pub mod tokens;
pub mod undo;
pub mod users;
pub mod when;
pub mod writing;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::docs;
use crate::http::openapi::{finished, frame};

/// Every route there is. The conventions are laid around it by whoever serves.
pub fn router(app: App) -> Router {
    let (router, _) = described().with_state(app.clone()).split_for_parts();
    router.merge(docs()).layer(from_fn_with_state(app, door::stand))
}

/// The description made from the routes (OpenAPI 3.1).
pub fn openapi() -> serde_json::Value {
    finished(&described().into_openapi())
}

fn described() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .merge(sessions::routes())
        .merge(sign_offs::routes())
        .merge(plans::routes())
        .merge(licence::routes())
        .merge(locks::routes())
        .merge(records::routes())
        .merge(placements::routes())
        .merge(singletons::routes())
        .merge(batch::routes())
        .merge(undo::routes())
        .merge(optimisations::routes())
        .merge(imports::routes())
        .merge(exports::routes())
        .merge(timetable::routes())
        .merge(cover_list::routes())
        .merge(changes::routes())
        .merge(history::routes())
        .merge(differences::routes())
        .merge(audit::routes())
        .merge(users::routes())
        .merge(groups::routes())
        .merge(tokens::routes())
        .merge(messages::routes())
        .merge(notices::routes())
        .merge(login_page::routes())
        .merge(outage::routes())
        .merge(status::routes());
    OpenApiRouter::with_openapi(frame(env!("CARGO_PKG_VERSION"))).nest("/v1", v1).merge(operations::routes())
}

/// A member that may be absent, `null`, or there: for merge patches.
pub(crate) mod double_option {
    use serde::{Deserialize, Deserializer};

    /// `Some(None)` is `null`; absent is the default, `None`.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}
