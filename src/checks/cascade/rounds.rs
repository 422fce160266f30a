//! Loop iterations that make no progress: a path that skips the step, a step that leads to the same place each time,
//! and a step past an end that is only tested for equality.

use rustc_hash::FxHashSet;

use super::control::{controls, gives, is_control, is_zero};
use crate::analysis::access::{Access, Place, Step, place};
use crate::analysis::cfg::{BlockId, EdgeKind};
use crate::analysis::flow::{From, Go};
use crate::analysis::noreturn::{last_of, sounds_final};
use crate::analysis::received::Received;
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::source::Span;

/// Limit on the expressions examined per loop.
const MAX_EXPRS: usize = 4000;

/// The end of an iteration reached without a step, and a step that it skips.
pub struct InPlace {
    /// A `continue`, or the last statement of a branch.
    pub at: StmtId,
    pub skipped: Span,
}

/// A step that may jump past the end.
pub struct Over {
    pub step: ExprId,
    pub by: Symbol,
    pub test: ExprId,
}

/// The expressions that a loop evaluates in each iteration, without its condition.
fn inside(body: &Body, at: StmtId, step: Option<ExprId>) -> Vec<ExprId> {
    let mut roots = Vec::new();
    let cond = body.stmt(at).kind.condition();
    body.walk_stmts(at, &mut |s| body.own_exprs(s, &mut |e| roots.push(e)));
    roots.extend(step);
    let mut all = Vec::new();
    for root in roots.into_iter().filter(|e| Some(*e) != cond) {
        body.walk(root, &mut |e| {
            if all.len() < MAX_EXPRS {
                all.push(e);
            }
        });
    }
    all
}

/// For a loop without a step of its own: the end of an iteration before which nothing that its condition tests changes,
/// under conditions that evaluate the same in the next iteration.
pub fn in_place(cx: &Context, view: &View, at: StmtId, cond: ExprId) -> Option<InPlace> {
    let body = &view.function.body;
    let controls = controls(body, cond).filter(|all| all.iter().all(|p| !p.path.contains(&Step::Index)))?;
    let all = inside(body, at, None);
    let moves: Vec<ExprId> = all
        .iter()
        .copied()
        .filter(|&e| match body.expr(e).kind {
            ExprKind::Assign { left, .. } => is_control(body, &controls, left),
            ExprKind::Update { operand, .. } => is_control(body, &controls, operand),
            _ => false,
        })
        .collect();
    let is_local = |p: &Place| view.local(p.base).is_some() && !p.is_behind_pointer();
    if moves.is_empty() || !controls.iter().all(is_local) || all.iter().any(|&e| given_away(body, &controls, e)) {
        return None;
    }
    let (at, skipped) = ends(view, at).into_iter().find_map(|(s, other)| {
        let guards: Vec<ExprId> =
            view.nesting().around(s).take_while(|&a| a != at).filter_map(|a| body.stmt(a).kind.condition()).collect();
        let own = body.stmt(s).span;
        let is_skipped = |span: &Span| match other {
            Some(other) => body.stmt(other).span.contains(span.start),
            None => span.start > own.start,
        };
        let skipped = moves.iter().map(|&m| body.expr(m).span).find(is_skipped)?;
        let holds = !guards.is_empty()
            && guards.iter().all(|&g| stays(cx, view, at, s, g))
            && controls.iter().all(|p| unmoved(cx, view, at, s, p.base));
        holds.then_some((s, skipped))
    })?;
    Some(InPlace { at, skipped })
}

/// The `continue`s of a loop, and the last statements of branches that end its iteration, each with the other branch.
fn ends(view: &View, at: StmtId) -> Vec<(StmtId, Option<StmtId>)> {
    let body = &view.function.body;
    let nesting = view.nesting();
    let mut ends = Vec::new();
    body.walk_stmts(at, &mut |s| {
        if body.stmt(s).in_macro || nesting.loop_around(body, s) != Some(at) {
            return;
        }
        match body.stmt(s).kind {
            StmtKind::Continue => ends.push((s, None)),
            StmtKind::If { then, otherwise: Some(otherwise), .. } => {
                let around = std::iter::once(s).chain(nesting.around(s)).take_while(|&a| a != at);
                if around.into_iter().all(|a| nesting.following(body, a).is_empty()) {
                    let both = [(then, otherwise), (otherwise, then)];
                    let plain = |(branch, other)| {
                        let end = last_of(body, branch);
                        matches!(body.stmt(end).kind, StmtKind::Expr(_)).then_some((end, Some(other)))
                    };
                    ends.extend(both.into_iter().filter_map(plain));
                }
            }
            _ => {}
        }
    });
    ends
}

