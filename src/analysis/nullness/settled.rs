//! What says that a member is there: a call that stores to it or asks about it, whose caller asks how it ended, and
//! callers that all ask about it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Facts;
use super::walk::is_null_literal;
use crate::analysis::access::{Place, Step, place};
use crate::analysis::messages::{Input, numbers};
use crate::hir::{Body, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::program::{Definition, Program};
use crate::source::Span;

/// Functions that are looked into for one member: the one that is called, and what it calls.
const MAX_FUNCTIONS: usize = 24;
/// Calls from the one that is asked about to the one that stores.
const MAX_DEPTH: usize = 2;
/// A function that is called from more places than this is not asked for its callers.
const MAX_CALLERS: usize = 12;

pub struct Settled<'a> {
    program: &'a Program,
    inputs: &'a [Input<'a>],
    facts: &'a [Facts],
    numbers: FxHashMap<Definition, u32>,
    /// Where functions are called.
    sites: FxHashMap<Definition, Vec<(u32, ExprId)>>,
}

impl<'a> Settled<'a> {
    /// Callers are listed of the functions `wanted`.
    pub fn new(
        program: &'a Program,
        inputs: &'a [Input<'a>],
        facts: &'a [Facts],
        wanted: impl Iterator<Item = usize>,
    ) -> Settled<'a> {
        let wanted: Vec<usize> = wanted.collect();
        let names: FxHashSet<&str> = wanted.iter().map(|&n| inputs[n].function.name.as_str()).collect();
        let mut sites: FxHashMap<Definition, Vec<(u32, ExprId)>> =
            wanted.iter().filter_map(|&n| Some((inputs[n].definition?, Vec::new()))).collect();
        for (n, input) in inputs.iter().enumerate().filter(|(_, input)| input.definition.is_some()) {
            for (call, name, _) in input.function.body.calls().filter(|(_, name, _)| names.contains(name)) {
                for definition in program.callees(name, input.function.file) {
                    if let Some(all) = sites.get_mut(&definition).filter(|all| all.len() <= MAX_CALLERS) {
                        all.push((n as u32, call));
                    }
                }
            }
        }
        Settled { program, inputs, facts, numbers: numbers(inputs), sites }
    }

    /// Whoever calls the function asks about this member of what is given before.
    pub fn by_callers(&self, input: &Input, e: ExprId) -> bool {
        let body = &input.function.body;
        let (Some(definition), Some(member)) = (input.definition, place(body, e)) else { return false };
        let Some(arg) = input.function.params.iter().position(|p| p.name == member.base) else { return false };
        let Some(sites) = self.sites.get(&definition).filter(|all| (1..=MAX_CALLERS).contains(&all.len())) else {
            return false;
        };
        let path = written(body, &member.path);
        sites.iter().all(|&(n, call)| {
            let caller = &self.inputs[n as usize].function.body;
            let ExprKind::Call { args, .. } = &caller.expr(call).kind else { return false };
            let Some((object, inner)) = args.get(arg).and_then(|&arg| pointed_to(caller, arg)) else { return false };
            // `&p->a` gives what `->` leads away from again.
            let rest = if inner { path.strip_prefix(&[Written::Deref]) } else { Some(&path[..]) };
            let Some(rest) = rest else { return false };
            let before = caller.expr(call).span.start;
            self.facts[n as usize].members_asked.iter().any(|&m| {
                caller.expr(m).span.start < before
                    && place(caller, m)
                        .is_some_and(|m| object.covers(&m) && written(caller, &m.path[object.path.len()..]) == rest)
            })
        })
    }

    /// A branch before the member `e` is decided by a call that is given the object which it is reached from, and
    /// that stores to a member of that name or asks about it.
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
        // `n = f(p); if (n < 0)`
        let kept: FxHashSet<ExprId> = body
            .exprs
            .iter()
            .filter_map(|e| match e.kind {
                ExprKind::Assign { op: None, right, .. } => Some(body.bare(right)),
                _ => None,
            })
            .chain(body.stmts.iter().flat_map(|s| match &s.kind {
                StmtKind::Decl(all) => all.iter().filter_map(|d| Some(body.bare(d.init?))).collect(),
                _ => Vec::new(),
            }))
            .collect();
        let decides = |call: ExprId| {
            let at = body.expr(call).span;
            decided.iter().any(|cond| cond.contains(at.start)) || (kept.contains(&call) && before(at))
        };
        let gives = |args: &[ExprId]| args.iter().any(|&arg| root(body, arg) == Some(object));
        body.calls()
            .any(|(call, name, args)| decides(call) && gives(args) && self.stores(input, name, body.names.text(field)))
    }

    /// A function stores to a member of that name or asks about it, or one that it calls does, and no `switch` decides
    /// whether.
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
                if stores_itself(&function.body, field) || asks_itself(&function.body, &self.facts[n as usize], field) {
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

fn asks_itself(body: &Body, facts: &Facts, field: &str) -> bool {
    let Some(field) = body.names.find(field) else { return false };
    let switches = || body.stmts.iter().filter(|s| matches!(s.kind, StmtKind::Switch { .. })).map(|s| s.span);
    facts.members_asked.iter().any(|&e| {
        matches!(body.expr(e).kind, ExprKind::Member { field: f, .. } if f == field)
            && !switches().any(|span| span.contains(body.expr(e).span.start))
    })
}

/// A step of a path, to compare those of two functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written<'a> {
    Field(&'a str),
    Deref,
    Index,
}

fn written<'a>(body: &'a Body, path: &[Step]) -> Vec<Written<'a>> {
    let one = |step: &Step| match *step {
        Step::Field(name) => Written::Field(body.names.text(name)),
        Step::Deref => Written::Deref,
        Step::Index => Written::Index,
    };
    path.iter().map(one).collect()
}

/// The place that an argument names, and whether it is its address that is given.
fn pointed_to(body: &Body, arg: ExprId) -> Option<(Place, bool)> {
    let arg = body.bare(arg);
    match body.expr(arg).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => Some((place(body, operand)?, true)),
        _ => Some((place(body, arg)?, false)),
    }
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
