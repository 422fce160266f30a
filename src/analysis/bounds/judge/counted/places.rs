//! Places and sums as written: keys that are equal for the same place, and the parts of a sum.

use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, UnaryOp};

/// Expressions nested deeper are ignored.
const MAX_DEPTH: usize = 12;

/// A part of a sum.
pub(super) struct Part {
    pub key: String,
    /// It was passed to a function or macro, which may count anything it refers to.
    pub covers: bool,
}

/// A name that looks like a constant.
pub(super) fn is_constant_name(name: &str) -> bool {
    name.len() > 1 && !name.bytes().any(|b| b.is_ascii_lowercase())
}

/// The last expression of `({ … })`.
fn last_of(body: &Body, e: ExprId) -> Option<ExprId> {
    let ExprKind::Statement(stmt) = body.expr(e).kind else { return None };
    let StmtKind::Block(all) = &body.stmt(stmt).kind else { return None };
    all.iter().rev().find_map(|s| match body.stmt(*s).kind {
        StmtKind::Expr(e) => Some(e),
        _ => None,
    })
}

/// The place that an expression denotes, or the call that it is: `x->a.len` and `(*x).a.len` are `x.a.len`.
pub(super) fn key(body: &Body, e: ExprId) -> Option<String> {
    key_within(body, e, MAX_DEPTH)
}

fn key_within(body: &Body, e: ExprId, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let e = body.bare(e);
    match &body.expr(e).kind {
        ExprKind::Name(name) | ExprKind::Number(name) => Some(body.names.text(*name).to_owned()),
        ExprKind::Member { base, field, .. } => {
            let mut base = body.bare(*base);
            while let ExprKind::Unary { op: UnaryOp::Deref | UnaryOp::AddressOf, operand } = body.expr(base).kind {
                base = body.bare(operand);
            }
            Some(format!("{}.{}", key_within(body, base, depth)?, body.names.text(*field)))
        }
        ExprKind::Index { base, index } => {
            let index = match body.expr(body.bare(*index)).kind {
                ExprKind::Number(n) => body.names.text(n),
                _ => "",
            };
            Some(format!("{}[{index}]", key_within(body, *base, depth)?))
        }
        ExprKind::Unary { op: UnaryOp::Deref, operand } => Some(format!("*{}", key_within(body, *operand, depth)?)),
        ExprKind::Unary { op: UnaryOp::AddressOf | UnaryOp::Plus, operand } | ExprKind::Update { operand, .. } => {
            key_within(body, *operand, depth)
        }
        ExprKind::Binary { op: op @ (BinaryOp::Add | BinaryOp::Sub), left, right } => {
            let sign = if *op == BinaryOp::Add { '+' } else { '-' };
            Some(format!("{}{sign}{}", key_within(body, *left, depth)?, key_within(body, *right, depth)?))
        }
        ExprKind::Call { args, .. } => {
            let name = body.callee(e)?;
            let mut args = args.iter().map(|arg| key_within(body, *arg, depth));
            match is_length_of_text(name) {
                true => Some(format!("strlen({})", args.next()??)),
                false => Some(format!("{name}({})", args.collect::<Option<Vec<_>>>()?.join(","))),
            }
        }
        _ => None,
    }
}

/// `strlen` and its project-specific names.
fn is_length_of_text(name: &str) -> bool {
    name.to_ascii_lowercase().contains("strlen") || name.ends_with("strnlen")
}

/// The non-constant parts of a sum. What is subtracted makes it smaller and is not a part.
pub(super) fn parts(body: &Body, e: ExprId) -> Vec<Part> {
    let mut all = Vec::new();
    collect(body, e, MAX_DEPTH, false, &mut all);
    all
}

