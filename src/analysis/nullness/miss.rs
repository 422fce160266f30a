//! A pointer that is used and may be null.

use super::callers::Callers;
use super::state::is_unasked;
use super::why::Why;
use super::{Use, UseKind, bits};
use crate::hir::ExprId;
use crate::program::catalog::model::NullReason;
use crate::source::{FileId, Span};

/// A pointer is used that may be null.
#[derive(Clone, Debug)]
pub struct Miss {
    pub used: Use,
    /// The call whose result it is.
    pub callee: Option<Box<str>>,
    pub why: Option<Why>,
    pub callers: Callers,
    /// Where somebody asks whether it is null.
    pub asked: Vec<ExprId>,
    /// Where a function it is given to reads through it.
    pub inside: Option<(FileId, Span)>,
    /// That function does so on some way only.
    pub sometimes: bool,
    /// All callers have asked the same before, or give the address of something.
    pub seen_to: bool,
    /// Other places of a function about which most of its callers ask; told once for all.
    pub others: Vec<(FileId, Span)>,
    /// Nothing on the way to the use says that it may be null; this does.
    pub doubt: Option<Doubt>,
}

impl Miss {
    pub fn doubted(used: Use, doubt: Doubt) -> Miss {
        let (callee, why, inside) = (None, None, None);
        Miss {
            used,
            callee,
            why,
            callers: Callers::default(),
            asked: Vec::new(),
            inside,
            sometimes: false,
            seen_to: false,
            others: Vec::new(),
            doubt: Some(doubt),
        }
    }

    /// It is null wherever control comes from.
    pub fn is_surely_null(&self) -> bool {
        self.used.known & bits::ANY_NULL != 0 && self.used.known & !bits::ANY_NULL == 0 && !self.used.one_of
    }

    /// It is read through, and no path to there asks.
    pub(super) fn is_plain(&self) -> bool {
        self.used.kind.is_direct() && is_unasked(self.used.known) && self.used.known & bits::NOT_NULL == 0
    }

    /// It is told by what the others do, once for the function called.
    pub fn is_deviant(&self) -> bool {
        let by_others = matches!(self.why, Some(Why::Belief | Why::Known(NullReason::Alloc)));
        let in_library = matches!(self.used.kind, UseKind::Given { .. }) && self.inside.is_none();
        by_others
            && self.used.known & bits::ANY_NULL == 0
            && !matches!(self.used.kind, UseKind::Asserted)
            && !(in_library && self.why != Some(Why::Belief))
    }
}

/// What says that a pointer may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is tested behind the use.
    Late(ExprId),
    /// It is tested on another way.
    Elsewhere { test: ExprId },
    /// A caller gives null.
    Given { file: FileId, span: Span },
    /// A caller gives a part of a message that may be absent.
    GivenPart { file: FileId, span: Span, field: Box<str> },
    /// A caller also says whether there was an error, and nobody looks.
    ErrorIgnored { error: Span },
    /// Others ask about the member, or it is known to be absent at times; all callers see to it, or not.
    Part { field: Box<str>, others: Callers, optional: bool, nulled: bool, settled: bool },
    /// Others ask about the member before they give it to the same function.
    Guarded { field: Box<str>, others: Callers, nulled: bool, settled: bool },
}
