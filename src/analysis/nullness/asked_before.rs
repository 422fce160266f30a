//! Lookups that every caller has already made and whose result it has tested.

use super::Facts;
use super::link::Linker;
use super::questions::alike;
use crate::hir::{Body, ExprId, ExprKind, StmtKind};

/// How many levels of callers are followed.
const MAX_HOPS: usize = 2;

/// An argument of a call, as seen from the function that makes the call.
enum Given<'a> {
    /// A constant.
    Same(&'a str),
    Parameter(usize),
}

impl Linker<'_> {
    /// `p = get_default(); if (!p) return; f();`, and `f` begins with `get_default()->a`.
    pub(super) fn is_asked_by_callers(&self, n: usize, call: ExprId) -> bool {
        let body = &self.inputs[n].function.body;
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        let Some(name) = body.callee(call) else { return false };
        self.is_asked(n as u32, name, args, n as u32, 0)
    }

    /// `q = part_of(p); if (!q) return; p->a`, where `part_of` returns null for null.
    pub(super) fn is_found_in(&self, n: usize, used: ExprId) -> bool {
        let (function, facts) = (self.inputs[n].function, &self.all[n]);
        let body = &function.body;
        facts.tested.iter().any(|&call| {
            let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
            if !stands_before(body, call, used) {
                return false;
            }
            let (Some(name), Some(arg)) = (body.callee(call), args.iter().position(|&a| alike(body, a, used))) else {
                return false;
            };
            let meant = self.program.callees(name, function.file);
            let gives_back = |facts: &Facts| u8::try_from(arg).is_ok_and(|arg| facts.null_for.contains(&arg));
            !meant.is_empty()
                && meant.iter().all(|d| self.numbers.get(d).is_some_and(|&n| gives_back(&self.all[n as usize])))
        })
    }

    /// Whether every caller of function `n` has tested the result of `name` with these arguments (of function `of`).
    fn is_asked(&self, n: u32, name: &str, args: &[ExprId], of: u32, hops: usize) -> bool {
        let given: Option<Vec<Given>> = args.iter().map(|&arg| self.given_as(of, arg)).collect();
        let (Some(given), Some(sites)) = (given, self.sites.of(n)) else { return false };
        sites.iter().all(|&(caller, site)| {
            let body = &self.inputs[caller as usize].function.body;
            let ExprKind::Call { args: passed, .. } = &body.expr(site).kind else { return false };
            let is_same = |(given, &arg): (&Given, &ExprId)| match *given {
                Given::Same(text) => self.text(caller, arg) == text,
                Given::Parameter(i) => {
                    passed.get(i).is_some_and(|&there| self.text(caller, there) == self.text(caller, arg))
                }
            };
            let before = body.expr(site).span.start;
            let facts = &self.all[caller as usize];
            let asked = facts.tested.iter().any(|&e| {
                let ExprKind::Call { args: own, .. } = &body.expr(e).kind else { return false };
                body.callee(e) == Some(name)
                    && body.expr(e).span.start < before
                    && !facts.looked_at.contains(&e)
                    && own.len() == given.len()
                    && given.iter().zip(own).all(is_same)
            });
            asked
                || hops + 1 < MAX_HOPS
                    && given.iter().all(|g| matches!(g, Given::Same(_)))
                    && self.is_asked(caller, name, args, of, hops + 1)
        })
    }

    fn given_as(&self, n: u32, arg: ExprId) -> Option<Given<'_>> {
        let function = self.inputs[n as usize].function;
        match function.body.expr(arg).kind {
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Char(_) => Some(Given::Same(self.text(n, arg))),
            ExprKind::Name(name) => {
                let is_constant = !function.body.names.text(name).bytes().any(|b| b.is_ascii_lowercase());
                match function.params.iter().position(|p| p.name == name) {
                    Some(i) => Some(Given::Parameter(i)),
                    None => is_constant.then(|| Given::Same(self.text(n, arg))),
                }
            }
            _ => None,
        }
    }

    fn text(&self, n: u32, e: ExprId) -> &str {
        let input = &self.inputs[n as usize];
        input.text.get(input.function.body.expr(e).span.range()).unwrap_or_default()
    }
}

/// Whether `first` is evaluated on every path to `then`, judging by blocks and labels.
fn stands_before(body: &Body, first: ExprId, then: ExprId) -> bool {
    let (first, then) = (body.expr(first).span.start, body.expr(then).span.start);
    let blocks = body.stmts.iter().filter(|s| matches!(s.kind, StmtKind::Block(_)) && s.span.contains(first));
    let inner = blocks.min_by_key(|s| s.span.end - s.span.start);
    first < then
        && inner.is_none_or(|block| block.span.contains(then))
        && !body.stmts.iter().any(|s| matches!(s.kind, StmtKind::Case(_)) && (first..then).contains(&s.span.start))
}
