//! Proofs about lengths: for every read and write through a pointer, whether what the function tests before it
//! keeps it inside its buffer.
//!
//! One symbolic walk ([`walk`]) gives each value as a linear expression over symbols and each place the facts that hold
//! there ([`terms`]); what has to hold is noted on the way, and proved on demand ([`judge`]).

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

/// One function, walked.
pub struct Walked {
    pub symbols: Symbols,
    pub facts: Facts,
    pub paths: Paths,
    pub sites: Vec<Site>,
    /// Bit `i`: what parameter `i` leads to may be changed.
    writes: u32,
    returns: Vec<(Linear, FactId)>,
    narrow: Vec<(u32, Kind)>,
    beliefs: Vec<Belief>,
    /// Buffers of characters that are searched for a NUL.
    texts: FxHashSet<Sym>,
    /// Where variables begin that are arrays.
    arrays: FxHashSet<Sym>,
    /// Decimal numbers that are printed where their types do not tell that there is room, and how long they may be.
    printed: Vec<(Span, Linear, i64)>,
    stepped: FxHashSet<Sym>,
    lengths: OnceCell<Lengths>,
}

/// The symbols that say where buffers end.
struct Lengths {
    /// Those of all limits.
    any: FxHashSet<Sym>,
    /// How long buffers are that were handed over or received.
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
