//! Messages from people to people, and that a message has been read. What the service itself tells somebody (a change of his was
//! refused, he is signed off, an outage) needs no event of its own: the read model makes it of the event that says so.

use serde::{Deserialize, Serialize};

use crate::{Personal, PlanId, Who};

/// Somebody has sent a message. It is known by the position of this event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageSent {
    /// Who sent it.
    pub from: Who,
    /// The plan, if it was sent to everybody in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// Who gets it; of a plan those who were in it then.
    pub to: Vec<Who>,
    /// What it says, in the words of who sent it.
    pub text: Personal<String>,
}

/// Somebody has read a message that was for him.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRead {
    /// The message: the position of the event that it comes from, without its epoch.
    pub message: i64,
    /// Who read it.
    pub by: Who,
}
