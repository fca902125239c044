//! Who calls: from a token to a session or a program that is still welcome.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::command::Office;
use domain::command::change_licence::check_school;
use domain::command::end_sign_off::Over;
use domain::{
    PlanId, Refusal, RefusalCode, Right, School, SessionId, Sessions, SignOff, SignOffId, TokenId, Who,
};
use eventstore::{CredentialKind, CredentialRow, DeadlineName};
use sha2::{Digest, Sha256};

use super::{Desk, Failure};

/// Somebody who has shown a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// His session; a program that shows its API token has none.
    pub session: Option<SessionId>,
    /// The plan of the session; none for a session of the site and a program.
    pub plan: Option<PlanId>,
}

/// The hash under which a token is kept.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Desk {
    /// Who shows this token: 401 when nobody does any more, with the reason as far as it is known. It is contact.
    pub async fn caller(self: &Arc<Desk>, token: &str) -> Result<Caller, Failure> {
        let Some(credential) = self.credential(token).await? else {
            return Err(Refusal::bare(RefusalCode::NotLoggedIn).into());
        };
        match credential.kind {
            CredentialKind::Token => {
                let who = Who::Token(TokenId(credential.owner));
                self.check_welcome(who).await?;
                Ok(Caller { who, session: None, plan: None })
            }
            CredentialKind::Session => {
                let session = SessionId(credential.owner);
                let plan = credential.stream.and_then(|stream| PlanId::of_stream(stream.as_str()));
                if let Some(plan) = &plan {
                    self.end_grace(session, plan).await?;
                }
                let who = match self.session_owner(session, plan.as_ref()).await? {
                    Ok(who) => who,
                    // It may have been opened by another node a moment ago: the ledger knows.
                    Err(refusal) if refusal.code == RefusalCode::NotLoggedIn => {
                        self.refresh_sessions(plan.as_ref()).await?;
                        self.session_owner(session, plan.as_ref()).await??
                    }
                    Err(refusal) => return Err(refusal.into()),
                };
                self.check_welcome(who).await?;
                self.contacts.note(session.0);
                Ok(Caller { who, session: Some(session), plan })
            }
            CredentialKind::Password => Err(Refusal::bare(RefusalCode::NotLoggedIn).into()),
        }
    }

    /// Whoever calls after his grace is over is signed off before he is heard, not when a sweep comes by.
    async fn end_grace(self: &Arc<Desk>, session: SessionId, plan: &PlanId) -> Result<(), Failure> {
        let now = self.now();
        let is_over = |it: &&SignOff| {
            let grace = TimeDelta::seconds(it.grace_seconds.into());
            it.announced.is_some_and(|announced| announced.at + grace <= now)
        };
        let over: Vec<SignOffId> = self
            .with_plan(plan, |plan| plan.sign_offs.of(session).filter(is_over).map(|it| it.id).collect())
            .await?;
        for sign_off in over {
            // It may have been put off: time in which the service was away does not count.
            let grace = DeadlineName { subject: sign_off.0, kind: Over::Grace.word() };
            if self.ledger.has_passed(grace).await? {
                super::sweep::end_sign_off(self, plan.clone(), sign_off, Over::Grace).await?;
            }
        }
        Ok(())
    }

    /// Whose a token is, whether or not it is still good.
    pub async fn credential(&self, token: &str) -> Result<Option<CredentialRow>, Failure> {
        let hash = token_hash(token);
        if let Some(known) = self.credentials.get(&hash) {
            return Ok(Some(known));
        }
        let found = self.ledger.credential_by_hash(&hash).await?;
        if let Some(found) = &found {
            self.credentials.insert(hash, found.clone());
        }
        Ok(found)
    }

    /// Checks that a plan is there and the caller's group covers it, and that he has a right: 404, 403.
    pub async fn check_right(
        &self,
        caller: &Caller,
        plan: Option<&PlanId>,
        right: Right,
    ) -> Result<(), Failure> {
        if let Some(plan) = plan {
            self.check_plan(caller, plan).await?;
        }
        let may = self.with_accounts(|accounts| accounts.may(caller.who, right)).await?;
        if may { Ok(()) } else { Err(Refusal::not_permitted(right.word()).into()) }
    }

    /// Checks that a plan is there and the caller's group covers it: 404, 403.
    pub async fn check_plan(&self, caller: &Caller, plan: &PlanId) -> Result<(), Failure> {
        let is_there = |plan: &domain::Plan| plan.id().is_some();
        if !self.with_plan(plan, is_there).await? {
            // Another node may have made it a moment ago.
            self.plan_cell(plan).refresh(&self.ledger).await?;
            if !self.with_plan(plan, is_there).await? {
                return Err(Refusal::not_found().into());
            }
        }
        if !self.with_accounts(|accounts| accounts.may_enter(caller.who, plan)).await? {
            return Err(Refusal::not_permitted("plan").into());
        }
        Ok(())
    }

    /// Checks that the caller has one of several rights: 403, naming the first.
    pub async fn check_any_right(&self, caller: &Caller, rights: &[Right]) -> Result<(), Failure> {
        let may = self
            .with_accounts(|accounts| rights.iter().any(|right| accounts.may(caller.who, *right)))
            .await?;
        let first = rights.first().map_or("", |right| right.word());
        if may { Ok(()) } else { Err(Refusal::not_permitted(first).into()) }
    }

    /// Checks that a school is there and the caller's group covers one of its plans: 404, 403.
    pub async fn check_school(&self, caller: &Caller, number: &str) -> Result<(), Failure> {
        let school = self.with_school(number, School::clone).await?;
        let checked = self.with_accounts(|accounts| check_school(accounts, &school, caller.who)).await?;
        Ok(checked?)
    }

    async fn check_welcome(&self, who: Who) -> Result<(), Failure> {
        let now = self.now();
        let is_known = |accounts: &domain::Accounts| match who {
            Who::User(id) => accounts.user(id).is_some(),
            Who::Token(id) => accounts.token(id).is_some(),
            Who::Operator | Who::System => true,
        };
        // Another node may have issued the token a moment ago.
        if !self.with_accounts(is_known).await? {
            self.accounts.refresh(&self.ledger).await?;
        }
        if self.with_accounts(|accounts| accounts.is_welcome(who, now)).await? {
            Ok(())
        } else {
            Err(Refusal::bare(RefusalCode::NotLoggedIn).into())
        }
    }

    async fn session_owner(
        &self,
        session: SessionId,
        plan: Option<&PlanId>,
    ) -> Result<Result<Who, Refusal>, Failure> {
        let found =
            self.look(plan, |office| office.check_session(session).map(|session| session.who)).await?;
        if found.is_ok() {
            return Ok(found);
        }
        // Its end may be on its way and turn out not to be due; a command of it is judged with that end all the same.
        let who = |sessions: &Sessions| sessions.get(session).map(|session| session.who);
        let there = match plan {
            Some(plan) => self.with_committed_plan(plan, |plan, _| who(&plan.sessions)).await?,
            None => who(self.sessions.read(&self.ledger).await?.committed()),
        };
        Ok(there.map_or(found, Ok))
    }

    /// Whether an end of the caller's session is on its way, which may yet turn out not to be due.
    pub async fn is_ending(&self, caller: &Caller) -> Result<bool, Failure> {
        let Some(session) = caller.session else { return Ok(false) };
        self.look(caller.plan.as_ref(), |office| office.check_session(session).is_err()).await
    }

    /// Looks at all states that a question may need.
    pub async fn look<T>(
        &self,
        plan: Option<&PlanId>,
        look: impl FnOnce(&Office<'_>) -> T,
    ) -> Result<T, Failure> {
        // In the order in which commands take them.
        let cell = plan.map(|plan| self.plan_cell(plan));
        let folded = match &cell {
            Some(cell) => Some(cell.read(&self.ledger).await?),
            None => None,
        };
        let sessions = self.sessions.read(&self.ledger).await?;
        let accounts = self.accounts.read(&self.ledger).await?;
        let site = self.site.read(&self.ledger).await?;
        Ok(look(&Office {
            plan: folded.as_ref().map(|folded| &folded.tip),
            school: None,
            plans_beside: Vec::new(),
            accounts: &accounts.tip,
            site: &site.tip,
            sessions: &sessions.tip,
        }))
    }

    /// The user of this name who can log in. He may have been added elsewhere a moment ago, so the ledger is read on; for every
    /// name alike, so that the time tells nobody which names there are.
    pub async fn user_named(&self, name: &str) -> Result<Option<domain::UserId>, Failure> {
        self.accounts.refresh(&self.ledger).await?;
        self.with_accounts(|accounts| {
            accounts.user_named(name).filter(|user| !user.disabled).map(|user| user.id)
        })
        .await
    }

    /// What somebody and his group are called.
    pub async fn names_of(&self, who: Who) -> Result<(String, Option<String>), Failure> {
        self.with_accounts(|accounts| {
            let group = accounts.group_of(who).map(|group| group.name.clone());
            (accounts.name_of(who), group)
        })
        .await
    }

    async fn refresh_sessions(&self, plan: Option<&PlanId>) -> Result<(), Failure> {
        match plan {
            Some(plan) => self.plan_cell(plan).refresh(&self.ledger).await,
            None => self.sessions.refresh(&self.ledger).await,
        }
    }

    /// Looks at the sessions that are in no plan.
    pub async fn with_site_sessions<T>(&self, look: impl FnOnce(&Sessions) -> T) -> Result<T, Failure> {
        Ok(look(&self.sessions.read(&self.ledger).await?.tip))
    }
}