/// `while (p) { … }` without any step: the variable that no iteration changes, if only the condition exits the loop.
pub fn never_moves(cx: &Context, view: &View, at: StmtId, cond: ExprId, step: Option<ExprId>) -> Option<Symbol> {
    const NOTES: [&str; 6] = ["STAT", "LOG", "DEBUG", "TRACE", "DBG", "COUNT"];
    let body = &view.function.body;
    let controls = controls(body, cond)?;
    let walker = controls.first()?.base;
    let mut plain = true;
    body.walk(cond, &mut |e| {
        plain &= match body.expr(e).kind {
            // Memory may be changed by others, and a local named like a constant is not one.
            ExprKind::Index { .. } | ExprKind::Member { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => false,
            ExprKind::Name(n) => controls.iter().any(|c| c.base == n) || view.local(n).is_none(),
            _ => true,
        };
    });
    if !plain {
        return None;
    }
    let is_address = |e: ExprId| {
        matches!(body.expr(e).kind, ExprKind::Unary { op: UnaryOp::AddressOf, operand }
            if place(body, operand).is_some_and(|p| controls.iter().any(|c| c.base == p.base)))
    };
    let sets = |e: ExprId| match body.expr(e).kind {
        ExprKind::Assign { left, .. } => controls.iter().any(|c| place(body, left).is_some_and(|p| p.base == c.base)),
        ExprKind::Update { operand, .. } => {
            controls.iter().any(|c| place(body, operand).is_some_and(|p| p.base == c.base))
        }
        ExprKind::Opaque(_) | ExprKind::Statement(_) => true,
        _ => false,
    };
    // A variable set once, to a constant, indicates a deliberate infinite loop.
    let is_given = |name: Symbol| {
        view.local(name).is_some_and(|l| l.parameter)
            || body.exprs.iter().any(|e| {
                matches!(e.kind, ExprKind::Assign { left, right, .. }
                if place(body, left).is_some_and(|p| p.is_variable() && p.base == name) && !is_constant(body, right))
            })
            || body.stmts.iter().any(|s| match &s.kind {
                StmtKind::Decl(all) => {
                    all.iter().any(|d| d.name == name && d.init.is_some_and(|i| !is_constant(body, i)))
                }
                _ => false,
            })
    };
    if !controls.iter().all(|c| c.is_variable() && view.local(c.base).is_some() && is_given(c.base))
        || (0..body.exprs.len() as u32).map(ExprId).any(is_address)
        || inside(body, at, step).into_iter().any(sets)
    {
        return None;
    }
    let nesting = view.nesting();
    let mut leaves = false;
    body.walk_stmts(at, &mut |s| {
        leaves |= match body.stmt(s).kind {
            StmtKind::Break => nesting.left_by_break(body, s) == Some(at),
            StmtKind::Return(_) | StmtKind::Goto(_) | StmtKind::Opaque => true,
            _ => false,
        };
        body.own_exprs(s, &mut |root| {
            body.walk(root, &mut |e| {
                // A macro may set or leave; one that is passed none of it and counts or logs something does not.
                leaves |= matches!(body.expr(e).kind, ExprKind::Call { .. })
                    && body.callee(e).is_none_or(|name| {
                        let is_macro = !name.bytes().any(|b| b.is_ascii_lowercase());
                        let is_note = NOTES.iter().any(|w| name.contains(w));
                        cx.program.macros.is_defined(name) || is_macro && !is_note || sounds_final(name)
                    });
            });
        });
    });
    (!leaves).then_some(walker)
}

fn is_constant(body: &Body, e: ExprId) -> bool {
    match body.expr(body.bare(e)).kind {
        ExprKind::Number(_) => true,
        ExprKind::Name(n) => !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    }
}

/// `for (p = a; p; p = q->next)` where `q` is fixed: every iteration after the first sees the same element.
pub fn elsewhere(view: &View, at: StmtId) -> Option<(Symbol, ExprId)> {
    let body = &view.function.body;
    let StmtKind::For { init: Some(init), step: Some(step), .. } = body.stmt(at).kind else { return None };
    let ExprKind::Assign { op: None, left, right } = body.expr(step).kind else { return None };
    let (ExprKind::Name(walker), ExprKind::Member { base, field, arrow: true }) =
        (&body.expr(left).kind, &body.expr(right).kind)
    else {
        return None;
    };
    let ExprKind::Name(from) = body.expr(*base).kind else { return None };
    // `for (p = list->first; p; p = list->first) remove(p);`
    let mut drains = false;
    body.own_exprs(init, &mut |e| {
        body.walk(e, &mut |e| {
            drains |=
                matches!(body.expr(e).kind, ExprKind::Member { field: f, .. } if f == *field) && body.mentions(e, from);
        });
    });
    let is_name = |e: ExprId, name: Symbol| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if n == name);
    let changes = |e: ExprId| match &body.expr(e).kind {
        ExprKind::Assign { left, .. } => {
            e != step && place(body, *left).is_some_and(|p| p.base == from || p.base == *walker)
        }
        ExprKind::Update { operand, .. } => place(body, *operand).is_some_and(|p| p.base == from),
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => is_name(*operand, from) || is_name(*operand, *walker),
        ExprKind::Call { args, .. } => args.iter().any(|&a| is_name(a, from)),
        _ => false,
    };
    let is_local = view.local(from).is_some() && view.local(*walker).is_some() && from != *walker;
    let is_first = |e: ExprId| body.stmt(init).span.contains(body.expr(e).span.start);
    let fixed = is_local && !drains && !inside(body, at, Some(step)).into_iter().any(|e| !is_first(e) && changes(e));
    fixed.then_some((*walker, step))
}

