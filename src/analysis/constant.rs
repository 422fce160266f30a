//! Conditions with a known truth value.

use crate::hir::{BinaryOp, Body, ExprId, ExprKind, UnaryOp};

/// Maximum nesting of a condition; deeper ones are unknown.
const MAX_DEPTH: usize = 32;

/// The truth value of a constant expression.
pub fn constant(body: &Body, id: ExprId) -> Option<bool> {
    value(body, id, MAX_DEPTH)
}

fn value(body: &Body, id: ExprId, depth: usize) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    match &body.expr(id).kind {
        ExprKind::Number(text) => {
            let text = body.names.text(*text).trim_end_matches(['u', 'U', 'l', 'L']);
            Some(!text.trim_start_matches(['0', 'x', 'X', '.']).is_empty())
        }
        ExprKind::String(_) => Some(true),
        ExprKind::Name(name) => match body.names.text(*name) {
            "true" | "TRUE" => Some(true),
            "false" | "FALSE" | "NULL" | "nullptr" => Some(false),
            _ => None,
        },
        ExprKind::Cast { operand: inner, .. } => value(body, *inner, depth),
        ExprKind::Unary { op: UnaryOp::Not, operand } => value(body, *operand, depth).map(|v| !v),
        ExprKind::Binary { op, left, right } => {
            let (a, b) = (value(body, *left, depth), value(body, *right, depth));
            match op {
                BinaryOp::And if a == Some(false) || b == Some(false) => Some(false),
                BinaryOp::And => Some(a? && b?),
                BinaryOp::Or if a == Some(true) || b == Some(true) => Some(true),
                BinaryOp::Or => Some(a? || b?),
                BinaryOp::Comma => b,
                _ => None,
            }
        }
        // `__builtin_expect(x, …)`, `likely(x)`.
        ExprKind::Call { args, .. } if matches!(body.callee(id), Some("__builtin_expect" | "likely" | "unlikely")) => {
            value(body, *args.first()?, depth)
        }
        _ => None,
    }
}
