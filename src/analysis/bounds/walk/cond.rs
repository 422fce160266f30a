//! Conditions: the facts on the path where one is true, and where it is false.

use super::eval::{Eval, Frame};
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::literals::number;
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::state::{Path, State, Value};
use crate::analysis::bounds::terms::symbols::{What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, UnaryOp};
use crate::source::Span;

/// The end of a path through the function: its state and its facts.
#[derive(Clone)]
pub(super) struct Way {
    pub state: State,
    pub at: FactId,
}

/// The facts that one outcome of a comparison implies.
#[derive(Default)]
struct Says {
    least_zero: Vec<Linear>,
    apart: Vec<Linear>,
}

impl Eval<'_> {
    pub fn way(&self) -> Way {
        Way { state: self.state.clone(), at: self.at }
    }

    pub fn enter(&mut self, way: Way) {
        self.state = way.state;
        self.at = way.at;
    }

    /// Evaluates a condition; returns the paths on which it is true and false.
    pub fn branch(&mut self, f: &Frame, e: ExprId) -> (Way, Way) {
        if self.is_too_deep() {
            let way = self.way();
            return (way.clone(), way);
        }
        self.descend();
        let ways = self.branch_kind(f, e);
        self.ascend();
        ways
    }

    fn branch_kind(&mut self, f: &Frame, e: ExprId) -> (Way, Way) {
        let body = f.body;
        if let Some((cond, same)) = as_number(body, e) {
            let (yes, no) = self.branch(f, cond);
            return if same { (yes, no) } else { (no, yes) };
        }
        match &body.expr(e).kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let (yes, no) = self.branch(f, *operand);
                (no, yes)
            }
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                let start = self.at;
                let (yes, no) = self.branch(f, *left);
                let (go_on, done) = if *op == BinaryOp::And { (yes, no) } else { (no, yes) };
                self.enter(go_on);
                let (yes, no) = self.branch(f, *right);
                let (last, other) = if *op == BinaryOp::And { (yes, no) } else { (no, yes) };
                self.join(vec![done, other], start);
                let either = self.way();
                if *op == BinaryOp::And { (last, either) } else { (either, last) }
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(f, *left);
                self.branch(f, *right)
            }
            ExprKind::Binary {
                op: op @ (BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge),
                left,
                right,
            } => {
                let noted = self.sites.len();
                let a = self.eval(f, *left);
                let b = self.eval(f, *right);
                self.drop_compared(f, noted, [(*left, &a), (*right, &b)]);
                if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
                    self.drop_equal(f, noted, (*left, &a), &b);
                    self.drop_equal(f, noted, (*right, &b), &a);
                }
                let never = matches!(op, BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge)
                    && b.linear.as_constant() == Some(0)
                    && a.kind.is_unsigned();
                if never && let ExprKind::Binary { op: BinaryOp::Sub, .. } = body.expr(*left).kind {
                    self.note_difference(f, e, *left);
                }
                if !matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
                    self.note_wrap(f, e, &a);
                    self.note_wrap(f, e, &b);
                }
                if b.linear == Linear::ZERO {
                    self.note_nul(&a);
                }
                self.believe(f, (*left, &a), (*right, &b));
                let step = self.pointer_step(&a, &b);
                let (mut yes, mut no) = compare(*op, &a, &b, step, &|l| self.symbols.least(l));
                self.add_signs(*op, &a, &b, &mut yes, &mut no);
                self.split_ways(yes, no, self.span(f, e))
            }
            ExprKind::Cast { operand, .. } if matches!(body.expr(*operand).kind, ExprKind::Binary { .. }) => {
                self.branch(f, *operand)
            }
            ExprKind::Call { callee, args } => self.branch_call(f, e, *callee, args),
            _ => {
                let value = self.eval(f, e);
                self.note_nul(&value);
                self.branch_value(value, self.span(f, e))
            }
        }
    }

    /// `*p == '\0'`: a string, which ends at a NUL whatever length is known.
    fn note_nul(&mut self, value: &Value) {
        if value.kind == (Kind::Int { bits: 8, signed: true })
            && let Some(s) = value.linear.as_symbol()
            && let What::Load { base, path: Path::ITSELF, .. } = self.symbols.info(s).what
            && let Some((start, _)) = self.symbols.buffer(&base)
        {
            self.texts.insert(start);
        }
    }

    /// In an unsigned comparison, a negative number exceeds any limit: the smaller side is not negative.
    fn add_signs(&self, op: BinaryOp, a: &Value, b: &Value, yes: &mut Says, no: &mut Says) {
        let Kind::Int { signed: false, .. } = a.kind.usual(b.kind) else { return };
        let (less, more) = match op {
            BinaryOp::Lt | BinaryOp::Le => (yes, no),
            BinaryOp::Gt | BinaryOp::Ge => (no, yes),
            _ => return,
        };
        for (says, side) in [(less, a), (more, b)] {
            if side.linear.has_terms() && self.symbols.least(&side.linear).is_none_or(|least| least < 0) {
                says.least_zero.push(side.linear);
            }
        }
    }

    /// Pointers to elements of several bytes differ by whole elements, unless something else was added to either.
    fn pointer_step(&self, a: &Value, b: &Value) -> i64 {
        let whole = |size: i64| {
            let Some(between) = a.linear.sub(&b.linear) else { return false };
            let pointers = |sign| between.terms().iter().filter(|(_, k)| *k == sign).count();
            let rest = between.terms().iter().filter(|(_, k)| k.abs() != 1);
            pointers(1) == 1
                && pointers(-1) == 1
                && between.constant % size == 0
                && rest.into_iter().all(|(_, k)| i64::from(*k) % size == 0)
        };
        let size = a.kind.pointee().filter(|_| a.kind == b.kind).and_then(|ty| self.types.size(ty));
        match size.and_then(|size| i64::try_from(size).ok()) {
            Some(size) if size > 1 && whole(size) => size,
            _ => 1,
        }
    }

    /// `offset + length > size`, in a type that may be too narrow for the sum.
    fn note_wrap(&mut self, f: &Frame, e: ExprId, side: &Value) {
        let Kind::Int { bits: 32, signed: false } = side.kind else { return };
        let sum = side.linear;
        let large = |s: &crate::analysis::bounds::terms::linear::Sym| {
            let info = self.symbols.info(*s);
            info.wire > Wire::Weak && info.hi.is_some_and(|hi| hi >= i64::from(u32::MAX))
        };
        let several = sum.terms().len() > 1 || sum.constant > 0;
        if several && sum.terms().iter().all(|(_, k)| *k > 0) && sum.terms().iter().any(|(s, _)| large(s)) {
            self.site(f, e, SiteKind::Wrapping { sum });
        }
    }

    /// `p < end - 4`: a pointer before the start that is only compared reads nothing.
    fn drop_compared(&mut self, f: &Frame, noted: usize, sides: [(ExprId, &Value); 2]) {
        for (side, value) in sides {
            if value.kind.is_pointer() && self.sites.len() > noted {
                let span = self.span(f, side);
                let new = self.sites.split_off(noted);
                let compared = |site: &Site| site.span == span && matches!(site.kind, SiteKind::Difference { .. });
                self.sites.extend(new.into_iter().filter(|site| !compared(site)));
            }
        }
    }

    /// `n == length - 4`: a wrapped value is larger than any value of the other side.
    fn drop_equal(&mut self, f: &Frame, noted: usize, side: (ExprId, &Value), other: &Value) {
        let (Kind::Int { bits, .. }, Some(greatest)) = (side.1.kind, self.symbols.greatest(&other.linear)) else {
            return;
        };
        let beyond = if bits > 32 { i64::from(u32::MAX) } else { i64::from(i32::MAX) };
        if greatest <= beyond && self.sites.len() > noted {
            let span = self.span(f, side.0);
            let new = self.sites.split_off(noted);
            let wraps = |site: &Site| site.span == span && matches!(site.kind, SiteKind::Difference { .. });
            self.sites.extend(new.into_iter().filter(|site| !wraps(site)));
        }
    }

    /// `a - b < 0` for unsigned numbers.
    fn note_difference(&mut self, f: &Frame, e: ExprId, difference: ExprId) {
        let span = self.span(f, difference);
        let found = self.sites.iter().rev().take(8).find_map(|site| match &site.kind {
            SiteKind::Difference { a, b, .. } if site.span == span => Some((*a, *b)),
            _ => None,
        });
        if let Some((a, b)) = found {
            self.site(f, e, SiteKind::NeverNegative { a, b });
        }
    }

    /// The paths on which a value is non-zero, and zero.
    pub fn branch_value(&mut self, value: Value, span: Span) -> (Way, Way) {
        let zero = Value { linear: Linear::ZERO, kind: Kind::INT };
        let (yes, no) = compare(BinaryOp::Ne, &value, &zero, 1, &|l| self.symbols.least(l));
        self.split_ways(yes, no, span)
    }

    /// The paths on which a sum is at least zero, and negative.
    pub(super) fn split_on(&mut self, sum: &Linear, span: Span) -> (Way, Way) {
        let said = |sum: Option<Linear>| Says { least_zero: sum.into_iter().collect(), apart: Vec::new() };
        let below = sum.scaled(-1).and_then(|less| less.plus_constant(-1));
        self.split_ways(said(Some(*sum)), said(below), span)
    }

    fn split_ways(&mut self, yes: Says, no: Says, span: Span) -> (Way, Way) {
        let yes = self.facts.child(self.at, yes.least_zero, yes.apart, span);
        let no = self.facts.child(self.at, no.least_zero, no.apart, span);
        (Way { state: self.state.clone(), at: yes }, Way { state: self.state.clone(), at: no })
    }

    /// A condition as a value, with its side effects.
    pub fn truth(&mut self, f: &Frame, e: ExprId) -> Value {
        let start = self.at;
        let span = self.span(f, e);
        let (yes, no) = self.branch(f, e);
        self.join(vec![yes, no], start);
        self.between(Kind::INT, 0, 1, Wire::No, span)
    }
}