/// A call may change it.
fn given_away(body: &Body, controls: &[Place], e: ExprId) -> bool {
    matches!(&body.expr(e).kind, ExprKind::Call { args, .. } if args.iter().any(|&a| gives(body, controls, a)))
}

/// The condition evaluates the same in the next iteration: it has no side effects, and nothing on the path to `end`
/// sets what it mentions, except to the same value in each iteration. A call may set what is behind a pointer.
fn stays(cx: &Context, view: &View, at: StmtId, end: StmtId, cond: ExprId) -> bool {
    let body = &view.function.body;
    let mut names: FxHashSet<Symbol> = FxHashSet::default();
    let (mut calls, mut reads) = (false, false);
    body.walk(cond, &mut |e| match body.expr(e).kind {
        ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => reads = true,
        ExprKind::Call { .. } => calls |= !only_reads(cx, view, e),
        ExprKind::Assign { .. } | ExprKind::Update { .. } | ExprKind::Opaque(_) | ExprKind::Statement(_) => {
            calls = true
        }
        ExprKind::Name(name) => {
            names.insert(name);
        }
        _ => {}
    });
    // Anyone may change a non-local.
    let is_local =
        |n: &Symbol| view.local(*n).is_some() || !body.names.text(*n).bytes().any(|b| b.is_ascii_lowercase());
    if calls || !names.iter().all(is_local) {
        return false;
    }
    reads |= body.exprs.iter().any(|e| match e.kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
            place(body, operand).is_some_and(|p| names.contains(&p.base))
        }
        _ => false,
    });
    let nesting = view.nesting();
    let around: Vec<StmtId> = nesting.around(end).collect();
    let (mut changes, mut called) = (false, false);
    body.walk_stmts(at, &mut |s| {
        if s == at || body.stmt(s).span.start >= body.stmt(end).span.end {
            return;
        }
        // Set in each iteration, before it is tested, from something that does not change.
        let always = !nesting
            .around(s)
            .take_while(|&a| a != at)
            .any(|a| body.stmt(a).kind.condition().is_some() && !around.contains(&a));
        let mut sets = |from: Option<ExprId>| {
            let first = body.stmt(s).span.start < body.expr(cond).span.start;
            let from = from.filter(|from| first && always && !names.iter().any(|n| body.mentions(*from, *n)));
            match from.map(|from| differs(cx, view, from)) {
                Some((false, of_memory)) => reads |= of_memory,
                _ => changes = true,
            }
        };
        if let StmtKind::Decl(all) = &body.stmt(s).kind {
            all.iter().filter(|d| names.contains(&d.name)).for_each(|d| sets(d.init));
        }
        body.own_exprs(s, &mut |root| {
            body.walk(root, &mut |e| {
                let hits = |p: ExprId| place(body, p).is_some_and(|p| names.contains(&p.base));
                match body.expr(e).kind {
                    ExprKind::Assign { op, left, right } if hits(left) => sets(op.is_none().then_some(right)),
                    ExprKind::Update { operand, .. } if hits(operand) => sets(None),
                    ExprKind::Call { .. } => called |= !only_reads(cx, view, e),
                    _ => {}
                }
            });
        });
    });
    !(changes || reads && called)
}

