//! A message has been read.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{MessageRead, PlanId, Refusal, message::Told};

/// Notes that a message has been read by whoever asks.
///
/// What the message is stands in the ledger for good, so it is read there beforehand, by the position that it is known by. That
/// somebody reads it twice at the same instant may be noted twice; the first time counts.
#[derive(Debug, Clone)]
pub struct ReadMessage {
    /// The position of the event that it comes from, without the epoch.
    pub message: i64,
    /// Whom that event tells something; nothing when there is no such event, or it tells nobody anything.
    pub told: Option<Told>,
    /// Whether it has been noted already that he read it.
    pub is_read: bool,
}

impl Command for ReadMessage {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, _office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        // Somebody else's message is none at all to him.
        if !self.told.as_ref().is_some_and(|told| told.is_for(ask.who)) {
            return Err(Refusal::not_found().into());
        }
        if self.is_read {
            return Ok(Vec::new());
        }
        Ok(vec![(Stream::Messages, MessageRead { message: self.message, by: ask.who }.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::send_message::{Addressees, SendMessage};
    use crate::command::testing::Desk;
    use crate::{Event, RefusalCode};

    #[test]
    fn only_who_got_it_reads_it_and_only_once() {
        let mut desk = Desk::with_plan();
        let (anna, bert, clara) = (desk.user("anna"), desk.user("bert"), desk.user("clara"));
        let send = SendMessage { to: Addressees::Users(vec!["bert".into()]), text: "Good morning.".into() };
        let sent = desk.done_as(anna, None, &send).remove(0);
        let read = ReadMessage { message: 7, told: Told::by(&sent), is_read: false };
        for stranger in [anna, clara] {
            assert_eq!(desk.try_as(stranger, None, &read).unwrap_err().code, RefusalCode::NotFound);
        }
        let events = desk.done_as(bert, None, &read);
        assert!(matches!(&events[..], [Event::MessageRead(MessageRead { message: 7, by })] if *by == bert));
        assert!(desk.done_as(bert, None, &ReadMessage { is_read: true, ..read }).is_empty());
        let nothing = ReadMessage { message: 8, told: None, is_read: false };
        assert_eq!(desk.try_as(bert, None, &nothing).unwrap_err().code, RefusalCode::NotFound);
    }
}
