//! States written aside and read back.

use domain::{Fold, snapshot};

use crate::desk::Desk;
use crate::folded::{Folded, FromLedger};

/// All states are written aside after so many events, read back, and taken on to the end.
pub fn check(desk: &Desk, cut: usize) {
    let (before, after) = desk.log.split_at(cut);
    let there = Folded::of(before);
    let mut back = Folded {
        plans: there.plans.iter().map(|(id, plan)| (id.clone(), round(plan))).collect(),
        accounts: round(&there.accounts),
        site: round(&there.site),
        school: round(&there.school),
        sessions: round(&there.sessions),
    };
    assert_eq!(back, there, "what is read back is not what was written");
    after.iter().for_each(|entry| back.fold(entry, &FromLedger));
    assert_eq!(back, desk.again, "a snapshot leads on to something else");
}

fn round<S: Fold>(state: &S) -> S {
    let bytes = snapshot::write(state);
    let back: S = snapshot::read(&bytes).unwrap();
    assert!(snapshot::write(&back) == bytes, "equal states have other bytes");
    back
}
