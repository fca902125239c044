//! How rows name those who act: `user:<uuid>`, `token:<uuid>`, `operator`, `system`.

use domain::{Actor, TokenId, UserId, Who};

/// The text in the column `who`.
pub fn who_text(who: Who) -> String {
    match who {
        Who::User(id) => format!("user:{id}"),
        Who::Token(id) => format!("token:{id}"),
        Who::Operator => "operator".to_owned(),
        Who::System => "system".to_owned(),
    }
}

/// Whom the text in the column `who` means. What nobody wrote there is the service itself.
pub fn who_named(text: &str) -> Who {
    let (kind, id) = text.split_once(':').unwrap_or((text, ""));
    match (kind, id.parse()) {
        ("user", Ok(id)) => Who::User(UserId(id)),
        ("token", Ok(id)) => Who::Token(TokenId(id)),
        ("operator", _) => Who::Operator,
        _ => Who::System,
    }
}

/// The same person or program, as the rules call it.
pub fn who_acted(actor: Actor) -> Who {
    match actor {
        Actor::User(id) => Who::User(UserId(id)),
        Actor::Token(id) => Who::Token(TokenId(id)),
        Actor::Operator => Who::Operator,
        Actor::System => Who::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_written_down_is_read_back() {
        let id = uuid::Uuid::from_u128(7);
        for who in [Who::User(UserId(id)), Who::Token(TokenId(id)), Who::Operator, Who::System] {
            assert_eq!(who_named(&who_text(who)), who);
        }
    }
}
