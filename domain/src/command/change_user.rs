//! A user's name, group, data, and whether he can log in.

use serde_json::{Map, Value as Json, json};

use super::add_user::Person;
use super::stale_whole::{Whole, check_whole};
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{Accounts, Event, Personal, PlanId, Refusal, RefusalCode, Right, User, UserChanged, UserId};

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
        check_whole(office, ask, &self.precondition, || Whole {
            record: format!("users/{}", user.id),
            now: (user.epoch, user.revision),
            trail: &user.trail,
            current: user_json(user, office.accounts),
            wanted: self.wanted(),
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
            by: Some(ask.who),
        };
        Ok(vec![(Stream::Accounts, Event::from(changed))])
    }
}

impl ChangeUser {
    /// Disables a user and leaves the rest.
    pub fn disabling(user: UserId, precondition: Precondition) -> ChangeUser {
        ChangeUser {
            user,
            name: None,
            group: None,
            full_name: None,
            email: None,
            language: None,
            disabled: Some(true),
            precondition,
        }
    }

    fn wanted(&self) -> Map<String, Json> {
        let named = [
            ("name", self.name.clone().map(Json::from)),
            ("group", self.group.clone().map(Json::from)),
            ("full_name", self.full_name.clone().map(Json::from)),
            ("email", self.email.clone().map(Json::from)),
            ("language", self.language.clone().map(Json::from)),
            ("disabled", self.disabled.map(Json::from)),
        ];
        named.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Who;
    use crate::command::testing::Desk;

    #[test]
    fn a_stale_change_names_the_winner_and_what_was_not_saved() {
        let mut desk = Desk::with_plan();
        let (adam, eve) = (desk.user("adam"), desk.user("eve"));
        let Who::User(anna) = desk.user("anna") else { panic!("a user") };
        let change = |email: &str, revision| ChangeUser {
            user: anna,
            name: None,
            group: None,
            full_name: None,
            email: Some(Some(email.to_owned())),
            language: None,
            disabled: None,
            precondition: Precondition::Revisions(vec![(1, revision)]),
        };
        desk.done_as(adam, None, &change("a@example.org", 1));
        let german = ChangeUser { email: None, language: Some(Some("de".into())), ..change("", 2) };
        desk.done_as(eve, None, &german);
        let stale = desk.try_as(eve, None, &change("e@example.org", 1)).unwrap_err();
        assert_eq!(stale.code, RefusalCode::Stale);
        assert_eq!(stale.members["winner"]["user"], "eve");
        assert!(stale.members["winner"]["at"].is_string() && stale.members["winner"]["position"].is_string());
        let changes = stale.members["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 2, "{changes:?}");
        let email = json!({
            "field": "email", "base": null, "theirs": "a@example.org", "yours": "e@example.org"
        });
        assert!(changes.contains(&email), "{changes:?}");
        let language = json!({ "field": "language", "base": null, "theirs": "de" });
        assert!(changes.contains(&language), "{changes:?}");
        assert_eq!(stale.members["revision"], 3);
        assert!(stale.event.is_some(), "recorded");
    }
}
