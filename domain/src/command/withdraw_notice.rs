//! A notice that is there no more.

use super::change_notice::{check_notice_revision, gone};
use super::{Ask, Command, Decision, Needs, Office, Precondition, Stream};
use crate::{NoticeId, NoticeWithdrawn, PlanId, Right};

/// Withdraws a notice.
#[derive(Debug, Clone)]
pub struct WithdrawNotice {
    /// The notice.
    pub notice: NoticeId,
    /// On what that is based.
    pub precondition: Precondition,
}

impl Command for WithdrawNotice {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Maintenance)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let Some(notice) = office.site.notices().get(self.notice) else {
            return Err(gone(office, ask, self.notice, &self.precondition));
        };
        check_notice_revision(office, ask, notice, &self.precondition, &[])?;
        let withdrawn = NoticeWithdrawn { notice: notice.id, revision: notice.revision + 1, by: ask.who };
        Ok(vec![(Stream::Site, withdrawn.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::post_notice::tests::{content, post};
    use crate::command::testing::Desk;
    use crate::{RefusalCode, Who};

    #[test]
    fn a_notice_goes_only_as_it_was_seen() {
        let mut desk = Desk::with_plan();
        let notice = post(&mut desk, content("Rest"));
        let stale = WithdrawNotice { notice, precondition: Precondition::Revisions(vec![(1, 7)]) };
        assert_eq!(desk.refused(&stale).code, RefusalCode::Stale);
        let seen = WithdrawNotice { notice, precondition: Precondition::Revisions(vec![(1, 1)]) };
        desk.done_as(Who::Operator, None, &seen);
        assert!(desk.site().notices().is_empty());
    }
}
