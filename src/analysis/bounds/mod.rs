//! Buffer bounds proofs: for every read and write through a pointer, whether the checks before it keep it inside its
//! buffer.
//!
//! One symbolic walk ([`walk`]) computes each value as a linear expression over symbols and the facts that hold at each
//! place ([`terms`]). Proof obligations are recorded on the way and proved on demand ([`judge`]).

mod judge;
mod terms;
mod walk;

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use crate::source::Span;
pub use judge::{Verdict, counted, defects, granted, siblings, trace};
use terms::facts::{FactId, Facts};
use terms::linear::{Linear, Sym};
use terms::sites::Site;
use terms::state::Paths;
pub use terms::summary::{Summaries, Summary};
use terms::symbols::{Room, Symbols};
use terms::types::Kind;
pub use terms::{summary, symbols};
pub use walk::Bounds;
use walk::beliefs::Belief;

/// One function after the walk.
pub struct Walked {
    pub symbols: Symbols,
    pub facts: Facts,
    pub paths: Paths,
    pub sites: Vec<Site>,
    /// Bit `i`: the memory that parameter `i` points to may be modified.
    writes: u32,
    returns: Vec<(Linear, FactId)>,
    narrow: Vec<(u32, Kind)>,
    beliefs: Vec<Belief>,
    /// Character buffers that are searched for a NUL.
    texts: FxHashSet<Sym>,
    /// Start addresses of array variables.
    arrays: FxHashSet<Sym>,
    /// Decimal numbers printed where their types do not guarantee enough room, with the room and their maximal length.
    printed: Vec<(Span, Linear, i64)>,
    stepped: FxHashSet<Sym>,
    lengths: OnceCell<Lengths>,
}

/// The symbols that define where buffers end.
struct Lengths {
    /// Those of all limits.
    any: FxHashSet<Sym>,
    /// The lengths of buffers that were passed in or received.
    given: FxHashSet<Sym>,
}

impl Walked {
    fn lengths(&self) -> &Lengths {
        self.lengths.get_or_init(|| {
            let added =
                |linear: Linear| linear.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect::<Vec<_>>();
            let buffers = || self.symbols.iter().filter_map(|(s, info)| Some((s, info.buffer?)));
            let given = buffers().filter(|(_, b)| matches!(b.room, Room::Given | Room::Received));
            Lengths {
                any: buffers().flat_map(|(_, b)| added(b.limit)).collect(),
                given: given.filter_map(|(s, b)| b.limit.sub(&Linear::symbol(s))).flat_map(added).collect(),
            }
        })
    }
}
