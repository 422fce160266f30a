//! Local variables that belong together: a pointer and its length, inferred from what the function does with both. For
//! parameters and fields, names suffice ([`super::pairs`]).

use rustc_hash::{FxHashMap, FxHashSet};

use super::eval::{Eval, Frame};
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::{is_length, named_for};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, Symbol, UnaryOp};
use crate::source::Span;

/// Steps of either kind per function that are compared with each other.
const MAX_STEPS: usize = 64;
/// Maximal distance, in bytes of source, between two steps that are paired.
const MAX_APART: u32 = 160;
const MAX_APART_BY_ONE: u32 = 40;
/// Expressions nested deeper are not compared.
const MAX_DEPTH: usize = 8;

/// By pointer: the variable that holds its length.
pub(super) type Lengths = FxHashMap<u32, u32>;

/// `variable += by`
struct Step {
    variable: u32,
    by: By,
    span: Span,
}

#[derive(Clone, Copy)]
enum By {
    One,
    Expr(ExprId),
}

impl Eval<'_> {
    /// Finds the lengths of pointers, best evidence first: both change by the same amount, one up and the other down;
    /// one is named after the other.
    pub(super) fn find_lengths(&self) -> Lengths {
        let mut found = Lengths::default();
        let body = &self.function.body;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for expr in &body.exprs {
            let Some((variable, by, is_up)) = self.step_of(body, &expr.kind) else { continue };
            let is_fitting = match is_up {
                true => self.is_bytes_variable(variable) || self.is_laid_anew(body, &expr.kind, variable),
                false => self.is_number(variable),
            };
            let all = if is_up { &mut up } else { &mut down };
            if is_fitting && all.len() < MAX_STEPS {
                all.push(Step { variable, by, span: expr.span });
            }
        }
        // A number that a condition counts down is one less in the body than what there was.
        let conditions = (0..body.stmts.len() as u32).filter_map(|i| body.stmt(StmtId(i)).kind.condition());
        let conditions: Vec<Span> = conditions.map(|e| body.expr(e).span).collect();
        down.retain(|n| !conditions.iter().any(|c| c.start <= n.span.start && n.span.end <= c.end));
        // What is stored through has room, not contents.
        let filled = self.stored_through(body);
        up.retain(|p| !filled.contains(&p.variable));
        let name = |i: u32| body.names.text(self.variables[i as usize].name);
        let pointers = || (0..self.variables.len() as u32).filter(|&i| self.variables[i as usize].kind.is_pointer());
        for p in &up {
            let near = |n: &&Step| {
                let apart = n.span.start.abs_diff(p.span.start);
                // Anything may be counted down by one, and the number may be the length of another pointer.
                let is_counted = || {
                    let named = |other: u32| other != p.variable && named_for(name(other), name(n.variable));
                    apart <= MAX_APART_BY_ONE && is_length(name(n.variable)) && !pointers().any(named)
                };
                apart <= MAX_APART && same_by(body, p.by, n.by) && (matches!(p.by, By::Expr(_)) || is_counted())
            };
            if let Some(n) = down.iter().filter(near).min_by_key(|n| n.span.start.abs_diff(p.span.start)) {
                found.entry(p.variable).or_insert(n.variable);
            }
        }
        let count = self.variables.len() as u32;
        let parameters = self.function.params.len() as u32;
        let is_byte = |n: u32| self.variables[n as usize].kind == (Kind::Int { bits: 8, signed: false });
        for n in (0..count).filter(|&n| (self.is_number(n) || is_byte(n)) && is_length(name(n))) {
            let pointer = (0..count).find(|&p| named_for(name(p), name(n)) && self.is_bytes_variable(p));
            if let Some(p) = pointer.filter(|p| (*p >= parameters || n >= parameters) && !filled.contains(p)) {
                found.entry(p).or_insert(n);
            }
        }
        // The captured length of a packet, from its header: `caplen = h->caplen`.
        let captured = (parameters..count).find(|&n| name(n) == "caplen" && self.is_number(n));
        if let Some(n) = captured {
            let is_bytes = |p: u32| match self.variables[p as usize].kind {
                Kind::Pointer(to) => matches!(self.types.kind(to), Kind::Int { bits: 8, signed: false }),
                _ => false,
            };
            let mut all = (0..parameters).filter(|&p| is_bytes(p) && !filled.contains(&p));
            if let (Some(p), None) = (all.next(), all.next()) {
                found.insert(p, n);
            }
        }
        found
    }

    /// The pointers that are stored through, except those read through before: their contents are modified in place.
    fn stored_through(&self, body: &Body) -> Vec<u32> {
        let mut filled: FxHashMap<u32, u32> = FxHashMap::default();
        let mut stored: FxHashSet<ExprId> = FxHashSet::default();
        for e in &body.exprs {
            let Some(variable) = self.filled_by(body, &e.kind) else { continue };
            let first = filled.entry(variable).or_insert(e.span.start);
            *first = e.span.start.min(*first);
            if let ExprKind::Assign { left, .. } = e.kind {
                stored.insert(left);
            }
        }
        for i in 0..body.exprs.len() as u32 {
            let (e, id) = (body.expr(ExprId(i)), ExprId(i));
            if !stored.contains(&id)
                && let Some(variable) = self.leads_through(body, id)
                && filled.get(&variable).is_some_and(|first| e.span.end < *first)
            {
                filled.remove(&variable);
            }
        }
        filled.into_keys().collect()
    }

    /// The variable that an assignment stores through.
    fn filled_by(&self, body: &Body, kind: &ExprKind) -> Option<u32> {
        match *kind {
            ExprKind::Assign { left, .. } => self.leads_through(body, left),
            _ => None,
        }
    }

    /// The variable that `*p`, `p[i]` or `*p++` dereferences.
    fn leads_through(&self, body: &Body, place: ExprId) -> Option<u32> {
        let base = match body.expr(place).kind {
            ExprKind::Unary { op: UnaryOp::Deref, operand } => operand,
            ExprKind::Index { base, .. } => base,
            _ => return None,
        };
        match body.expr(base).kind {
            ExprKind::Name(name) => self.by_name.get(&name).copied(),
            ExprKind::Update { operand, .. } => match body.expr(operand).kind {
                ExprKind::Name(name) => self.by_name.get(&name).copied(),
                _ => None,
            },
            _ => None,
        }
    }

    fn step_of(&self, body: &Body, kind: &ExprKind) -> Option<(u32, By, bool)> {
        let variable = |e: ExprId| match body.expr(e).kind {
            ExprKind::Name(name) => self.by_name.get(&name).copied(),
            _ => None,
        };
        match *kind {
            ExprKind::Assign { op: Some(BinaryOp::Add), left, right } => Some((variable(left)?, By::Expr(right), true)),
            ExprKind::Assign { op: Some(BinaryOp::Sub), left, right } => {
                Some((variable(left)?, By::Expr(right), false))
            }
            ExprKind::Update { operand, decrement, .. } => Some((variable(operand)?, By::One, !decrement)),
            // `p = p + n`, `p = (struct header *)((char *)p + n)`
            ExprKind::Assign { op: None, left, right } => {
                let of = variable(left)?;
                match body.expr(body.bare(right)).kind {
                    ExprKind::Binary { op: op @ (BinaryOp::Add | BinaryOp::Sub), left, right }
                        if variable(body.bare(left)) == Some(of) =>
                    {
                        Some((of, By::Expr(right), op == BinaryOp::Add))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `header = (struct header *)((char *)header + length)`: a structure is laid over the remaining bytes.
    fn is_laid_anew(&self, body: &Body, kind: &ExprKind, variable: u32) -> bool {
        let ExprKind::Assign { op: None, right, .. } = *kind else { return false };
        let ExprKind::Binary { op: BinaryOp::Add, left, .. } = body.expr(body.bare(right)).kind else { return false };
        let ExprKind::Cast { ty, .. } = body.expr(left).kind else { return false };
        let moved = self.types.declared(body.names.text(ty)).pointee().map(|to| self.types.kind(to));
        self.variables[variable as usize].kind.is_pointer()
            && matches!(moved, Some(Kind::Int { bits: 8, .. } | Kind::Void))
    }

    /// The end of the bytes at a pointer that was set inside a message, given by its paired length.
    pub(super) fn carved(&self, cursor: Option<u32>) -> Option<Buffer> {
        let cursor = cursor?;
        let length = self.state.var(*self.lengths.get(&cursor)?)?.linear;
        let start = self.state.var(cursor)?.linear;
        if length.as_constant().is_some() || start.terms().len() < 2 && start.constant == 0 {
            return None;
        }
        Some(Buffer { limit: start.add(&length)?, room: Room::Given, wire: Wire::Weak })
    }

    fn is_number(&self, variable: u32) -> bool {
        let variable = &self.variables[variable as usize];
        match variable.kind {
            Kind::Int { bits: 16.., .. } => true,
            // `UINT32 n` from a header that is not in sight.
            Kind::Unknown => !variable.in_memory && !variable.declared.contains('*'),
            _ => false,
        }
    }

    fn is_bytes_variable(&self, variable: u32) -> bool {
        match self.variables[variable as usize].kind {
            Kind::Pointer(to) => {
                matches!(self.types.kind(to), Kind::Int { bits: 8, .. } | Kind::Void | Kind::Unknown)
            }
            _ => false,
        }
    }

    /// Bytes are read through a variable: if nothing else limits how many, its paired length does.
    pub(super) fn pair_up(&mut self, cursor: Option<u32>, address: &Linear) {
        let Some(cursor) = cursor else { return };
        let Some(&length) = self.lengths.get(&cursor) else { return };
        if self.symbols.buffer(address).is_some() {
            return;
        }
        let (Some(p), Some(n)) = (self.state.var(cursor), self.state.var(length)) else { return };
        let Some(root) = self.pointer_of(&p.linear) else { return };
        if n.linear.as_constant().is_some() || address.factor(root) != 1 {
            return;
        }
        let is_decoder = crate::analysis::bounds::terms::names::is_decoder(&self.function.name);
        let wire = if is_decoder { Wire::Weak } else { Wire::Faint };
        // A length that does not change while the pointer advances is relative to the pointer's initial value.
        let start = match &self.symbols.info(root).source {
            Source::Looped { first, .. } if !n.linear.terms().iter().any(|(s, _)| self.symbols.is_looped(*s)) => {
                match first[..] {
                    [(first, _)] => first,
                    _ => p.linear,
                }
            }
            _ => p.linear,
        };
        let limit = start.add(&n.linear);
        self.symbols.info_mut(root).buffer = limit.map(|limit| Buffer { limit, room: Room::Given, wire });
    }

    /// The variable that an argument is derived from, if it points to that address and has a paired length.
    pub(super) fn cursor_to(&self, f: &Frame, arg: ExprId, address: &Linear) -> Option<u32> {
        self.pointer_to(f, arg, address).filter(|cursor| self.lengths.contains_key(cursor))
    }

    /// The variable that an argument is derived from, if it points to this address or into the same buffer.
    pub(super) fn pointer_to(&self, f: &Frame, arg: ExprId, address: &Linear) -> Option<u32> {
        let cursor = self.cursor(f, arg)?;
        let value = self.state.var(cursor)?.linear;
        (value.terms().first()? == address.terms().first()?).then_some(cursor)
    }

    /// The symbol that an address without a buffer is based on.
    fn pointer_of(&self, address: &Linear) -> Option<Sym> {
        let [(s, 1)] = address.terms() else { return None };
        let info = self.symbols.info(*s);
        let is_pointer = matches!(info.what, What::Parameter(_) | What::Load { .. } | What::Fresh);
        (is_pointer && info.buffer.is_none()).then_some(*s)
    }
}

fn same_by(body: &Body, a: By, b: By) -> bool {
    match (a, b) {
        (By::One, By::One) => true,
        (By::Expr(a), By::Expr(b)) => same(body, a, b, MAX_DEPTH),
        _ => false,
    }
}

/// Whether two expressions are written alike, ignoring casts.
fn same(body: &Body, a: ExprId, b: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    use ExprKind::*;
    let all =
        |a: &[ExprId], b: &[ExprId]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(body, *a, *b, depth));
    let texts = |a: &Symbol, b: &Symbol| a == b;
    match (&body.expr(a).kind, &body.expr(b).kind) {
        (Name(a), Name(b)) | (Number(a), Number(b)) | (Char(a), Char(b)) => texts(a, b),
        (Call { callee, args }, Call { callee: other, args: others }) => {
            same(body, *callee, *other, depth) && all(args, others)
        }
        (Member { base, field, .. }, Member { base: other, field: name, .. }) => {
            field == name && same(body, *base, *other, depth)
        }
        (Index { base, index }, Index { base: other, index: at }) => {
            same(body, *base, *other, depth) && same(body, *index, *at, depth)
        }
        (Unary { op, operand }, Unary { op: other, operand: of }) => op == other && same(body, *operand, *of, depth),
        (Binary { op, left, right }, Binary { op: other, left: l, right: r }) => {
            op == other && same(body, *left, *l, depth) && same(body, *right, *r, depth)
        }
        (Cast { operand, .. }, _) => same(body, *operand, b, depth),
        (_, Cast { operand, .. }) => same(body, a, *operand, depth),
        (Sizeof { ty, operand }, Sizeof { ty: other, operand: of }) => {
            ty == other
                && match (operand, of) {
                    (Some(a), Some(b)) => same(body, *a, *b, depth),
                    (a, b) => a.is_none() && b.is_none(),
                }
        }
        _ => false,
    }
}
