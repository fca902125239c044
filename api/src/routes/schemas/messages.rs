//! Messages.

use serde::Serialize;
use utoipa::ToSchema;

/// What somebody is told.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// The position of the event that tells it.
    pub id: String,
    pub kind: MessageKind,
    /// A user, `token:NAME`, `operator` or `system`.
    pub from: String,
    pub to: MessageTo,
    /// In the words of who sent it, or in the language of who reads it.
    #[schema(required)]
    pub text: Option<String>,
    /// What it is about: of a refusal its code, the record, the winner and the changes; of a sign-off when it ends.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    #[schema(format = DateTime)]
    pub sent_at: String,
    /// When whoever asks read it.
    #[schema(required, format = DateTime)]
    pub read_at: Option<String>,
    /// Of those that were sent: who has read it.
    pub read_by: Option<Vec<MessageReader>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    User,
    Refused,
    SignOff,
    Outage,
}

#[derive(Serialize, ToSchema)]
pub struct MessageTo {
    /// Who gets it.
    pub users: Vec<String>,
    /// The plan, if it was sent to everybody in it.
    pub plan: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageReader {
    pub user: String,
    #[schema(format = DateTime)]
    pub at: String,
}