fn collect(body: &Body, e: ExprId, depth: usize, covers: bool, all: &mut Vec<Part>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let e = body.bare(e);
    let mut add = |key: Option<String>| all.extend(key.map(|key| Part { key, covers }));
    match &body.expr(e).kind {
        ExprKind::Name(name) if is_constant_name(body.names.text(*name)) => {}
        ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => add(key(body, e)),
        ExprKind::Unary { op: UnaryOp::Deref | UnaryOp::AddressOf, .. } => add(key(body, e)),
        ExprKind::Unary { op: UnaryOp::Plus, operand } | ExprKind::Update { operand, .. } => {
            collect(body, *operand, depth, covers, all);
        }
        ExprKind::Binary { op, left, right } => match op {
            BinaryOp::Add | BinaryOp::Mul | BinaryOp::BitOr => {
                collect(body, *left, depth, covers, all);
                collect(body, *right, depth, covers, all);
            }
            BinaryOp::Sub => {
                add(key(body, e));
                // Minus a constant is as good as the whole: where it is not, the proofs decide.
                if lengths(body, *right).is_some_and(|parts| parts.is_empty()) {
                    collect(body, *left, depth, covers, all);
                }
            }
            BinaryOp::Div | BinaryOp::Shl | BinaryOp::Shr | BinaryOp::BitAnd => {
                collect(body, *left, depth, covers, all)
            }
            BinaryOp::Comma => collect(body, *right, depth, covers, all),
            _ => {}
        },
        ExprKind::Assign { left, right, .. } => {
            add(key(body, *left));
            collect(body, *right, depth, covers, all);
        }
        // The smaller of two values counts neither.
        ExprKind::Conditional { cond, then: Some(then), otherwise } if is_lesser(body, *cond, *then, *otherwise) => {}
        ExprKind::Conditional { then, otherwise, .. } => {
            then.iter().for_each(|then| collect(body, *then, depth, covers, all));
            collect(body, *otherwise, depth, covers, all);
        }
        ExprKind::Call { args, .. } => {
            add(key(body, e));
            if !body.callee(e).is_some_and(|name| is_length_of_text(name) || name.to_ascii_lowercase().contains("min"))
            {
                args.iter().for_each(|arg| collect(body, *arg, depth, true, all));
            }
        }
        ExprKind::Statement(_) => {
            if let Some(last) = last_of(body, e) {
                collect(body, last, depth, covers, all);
            }
        }
        _ => {}
    }
}

/// `a < b ? a : b`
fn is_lesser(body: &Body, cond: ExprId, then: ExprId, otherwise: ExprId) -> bool {
    let (less, more) = match body.expr(body.bare(cond)).kind {
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le, left, right } => (left, right),
        ExprKind::Binary { op: BinaryOp::Gt | BinaryOp::Ge, left, right } => (right, left),
        _ => return false,
    };
    let same = |a, b| key(body, a).is_some_and(|a| key(body, b).is_some_and(|b| a == b));
    same(less, then) || same(more, otherwise)
}

/// The lengths that make up a written size, each with what else it may have been counted as.
pub(super) fn lengths(body: &Body, e: ExprId) -> Option<Vec<Vec<String>>> {
    let mut all = Vec::new();
    split(body, e, MAX_DEPTH, &mut all).then_some(all)
}

fn split(body: &Body, e: ExprId, depth: usize, all: &mut Vec<Vec<String>>) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let e = body.bare(e);
    match &body.expr(e).kind {
        ExprKind::Number(_) | ExprKind::Char(_) | ExprKind::Sizeof { .. } | ExprKind::Unevaluated(_) => true,
        ExprKind::String(_) => true,
        ExprKind::Name(name) if is_constant_name(body.names.text(*name)) => true,
        ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Mul, left, right } => {
            split(body, *left, depth, all) && split(body, *right, depth, all)
        }
        ExprKind::Binary { op: BinaryOp::Sub, left, .. } => {
            let known = all.len();
            let ok = split(body, *left, depth, all);
            if let [only] = &mut all[known..] {
                only.extend(key(body, e));
            }
            ok
        }
        ExprKind::Binary { op: BinaryOp::Div | BinaryOp::Shr | BinaryOp::Rem | BinaryOp::BitAnd, left, .. } => {
            split(body, *left, depth, all)
        }
        ExprKind::Conditional { then, otherwise, .. } => {
            then.is_none_or(|then| split(body, then, depth, all)) && split(body, *otherwise, depth, all)
        }
        ExprKind::Assign { left, right, op: None } => match key(body, *left) {
            Some(left) => {
                all.push(std::iter::once(left).chain(key(body, *right)).collect());
                true
            }
            None => split(body, *right, depth, all),
        },
        _ => match key(body, e) {
            Some(key) => {
                all.push(vec![key]);
                true
            }
            None => false,
        },
    }
}

