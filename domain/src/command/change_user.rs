//! A user's name, group, data, and whether he can log in.

use serde_json::json;

use super::add_user::Person;
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{
    Accounts, ChangeRefused, Event, Personal, PlanId, Refusal, RefusalCode, Right, User, UserChanged, UserId,
};

/// Changes what is given; `Some(None)` unsets.
#[derive(Debug, Clone)]
pub struct ChangeUser {
    /// The user.
    pub user: UserId,
    /// What he logs in with.
    pub name: Option<String>,
    /// The name of his group.
    pub group: Option<String>,
    /// His full name.
    pub full_name: Option<Option<String>>,
    /// His mail address.
    pub email: Option<Option<String>>,
    /// The language he is spoken to in.
    pub language: Option<Option<String>>,
    /// Whether he can no longer log in.
    pub disabled: Option<bool>,
    /// On what the change is based.
    pub precondition: Precondition,
}

impl Command for ChangeUser {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let user = office.accounts.user(self.user).ok_or_else(Refusal::not_found)?;
        self.precondition.check((user.epoch, user.revision), || {
            let event = ChangeRefused::new(ask.who, ask.session, RefusalCode::Stale);
            let members = json!({
                "record": format!("users/{}", user.id),
                "changes": [],
                "current": user_json(user, office.accounts),
                "revision": user.revision,
            });
            Refusal::with(RefusalCode::Stale, members).recorded(event)
        })?;
        let group_now = office.accounts.group(user.group).map(|group| group.name.clone()).unwrap_or_default();
        let person = Person {
            name: self.name.clone().unwrap_or_else(|| user.name.clone()),
            group: self.group.clone().unwrap_or(group_now),
            full_name: self.full_name.clone().unwrap_or_else(|| user.full_name.clone()),
            email: self.email.clone().unwrap_or_else(|| user.email.clone()),
            language: self.language.clone().unwrap_or_else(|| user.language.clone()),
        };
        let group = person.check(office, ask.who)?;
        if let Some(other) = office.accounts.user_named(&person.name)
            && other.id != user.id
        {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        let disabled = self.disabled.unwrap_or(user.disabled);
        check_last_administrator(office.accounts, user, &person.group, disabled)?;
        let own = |value: Option<String>| value.map(|open| Personal { of: user.id.0, open });
        let same = user.name == person.name
            && user.group == group
            && user.full_name == person.full_name
            && user.email == person.email
            && user.language == person.language
            && user.disabled == disabled;
        if same {
            return Ok(Vec::new());
        }
        let changed = UserChanged {
            user: user.id,
            revision: user.revision + 1,
            name: Personal { of: user.id.0, open: person.name },
            group,
            full_name: own(person.full_name),
            email: own(person.email),
            language: person.language,
            disabled,
        };
        Ok(vec![(Stream::Accounts, Event::from(changed))])
    }
}

/// The last administrator who can log in stays one: nobody could let the others in again, short of the host's command line.
fn check_last_administrator(
    accounts: &Accounts,
    user: &User,
    group: &str,
    disabled: bool,
) -> Result<(), Refusal> {
    let administrators = accounts.group_named("administrators").map(|group| group.id);
    let is_one = |it: &User| Some(it.group) == administrators && !it.disabled;
    let stays = group == "administrators" && !disabled;
    let others = accounts.users().any(|other| other.id != user.id && is_one(other));
    if is_one(user) && !stays && !others {
        let pointer = if disabled { "/disabled" } else { "/group" };
        return Err(Refusal::fault(pointer, "this is the last administrator who can log in"));
    }
    Ok(())
}

/// A user as the API shows him, without his last log-in.
pub fn user_json(user: &User, accounts: &Accounts) -> serde_json::Value {
    json!({
        "id": user.id,
        "revision": user.revision,
        "name": user.name,
        "group": accounts.group(user.group).map(|group| group.name.clone()),
        "full_name": user.full_name,
        "email": user.email,
        "language": user.language,
        "disabled": user.disabled,
    })
}
