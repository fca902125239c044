//! A new user.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    FieldFault, GroupId, Personal, PlanId, Refusal, RefusalCode, Right, UserAdded, UserId, Who, name_fault,
};

/// Adds a user; his password's hash is written beside the event.
#[derive(Debug, Clone)]
pub struct AddUser {
    /// The id that he will have.
    pub user: UserId,
    /// What is known of him.
    pub person: Person,
}

/// What is known of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What he logs in with.
    pub name: String,
    /// The name of his group.
    pub group: String,
    /// His full name.
    pub full_name: Option<String>,
    /// His mail address.
    pub email: Option<String>,
    /// The language he is spoken to in, such as `en`, `de`, `sv`, `fi`.
    pub language: Option<String>,
}

impl Command for AddUser {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Users)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let group = self.person.check(office, ask.who)?;
        if office.accounts.user_named(&self.person.name).is_some() {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        let person = |value: &Option<String>| value.clone().map(|open| Personal { of: self.user.0, open });
        let added = UserAdded {
            user: self.user,
            name: Personal { of: self.user.0, open: self.person.name.clone() },
            group,
            full_name: person(&self.person.full_name),
            email: person(&self.person.email),
            language: self.person.language.clone(),
        };
        Ok(vec![(Stream::Accounts, added.into())])
    }
}

impl Person {
    /// Checks the values, and that whoever asks gives no rights that he has not himself.
    pub(super) fn check(&self, office: &Office<'_>, who: Who) -> Result<GroupId, Refusal> {
        let mut faults = Vec::new();
        if let Some(fault) = name_fault(&self.name) {
            faults.push(FieldFault::new("/name", fault));
        } else if self.name.starts_with("token:") || ["operator", "system"].contains(&self.name.as_str()) {
            faults.push(FieldFault::new("/name", "this name is kept for programs and the service itself"));
        }
        for (pointer, value) in [("/full_name", &self.full_name), ("/email", &self.email)] {
            if value
                .as_ref()
                .is_some_and(|text| text.chars().count() > 200 || text.chars().any(char::is_control))
            {
                let detail = "a text of at most 200 characters without control characters belongs here";
                faults.push(FieldFault::new(pointer, detail));
            }
        }
        let tag = |text: &String| {
            (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if self.language.as_ref().is_some_and(|language| !tag(language)) {
            faults.push(FieldFault::new("/language", "a language is written like en or de-AT"));
        }
        let group = office.accounts.group_named(&self.group);
        if group.is_none() {
            faults.push(FieldFault::new("/group", format!("there is no group {:?}", self.group)));
        }
        match group {
            Some(group) if faults.is_empty() => check_giving(office, who, &group.rights).map(|()| group.id),
            _ => Err(Refusal::invalid(&faults)),
        }
    }
}

/// Nobody gives away rights that he has not.
pub(super) fn check_giving<'a>(
    office: &Office<'_>,
    who: Who,
    rights: impl IntoIterator<Item = &'a Right>,
) -> Result<(), Refusal> {
    match rights.into_iter().find(|right| !office.accounts.may(who, **right)) {
        Some(right) => Err(Refusal::not_permitted(right.word())),
        None => Ok(()),
    }
}
