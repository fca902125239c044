//! Examples of what happens to users, groups and tokens.

use domain::*;

use crate::{id, moment, personal};

pub fn of_accounts() -> Vec<Event> {
    let (user, group, token) = (UserId(id(1)), GroupId(id(40)), TokenId(id(41)));
    let added = UserAdded {
        user,
        name: personal("anna"),
        group,
        full_name: Some(personal("Anna Alt")),
        email: Some(personal("anna@example.org")),
        language: Some("de".to_owned()),
    };
    let changed = UserChanged {
        user,
        revision: 2,
        name: personal("anna"),
        group,
        full_name: Some(personal("Anna Alt")),
        email: Some(personal("anna@example.org")),
        language: Some("de".to_owned()),
        disabled: true,
        by: None,
    };
    let rights = Right::ALL.to_vec();
    let some = Plans::Some(vec!["100234~*~*".to_owned()]);
    vec![
        added.clone().into(),
        UserAdded { full_name: None, email: None, language: None, ..added }.into(),
        changed.clone().into(),
        UserChanged { full_name: None, email: None, language: None, disabled: false, ..changed.clone() }
            .into(),
        UserChanged { by: Some(Who::Operator), ..changed }.into(),
        PasswordChanged { user }.into(),
        GroupAdded { group, name: "all".to_owned(), rights: rights.clone(), plans: Plans::ALL }.into(),
        GroupAdded { group, name: "none".to_owned(), rights: Vec::new(), plans: some.clone() }.into(),
        GroupChanged { group, revision: 2, name: "all".to_owned(), rights, plans: Plans::ALL, by: None }
            .into(),
        GroupChanged {
            group,
            revision: 3,
            name: "none".to_owned(),
            rights: Vec::new(),
            plans: some,
            by: Some(Who::User(user)),
        }
        .into(),
        GroupRemoved { group }.into(),
        TokenIssued { token, name: "loader".to_owned(), group, expires_at: Some(moment()) }.into(),
        TokenIssued { token, name: "loader".to_owned(), group, expires_at: None }.into(),
        TokenRevoked { token }.into(),
    ]
}
