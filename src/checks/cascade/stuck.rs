//! Loop iterations that change nothing: a failed read that is retried, a step set only on some paths, a step that is
//! the 0 of a failed function, and an end that the called function never reports.

use rustc_hash::FxHashSet;

use super::control::{controls, gives, is_control, is_zero};
use crate::analysis::access::{Act, Place, place};
use crate::analysis::cfg::BlockId;
use crate::analysis::outcome::outcome;
use crate::analysis::received::Received;
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::source::{FileId, Span};

/// Limit on the expressions examined per loop.
const MAX_EXPRS: usize = 4000;

/// A loop that may make no progress.
pub struct Stuck {
    pub span: Span,
    pub label: &'static str,
    pub message: String,
    pub related: Vec<(FileId, Span, &'static str)>,
}

/// The expressions that a loop evaluates in each iteration, without its step and condition.
fn inside(body: &Body, at: StmtId) -> Vec<ExprId> {
    let own = body.stmt(at).kind.condition();
    let mut roots = Vec::new();
    body.walk_stmts(at, &mut |s| {
        if s != at {
            body.own_exprs(s, &mut |e| roots.push(e));
        }
    });
    let mut all = Vec::new();
    for root in roots.into_iter().filter(|e| Some(*e) != own) {
        body.walk(root, &mut |e| {
            if all.len() < MAX_EXPRS {
                all.push(e);
            }
        });
    }
    all
}

/// What the conditions inside the loop mention, without its own.
fn asked(body: &Body, at: StmtId, all: &[ExprId]) -> FxHashSet<Symbol> {
    let mut names = FxHashSet::default();
    let mut ask = |root: ExprId| {
        body.walk(root, &mut |e| {
            if let ExprKind::Name(name) = body.expr(e).kind {
                names.insert(name);
            }
        });
    };
    body.walk_stmts(at, &mut |s| {
        if s != at {
            body.stmt(s).kind.condition().into_iter().for_each(&mut ask);
        }
    });
    for &e in all {
        match body.expr(e).kind {
            ExprKind::Conditional { cond, .. } => ask(cond),
            ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, .. } => ask(e),
            _ => {}
        }
    }
    names
}

/// The additive steps of a loop, each with its increment; none if anything else moves a control.
fn steps(body: &Body, all: &[ExprId], controls: &[Place]) -> Option<Vec<(ExprId, ExprId)>> {
    let mut steps = Vec::new();
    for &e in all {
        match &body.expr(e).kind {
            ExprKind::Assign { op, left, right } if is_control(body, controls, *left) => {
                match (op, &body.expr(*right).kind) {
                    (Some(BinaryOp::Add | BinaryOp::Sub), _) => steps.push((e, *right)),
                    (None, ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left: from, right })
                        if place(body, *from) == place(body, *left) =>
                    {
                        steps.push((e, *right));
                    }
                    _ => return None,
                }
            }
            ExprKind::Update { operand, .. } if is_control(body, controls, *operand) => return None,
            ExprKind::Call { args, .. } if args.iter().any(|&a| gives(body, controls, a)) => return None,
            _ => {}
        }
    }
    (!steps.is_empty()).then_some(steps)
}

/// The one variable that all steps move by.
fn by_one(body: &Body, steps: &[(ExprId, ExprId)]) -> Option<Symbol> {
    let name = |e: ExprId| match body.expr(body.bare(e)).kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    };
    let first = name(steps.first()?.1)?;
    steps.iter().all(|(_, by)| name(*by) == Some(first)).then_some(first)
}

/// The values assigned to a variable inside the loop.
fn given(body: &Body, all: &[ExprId], name: Symbol) -> Vec<ExprId> {
    let is = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if n == name);
    let values = all.iter().filter_map(|&e| match body.expr(e).kind {
        ExprKind::Assign { op: None, left, right } if is(left) => Some(right),
        _ => None,
    });
    let mut values: Vec<ExprId> = values.collect();
    for stmt in &body.stmts {
        if let StmtKind::Decl(all_of) = &stmt.kind {
            let own = all_of.iter().filter(|d| d.name == name).filter_map(|d| d.init);
            values.extend(own.filter(|init| all.contains(init)));
        }
    }
    values
}

