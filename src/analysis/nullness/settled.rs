//! Calls whose success says that a member is there: they store to it, and whoever calls asks how they ended.

use rustc_hash::{FxHashMap, FxHashSet};

use super::walk::is_null_literal;
use crate::analysis::messages::{Input, numbers};
use crate::hir::{Body, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::program::{Definition, Program};
use crate::source::Span;

/// Functions that are looked into for one member: the one that is called, and what it calls.
const MAX_FUNCTIONS: usize = 24;
/// Calls from the one that is asked about to the one that stores.
const MAX_DEPTH: usize = 2;

pub struct Settled<'a> {
    program: &'a Program,
    inputs: &'a [Input<'a>],
    numbers: FxHashMap<Definition, u32>,
}

impl<'a> Settled<'a> {
    pub fn new(program: &'a Program, inputs: &'a [Input<'a>]) -> Settled<'a> {
        Settled { program, inputs, numbers: numbers(inputs) }
    }

    /// A branch before the member `e` is decided by a call that is given the object which it is reached from, and
    /// that stores to a member of that name.
    pub fn by_call(&self, input: &Input, e: ExprId) -> bool {
        let body = &input.function.body;
        let ExprKind::Member { field, .. } = body.expr(e).kind else { return false };
        let Some(object) = root(body, e) else { return false };
        let before = |span: Span| span.start < body.expr(e).span.start;
        let decided: Vec<Span> = body
            .stmts
            .iter()
            .filter_map(|s| match s.kind {
                StmtKind::If { cond, .. } => Some(body.expr(cond).span).filter(|span| before(*span)),
                _ => None,
            })
            .collect();
        let decides = |call: ExprId| decided.iter().any(|cond| cond.contains(body.expr(call).span.start));
        let gives = |args: &[ExprId]| args.iter().any(|&arg| root(body, arg) == Some(object));
        body.calls()
            .any(|(call, name, args)| decides(call) && gives(args) && self.stores(input, name, body.names.text(field)))
    }

    /// A function stores to a member of that name, or one that it calls does, and no `switch` decides whether.
    fn stores(&self, input: &Input, callee: &str, field: &str) -> bool {
        let mut seen: FxHashSet<Definition> = FxHashSet::default();
        let mut level = self.program.callees(callee, input.function.file).to_vec();
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for definition in level {
                if seen.len() >= MAX_FUNCTIONS || !seen.insert(definition) {
                    continue;
                }
                let Some(&n) = self.numbers.get(&definition) else { continue };
                let function = self.inputs[n as usize].function;
                if stores_itself(&function.body, field) {
                    return true;
                }
                for (_, name, _) in function.body.calls() {
                    next.extend(self.program.callees(name, function.file).iter().copied());
                }
            }
            level = next;
        }
        false
    }
}

fn stores_itself(body: &Body, field: &str) -> bool {
    let Some(field) = body.names.find(field) else { return false };
    let switches = || body.stmts.iter().filter(|s| matches!(s.kind, StmtKind::Switch { .. })).map(|s| s.span);
    body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { op: None, left, right } => {
            matches!(body.expr(left).kind, ExprKind::Member { field: f, .. } if f == field)
                && !is_null_literal(body, right, true)
                && !switches().any(|span| span.contains(e.span.start))
        }
        _ => false,
    })
}

/// The variable that a place is reached from.
fn root(body: &Body, mut e: ExprId) -> Option<Symbol> {
    loop {
        e = match body.expr(e).kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Member { base, .. } | ExprKind::Index { base, .. } => base,
            ExprKind::Cast { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf | UnaryOp::Deref, operand } => {
                operand
            }
            _ => return None,
        };
    }
}
