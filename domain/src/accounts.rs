//! The state of `accounts`: users, groups, tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::{
    At, Event, Fold, GroupId, PlanId, Plans, Right, Stamp, StreamName, TokenId, Trail, UserId, Who, snapshot,
};

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

    fn keep_user(&mut self, mut user: User, by: Option<Who>, stamp: Option<Stamp>) {
        if let Some(before) = self.users.get(&user.id) {
            if before.name != user.name {
                self.user_names.remove(&before.name);
            }
            user.trail = before.trail.clone();
        }
        let fields = user_fields(&user, self);
        user.trail.push(user.revision, by, stamp, fields);
        self.user_names.insert(user.name.clone(), user.id);
        self.users.insert(user.id, Arc::new(user));
    }

    fn keep_group(&mut self, mut group: Group, by: Option<Who>, stamp: Option<Stamp>) {
        if let Some(before) = self.groups.get(&group.id) {
            self.group_names.remove(&before.name);
            group.trail = before.trail.clone();
        }
        let fields = group_fields(&group);
        group.trail.push(group.revision, by, stamp, fields);
        self.group_names.insert(group.name.clone(), group.id);
        self.groups.insert(group.id, Arc::new(group));
    }
}

impl Fold for Accounts {
    fn evolve(&mut self, event: &Event, at: &At) {
        let epoch = at.epoch;
        match event {
            Event::UserAdded(e) => {
                let user = User {
                    id: e.user,
                    revision: 1,
                    epoch,
                    name: e.name.open.clone(),
                    group: e.group,
                    full_name: e.full_name.as_ref().map(|it| it.open.clone()),
                    email: e.email.as_ref().map(|it| it.open.clone()),
                    language: e.language.clone(),
                    disabled: false,
                    trail: Trail::default(),
                };
                self.keep_user(user, None, at.stamp);
            }
            Event::UserChanged(e) => {
                let user = User {
                    id: e.user,
                    revision: e.revision,
                    epoch,
                    name: e.name.open.clone(),
                    group: e.group,
                    full_name: e.full_name.as_ref().map(|it| it.open.clone()),
                    email: e.email.as_ref().map(|it| it.open.clone()),
                    language: e.language.clone(),
                    disabled: e.disabled,
                    trail: Trail::default(),
                };
                self.keep_user(user, e.by, at.stamp);
            }
            Event::GroupAdded(e) => {
                let group = Group {
                    id: e.group,
                    revision: 1,
                    epoch,
                    name: e.name.clone(),
                    rights: e.rights.iter().copied().collect(),
                    plans: e.plans.clone(),
                    trail: Trail::default(),
                };
                self.keep_group(group, None, at.stamp);
            }
            Event::GroupChanged(e) => {
                let group = Group {
                    id: e.group,
                    revision: e.revision,
                    epoch,
                    name: e.name.clone(),
                    rights: e.rights.iter().copied().collect(),
                    plans: e.plans.clone(),
                    trail: Trail::default(),
                };
                self.keep_group(group, e.by, at.stamp);
            }
            Event::GroupRemoved(e) => {
                if let Some(group) = self.groups.remove(&e.group) {
                    self.group_names.remove(&group.name);
                }
            }
            Event::TokenIssued(e) => {
                let token = Token {
                    id: e.token,
                    name: e.name.clone(),
                    group: e.group,
                    expires_at: e.expires_at,
                    revoked: false,
                };
                self.tokens.insert(e.token, Arc::new(token));
            }
            Event::TokenRevoked(e) => {
                if let Some(token) = self.tokens.get_mut(&e.token) {
                    Arc::make_mut(token).revoked = true;
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, event: &Event, stamp: &Stamp) {
        let (user, group, revision) = match event {
            Event::UserAdded(e) => (self.users.get_mut(&e.user), None, 1),
            Event::UserChanged(e) => (self.users.get_mut(&e.user), None, e.revision),
            Event::GroupAdded(e) => (None, self.groups.get_mut(&e.group), 1),
            Event::GroupChanged(e) => (None, self.groups.get_mut(&e.group), e.revision),
            _ => return,
        };
        if let Some(user) = user {
            Arc::make_mut(user).trail.settle(revision, stamp);
        }
        if let Some(group) = group {
            Arc::make_mut(group).trail.settle(revision, stamp);
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
