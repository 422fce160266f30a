//! Pointers that may be null where they are used: a sparse conditional walk over the graph of each function, whose
//! results are combined over the whole repository.
//!
//! For every call result, null constant and parameter, the walk tracks which places hold it (`a = b = f()` is one
//! value) and what is known about it. A branch on any holder applies to all of them.

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
    /// Nothing is known about it, but it was tested for null.
    Asked(ExprId),
    /// What a member held.
    Loaded(ExprId),
    /// What the called function may have stored where this argument points to.
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
    /// `f(&p->g)`: if `p` is null, the function gets an address near null.
    PartGiven,
    /// By a library function that reads or writes there.
    Library,
    /// Tested by an assertion, or by a macro that may be one.
    Asserted,
    /// Passed to a function that the catalog does not know.
    Given {
        callee: Box<str>,
        arg: u8,
    },
}

impl UseKind {
    /// Whether it is dereferenced, here or in a library.
    pub fn is_direct(&self) -> bool {
        matches!(self, UseKind::Dereference | UseKind::Called | UseKind::Library)
    }

    pub fn is_part(&self) -> bool {
        matches!(self, UseKind::Address | UseKind::PartGiven)
    }
}

/// A use of a value that may be null, judging by its function alone.
#[derive(Clone, Debug)]
pub struct Use {
    pub origin: Origin,
    pub kind: UseKind,
    pub expr: ExprId,
    pub stmt: StmtId,
    /// A set of [`bits`].
    pub known: u8,
    /// The pointer may also hold another value.
    pub one_of: bool,
}

/// The facts about one function.
#[derive(Debug, Default)]
pub struct Facts {
    /// In block order.
    pub uses: Vec<Use>,
    /// Calls and members whose values were tested before use.
    pub tested: FxHashSet<ExprId>,
    /// Of those, the ones only passed to a function or macro, which may have tested something else.
    pub looked_at: FxHashSet<ExprId>,
    pub returns_null: bool,
    /// Whether it returns null where an assertion has just failed: `ASSERT_RETURN(p, NULL)`.
    pub returns_null_asserted: bool,
    /// Parameters for which passing null returns null.
    pub null_for: FxHashSet<u8>,
    /// Parameters through which null is stored for the caller, and whether that is returned as a success.
    pub stores_null: FxHashMap<u8, bool>,
    /// Calls whose results are returned untested.
    pub returns: Vec<ExprId>,
    /// Values that are tested only after they were dereferenced, and where.
    pub late: FxHashMap<Origin, ExprId>,
    /// Values that are tested only after they were passed to a function, and where.
    pub late_given: FxHashMap<Origin, ExprId>,
    /// Where a value is tested for null.
    pub asked: FxHashMap<Origin, Vec<ExprId>>,
    /// Members that are tested for null.
    pub members_asked: Vec<ExprId>,
    /// Members that are set to null.
    pub members_nulled: Vec<ExprId>,
    /// Members passed to a function after a test: where, to which function, as which argument.
    pub members_guarded: Vec<(ExprId, Box<str>, u8)>,
    /// Null pointers passed to functions: the call, and which argument.
    pub nulls_given: Vec<(ExprId, u8)>,
}

/// Functions with more basic blocks are not analysed.
pub const MAX_BLOCKS: usize = 3_000;

/// The facts about `input`.
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
