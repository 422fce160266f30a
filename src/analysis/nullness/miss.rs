//! Uses of pointers that may be null.

use super::callers::Callers;
use super::state::is_unasked;
use super::why::Why;
use super::{Use, UseKind, bits};
use crate::hir::ExprId;
use crate::program::catalog::model::NullReason;
use crate::source::{FileId, Span};

/// A use of a pointer that may be null.
#[derive(Clone, Debug)]
pub struct Miss {
    pub used: Use,
    /// The call whose result it is.
    pub callee: Option<Box<str>>,
    pub why: Option<Why>,
    pub callers: Callers,
    /// Where it is tested for null.
    pub asked: Vec<ExprId>,
    /// Where a function that it is passed to reads through it.
    pub inside: Option<(FileId, Span)>,
    /// That function does so on some path only.
    pub sometimes: bool,
    /// All callers have made the same test before, or pass an address.
    pub seen_to: bool,
    /// Other places that use the result of a function that most callers check; reported once for all.
    pub others: Vec<(FileId, Span)>,
    /// Nothing on the path to the use says that it may be null; this does.
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

    /// Whether it is null on every path.
    pub fn is_surely_null(&self) -> bool {
        self.used.known & bits::ANY_NULL != 0 && self.used.known & !bits::ANY_NULL == 0 && !self.used.one_of
    }

    /// Whether it is dereferenced, and no path to there checks it.
    pub(super) fn is_plain(&self) -> bool {
        self.used.kind.is_direct() && is_unasked(self.used.known) && self.used.known & bits::NOT_NULL == 0
    }

    /// Whether it is reported because other callers behave differently, once per called function.
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
    /// It is tested after the use.
    Late(ExprId),
    /// It is tested on another path.
    Elsewhere { test: ExprId },
    /// A caller passes null.
    Given { file: FileId, span: Span },
    /// A caller passes a part of a message that may be absent.
    GivenPart { file: FileId, span: Span, field: Box<str> },
    /// A caller also says whether there was an error, and the function ignores that.
    ErrorIgnored { error: Span },
    /// Others check the member, or it may be absent; `settled` if callers or an earlier call ensure it.
    Part { field: Box<str>, others: Callers, optional: bool, nulled: bool, settled: bool },
    /// Others check the member before they pass it to the same function.
    Guarded { field: Box<str>, others: Callers, nulled: bool, settled: bool },
}
