//! What a read brings along.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::Response;
use domain::{Accounts, PlanId, Right, Who};
use http::request::Parts;
use serde::Serialize;

use crate::app::App;
use crate::desk::{Caller, Request};
use crate::http::{
    Bearer, Code, ETag, IfNoneMatch, Language, Listing, MinPosition, Paged, Problem, RequestContext, tagged,
};

/// How long a read waits for the position that it must have.
const MIN_POSITION_WITHIN: Duration = Duration::from_secs(2);

/// A read by somebody who has shown a good token.
pub struct Reader {
    /// Who reads.
    pub caller: Caller,
    /// The state that he has already.
    pub known: Option<IfNoneMatch>,
    min_position: Option<MinPosition>,
    context: RequestContext,
    /// A header that cannot be read; told after plan and right.
    fault: Option<Problem>,
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (caller, context) = caller_of(parts, app).await?;
        let known = IfNoneMatch::in_headers(&parts.headers);
        let min_position = MinPosition::in_headers(&parts.headers);
        let fault = known.as_ref().err().or(min_position.as_ref().err()).cloned();
        Ok(Reader {
            caller,
            known: known.unwrap_or_default(),
            min_position: min_position.unwrap_or_default(),
            context,
            fault,
        })
    }
}

/// Who calls, with a good token, and what else is known of the request; it is answered in his language unless it asks for one.
pub async fn caller_of(parts: &mut Parts, app: &App) -> Result<(Caller, RequestContext), Problem> {
    let bearer = <Bearer as FromRequestParts<App>>::from_request_parts(parts, app).await?;
    // Whose token it is cannot be found out without the ledger.
    super::door::check_ledger(app)?;
    let caller = app.desk.caller(&bearer.token).await?;
    super::door::admit(app, parts)?;
    let context = parts.extensions.get().cloned().unwrap_or_else(|| RequestContext::of(&parts.headers));
    speak_with(app, &context, caller.who).await?;
    Ok((caller, context))
}

/// From here on the request is answered in the language of this account, unless it asks for one.
pub async fn speak_with(app: &App, context: &RequestContext, who: Who) -> Result<(), Problem> {
    if let (true, Who::User(user)) = (context.leaves_language(), who) {
        let own = app.desk.with_accounts(|accounts| accounts.user(user)?.language.clone()).await?;
        own.and_then(|own| Language::of_tag(&own)).inspect(|own| context.note_own_language(*own));
    }
    Ok(())
}

impl Reader {
    /// The language of the answer.
    pub fn language(&self) -> Language {
        self.context.language()
    }

    /// Under which name the ledger knows the request, where reading is noted.
    pub fn request(&self) -> Request {
        Request {
            who: self.caller.who,
            session: self.caller.session,
            keyed: None,
            request_id: Some(self.context.request_id.to_string()),
            traceparent: self.context.traceparent.as_ref().map(ToString::to_string),
        }
    }

    /// Checks the plan and the right, then waits until the read models show what they must: 404, 403, 409, 503.
    pub async fn enter(&self, app: &App, plan: &PlanId, right: Right) -> Result<(), Problem> {
        app.desk.check_right(&self.caller, Some(plan), right).await?;
        self.catch_up(app).await
    }

    /// Whether the reader may be told who is absent and why.
    pub async fn sees_absences(&self, app: &App) -> Result<bool, Problem> {
        let may = |accounts: &Accounts| accounts.may(self.caller.who, Right::ReadAbsences);
        Ok(app.desk.with_accounts(may).await?)
    }

    /// Checks a right of the site, then waits in the same way.
    pub async fn permit(&self, app: &App, right: Right) -> Result<(), Problem> {
        app.desk.check_right(&self.caller, None, right).await?;
        self.catch_up(app).await
    }

    /// A list by name of what accounts hold, for whoever has the right `users`: 403, 422. `shown` is an item as it is answered.
    pub async fn list_accounts<T, S>(
        &self,
        app: &App,
        list: Result<Listing, Problem>,
        all: impl Fn(&Accounts) -> Vec<&Arc<T>>,
        name: impl Fn(&T) -> &String,
        shown: impl Fn(&T, &Accounts) -> S,
    ) -> Result<Paged<S>, Problem> {
        self.permit(app, Right::Users).await?;
        let list = list?;
        let after: Option<String> = list.page.after()?;
        let read = |accounts: &Accounts| {
            let page = list.page.by_name(all(accounts), after.as_ref(), |it| name(it));
            page.into_iter().map(|it| (name(it).clone(), shown(it, accounts))).collect::<Vec<_>>()
        };
        let items = app.desk.with_accounts(read).await?;
        let page = list.page.answer(items, |(name, _)| name.clone());
        Ok(page.map(|(_, item)| item))
    }

    /// The answer to a GET of something with a revision, if there is such a thing: 404, 304.
    pub fn tagged(&self, found: Option<(ETag, impl Serialize)>) -> Result<Response, Problem> {
        let (etag, body) = found.ok_or(Code::NotFound)?;
        Ok(tagged(etag, self.known.as_ref(), body))
    }

    /// Waits until the read models show what this node has acknowledged and what the request names.
    pub async fn catch_up(&self, app: &App) -> Result<(), Problem> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        match self.min_position {
            Some(wanted) => catch_up_to(app, wanted).await,
            None => {
                app.show_own_writes().await;
                Ok(())
            }
        }
    }
}

/// Waits until what is read here, from read models or from states, is no older than a position: 409 `epoch-changed`, 503
/// `projection-behind`.
pub async fn catch_up_to(app: &App, MinPosition(given): MinPosition) -> Result<(), Problem> {
    let wanted = given.in_epoch(app.desk.epoch());
    check_common(app, wanted).await?;
    let reached = app.projections.wait_for(wanted.number, MIN_POSITION_WITHIN).await;
    reached.map_err(|_| Problem::new(Code::ProjectionBehind).retry_after(1))?;
    Ok(app.desk.hear(wanted.number).await?)
}

/// 409 `epoch-changed` for a position that this ledger does not have: of another epoch, or of a future that was lost.
pub async fn check_common(app: &App, wanted: domain::Position) -> Result<(), Problem> {
    if wanted.epoch == app.desk.epoch() && wanted.number <= app.projections.position() {
        return Ok(());
    }
    let head = app.desk.ledger.head().await.map_err(crate::desk::Failure::from)?;
    if wanted.epoch == head.epoch && wanted.number <= head.position {
        return Ok(());
    }
    Err(Problem::epoch_changed(head.at().to_string()))
}
