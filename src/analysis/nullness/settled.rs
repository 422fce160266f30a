//! What ensures that a member is there: a call that stores to it or checks it and whose outcome the caller tests, or
//! callers that all check it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::sites::Sites;
use super::walk::is_null_literal;
use super::{Facts, Origin, Use};
use crate::analysis::access::{Place, Step, place};
use crate::analysis::messages::{Input, numbers};
use crate::hir::{Body, Expr, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::program::{Definition, Program};
use crate::source::Span;

/// Maximum number of functions examined for one member: the callee, and what it calls.
const MAX_FUNCTIONS: usize = 24;
/// Maximum number of calls from the examined function to the one that stores.
const MAX_DEPTH: usize = 2;
/// How many levels of callers are followed.
const MAX_HOPS: usize = 2;

/// Whether a function settles what a path from a variable leads to, before a position in it.
type Settles<'s> = &'s dyn Fn(u32, Symbol, &[Written], u32) -> bool;

pub struct Settled<'a> {
    program: &'a Program,
    inputs: &'a [Input<'a>],
    facts: &'a [Facts],
    numbers: FxHashMap<Definition, u32>,
    sites: &'a Sites<'a>,
}

impl<'a> Settled<'a> {
    pub fn new(program: &'a Program, inputs: &'a [Input<'a>], facts: &'a [Facts], sites: &'a Sites<'a>) -> Settled<'a> {
        Settled { program, inputs, facts, numbers: numbers(inputs), sites }
    }

    /// Whether every caller of the function checks this member of its argument before.
    pub fn is_asked_by_callers(&self, input: &Input, e: ExprId) -> bool {
        self.by(input, e, MAX_HOPS - 1, &|n, base, path, before| self.asks(n, base, path, before))
    }

    /// Whether every caller of the function, or the callers of those, ensure this member of its argument before.
    pub fn by_callers(&self, input: &Input, e: ExprId) -> bool {
        self.by(input, e, 0, &|n, base, path, before| self.sees_to(n, base, path, before))
    }

    fn by(&self, input: &Input, e: ExprId, hops: usize, settles: Settles) -> bool {
        let body = &input.function.body;
        let (Some(definition), Some(member)) = (input.definition, place(body, e)) else { return false };
        let Some(arg) = input.function.params.iter().position(|p| p.name == member.base) else { return false };
        let Some(&n) = self.numbers.get(&definition) else { return false };
        self.seen_to(n, arg, &written(body, &member.path), hops, settles)
    }

    /// Whether every caller of function `n` settles what this path from argument `arg` leads to.
    fn seen_to(&self, n: u32, arg: usize, path: &[Written], hops: usize, settles: Settles) -> bool {
        let Some(sites) = self.sites.of(n) else { return false };
        sites.iter().all(|&(caller, call)| {
            let input = &self.inputs[caller as usize];
            let body = &input.function.body;
            let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
            let Some((object, inner)) = args.get(arg).and_then(|&arg| pointed_to(body, arg)) else { return false };
            // `&p->a`: address-of cancels the leading dereference of the path.
            let rest = if inner { path.strip_prefix(&[Written::Deref]) } else { Some(path) };
            let Some(rest) = rest else { return false };
            let mut whole = written(body, &object.path);
            whole.extend(rest);
            let before = body.expr(call).span.start;
            settles(caller, object.base, &whole, before) || {
                let outer = input.function.params.iter().position(|p| p.name == object.base);
                hops + 1 < MAX_HOPS && outer.is_some_and(|outer| self.seen_to(caller, outer, &whole, hops + 1, settles))
            }
        })
    }

    fn asks(&self, n: u32, base: Symbol, path: &[Written], before: u32) -> bool {
        let body = &self.inputs[n as usize].function.body;
        self.facts[n as usize].members_asked.iter().any(|&m| {
            body.expr(m).span.start < before
                && place(body, m).is_some_and(|p| p.base == base && written(body, &p.path) == path)
        })
    }

    /// Whether function `n`, before a position in it, checks what the path from a variable leads to, assigns it, reads
    /// through it itself, or tests what another function says about it.
    fn sees_to(&self, n: u32, base: Symbol, path: &[Written], before: u32) -> bool {
        let (input, facts) = (&self.inputs[n as usize], &self.facts[n as usize]);
        let body = &input.function.body;
        let is_it = |e: ExprId| {
            body.expr(e).span.start < before
                && place(body, e).is_some_and(|p| p.base == base && written(body, &p.path) == path)
        };
        let sets = |e: &Expr| match e.kind {
            ExprKind::Assign { op: None, left, right } => {
                matches!(body.expr(left).kind, ExprKind::Member { .. })
                    && !is_null_literal(body, right, true)
                    && is_it(left)
            }
            _ => false,
        };
        let reads = |used: &Use| matches!(used.origin, Origin::Loaded(e) if used.kind.is_direct() && is_it(e));
        let field = path.iter().rev().find_map(|step| match step {
            Written::Field(name) => Some(*name),
            _ => None,
        });
        // `if (is_active(p->a)) f(p);`
        let gives = |args: &[ExprId]| args.iter().any(|&arg| is_it(arg));
        let decides = || {
            let conditions = body.stmts.iter().filter_map(|s| s.kind.condition()).map(|c| body.expr(c).span);
            let conditions: Vec<Span> = conditions.filter(|c| c.start < before).collect();
            let is_in = |call: ExprId| conditions.iter().any(|c| c.contains(body.expr(call).span.start));
            body.calls().any(|(call, _, args)| gives(args) && is_in(call))
        };
        self.asks(n, base, path, before)
            || decides()
            || facts.uses.iter().any(reads)
            || body.exprs.iter().any(sets)
            || field.is_some_and(|field| self.is_decided(input, base, field, before, 1))
    }

    /// Whether a branch before the member `e` depends on a call that is passed the object that `e` is reached from, and
    /// that stores to a member of that name or checks it.
    pub fn by_call(&self, input: &Input, e: ExprId) -> bool {
        let body = &input.function.body;
        let ExprKind::Member { field, .. } = body.expr(e).kind else { return false };
        let Some(object) = root(body, e) else { return false };
        self.is_decided(input, object, body.names.text(field), body.expr(e).span.start, MAX_DEPTH)
    }

    /// The same for a member, by name, of something reached from `object`, before a position in the function.
    fn is_decided(&self, input: &Input, object: Symbol, field: &str, before: u32, depth: usize) -> bool {
        let body = &input.function.body;
        let before = |span: Span| span.start < before;
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
        body.calls().any(|(call, name, args)| decides(call) && gives(args) && self.stores(input, name, field, depth))
    }

    /// Whether a function, or one that it calls, stores to a member of that name or checks it, outside any `switch`.
    fn stores(&self, input: &Input, callee: &str, field: &str, depth: usize) -> bool {
        let mut seen: FxHashSet<Definition> = FxHashSet::default();
        let mut level = self.program.callees(callee, input.function.file).to_vec();
        for _ in 0..depth {
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

/// A path step that can be compared between functions.
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

/// The place that an argument names, and whether its address is passed.
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
