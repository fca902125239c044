//! Writing a state aside, so that a long stream need not be folded from its beginning.
//!
//! Equal states have equal bytes: maps are written in the order of their keys. So whoever folds a stream anew can compare. A state
//! holds what its events hold, personal values too; whoever forgets a person's values drops the snapshots that may have them.

use crate::{Accounts, At, Event, Fold, Plan, PlanId, School, Sessions, Site, StreamName};

/// What a state is made by: a digest of the sources of everything that folds, made when this build was (`build.rs`).
///
/// A snapshot of another maker is not read, whether or not its bytes could be: the same events may lead to another state now. It is
/// the sources that are digested and not some number that somebody has to remember to count up.
pub const MAKER: &str = env!("DAYBOOK_FOLD");

/// A state that was written aside and cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("a state that was written aside cannot be read: {0}")]
pub struct SnapshotUnreadable(#[from] serde_json::Error);

/// The bytes of a state.
pub fn write(state: &impl Fold) -> Vec<u8> {
    serde_json::to_vec(state).expect("a state has only text keys, whole numbers and what it was read from")
}

/// The state of these bytes.
pub fn read<S: Fold>(bytes: &[u8]) -> Result<S, SnapshotUnreadable> {
    Ok(serde_json::from_slice(bytes)?)
}

/// A state of whatever type.
pub trait State: Send {
    /// Takes in one more event.
    fn take_in(&mut self, event: &Event, at: &At);

    /// Its bytes.
    fn bytes(&self) -> Vec<u8>;
}

impl<S: Fold> State for S {
    fn take_in(&mut self, event: &Event, at: &At) {
        self.evolve(event, at);
    }

    fn bytes(&self) -> Vec<u8> {
        write(self)
    }
}

/// The state that a stream is folded into: as it was written aside, else empty. Nothing when no decision reads the stream.
pub fn of_stream(
    stream: &StreamName,
    bytes: Option<&[u8]>,
) -> Option<Result<Box<dyn State>, SnapshotUnreadable>> {
    fn begin<S: Fold>(bytes: Option<&[u8]>) -> Result<Box<dyn State>, SnapshotUnreadable> {
        Ok(Box::new(bytes.map_or_else(|| Ok(S::default()), read::<S>)?))
    }
    let begun = if *stream == Accounts::stream() {
        begin::<Accounts>(bytes)
    } else if *stream == Site::stream() {
        begin::<Site>(bytes)
    } else if *stream == Sessions::stream() {
        begin::<Sessions>(bytes)
    } else if School::of_stream(stream.as_str()).is_some() {
        begin::<School>(bytes)
    } else if PlanId::of_stream(stream.as_str()).is_some_and(|plan| plan.stream() == *stream) {
        begin::<Plan>(bytes)
    } else {
        return None;
    };
    Some(begun)
}

/// A map as a list of keys with their values, in the order of the keys.
pub(crate) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<'a, M, K, V, S>(map: &'a M, serializer: S) -> Result<S::Ok, S::Error>
    where
        &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Ord + Serialize + 'a,
        V: Serialize + 'a,
        S: Serializer,
    {
        serializer.collect_seq(in_order(map))
    }

    pub fn deserialize<'de, M, K, V, D>(deserializer: D) -> Result<M, D::Error>
    where
        M: FromIterator<(K, V)> + IntoIterator<Item = (K, V)>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }

    pub(super) fn in_order<'a, M, K, V>(map: &'a M) -> Vec<(&'a K, &'a V)>
    where
        &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Ord,
    {
        let mut pairs: Vec<_> = map.into_iter().collect();
        pairs.sort_unstable_by_key(|(key, _)| *key);
        pairs
    }
}

/// The same of maps in a map.
pub(crate) mod pairs_of_pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::pairs::in_order;

    type Maps<A, B, V> = HashMap<A, HashMap<B, V>>;

    pub fn serialize<A, B, V, S>(maps: &Maps<A, B, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        A: Ord + Serialize,
        B: Ord + Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(in_order(maps).into_iter().map(|(key, map)| (key, in_order(map))))
    }

    pub fn deserialize<'de, A, B, V, D>(deserializer: D) -> Result<Maps<A, B, V>, D::Error>
    where
        A: Eq + Hash + Deserialize<'de>,
        B: Eq + Hash + Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let lists = Vec::<(A, Vec<(B, V)>)>::deserialize(deserializer)?;
        Ok(lists.into_iter().map(|(key, list)| (key, list.into_iter().collect())).collect())
    }
}
