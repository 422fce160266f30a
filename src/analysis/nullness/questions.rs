//! Tests before a call that already answer whether it finds something.

use crate::hir::{Body, ExprId, ExprKind, StmtKind};

/// The calls in the conditions of a function.
pub fn conditions(body: &Body) -> Vec<ExprId> {
    let mut all = Vec::new();
    let mut add = |cond: ExprId| {
        body.walk(cond, &mut |e| {
            if matches!(body.expr(e).kind, ExprKind::Call { .. }) {
                all.push(e);
            }
        });
    };
    for stmt in &body.stmts {
        match stmt.kind {
            StmtKind::If { cond, .. } | StmtKind::While { cond, .. } | StmtKind::DoWhile { cond, .. } => add(cond),
            StmtKind::For { cond: Some(cond), .. } => add(cond),
            _ => {}
        }
    }
    for e in &body.exprs {
        if let ExprKind::Conditional { cond, .. } = e.kind {
            add(cond);
        }
    }
    all
}

/// `if (has(list, key))` before `get(list, key)`: the same was already tested, perhaps with more arguments.
pub fn answers(body: &Body, asked: ExprId, call: ExprId) -> bool {
    let (ExprKind::Call { args: a, .. }, ExprKind::Call { args: b, .. }) =
        (&body.expr(asked).kind, &body.expr(call).kind)
    else {
        return false;
    };
    let written = |e: ExprId| match body.expr(e).kind {
        ExprKind::String(s) | ExprKind::Char(s) => {
            Some(body.names.text(s).trim_matches(['"', '\''])).filter(|s| !s.is_empty())
        }
        _ => None,
    };
    // `strncmp(s, "name.", 5)` before `strchr(s, '.')`
    if let (Some(&x), Some(&y), Some(text), Some(part)) =
        (a.first(), b.first(), a.get(1).and_then(|&e| written(e)), b.get(1).and_then(|&e| written(e)))
        && alike(body, x, y)
        && text.contains(part)
        && body.expr(asked).span.start < body.expr(call).span.start
    {
        return true;
    }
    // `i < count(list)` before `get(list, i)`
    const NUMBERS: [&str; 5] = ["count", "size", "len", "length", "num"];
    if let ([x], [y, _, ..]) = (&a[..], &b[..])
        && alike(body, *x, *y)
        && body.callee(asked).is_some_and(|name| name.split('_').any(|w| NUMBERS.contains(&w)))
        && body.expr(asked).span.start < body.expr(call).span.start
    {
        return true;
    }
    // A test with further arguments may be about anything if the call has only one.
    let is_about = if b.len() == 1 { a.len() == 1 } else { !b.is_empty() && b.len() <= a.len() };
    is_about
        && body.expr(asked).span.start < body.expr(call).span.start
        && a.iter().zip(b).all(|(&a, &b)| alike(body, a, b))
}

/// Whether both are written alike; false beyond a size limit.
pub fn alike(body: &Body, a: ExprId, b: ExprId) -> bool {
    let mut todo = vec![(a, b)];
    for _ in 0..64 {
        let Some((a, b)) = todo.pop() else { return true };
        let same = match (&body.expr(a).kind, &body.expr(b).kind) {
            (ExprKind::Name(x), ExprKind::Name(y))
            | (ExprKind::Number(x), ExprKind::Number(y))
            | (ExprKind::Char(x), ExprKind::Char(y))
            | (ExprKind::String(x), ExprKind::String(y)) => x == y,
            (ExprKind::Member { field: x, arrow: i, .. }, ExprKind::Member { field: y, arrow: j, .. }) => {
                x == y && i == j
            }
            (ExprKind::Unary { op: x, .. }, ExprKind::Unary { op: y, .. }) => x == y,
            (ExprKind::Binary { op: x, .. }, ExprKind::Binary { op: y, .. }) => x == y,
            (ExprKind::Index { .. }, ExprKind::Index { .. })
            | (ExprKind::Cast { .. }, ExprKind::Cast { .. })
            | (ExprKind::Call { .. }, ExprKind::Call { .. }) => true,
            _ => false,
        };
        let (mut x, mut y) = (Vec::new(), Vec::new());
        body.operands(a, &mut |e| x.push(e));
        body.operands(b, &mut |e| y.push(e));
        if !same || x.len() != y.len() {
            return false;
        }
        todo.extend(x.into_iter().zip(y));
    }
    false
}
