//! Users, groups and tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{GroupId, Personal, Plans, Right, TokenId, UserId, Who};

/// There is a new user. His password's hash lies elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserAdded {
    /// The user.
    pub user: UserId,
    /// What he logs in with.
    pub name: Personal<String>,
    /// His group.
    pub group: GroupId,
    /// His full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Personal<String>>,
    /// His mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// The language he is spoken to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A user has changed: this is what he is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserChanged {
    /// The user.
    pub user: UserId,
    /// The revision he has now.
    pub revision: u64,
    /// What he logs in with.
    pub name: Personal<String>,
    /// His group.
    pub group: GroupId,
    /// His full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Personal<String>>,
    /// His mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// The language he is spoken to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether he can no longer log in.
    pub disabled: bool,
    /// Who changed him; older events do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
}

/// A user has another password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// The user.
    pub user: UserId,
}

/// There is a new group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupAdded {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
    /// In which plans.
    pub plans: Plans,
}

/// A group has changed: this is what it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupChanged {
    /// The group.
    pub group: GroupId,
    /// The revision it has now.
    pub revision: u64,
    /// Its name.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
    /// In which plans.
    pub plans: Plans,
    /// Who changed it; older events do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
}

/// A group is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupRemoved {
    /// The group.
    pub group: GroupId,
}

/// A program has a token. Its hash lies elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenIssued {
    /// The token.
    pub token: TokenId,
    /// What it is called; the program bears the user name `token:NAME`.
    pub name: String,
    /// Its group.
    pub group: GroupId,
    /// The last day on which it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token is good for nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRevoked {
    /// The token.
    pub token: TokenId,
}