/// `condition ? 0 : 1`, as in assertions: the condition, and whether the result has the same truth value.
fn as_number(body: &Body, e: ExprId) -> Option<(ExprId, bool)> {
    let ExprKind::Conditional { cond, then: Some(then), otherwise } = body.expr(e).kind else { return None };
    let is_zero = |e: ExprId| match body.expr(e).kind {
        ExprKind::Number(text) => number(body.names.text(text)).map(|(n, _)| n == 0),
        _ => None,
    };
    let (then, otherwise) = (is_zero(then)?, is_zero(otherwise)?);
    (then != otherwise).then_some((cond, otherwise))
}

/// `step` is the smallest difference between unequal values.
fn compare(op: BinaryOp, a: &Value, b: &Value, step: i64, least: &dyn Fn(&Linear) -> Option<i64>) -> (Says, Says) {
    let (Some(ab), Some(ba)) = (a.linear.sub(&b.linear), b.linear.sub(&a.linear)) else {
        return Default::default();
    };
    let at_least = |l: Linear, n: i64| Says {
        least_zero: l.plus_constant(-n).into_iter().filter(|l| !l.terms().is_empty()).collect(),
        apart: Vec::new(),
    };
    let equal =
        || Says { least_zero: if ab.terms().is_empty() { Vec::new() } else { vec![ab, ba] }, apart: Vec::new() };
    let apart = || match (least(&ab), least(&ba)) {
        (Some(0..), _) => at_least(ab, 1),
        (_, Some(0..)) => at_least(ba, 1),
        _ => Says { least_zero: Vec::new(), apart: vec![ab] },
    };
    match op {
        BinaryOp::Lt => (at_least(ba, step), at_least(ab, 0)),
        BinaryOp::Le => (at_least(ba, 0), at_least(ab, step)),
        BinaryOp::Gt => (at_least(ab, step), at_least(ba, 0)),
        BinaryOp::Ge => (at_least(ab, 0), at_least(ba, step)),
        BinaryOp::Eq => (equal(), apart()),
        _ => (apart(), equal()),
    }
}