/// A step by the result of a function that returns 0 on failure.
pub fn by_failure(cx: &Context, view: &View, at: StmtId, cond: ExprId) -> Option<Stuck> {
    let body = &view.function.body;
    let controls = controls(body, cond)?;
    let all = inside(body, at);
    let steps = steps(body, &all, &controls)?;
    let name = by_one(body, &steps)?;
    let asked = asked(body, at, &all);
    // A function that takes it as an argument may report the failure, too.
    let is_given = all.iter().any(|&e| match &body.expr(e).kind {
        ExprKind::Call { args, .. } => args.iter().any(|&a| body.mentions(a, name)),
        _ => false,
    });
    if is_given || asked.contains(&name) || controls.iter().any(|c| c.base == name) {
        return None;
    }
    let values = given(body, &all, name);
    let mut told = None;
    for value in &values {
        let value = body.bare(*value);
        let ExprKind::Call { args, .. } = &body.expr(value).kind else { return None };
        let callee = body.callee(value)?;
        let (file, zero) = cx.returns.of(cx.program, callee, view.unit.file).and_then(|(f, r)| Some((f, r.zero?)))?;
        // Another output reports the failure.
        let tells = |a: &ExprId| match body.expr(*a).kind {
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                place(body, operand).is_some_and(|p| asked.contains(&p.base))
            }
            _ => false,
        };
        if args.iter().any(tells) {
            return None;
        }
        told = told.or(Some((callee, file, zero)));
    }
    let (callee, file, zero) = told?;
    let text = body.names.text(name);
    Some(Stuck {
        span: body.expr(steps[0].0).span,
        label: "moves nothing when the call failed",
        message: format!(
            "the loop advances only by `{text}`, but `{callee}` returns 0 when it fails, and nothing here checks that"
        ),
        related: vec![(file, zero, "returns 0"), (view.unit.file, body.expr(cond).span, "what ends the loop")],
    })
}

/// A step by a variable that is set only on some paths through the iteration.
pub fn by_stale(cx: &Context, view: &View, received: &Received, at: StmtId, cond: ExprId) -> Option<Stuck> {
    let body = &view.function.body;
    let controls = controls(body, cond)?;
    let all = inside(body, at);
    let steps = steps(body, &all, &controls)?;
    let name = by_one(body, &steps)?;
    let values = given(body, &all, name);
    let is_plain = view.local(name).is_some_and(|l| !l.parameter && !l.pointer);
    if !is_plain
        || values.is_empty()
        || asked(body, at, &all).contains(&name)
        || !values.iter().any(|&v| received.mentions(body, v))
        || controls.iter().any(|c| c.base == name)
    {
        return None;
    }
    let accesses = &view.flow(cx).accesses;
    let begin = body.stmt(at).span.start;
    let none = |value: Option<ExprId>| value.is_some_and(|v| is_zero(body, v));
    let is_set_before = accesses
        .of_variable(name)
        .any(|(_, a)| a.may_write() && body.stmt(a.stmt).span.start < begin && !none(a.value));
    if is_set_before {
        return None;
    }
    let is_step =
        |s: StmtId| matches!(body.stmt(s).kind, StmtKind::Expr(e) if steps.iter().any(|(step, _)| *step == e));
    let goal = body.stmts.iter().enumerate().map(|(i, _)| StmtId(i as u32)).find(|s| is_step(*s))?;
    let stops = |s: StmtId| {
        accesses.of(s).iter().any(|a| {
            let of = a.place.base == name && !none(a.value) || controls.iter().any(|c| c.base == a.place.base);
            a.act == Act::Havoc || (a.may_write() && of)
        })
    };
    if !goes(view, at, Some(goal), &stops, &|_| None) {
        return None;
    }
    let text = body.names.text(name);
    let set = body.expr(*values.iter().find(|v| !is_zero(body, **v))?).span;
    Some(Stuck {
        span: body.expr(steps[0].0).span,
        label: "not set on every path through the round",
        message: format!(
            "the loop advances only by `{text}`, which some input leaves unchanged: a round may move nothing"
        ),
        related: vec![
            (view.unit.file, set, "set on this path only"),
            (view.unit.file, body.expr(cond).span, "what ends the loop"),
        ],
    })
}

