//! Cursors over NUL-terminated texts: how many bytes there certainly are at and after each, and which steps and reads
//! go further.
//!
//! One walk over the graph to a fixpoint. A position is a pointer, or a pointer plus what is added to it. For each,
//! tests establish how many bytes from it on cannot be the NUL: that many and one more may be read. A step subtracts
//! its length, a test of the next byte adds one. If the count is negative when the text is read, the read is past its
//! end. An operation that is not understood makes a position unknown, and nothing is reported for it.

mod calls;
mod questions;
mod shapes;
mod state;
mod steps;
mod walk;

use crate::analysis::cfg::Cfg;
use crate::hir::Function;
use crate::program::Program;
use crate::source::Span;

pub use state::Kind;

/// A read of a text that may have ended before.
pub struct Slip {
    pub kind: Kind,
    /// The step past the end; none if a single read reaches over it.
    pub step: Option<Span>,
    pub read: Span,
    /// The last test of the bytes before.
    pub seen: Option<Span>,
    /// How far after the NUL, in bytes.
    pub by: u32,
    /// The cursor.
    pub name: String,
}

/// The slips of a function, sorted by position; `code` is the reading that its spans refer to.
pub fn slips(program: &Program, function: &Function, code: &str, cfg: &Cfg) -> Vec<Slip> {
    walk::slips(program, function, code, cfg)
}
