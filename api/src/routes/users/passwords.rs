//! Passwords: the own one, and one that is set by another.

use axum::extract::State;
use axum::response::Response;
use domain::command::change_password::ChangePassword;
use domain::command::change_user::ChangeUser;
use domain::command::{Ask, Command, Decision, Needs, Office};
use domain::{PlanId, Right, UserId, Who};
use eventstore::{Credential, CredentialChange, CredentialKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::{Code, Peer, Problem};
use crate::passwords::password_fault;
use crate::routes::incoming::Incoming;

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The password until now.
    #[schema(value_type = String)]
    old: SecretString,
    /// The new one, at least 8 characters.
    #[schema(value_type = String, min_length = 8)]
    new: SecretString,
}

/// Changes the own password.
#[utoipa::path(put, path = "/users/me/password", operation_id = "change_own_password", tag = "users", request_body = PasswordBody,
    responses((status = 204, description = "It is changed")))]
pub async fn change_own_password(
    State(app): State<App>,
    peer: Peer,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let Who::User(user) = incoming.caller.who else {
        return Err(Problem::not_permitted(Right::Users.word()));
    };
    let body: PasswordBody = incoming.json()?;
    if let Some(fault) = password_fault(body.new.expose_secret()) {
        return Err(Problem::invalid("/new", fault));
    }
    // Guessing here is guessing like at the log-in.
    let (name, _) = app.desk.names_of(incoming.caller.who).await?;
    app.logins.check(&name, peer.ip())?;
    let hash = app.desk.ledger.password_of(user.0).await?;
    let fits =
        app.passwords.fits(body.old, hash).await.map_err(|_| Problem::new(Code::Busy).retry_after(1))?;
    if !fits {
        app.logins.failed(&name, peer.ip());
        return Err(Problem::new(Code::NotLoggedIn));
    }
    let hash = app.passwords.hash(body.new).await.map_err(Problem::internal)?;
    let extra = Extra { credentials: vec![new_password(user, hash)], ..Extra::default() };
    let incoming = incoming.hiding(&["old", "new"]);
    incoming.execute(&app, ChangePassword { user, own: true }, extra, |_, _| Answer::empty(204)).await
}

/// A password set by another, together with the change that it came with: both or neither.
pub struct ChangeWithPassword {
    /// The change.
    pub change: ChangeUser,
    /// The password.
    pub password: ChangePassword,
}

impl Command for ChangeWithPassword {
    fn needs(&self) -> Needs {
        self.password.needs()
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let mut events = self.change.decide(office, ask)?;
        events.extend(self.password.decide(office, ask)?);
        Ok(events)
    }
}

/// A password's hash, in the place of the one before.
pub fn new_password(user: UserId, hash: String) -> CredentialChange {
    CredentialChange::Replace(Credential {
        owner: user.0,
        kind: CredentialKind::Password,
        hash: hash.into_bytes(),
        stream: None,
    })
}
