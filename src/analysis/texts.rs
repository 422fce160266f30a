//! Cursors over texts that a NUL ends: how many bytes there are for certain at and behind each, and which steps and
//! reads go further.
//!
//! One walk over the graph until nothing changes. A position is a pointer, or a pointer with what is added to it, and
//! of each it is known how many bytes from it on cannot be the NUL, as what was tested tells: that many and one more
//! may be read. A step takes its length away, a test of the next byte adds one. Where that comes to less than nothing
//! and the text is read, it is read behind its end. What a function does that is not understood makes a position
//! unknown, and nothing is said of it.

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

/// A text is read where it may have ended before.
pub struct Slip {
    pub kind: Kind,
    /// What steps past the end; none where one read reaches over it.
    pub step: Option<Span>,
    pub read: Span,
    /// What was asked last of the bytes before.
    pub seen: Option<Span>,
    /// How far behind the NUL.
    pub by: u32,
    /// The cursor.
    pub name: String,
}

/// The slips of a function, in order of their place; `code` is the reading that its spans lead into.
pub fn slips(program: &Program, function: &Function, code: &str, cfg: &Cfg) -> Vec<Slip> {
    walk::slips(program, function, code, cfg)
}