/// The loop continues while something is left, but a failed read consumes nothing.
pub fn by_failing_read(cx: &Context, view: &View, at: StmtId, cond: ExprId) -> Option<Stuck> {
    const LEFT: [&str; 6] = ["remaining", "left", "avail", "more", "has_next", "bytes"];
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(cond).kind else { return None };
    let [object] = args[..] else { return None };
    let object = place(body, object).filter(Place::is_variable)?.base;
    let word = called(body, cond)?.to_ascii_lowercase();
    if !LEFT.iter().any(|w| word.contains(w)) || view.local(object).is_none() {
        return None;
    }
    let is_of = |e: ExprId| match &body.expr(e).kind {
        ExprKind::Call { args, .. } => {
            args.first().and_then(|&a| place(body, a)).is_some_and(|p| p.is_variable() && p.base == object)
        }
        _ => false,
    };
    let stores = |e: ExprId| match &body.expr(e).kind {
        ExprKind::Call { args, .. } => {
            args[1..].iter().any(|&a| matches!(body.expr(a).kind, ExprKind::Unary { op: UnaryOp::AddressOf, .. }))
        }
        _ => false,
    };
    let all = inside(body, at);
    let reads: Vec<ExprId> = all.iter().copied().filter(|&e| is_of(e) && stores(e)).collect();
    let mut conditions: FxHashSet<ExprId> = FxHashSet::default();
    for stmt in &body.stmts {
        if let Some(c) = stmt.kind.condition() {
            body.walk(c, &mut |e| {
                conditions.insert(e);
            });
        }
    }
    // A read whose result is not tested at once may be what makes progress.
    if reads.is_empty() || !reads.iter().all(|r| conditions.contains(r)) {
        return None;
    }
    let accesses = &view.flow(cx).accesses;
    let stops = |s: StmtId| {
        let mut moved = false;
        body.own_exprs(s, &mut |root| {
            body.walk(root, &mut |e| {
                let names = matches!(body.expr(e).kind, ExprKind::Name(n) if n == object);
                moved |= names && !conditions.contains(&e);
            });
        });
        moved || accesses.of(s).iter().any(|a| a.act == Act::Havoc)
    };
    let known = |e: ExprId| (e == cond).then_some(1).or(reads.contains(&e).then_some(0));
    if !goes(view, at, None, &stops, &known) {
        return None;
    }
    let read = reads[0];
    Some(Stuck {
        span: body.expr(read).span,
        label: "takes nothing when it fails",
        message: format!(
            "the loop goes on while something is left in `{}`, but a read that fails on what is left is tried again forever",
            body.names.text(object)
        ),
        related: vec![(view.unit.file, body.expr(cond).span, "what ends the loop")],
    })
}

/// The name of the called function, direct or as a member.
fn called(body: &Body, call: ExprId) -> Option<&str> {
    let ExprKind::Call { callee, .. } = body.expr(call).kind else { return None };
    match body.expr(callee).kind {
        ExprKind::Name(name) | ExprKind::Member { field: name, .. } => Some(body.names.text(name)),
        _ => None,
    }
}

/// A path leads from the loop's head to `goal`, or back to the head, without a statement that stops it.
fn goes(
    view: &View,
    at: StmtId,
    goal: Option<StmtId>,
    stops: &dyn Fn(StmtId) -> bool,
    known: &dyn Fn(ExprId) -> Option<i64>,
) -> bool {
    let body = &view.function.body;
    let cfg = view.cfg;
    let Some(head) = cfg.loops.iter().find(|l| l.stmt == at).map(|l| l.head) else { return false };
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut todo = vec![head];
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let block = cfg.block(id);
        let mut open = true;
        for &s in &block.stmts {
            if Some(s) == goal {
                return true;
            }
            if stops(s) {
                open = false;
                break;
            }
        }
        if !open {
            continue;
        }
        let cond = block.stmts.last().and_then(|&s| body.stmt(s).kind.condition());
        let value = cond.and_then(|c| outcome(body, c, known));
        let inner =
            |to: BlockId| cfg.block(to).stmts.first().is_none_or(|&s| s == at || view.nesting().is_inside(s, at));
        for edge in &block.edges {
            use crate::analysis::cfg::EdgeKind::{False, Return, True};
            let open = match edge.kind {
                True => value.is_none_or(|v| v != 0),
                False => value.is_none_or(|v| v == 0),
                Return => false,
                _ => true,
            };
            if !open || edge.to == cfg.exit || !inner(edge.to) {
                continue;
            }
            if edge.to == head {
                if goal.is_none() {
                    return true;
                }
                continue;
            }
            todo.push(edge.to);
        }
    }
    false
}