/// Where a pointer may come from: places and calls.
pub(super) fn pointers(body: &Body, e: ExprId, keys: &mut Vec<String>, calls: &mut Vec<ExprId>) {
    pointers_within(body, e, MAX_DEPTH, keys, calls);
}

fn pointers_within(body: &Body, e: ExprId, depth: usize, keys: &mut Vec<String>, calls: &mut Vec<ExprId>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let e = body.bare(e);
    match &body.expr(e).kind {
        ExprKind::Name(_) | ExprKind::Member { .. } => keys.extend(key(body, e)),
        ExprKind::Index { base, .. } => {
            keys.extend(key(body, e));
            pointers_within(body, *base, depth, keys, calls);
        }
        ExprKind::Unary { op: UnaryOp::Deref, operand } => {
            keys.extend(key(body, e));
            pointers_within(body, *operand, depth, keys, calls);
        }
        ExprKind::Unary { operand, .. } | ExprKind::Update { operand, .. } => {
            pointers_within(body, *operand, depth, keys, calls);
        }
        ExprKind::Binary { op: BinaryOp::Add, left, right } => {
            pointers_within(body, *left, depth, keys, calls);
            pointers_within(body, *right, depth, keys, calls);
        }
        ExprKind::Binary { op: BinaryOp::Sub, left, .. } => pointers_within(body, *left, depth, keys, calls),
        ExprKind::Binary { op: BinaryOp::Comma, right, .. } => pointers_within(body, *right, depth, keys, calls),
        ExprKind::Assign { left, right, .. } => {
            pointers_within(body, *left, depth, keys, calls);
            pointers_within(body, *right, depth, keys, calls);
        }
        ExprKind::Conditional { then, otherwise, .. } => {
            then.iter().for_each(|then| pointers_within(body, *then, depth, keys, calls));
            pointers_within(body, *otherwise, depth, keys, calls);
        }
        // A macro may be a place, too: `ROWS(result) = malloc(n)`.
        ExprKind::Call { .. } => {
            keys.extend(key(body, e));
            calls.push(e);
        }
        ExprKind::Statement(_) => {
            if let Some(last) = last_of(body, e) {
                pointers_within(body, last, depth, keys, calls);
            }
        }
        _ => {}
    }
}

/// What moves an address within its object: indices and addends.
pub(super) fn offsets(body: &Body, e: ExprId, all: &mut Vec<ExprId>) {
    let mut e = body.bare(e);
    for _ in 0..MAX_DEPTH {
        match body.expr(e).kind {
            ExprKind::Index { base, index } => {
                all.push(index);
                e = body.bare(base);
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                all.push(right);
                e = body.bare(left);
            }
            ExprKind::Unary { op: UnaryOp::AddressOf | UnaryOp::Deref, operand } => e = body.bare(operand),
            ExprKind::Update { operand, .. } => e = body.bare(operand),
            _ => break,
        }
    }
}

/// The variable that a place starts with.
pub(super) fn root(key: &str) -> &str {
    let key = key.trim_start_matches('*');
    key.split(['.', '[']).next().unwrap_or(key)
}

/// The place that contains this one.
pub(super) fn outer(key: &str) -> Option<&str> {
    match key.strip_prefix('*') {
        Some(inner) => Some(inner),
        None => key.rfind(['.', '[']).map(|at| &key[..at]),
    }
}
