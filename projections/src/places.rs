//! Where in the ledger something is found: the places of events, by a word for whatever leads to them, thousands in one row.
//!
//! Such a row is `(word, block, places)`, the places being those among the positions of one block. Rows only grow, by what is appended
//! behind them; whoever reads leaves out what lies beyond the checkpoint of the read model that keeps them.

mod bits;
mod blocks;
mod filled;
mod key;
mod stored;

pub(crate) use bits::{BLOCK, Bits, block_of};
pub(crate) use blocks::{Blocks, Places};
pub(crate) use filled::FilledPlaces;
pub(crate) use key::Key;
pub(crate) use stored::{add_places, read_places};
