//! A message to people.

use super::post_notice::words_fault;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{FieldFault, MessageSent, Personal, PlanId, Refusal, UserId, Who, said};

/// The most characters of a message.
pub const MESSAGE_LENGTH_MAX: usize = 2_000;
/// The most people that a message names.
pub const MESSAGE_USERS_MAX: usize = 1_000;

/// Sends a message. Whoever is logged in may; to a plan, who may enter it.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// To whom.
    pub to: Addressees,
    /// What it says.
    pub text: String,
}

/// To whom a message goes.
#[derive(Debug, Clone)]
pub enum Addressees {
    /// To these users, by name or id; logged in or not.
    Users(Vec<String>),
    /// To everybody else who is in this plan when it is decided.
    Plan(PlanId),
}

impl Command for SendMessage {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    /// A plan that is named in the body is a reference and not an address: one that is not there is invalid, not unfound.
    fn scope(&self) -> Option<&PlanId> {
        match &self.to {
            Addressees::Users(_) => None,
            Addressees::Plan(plan) => Some(plan),
        }
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let mut faults = Vec::new();
        let (plan, to) = match &self.to {
            Addressees::Plan(plan) => (Some(plan.clone()), in_plan(office, ask.who, plan)?),
            Addressees::Users(names) => (None, named(office, names, &mut faults)),
        };
        if let Some(said) = words_fault(&self.text, MESSAGE_LENGTH_MAX) {
            faults.push(FieldFault::new("/text", said));
        }
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        let of = match ask.who {
            Who::User(id) => id.0,
            Who::Token(id) => id.0,
            Who::Operator | Who::System => uuid::Uuid::nil(),
        };
        let text = Personal { of, open: self.text.clone() };
        Ok(vec![(Stream::Messages, MessageSent { from: ask.who, plan, to, text }.into())])
    }
}

fn in_plan(office: &Office<'_>, sender: Who, id: &PlanId) -> Result<Vec<Who>, Refusal> {
    let plan = office.plan.filter(|plan| plan.id().is_some());
    let Some(plan) = plan else {
        return Err(Refusal::fault("/to/plan", said!("no-such-plan", plan = id.to_string())));
    };
    if !office.accounts.may_enter(sender, id) {
        return Err(Refusal::not_permitted("plan"));
    }
    let mut to: Vec<Who> =
        plan.sessions.iter().map(|session| session.who).filter(|who| *who != sender).collect();
    to.sort_unstable();
    to.dedup();
    Ok(to)
}

fn named(office: &Office<'_>, names: &[String], faults: &mut Vec<FieldFault>) -> Vec<Who> {
    if names.is_empty() || names.len() > MESSAGE_USERS_MAX {
        faults.push(FieldFault::new("/to/users", said!("message-users", max = MESSAGE_USERS_MAX)));
        return Vec::new();
    }
    let mut to = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let by_id = || office.accounts.user(name.parse::<UserId>().ok()?);
        match office.accounts.user_named(name).or_else(by_id) {
            Some(user) if user.disabled => {
                faults
                    .push(FieldFault::new(format!("/to/users/{index}"), said!("user-disabled", name = name)));
            }
            Some(user) => to.push(Who::User(user.id)),
            None => {
                faults
                    .push(FieldFault::new(format!("/to/users/{index}"), said!("no-such-user", name = name)));
            }
        }
    }
    to.sort_unstable();
    to.dedup();
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing::{Desk, PLAN};
    use crate::{Event, RefusalCode};

    fn to_users(names: &[&str]) -> SendMessage {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        SendMessage { to: Addressees::Users(names), text: "The import begins at noon.".to_owned() }
    }

    fn to_plan() -> SendMessage {
        SendMessage { to: Addressees::Plan(PLAN.parse().unwrap()), text: "Please log out.".to_owned() }
    }

    fn recipients(events: &[Event]) -> Vec<Who> {
        let [Event::MessageSent(sent)] = events else { panic!("{events:?}") };
        sent.to.clone()
    }

    #[test]
    fn users_are_reached_by_name_or_id_wherever_they_are_and_each_once() {
        let mut desk = Desk::with_plan();
        let (anna, bert) = (desk.user("anna"), desk.user("bert"));
        let Who::User(id) = bert else { panic!() };
        let events = desk.done_as(anna, None, &to_users(&["bert", &id.to_string(), "bert"]));
        assert_eq!(recipients(&events), [bert]);
    }

    #[test]
    fn a_plan_means_everybody_else_who_is_in_it_now() {
        let mut desk = Desk::with_plan();
        let anna = desk.log_in("anna");
        desk.log_in("anna");
        desk.log_in("bert");
        desk.log_in("clara");
        let events = desk.done_in(anna, &to_plan());
        let mut wanted = vec![desk.user("bert"), desk.user("clara")];
        wanted.sort_unstable();
        assert_eq!(recipients(&events), wanted);
    }

    #[test]
    fn every_unknown_name_is_told_with_its_place() {
        let mut desk = Desk::with_plan();
        let anna = desk.user("anna");
        let command = SendMessage { text: " ".into(), ..to_users(&["bert", "nobody", "noone"]) };
        let refusal = desk.try_as(anna, None, &command).unwrap_err();
        let errors = refusal.members["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/to/users/1", "/to/users/2", "/text"]);
        let nobody = desk.try_as(anna, None, &to_users(&[])).unwrap_err();
        assert_eq!(nobody.members["errors"][0]["pointer"], "/to/users");
    }

    #[test]
    fn a_plan_that_is_not_there_is_no_addressee() {
        let mut desk = Desk::default();
        desk.done_as(Who::System, None, &crate::command::found::FoundLedger);
        let refusal = desk.refused(&to_plan());
        assert_eq!(refusal.code, RefusalCode::Invalid);
        assert_eq!(refusal.members["errors"][0]["pointer"], "/to/plan");
    }
}
