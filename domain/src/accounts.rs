//! The state of `accounts`: users, groups, tokens.

mod fold;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::{GroupId, PlanId, Plans, Right, StreamName, TokenId, Trail, UserId, Who, snapshot};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Who it is.
    pub id: UserId,
    /// Counts the changes.
    pub revision: u64,
    /// The epoch of the last change.
    pub epoch: i64,
    /// What he logs in with.
    pub name: String,
    /// His group.
    pub group: GroupId,
    /// His full name.
    pub full_name: Option<String>,
    /// His mail address.
    pub email: Option<String>,
    /// The language he is spoken to in.
    pub language: Option<String>,
    /// Whether he can no longer log in.
    pub disabled: bool,
    /// What he was before.
    pub trail: Trail,
}

/// Rights, and the plans in which they hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Which it is.
    pub id: GroupId,
    /// Counts the changes.
    pub revision: u64,
    /// The epoch of the last change.
    pub epoch: i64,
    /// What it is called.
    pub name: String,
    /// What its members may do.
    pub rights: BTreeSet<Right>,
    /// Where.
    pub plans: Plans,
    /// What it was before.
    pub trail: Trail,
}

/// A program's way in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Which it is.
    pub id: TokenId,
    /// What it is called.
    pub name: String,
    /// Its group.
    pub group: GroupId,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it has been called back.
    pub revoked: bool,
}

/// Everybody who may do anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Accounts {
    #[serde(with = "snapshot::pairs")]
    users: HashMap<UserId, Arc<User>>,
    #[serde(with = "snapshot::pairs")]
    user_names: HashMap<String, UserId>,
    #[serde(with = "snapshot::pairs")]
    groups: HashMap<GroupId, Arc<Group>>,
    #[serde(with = "snapshot::pairs")]
    group_names: HashMap<String, GroupId>,
    #[serde(with = "snapshot::pairs")]
    tokens: HashMap<TokenId, Arc<Token>>,
}

impl Accounts {
    /// The stream.
    pub fn stream() -> StreamName {
        StreamName::from("accounts")
    }

    /// Whether nobody has set anything up yet, not even the groups from the start.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A user, disabled or not.
    pub fn user(&self, id: UserId) -> Option<&Arc<User>> {
        self.users.get(&id)
    }

    /// A user by the name he logs in with.
    pub fn user_named(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(self.user_names.get(name)?)
    }

    /// All users.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// A group.
    pub fn group(&self, id: GroupId) -> Option<&Arc<Group>> {
        self.groups.get(&id)
    }

    /// A group by its name.
    pub fn group_named(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(self.group_names.get(name)?)
    }

    /// All groups.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.values()
    }

    /// A token.
    pub fn token(&self, id: TokenId) -> Option<&Arc<Token>> {
        self.tokens.get(&id)
    }

    /// A token that is good for something, by its name.
    pub fn token_named(&self, name: &str) -> Option<&Arc<Token>> {
        self.tokens.values().find(|token| token.name == name && !token.revoked)
    }

    /// All tokens.
    pub fn tokens(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.tokens.values()
    }

    /// Whether somebody, at a moment, still has an account that is good for something.
    pub fn is_welcome(&self, who: Who, now: DateTime<Utc>) -> bool {
        match who {
            Who::User(id) => self.user(id).is_some_and(|user| !user.disabled),
            Who::Token(id) => self
                .token(id)
                .is_some_and(|token| !token.revoked && token.expires_at.is_none_or(|end| now < end)),
            Who::Operator | Who::System => true,
        }
    }

    /// The group that somebody's rights come from; none for the operator of the host and the service, who may everything.
    pub fn group_of(&self, who: Who) -> Option<&Arc<Group>> {
        let id = match who {
            Who::User(id) => self.user(id)?.group,
            Who::Token(id) => self.token(id)?.group,
            Who::Operator | Who::System => return None,
        };
        self.group(id)
    }

    /// Whether somebody has a right.
    pub fn may(&self, who: Who, right: Right) -> bool {
        match who {
            Who::Operator | Who::System => true,
            Who::User(_) | Who::Token(_) => {
                self.group_of(who).is_some_and(|group| group.rights.contains(&right))
            }
        }
    }

    /// Whether somebody's group covers a plan.
    pub fn may_enter(&self, who: Who, plan: &PlanId) -> bool {
        match who {
            Who::Operator | Who::System => true,
            Who::User(_) | Who::Token(_) => self.group_of(who).is_some_and(|group| group.plans.cover(plan)),
        }
    }

    /// What somebody is called: the user name, `token:NAME`, `operator` or `system`.
    pub fn name_of(&self, who: Who) -> String {
        match who {
            Who::User(id) => self.user(id).map_or_else(|| id.to_string(), |user| user.name.clone()),
            Who::Token(id) => {
                format!("token:{}", self.token(id).map_or_else(|| id.to_string(), |token| token.name.clone()))
            }
            Who::Operator => "operator".to_owned(),
            Who::System => "system".to_owned(),
        }
    }
}

/// What can be changed of a user, as the API shows it.
pub(crate) fn user_fields(user: &User, accounts: &Accounts) -> Json {
    json!({
        "name": user.name,
        "group": accounts.group(user.group).map(|group| group.name.clone()),
        "full_name": user.full_name,
        "email": user.email,
        "language": user.language,
        "disabled": user.disabled,
    })
}

/// What can be changed of a group, as the API shows it.
pub(crate) fn group_fields(group: &Group) -> Json {
    json!({ "id": group.name, "rights": group.rights, "plans": group.plans })
}
