//! What an expression evaluates to if some of its parts are known, and where the result of a call goes.

use super::access::{Place, place};
use super::cfg::{BlockId, Cfg};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};
use crate::preprocess::token::integer;

/// Maximum nesting of an expression; deeper ones are unknown.
const MAX_DEPTH: usize = 32;

/// The value of `e`; `known` supplies the values of parts of it.
pub fn outcome(body: &Body, e: ExprId, known: &dyn Fn(ExprId) -> Option<i64>) -> Option<i64> {
    eval(body, e, known, MAX_DEPTH)
}

fn eval(body: &Body, e: ExprId, known: &dyn Fn(ExprId) -> Option<i64>, depth: usize) -> Option<i64> {
    let depth = depth.checked_sub(1)?;
    if let Some(value) = known(e) {
        return Some(value);
    }
    match body.expr(e).kind {
        ExprKind::Number(n) => integer(body.names.text(n)),
        // The first byte as written: never `EOF`, nor 0 for `'\0'`.
        ExprKind::Char(c) => Some(body.names.text(c).as_bytes().get(1).map_or(0, |b| i64::from(*b))),
        ExprKind::Name(n) => match body.names.text(n) {
            "EOF" => Some(-1),
            "NULL" | "false" | "FALSE" | "PJ_SUCCESS" => Some(0),
            "true" | "TRUE" => Some(1),
            _ => None,
        },
        ExprKind::Cast { operand, .. } => eval(body, operand, known, depth),
        ExprKind::Assign { op: None, right, .. } => eval(body, right, known, depth),
        ExprKind::Unary { op, operand } => {
            let v = eval(body, operand, known, depth)?;
            match op {
                UnaryOp::Not => Some(i64::from(v == 0)),
                UnaryOp::Negate => v.checked_neg(),
                UnaryOp::Plus => Some(v),
                _ => None,
            }
        }
        ExprKind::Binary { op, left, right } => {
            let (a, b) = (eval(body, left, known, depth), eval(body, right, known, depth));
            let is = |holds: bool| Some(i64::from(holds));
            match op {
                BinaryOp::And if a == Some(0) || b == Some(0) => Some(0),
                BinaryOp::And => is(a? != 0 && b? != 0),
                BinaryOp::Or if a.or(b).is_some() && (a.unwrap_or(0) != 0 || b.unwrap_or(0) != 0) => Some(1),
                BinaryOp::Or => is(a? != 0 || b? != 0),
                BinaryOp::Eq => is(a? == b?),
                BinaryOp::Ne => is(a? != b?),
                BinaryOp::Lt => is(a? < b?),
                BinaryOp::Le => is(a? <= b?),
                BinaryOp::Gt => is(a? > b?),
                BinaryOp::Ge => is(a? >= b?),
                BinaryOp::Comma => b,
                _ => None,
            }
        }
        ExprKind::Call { ref args, .. }
            if matches!(body.callee(e), Some("__builtin_expect" | "likely" | "unlikely")) =>
        {
            eval(body, *args.first()?, known, depth)
        }
        _ => None,
    }
}

/// Where the result of a call goes.
pub enum Goes {
    To(Place),
    IntoCondition,
    /// The call is a statement of its own.
    Nowhere,
    Elsewhere,
}

/// Where the result of `call`, which `stmt` evaluates, goes.
pub fn goes(body: &Body, stmt: StmtId, call: ExprId) -> Goes {
    let is_call = |e: ExprId| body.bare(e) == call;
    let mut to = None;
    body.own_exprs(stmt, &mut |root| {
        body.walk(root, &mut |e| {
            if let ExprKind::Assign { op: None, left, right } = body.expr(e).kind
                && is_call(right)
            {
                to = to.take().or_else(|| place(body, left));
            }
        });
    });
    if let StmtKind::Decl(all) = &body.stmt(stmt).kind {
        let d = all.iter().find(|d| d.init.is_some_and(is_call));
        to = d.map(|d| Place { base: d.name, path: Vec::new() });
    }
    match to {
        Some(place) => Goes::To(place),
        None if body.stmt(stmt).kind.condition().is_some() => Goes::IntoCondition,
        None if matches!(body.stmt(stmt).kind, StmtKind::Expr(e) if is_call(e)) => Goes::Nowhere,
        None => Goes::Elsewhere,
    }
}

/// The block and statement that evaluate `call`; none if it is unreachable.
pub fn evaluated_at(body: &Body, cfg: &Cfg, call: ExprId) -> Option<(BlockId, StmtId)> {
    let span = body.expr(call).span;
    for (i, block) in cfg.blocks.iter().enumerate().filter(|(i, _)| cfg.reachable[*i]) {
        for &s in block.stmts.iter().filter(|s| body.stmt(**s).span.start <= span.start) {
            let mut found = false;
            let mut look = |root| body.walk(root, &mut |e| found |= e == call);
            match &body.stmt(s).kind {
                StmtKind::For { cond, .. } => cond.iter().for_each(|&c| look(c)),
                _ => body.own_exprs(s, &mut look),
            }
            if found {
                return Some((BlockId(i as u32), s));
            }
        }
    }
    None
}
