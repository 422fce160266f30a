//! Whether a function that is passed a possibly null pointer is likely to read through it.

use super::callers::Callers;
use super::doubts::may_take_null;
use super::link::Linker;
use super::questions::alike;
use super::state::is_unasked;
use super::why::Why;
use super::{Origin, Use, bits};
use crate::hir::{ExprKind, Function};
use crate::program::catalog::model::NullReason;

impl Linker<'_> {
    /// `EVP_MD_size(EVP_get_digestbyname(…))`: the result of a library function is passed to another one of the same
    /// library, and neither is declared here.
    pub(super) fn is_of_library(&self, origin: Origin, why: Option<Why>, function: &Function, callee: &str) -> bool {
        const TAKE_NULL: [&str; 4] = ["json", "cjson", "iks", "g"];
        let Origin::Call(call) = origin else { return false };
        let name = function.body.callee(call).filter(|_| matches!(why, Some(Why::Known(_))));
        let prefix =
            |name: &str| name.split_once('_').map(|(first, _)| first.to_ascii_lowercase()).filter(|p| p.len() > 1);
        let declared = |name: &str| self.program.types().returns(name, function.file).is_some();
        name.is_some_and(|name| {
            prefix(name).is_some_and(|p| !TAKE_NULL.contains(&p.as_str()) && prefix(callee) == Some(p))
                && !declared(name)
                && !declared(callee)
                && !may_take_null(callee)
        })
    }

    /// Null is a normal answer or was tested for: also report a callee that dereferences it on some path only.
    pub(super) fn may_find_nothing(
        &self,
        function: &Function,
        origin: Origin,
        why: Option<Why>,
        callers: Callers,
    ) -> bool {
        const MAKES: [&str; 12] =
            ["alloc", "create", "new", "init", "setup", "dup", "pool", "copy", "clone", "make", "open", "add"];
        if self.program.is_test(function.file) {
            return false;
        }
        let (Origin::Call(call) | Origin::Stored { call, .. }) = origin else { return true };
        match why {
            Some(Why::Known(NullReason::NotFound | NullReason::ParseFailure | NullReason::NoToken) | Why::Name) => {
                !callers.are_contrary()
            }
            Some(Why::Stores | Why::StoresIgnored) => true,
            Some(Why::Returns | Why::Belief) => {
                let name = function.body.callee(call).unwrap_or_default().to_ascii_lowercase();
                !callers.are_contrary() && !name.split('_').any(|w| MAKES.iter().any(|m| w.contains(m)))
            }
            None => true,
            _ => false,
        }
    }

    /// Whether a callee not defined here may read its argument: a result tested everywhere else, or null as its object.
    pub(super) fn may_read(
        &self,
        n: usize,
        used: &Use,
        why: Option<Why>,
        callers: Callers,
        callee: &str,
        arg: u8,
    ) -> bool {
        let function = self.inputs[n].function;
        if !self.program.callees(callee, function.file).is_empty() || may_take_null(callee) {
            return false;
        }
        let body = &function.body;
        match used.origin {
            Origin::Null(_) => {
                let surely = used.known & bits::ANY_NULL != 0 && used.known & !bits::ANY_NULL == 0 && !used.one_of;
                // `list = append(list, x)` creates the first element.
                let gives_back = || {
                    body.exprs.iter().any(|e| {
                        matches!(e.kind, ExprKind::Assign { left, right, .. }
                            if alike(body, left, used.expr) && e.span.contains(body.expr(used.expr).span.start)
                                && body.callee(body.bare(right)) == Some(callee))
                    })
                };
                arg == 0 && surely && !gives_back()
            }
            Origin::Call(_) => {
                let is_search = matches!(
                    why,
                    Some(Why::Known(NullReason::NotFound | NullReason::ParseFailure) | Why::Returns | Why::Name)
                );
                let all_ask = callers.asked >= 3 && callers.unasked == 0;
                is_search && is_unasked(used.known) && (all_ask || arg == 0 && !callers.are_contrary())
            }
            _ => false,
        }
    }
}
