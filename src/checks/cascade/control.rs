//! What a loop's condition tests, and what may change it.

use crate::analysis::access::{Place, place};
use crate::hir::{Body, ExprId, ExprKind, UnaryOp};

/// The variables that the condition tests; none if it has a call or side effect.
pub fn controls(body: &Body, cond: ExprId) -> Option<Vec<Place>> {
    let mut all = Vec::new();
    let mut calls = false;
    body.walk(cond, &mut |e| match body.expr(e).kind {
        ExprKind::Call { .. } | ExprKind::Assign { .. } | ExprKind::Update { .. } => calls = true,
        // `NULL` and limits do not change.
        ExprKind::Name(n) if !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()) => {}
        ExprKind::Name(_) | ExprKind::Member { .. } => all.extend(place(body, e)),
        _ => {}
    });
    (!calls && !all.is_empty()).then_some(all)
}

pub fn is_zero(body: &Body, e: ExprId) -> bool {
    matches!(body.expr(e).kind, ExprKind::Number(n) if body.names.text(n) == "0")
}

/// The expression is one of the controls.
pub fn is_control(body: &Body, controls: &[Place], e: ExprId) -> bool {
    place(body, e).is_some_and(|p| controls.contains(&p))
}

/// A call with this argument may change one of the controls.
pub fn gives(body: &Body, controls: &[Place], arg: ExprId) -> bool {
    match body.expr(arg).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
            place(body, operand).is_some_and(|p| controls.iter().any(|c| p.covers(c)))
        }
        _ => place(body, arg).is_some_and(|p| controls.iter().any(|c| c != &p && p.covers(c))),
    }
}
