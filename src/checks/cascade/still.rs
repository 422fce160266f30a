//! A step given only by a number from the message: where it is 0, the loop makes no progress.

use rustc_hash::FxHashSet;

use super::control::{controls, gives, is_control};
use super::stuck::Stuck;
use crate::analysis::access::{Place, place};
use crate::analysis::received::Received;
use crate::checks::View;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, Symbol, UnaryOp};

/// Everything that advances the loop is a number from the message, which may be 0.
pub fn stands_still(view: &View, received: &Received, at: StmtId, cond: ExprId, step: Option<ExprId>) -> Option<Stuck> {
    let body = &view.function.body;
    let controls = controls(body, cond)?;
    let mut inside = Vec::new();
    body.walk_stmts(at, &mut |s| body.own_exprs(s, &mut |e| inside.push(e)));
    inside.extend(step);
    let mut moves: Vec<(ExprId, ExprId)> = Vec::new();
    let mut asked: FxHashSet<Symbol> = FxHashSet::default();
    let mut unknown = false;
    for &root in inside.iter().take(4000) {
        body.walk(root, &mut |e| match &body.expr(e).kind {
            ExprKind::Assign { op, left, right } if is_control(body, &controls, *left) => match op {
                Some(BinaryOp::Add | BinaryOp::Sub) => moves.push((e, *right)),
                _ => unknown = true,
            },
            ExprKind::Update { operand, .. } if is_control(body, &controls, *operand) => unknown = true,
            // A call that takes its address, or the object that contains it, may move it.
            ExprKind::Call { args, .. } => {
                unknown |= args.iter().any(|&a| gives(body, &controls, a));
            }
            _ => {}
        });
    }
    if unknown || moves.is_empty() {
        return None;
    }
    body.walk_stmts(at, &mut |s| {
        if let Some(asks) = body.stmt(s).kind.condition().filter(|&c| s != at && c != cond) {
            body.walk(asks, &mut |e| {
                if let ExprKind::Name(name) = body.expr(e).kind {
                    asked.insert(name);
                }
            });
        }
    });
    // A function that is passed the position and can end the loop checks what is there.
    let mut looks = false;
    body.walk_stmts(at, &mut |s| {
        let asks = body.stmt(s).kind.condition().filter(|&c| s != at && c != cond);
        asks.iter().for_each(|&c| {
            body.walk(c, &mut |e| {
                if let ExprKind::Call { args, .. } = &body.expr(e).kind
                    && !received.is_read(e)
                {
                    looks |= args.iter().any(|&a| controls.iter().any(|c| body.mentions(a, c.base)));
                }
            });
        });
    });
    if looks {
        return None;
    }
    let may_be_zero = |step: ExprId| match body.expr(body.bare(step)).kind {
        ExprKind::Name(name) => {
            received.mentions(body, step)
                && !asked.contains(&name)
                && is_set_from(body, received, &controls, &inside, name)
        }
        _ => {
            let from = reads_directly(body, received, step);
            let is_walk = from.is_some_and(|p| moves_by(view, &inside, p, step));
            from.is_some() && (is_walk || received.mentions(body, step)) && !is_asked_as_written(view, at, cond, step)
        }
    };
    let &(first, by) = moves.first().filter(|_| moves.iter().all(|(_, by)| may_be_zero(*by)))?;
    let what = match body.expr(body.bare(by)).kind {
        ExprKind::Name(name) => body.names.text(name).to_owned(),
        _ => written(view, by)?,
    };
    Some(Stuck {
        span: body.expr(first).span,
        label: "moves nothing when the message says 0",
        message: format!(
            "the loop advances only by `{what}`, which comes from the message; nothing checks that it is not 0"
        ),
        related: vec![(view.function.file, body.expr(cond).span, "what ends the loop")],
    })
}

/// `p[1]`, `*(p + 1)`, `ntohs(h->length)`: an unmodified number from the message, and the variable it is read through.
fn reads_directly(body: &Body, received: &Received, step: ExprId) -> Option<Symbol> {
    let step = body.bare(step);
    let of = match body.expr(step).kind {
        ExprKind::Index { base, .. } => base,
        ExprKind::Unary { op: UnaryOp::Deref, operand } => match body.expr(body.bare(operand)).kind {
            ExprKind::Binary { op: BinaryOp::Add, left, .. } => left,
            _ => operand,
        },
        ExprKind::Call { ref args, .. } if received.is_read(step) => *args.first()?,
        _ => return None,
    };
    place(body, body.bare(of)).map(|p| p.base)
}

/// `p += p[1]`: the pointer advances by what is read through it.
fn moves_by(view: &View, inside: &[ExprId], pointer: Symbol, step: ExprId) -> bool {
    let body = &view.function.body;
    let text = written(view, step);
    let mut moves = false;
    for &root in inside {
        body.walk(root, &mut |e| {
            if let ExprKind::Assign { op: Some(BinaryOp::Add), left, right } = body.expr(e).kind {
                let is_it = matches!(body.expr(left).kind, ExprKind::Name(n) if n == pointer);
                moves |= is_it && text.is_some() && written(view, right) == text;
            }
        });
    }
    moves
}

/// Some condition of the loop contains the same text.
fn is_asked_as_written(view: &View, at: StmtId, cond: ExprId, step: ExprId) -> bool {
    let body = &view.function.body;
    let Some(text) = written(view, step) else { return true };
    let mut asked = false;
    body.walk_stmts(at, &mut |s| {
        if let Some(c) = body.stmt(s).kind.condition().filter(|&c| c != cond) {
            asked |= written(view, c).is_none_or(|c| c.contains(&text));
        }
    });
    asked
}

/// An expression's text without whitespace.
fn written(view: &View, e: ExprId) -> Option<String> {
    let text = view.source.text.get(view.function.body.expr(e).span.range())?;
    Some(text.split_whitespace().collect())
}

/// It is set in the loop, and only to numbers read from the message: no sum with a constant, no limit to what is left.
fn is_set_from(body: &Body, received: &Received, controls: &[Place], inside: &[ExprId], name: Symbol) -> bool {
    let (mut sets, mut other) = (0, false);
    for &root in inside {
        body.walk(root, &mut |e| {
            let ExprKind::Assign { left, right, op } = body.expr(e).kind else { return };
            if !matches!(body.expr(left).kind, ExprKind::Name(n) if n == name) {
                return;
            }
            sets += 1;
            let mut reads = false;
            body.walk(right, &mut |e| {
                let kind = &body.expr(e).kind;
                reads |= matches!(kind, ExprKind::Call { .. } | ExprKind::Index { .. } | ExprKind::Member { .. });
            });
            other |= op.is_some()
                || is_limited(body, received, controls, right)
                || !reads
                || !received.mentions(body, right);
        });
    }
    sets > 0 && !other
}

/// A sum, a conditional, the result of a call that is not known to read a message, or computed from what is left;
/// indices and arguments do not count.
fn is_limited(body: &Body, received: &Received, controls: &[Place], e: ExprId) -> bool {
    let mut todo = vec![e];
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Call { .. } if !received.is_read(e) => return true,
            ExprKind::Call { .. } | ExprKind::Index { .. } => continue,
            ExprKind::Conditional { .. } | ExprKind::Binary { op: BinaryOp::Add | BinaryOp::BitOr, .. } => return true,
            ExprKind::Name(_) if is_control(body, controls, e) => return true,
            _ => body.operands(e, &mut |e| todo.push(e)),
        }
    }
    false
}
