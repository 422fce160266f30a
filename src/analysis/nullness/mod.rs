//! Pointers that may be null where they are used: a sparse conditional walk over the graph of each function, whose
//! results are put together over the whole repository.
//!
//! Of every call's result, every null constant and every parameter it is followed who holds it (`a = b = f()` is one
//! value) and what has been found out of it. A branch on any holder tells of all.

mod asked_before;
mod branch;
mod call;
pub mod callers;
mod constants;
mod doubts;
mod elsewhere;
mod eval;
mod given;
pub mod link;
mod members;
pub mod miss;
mod questions;
mod settled;
mod sites;
mod state;
mod walk;
pub mod why;

use rustc_hash::{FxHashMap, FxHashSet};

use super::messages::Input;
use crate::hir::{ExprId, StmtId};
use crate::program::Program;
pub use state::bits;
use walk::Walker;

/// Where a value arises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    Call(ExprId),
    Parameter(u8),
    /// `NULL`.
    Null(ExprId),
    /// Nothing is known of it, but it was asked whether it is null.
    Asked(ExprId),
    /// What a member held.
    Loaded(ExprId),
    /// What the function called may have stored where this argument points to.
    Stored {
        call: ExprId,
        arg: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseKind {
    Dereference,
    /// `ops->open(x)`: a function is called through it.
    Called,
    /// `p + 1`, `p - s`.
    Arithmetic,
    /// `&p->f`.
    Address,
    /// `f(&p->g)`: a place near null is what the function gets.
    PartGiven,
    /// By a library function that reads or writes there.
    Library,
    /// Asked about by an assertion, or by a macro that may be one.
    Asserted,
    /// Given to a function of which the catalog knows nothing.
    Given {
        callee: Box<str>,
        arg: u8,
    },
}

impl UseKind {
    /// It is read through, here or in a library.
    pub fn is_direct(&self) -> bool {
        matches!(self, UseKind::Dereference | UseKind::Called | UseKind::Library)
    }

    pub fn is_part(&self) -> bool {
        matches!(self, UseKind::Address | UseKind::PartGiven)
    }
}

/// A use of a value that may be null, as far as its function tells.
#[derive(Clone, Debug)]
pub struct Use {
    pub origin: Origin,
    pub kind: UseKind,
    pub expr: ExprId,
    pub stmt: StmtId,
    /// Of [`bits`].
    pub known: u8,
    /// The pointer used may also hold another value.
    pub one_of: bool,
}

/// What one function tells.
#[derive(Debug, Default)]
pub struct Facts {
    /// In order of the blocks.
    pub uses: Vec<Use>,
    /// Calls whose results somebody asked about before using them.
    pub tested: FxHashSet<ExprId>,
    /// Of those, the ones that only a function or macro was given, which may have asked something else.
    pub looked_at: FxHashSet<ExprId>,
    pub returns_null: bool,
    /// The same where an assertion has just failed: `ASSERT_RETURN(p, NULL)`.
    pub returns_null_asserted: bool,
    /// Parameters for which null gives null back.
    pub null_for: FxHashSet<u8>,
    /// Parameters through which null is stored for whoever calls, and whether that is told as a success.
    pub stores_null: FxHashMap<u8, bool>,
    /// Calls whose results are returned as they come.
    pub returns: Vec<ExprId>,
    /// Values that somebody asked about only after reading through them, and where.
    pub late: FxHashMap<Origin, ExprId>,
    /// Values that somebody asked about only after giving them to a function, and where.
    pub late_given: FxHashMap<Origin, ExprId>,
    /// Where somebody asks whether a value is null.
    pub asked: FxHashMap<Origin, Vec<ExprId>>,
    /// Members that somebody asked about whether they are null.
    pub members_asked: Vec<ExprId>,
    /// Members that are set to null.
    pub members_nulled: Vec<ExprId>,
    /// Members given to a function after somebody asked about them: where, to which function, as which argument.
    pub members_guarded: Vec<(ExprId, Box<str>, u8)>,
    /// Null pointers given to functions: the call, and which argument.
    pub nulls_given: Vec<(ExprId, u8)>,
}

/// Basic blocks of a function whose values are still followed.
pub const MAX_BLOCKS: usize = 3_000;

/// What `input` tells.
pub fn facts(program: &Program, input: &Input) -> Facts {
    let function = input.function;
    if function.body.over_budget || input.cfg.blocks.len() > MAX_BLOCKS {
        return Facts::default();
    }
    let mut walker = Walker::new(program, function, input.text);
    match walker.run(function, input.cfg) {
        true => walker.out,
        false => Facts::default(),
    }
}
