//! Rounds of a loop that do not lead towards its end: a `continue` before the step, and a step past an end that is only
//! compared for being met exactly.

use rustc_hash::FxHashSet;

use super::no_progress_loop::{controls, gives, is_control, is_zero};
use crate::analysis::access::{Access, Place, Step, place};
use crate::analysis::cfg::{BlockId, EdgeKind};
use crate::analysis::flow::{From, Go};
use crate::analysis::received::Received;
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol};
use crate::source::Span;

/// Expressions of one loop that are looked at.
const MAX_EXPRS: usize = 4000;

/// A `continue` that is reached with nothing moved, and a step that it leaves out.
pub struct InPlace {
    pub at: StmtId,
    pub skipped: Span,
}

/// A step that may jump over the end.
pub struct Over {
    pub step: ExprId,
    pub by: Symbol,
    pub test: ExprId,
}

/// The expressions that a loop evaluates in each round, its condition left out.
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

/// Of a loop without a step of its own: a `continue` before which nothing of what its condition asks about changes, under
/// conditions that come out the same in the next round.
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
    let mut continues = Vec::new();
    body.walk_stmts(at, &mut |s| {
        let own = matches!(body.stmt(s).kind, StmtKind::Continue) && view.nesting().loop_around(body, s) == Some(at);
        if own && !body.stmt(s).in_macro {
            continues.push(s);
        }
    });
    let at_continue = continues.into_iter().find(|&s| {
        let guards: Vec<ExprId> =
            view.nesting().around(s).take_while(|&a| a != at).filter_map(|a| body.stmt(a).kind.condition()).collect();
        let before = body.stmt(s).span.start;
        !guards.is_empty()
            && moves.iter().any(|&m| body.expr(m).span.start > before)
            && guards.iter().all(|&g| stays(cx, view, &all, g, before))
            && controls.iter().all(|p| unmoved(cx, view, at, s, p.base))
    })?;
    let before = body.stmt(at_continue).span.start;
    let skipped = moves.iter().map(|&m| body.expr(m).span).find(|span| span.start > before)?;
    Some(InPlace { at: at_continue, skipped })
}

/// A call may move it.
fn given_away(body: &Body, controls: &[Place], e: ExprId) -> bool {
    matches!(&body.expr(e).kind, ExprKind::Call { args, .. } if args.iter().any(|&a| gives(body, controls, a)))
}

/// In the next round the condition comes out the same: it calls nothing, and what it asks about is not set by a call.
fn stays(cx: &Context, view: &View, all: &[ExprId], cond: ExprId, before: u32) -> bool {
    let body = &view.function.body;
    let mut names: FxHashSet<Symbol> = FxHashSet::default();
    let mut calls = false;
    body.walk(cond, &mut |e| match body.expr(e).kind {
        ExprKind::Call { .. } => calls |= !only_reads(cx, view, e),
        ExprKind::Assign { .. } | ExprKind::Update { .. } | ExprKind::Opaque(_) | ExprKind::Statement(_) => {
            calls = true
        }
        ExprKind::Name(name) => {
            names.insert(name);
        }
        _ => {}
    });
    // What is not a local may be changed by anybody.
    let is_local =
        |n: &Symbol| view.local(*n).is_some() || !body.names.text(*n).bytes().any(|b| b.is_ascii_lowercase());
    let sets = |e: ExprId, p: ExprId, from: Option<ExprId>| {
        let hit = place(body, p).is_some_and(|p| names.contains(&p.base));
        // Set anew in each round, before it is asked about, from what stays as it is.
        let first = body.expr(e).span.start < body.expr(cond).span.start;
        let anew =
            first && from.is_some_and(|from| !names.iter().any(|n| body.mentions(from, *n) && body.mentions(p, *n)));
        let anew = anew && !from.is_some_and(|from| counts(body, from));
        hit && !anew && e != cond
    };
    let changes = |e: ExprId| match body.expr(e).kind {
        ExprKind::Assign { op, left, right } => sets(e, left, op.is_none().then_some(right)),
        ExprKind::Update { operand, .. } => sets(e, operand, None),
        ExprKind::Call { .. } => !only_reads(cx, view, e),
        _ => false,
    };
    !calls && names.iter().all(is_local) && !all.iter().any(|&e| body.expr(e).span.start < before && changes(e))
}

/// `heap[--n]`: the next round gets another one.
fn counts(body: &Body, e: ExprId) -> bool {
    let mut found = false;
    body.walk(e, &mut |e| found |= matches!(body.expr(e).kind, ExprKind::Update { .. }));
    found
}

/// A library function that reads a number or text, or prints something, and changes nothing.
fn only_reads(cx: &Context, view: &View, call: ExprId) -> bool {
    let name = view.function.body.callee(call);
    let model = name.and_then(|n| cx.program.model(n, view.unit.file));
    model.is_some_and(|m| {
        let extracts = m.extractor().is_some_and(|e| e.object.is_none() && e.advances.is_none());
        extracts || m.log().is_some() || (m.needs_nul().is_some() && m.sink().is_none() && m.source().is_none())
    })
}

/// A way from the loop's head to the statement on which the variable is not changed.
fn unmoved(cx: &Context, view: &View, at: StmtId, to: StmtId, base: Symbol) -> bool {
    let flow = view.flow(cx);
    let Some(head) = view.cfg.loops.iter().find(|l| l.stmt == at).map(|l| l.head) else { return false };
    let Some(goal) = view.cfg.blocks.iter().position(|b| b.stmts.contains(&to)) else { return false };
    let mut met = |_, a: &Access| if a.may_write() { Go::Stop } else { Go::On };
    let reached = flow.forward(&[From::Head(head)], base, &mut met, &mut |_, edge| edge.kind != EdgeKind::Continue);
    reached.is_some_and(|r| r.end(BlockId(goal as u32)))
}

/// The condition asks only whether two are not the same, and one moves by a number of the message.
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
    // Some other condition asks how far it is, or how long the step.
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

/// `len - at`: what a call or an index makes of it does not count.
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

/// `min(n, left)`, `n < left ? n : left`, or what some function makes of it.
fn has_call_of_minimum(body: &Body, e: ExprId) -> bool {
    let mut found = false;
    body.walk(e, &mut |e| match body.expr(e).kind {
        ExprKind::Conditional { .. } => found = true,
        ExprKind::Call { .. } => found |= body.callee(e).is_some_and(|n| n.to_ascii_lowercase().contains("min")),
        _ => {}
    });
    found
}
