//! What becomes of the appends of a batch that has come back.

use futures::StreamExt;
use tokio::time::sleep;

use super::flight::{Cargo, Landed};
use super::{AWAY_PAUSE, Committing, connect, give_up_late, note};
use crate::append::AppendError;
use crate::locked::resolve;
use crate::measure;
use crate::queue::Member;
use crate::trouble::Trouble;

impl Committing {
    pub(super) async fn land(&mut self, landed: Landed) {
        if matches!(landed.result, Ok(Some(_))) {
            self.land_done(landed);
            return;
        }
        // What was judged on top of it is judged anew: it cannot have been written, because the head did not get
        // where it was expected. Unless this one was written and only its answer is lost.
        let mut all = vec![landed];
        while let Some(later) = self.flight.next().await {
            all.push(later);
        }
        self.versions.forget();
        self.expected = None;
        self.exclusive = false;
        self.ids.clear();
        let mut back = Vec::new();
        for landed in all {
            self.land_otherwise(landed, &mut back).await;
        }
        for member in back.into_iter().rev() {
            self.held.push_front(member);
        }
    }

    fn land_done(&mut self, landed: Landed) {
        let Landed { connection, cargo, result: Ok(Some(recorded_at)), took } = landed else {
            return;
        };
        self.connections.extend(connection);
        let sheaf = match cargo {
            Cargo::Sheaf(sheaf) => sheaf,
            Cargo::Locked(locked) => {
                let Some(sheaf) = locked.sheaf else { return };
                // Once nobody else has written between two of our own batches, the quick way is good again.
                self.lock_next = self.seen.as_ref() != Some(&sheaf.on);
                self.versions = locked.versions;
                self.expected = Some(sheaf.next());
                self.exclusive = false;
                sheaf
            }
        };
        self.seen = Some(sheaf.next());
        note(&self.committed, sheaf.last);
        measure::batch(&sheaf, took);
        if self.flight.is_empty() {
            self.ids.clear();
        }
        for judged in sheaf.judged {
            self.ids.remove(&judged.member.append.command_id.0);
            judged.answer(sheaf.on.epoch, recorded_at);
        }
    }

    async fn land_otherwise(&mut self, landed: Landed, back: &mut Vec<Member>) {
        let Landed { connection, cargo, result, took } = landed;
        match result {
            Ok(Some(at)) => {
                self.land_done(Landed { connection, cargo, result: Ok(Some(at)), took });
                self.expected = None;
                self.versions.forget();
            }
            // Under the lock those that have happened before are found and answered, and the others judged beside them.
            Ok(None) => {
                self.connections.extend(connection);
                self.lock_next = true;
                back.extend(cargo.not_written());
            }
            Err(Trouble::Lost(error)) => {
                tracing::warn!(%error, "the answer of a commit is lost");
                measure::lost();
                self.resolve(cargo.in_doubt(), back).await;
            }
            Err(Trouble::Passing(error)) => {
                tracing::warn!(%error, "a batch was not written");
                back.extend(cargo.not_written());
                sleep(AWAY_PAUSE).await;
                *back = give_up_late(std::mem::take(back));
            }
            Err(Trouble::Lasting(error)) => {
                let mut members = cargo.not_written();
                if members.len() == 1 {
                    tracing::error!(%error, "an append cannot be written");
                    members.remove(0).answer(Err(AppendError::Failed(error.to_string())));
                } else {
                    // One of them spoils it for the others.
                    tracing::warn!(%error, "a batch is tried one by one");
                    self.singly += members.len();
                    members.iter_mut().for_each(|member| member.asked = true);
                    back.extend(members);
                }
            }
        }
    }

    /// Finds out which have been written.
    async fn resolve(&mut self, mut members: Vec<Member>, back: &mut Vec<Member>) {
        self.connections.clear();
        loop {
            let asked = members.iter().map(|member| member.append.command_id.0).collect();
            let epoch = self.seen.as_ref().map_or(1, |seen| seen.epoch);
            if let Some(mut connection) = connect(&self.settings).await {
                match resolve(&mut connection, asked).await {
                    Ok(mut known) => {
                        for mut member in members {
                            if let Some(command) = known.remove(&member.append.command_id.0) {
                                note(&self.committed, command.position);
                                member.settle(command, epoch);
                            } else {
                                member.predicted = None;
                                back.push(member);
                            }
                        }
                        self.connections.push(connection);
                        return;
                    }
                    Err(error) => tracing::warn!(%error, "finding out about a lost answer failed"),
                }
            }
            members = give_up_late(members);
            if members.is_empty() {
                return;
            }
            self.pause().await;
        }
    }
}