/// `heap[--n]`, `poll(&fds)`: the next iteration may get another value. Also, whether it is read from memory.
fn differs(cx: &Context, view: &View, e: ExprId) -> (bool, bool) {
    let body = &view.function.body;
    let (mut differs, mut of_memory) = (false, false);
    body.walk(e, &mut |e| match body.expr(e).kind {
        ExprKind::Update { .. } => differs = true,
        ExprKind::Call { .. } => {
            differs |= !only_reads(cx, view, e);
            of_memory = true;
        }
        ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => {
            of_memory = true;
        }
        _ => {}
    });
    (differs, of_memory)
}

/// A library function that parses a number or text, or prints something, without side effects.
fn only_reads(cx: &Context, view: &View, call: ExprId) -> bool {
    let name = view.function.body.callee(call);
    let model = name.and_then(|n| cx.program.model(n, view.unit.file));
    model.is_some_and(|m| {
        let extracts = m.extractor().is_some_and(|e| e.object.is_none() && e.advances.is_none());
        extracts || m.log().is_some() || (m.needs_nul().is_some() && m.sink().is_none() && m.source().is_none())
    })
}

/// A path from the loop's head to the statement on which the variable is not changed.
fn unmoved(cx: &Context, view: &View, at: StmtId, to: StmtId, base: Symbol) -> bool {
    let flow = view.flow(cx);
    let Some(head) = view.cfg.loops.iter().find(|l| l.stmt == at).map(|l| l.head) else { return false };
    let Some(goal) = view.cfg.blocks.iter().position(|b| b.stmts.contains(&to)) else { return false };
    let mut met = |_, a: &Access| if a.may_write() { Go::Stop } else { Go::On };
    let reached = flow.forward(&[From::Head(head)], base, &mut met, &mut |_, edge| edge.kind != EdgeKind::Continue);
    reached.is_some_and(|r| r.end(BlockId(goal as u32)))
}

/// The condition only tests for inequality, and one side moves by a number from the message.
pub fn over(view: &View, received: &Received, at: StmtId, cond: ExprId, step: Option<ExprId>) -> Option<Over> {
    let body = &view.function.body;
    let ExprKind::Binary { op: BinaryOp::Ne, left, right } = body.expr(cond).kind else { return None };
    let controls = controls(body, cond)?;
    let all = inside(body, at, step);
    let moves: Vec<(ExprId, ExprId, Place)> = all
        .iter()
        .filter_map(|&e| match body.expr(e).kind {
            ExprKind::Assign { op: Some(BinaryOp::Add | BinaryOp::Sub), left, right }
                if is_control(body, &controls, left) =>
            {
                Some((e, right, place(body, left)?))
            }
            _ => None,
        })
        .collect();
    let (first, by, moved) = moves.first()?.clone();
    let ends = [left, right].iter().all(|&e| place(body, body.bare(e)).is_some() || is_zero(body, e));
    let ExprKind::Name(name) = body.expr(body.bare(by)).kind else { return None };
    if !ends || !received.mentions(body, by) || all.iter().any(|&e| given_away(body, &controls, e)) {
        return None;
    }
    // Some other condition checks the position or the size of the step.
    let asked = all.iter().any(|&e| match body.expr(e).kind {
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right } => {
            [left, right].iter().any(|&side| body.mentions(side, name) || body.mentions(side, moved.base))
        }
        ExprKind::Assign { left, right, .. } => {
            let is_step = matches!(body.expr(left).kind, ExprKind::Name(n) if n == name);
            is_step && (is_computed_from(body, right, moved.base) || has_call_of_minimum(body, right))
        }
        _ => false,
    });
    (!asked).then_some(Over { step: first, by: name, test: cond })
}

/// `len - at`; the arguments of a call or index do not count.
fn is_computed_from(body: &Body, e: ExprId, name: Symbol) -> bool {
    let mut todo = vec![e];
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Name(n) if n == name => return true,
            ExprKind::Call { .. } | ExprKind::Index { .. } => {}
            _ => body.operands(e, &mut |e| todo.push(e)),
        }
    }
    false
}

/// `min(n, left)`, `n < left ? n : left`, or a call of a function named like it.
fn has_call_of_minimum(body: &Body, e: ExprId) -> bool {
    let mut found = false;
    body.walk(e, &mut |e| match body.expr(e).kind {
        ExprKind::Conditional { .. } => found = true,
        ExprKind::Call { .. } => found |= body.callee(e).is_some_and(|n| n.to_ascii_lowercase().contains("min")),
        _ => {}
    });
    found
}