/// The loop ends on null, but the function returns an empty text instead.
pub fn by_empty_text(cx: &Context, view: &View, at: StmtId, cond: ExprId) -> Option<Stuck> {
    let body = &view.function.body;
    let cond = match body.expr(cond).kind {
        ExprKind::Binary { op: BinaryOp::Ne, left, right } if is_null(body, right) => left,
        _ => cond,
    };
    let (call, name) = match body.expr(cond).kind {
        ExprKind::Assign { op: None, left, right } => (body.bare(right), place(body, left)?),
        ExprKind::Name(name) => {
            let mut all = inside(body, at);
            if let StmtKind::For { step: Some(step), .. } = body.stmt(at).kind {
                all.push(step);
            }
            let values = given(body, &all, name);
            let [value] = values[..] else { return None };
            (body.bare(value), Place { base: name, path: Vec::new() })
        }
        _ => return None,
    };
    let callee = body.callee(call)?;
    let (file, text) = cx.returns.of(cx.program, callee, view.unit.file).and_then(|(f, r)| Some((f, r.text?)))?;
    if asks_for_empty(body, at, &name) {
        return None;
    }
    Some(Stuck {
        span: body.expr(cond).span,
        label: "never null",
        message: format!("`{callee}` returns an empty text when it finds nothing, but the loop waits for null"),
        related: vec![(file, text, "what it returns at the end")],
    })
}

fn is_null(body: &Body, e: ExprId) -> bool {
    is_zero(body, e) || matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if body.names.text(n) == "NULL")
}

/// Some condition tests the first character or the length.
fn asks_for_empty(body: &Body, at: StmtId, text: &Place) -> bool {
    const WORDS: [&str; 4] = ["len", "empty", "zero", "blank"];
    let mut found = false;
    body.walk_stmts(at, &mut |s| {
        let Some(cond) = body.stmt(s).kind.condition() else { return };
        body.walk(cond, &mut |e| match &body.expr(e).kind {
            ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => {
                found |= place(body, e).is_some_and(|p| p.base == text.base);
            }
            ExprKind::Call { args, .. } => {
                let lower = body.callee(e).unwrap_or_default().to_ascii_lowercase();
                found |= WORDS.iter().any(|w| lower.contains(w)) && args.iter().any(|&a| body.mentions(a, text.base));
            }
            _ => {}
        });
    });
    found
}

/// A function that advances to the next part reports one although it did not move: its step is the 0 of a failed
/// function.
pub fn next(cx: &Context, view: &View) -> Option<Stuck> {
    let body = &view.function.body;
    let answers = |s: StmtId, yes: bool| match body.stmt(s).kind {
        StmtKind::Return(Some(e)) => outcome(body, e, &|_| None).is_some_and(|v| (v > 0) == yes),
        _ => false,
    };
    let ids = || (0..body.stmts.len() as u32).map(StmtId);
    if !ids().any(|s| answers(s, true)) || !ids().any(|s| answers(s, false)) {
        return None;
    }
    ids().find_map(|s| {
        let StmtKind::Expr(e) = body.stmt(s).kind else { return None };
        let ExprKind::Assign { op: Some(BinaryOp::Add), left, right } = body.expr(e).kind else { return None };
        let moved = place(body, left).filter(Place::is_behind_pointer)?;
        let is_parameter = view.local(moved.base).is_some_and(|l| l.parameter);
        let ExprKind::Name(name) = body.expr(body.bare(right)).kind else { return None };
        let follows = view.nesting().following(body, s).first().is_some_and(|&next| answers(next, true));
        if !is_parameter || !follows || asks_for_none(body, name) {
            return None;
        }
        let all: Vec<ExprId> = (0..body.exprs.len() as u32).map(ExprId).collect();
        let values = given(body, &all, name);
        let [value] = values[..] else { return None };
        let callee = body.callee(body.bare(value))?;
        let (file, zero) = cx.returns.of(cx.program, callee, view.unit.file).and_then(|(f, r)| Some((f, r.zero?)))?;
        Some(Stuck {
            span: body.expr(e).span,
            label: "may move nothing",
            message: format!(
                "`{callee}` returns 0 when it fails: this then moves nothing, and the caller is told that there is one more"
            ),
            related: vec![(file, zero, "returns 0")],
        })
    })
}

/// Some condition tests the variable itself, not only a sum with it.
fn asks_for_none(body: &Body, name: Symbol) -> bool {
    let mut todo: Vec<ExprId> = body.stmts.iter().filter_map(|s| s.kind.condition()).collect();
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Name(n) if n == name => return true,
            ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. } => {}
            _ => body.operands(e, &mut |e| todo.push(e)),
        }
    }
    false
}
