//! How events change who has an account.

use std::sync::Arc;

use super::{Accounts, Group, Token, User, group_fields, user_fields};
use crate::{At, Event, Fold, Stamp, Trail, Who};

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

impl Accounts {
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
