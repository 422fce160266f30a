//! What assertions test besides the bytes of a message: results that its fields decide, and lengths.

use crate::analysis::access::{Place, Step, place};
use crate::analysis::received::{Received, is_length_name};
use crate::checks::View;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};

/// An argument of the call is a field of a message.
pub fn is_given_field(view: &View, received: &Received, call: ExprId) -> bool {
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    args.iter().any(|&a| received.mentions(body, a) || is_field(view, a))
}

/// `req->bearer.id`: part of an object named like a message.
fn is_field(view: &View, e: ExprId) -> bool {
    let body = &view.function.body;
    let e = match body.expr(body.bare(e)).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf | UnaryOp::Deref, operand } => operand,
        _ => body.bare(e),
    };
    place(body, e).is_some_and(|p| !p.is_variable() && view.local(p.base).is_some() && is_message(body, p.base))
}

fn is_message(body: &Body, name: Symbol) -> bool {
    const WORDS: [&str; 14] = [
        "req",
        "request",
        "rsp",
        "resp",
        "response",
        "msg",
        "message",
        "pdu",
        "pkt",
        "packet",
        "ind",
        "indication",
        "sdu",
        "rdata",
    ];
    body.names.text(name).to_ascii_lowercase().split('_').any(|word| WORDS.contains(&word))
}

/// `find_by_id`, `lookup`: null if the object does not exist.
pub fn is_search(name: &str) -> bool {
    const WORDS: [&str; 4] = ["find", "lookup", "search", "by"];
    name.to_ascii_lowercase().split('_').any(|word| WORDS.contains(&word))
}

/// `OK == f(req->id)`, `r = f(msg); assert(r != ERROR)`, `read(buf, 4)`: the status of a function that takes a message.
pub fn asked_status<'v>(view: &'v View, received: &Received, cond: ExprId) -> Option<&'v str> {
    let body = &view.function.body;
    let cond = match body.expr(body.bare(cond)).kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => body.bare(operand),
        _ => body.bare(cond),
    };
    let call = match body.expr(cond).kind {
        ExprKind::Call { .. } => cond,
        ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Ge | BinaryOp::Lt, left, right } => {
            [left, right].into_iter().find_map(|e| given(body, body.bare(e), body.expr(cond).span.start))?
        }
        _ => return None,
    };
    let name = body.callee(call)?;
    let is_function = name.bytes().any(|b| b.is_ascii_lowercase());
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
    let has_object = args.first().and_then(|&a| place(body, a)).is_some_and(|p| view.local(p.base).is_some());
    let of_message = args.iter().any(|&a| is_field(view, a));
    let takes = is_taker(name) && args.len() > 1 && has_object;
    let asks = is_function && !is_own_work(name) && !received.is_read(call) && (of_message || takes);
    asks.then_some(name)
}

/// The call itself, or the one that last set a variable before `before`.
fn given(body: &Body, e: ExprId, before: u32) -> Option<ExprId> {
    let name = match body.expr(e).kind {
        ExprKind::Call { .. } => return Some(e),
        ExprKind::Name(name) => name,
        _ => return None,
    };
    let assigned = body.exprs.iter().filter_map(|other| match other.kind {
        ExprKind::Assign { left, right, .. } if matches!(body.expr(left).kind, ExprKind::Name(n) if n == name) => {
            Some((other.span.start, right))
        }
        _ => None,
    });
    let declared = body.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Decl(all) => {
            let d = all.iter().find(|d| d.name == name)?;
            Some((s.span.start, d.init?))
        }
        _ => None,
    });
    let (_, last) = assigned.chain(declared).filter(|(at, _)| *at < before).max_by_key(|(at, _)| *at)?;
    let last = body.bare(last);
    matches!(body.expr(last).kind, ExprKind::Call { .. }).then_some(last)
}

/// `buf_advance`, `get_u16`, `parse_header`: fails when too little is left or the content is invalid.
fn is_taker(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "advance", "pull", "skip", "consume", "read", "parse", "decode", "unpack", "extract", "decrypt", "verify",
        "scan",
    ];
    name.to_ascii_lowercase().split('_').any(|word| WORDS.contains(&word))
}

/// No message makes it fail.
fn is_own_work(name: &str) -> bool {
    const WORDS: [&str; 22] = [
        "send",
        "tx",
        "build",
        "encode",
        "write",
        "put",
        "append",
        "add",
        "new",
        "alloc",
        "create",
        "init",
        "copy",
        "dup",
        "start",
        "register",
        "lock",
        "unlock",
        "free",
        "push",
        "print",
        "transition",
    ];
    name.to_ascii_lowercase().split('_').any(|word| WORDS.contains(&word))
}

/// `pkt->size <= room`, `offset < input->len`: whether received data fits, or is present.
pub fn asks_about_length(view: &View, cond: ExprId) -> bool {
    let body = &view.function.body;
    let ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right } =
        body.expr(body.bare(cond)).kind
    else {
        return false;
    };
    let is_length = |e: ExprId| match &body.expr(body.bare(e)).kind {
        ExprKind::Member { field, arrow: true, .. } => {
            let of = place(body, body.bare(e));
            is_length_name(body.names.text(*field))
                && of.is_some_and(|p| view.local(p.base).is_some() && (is_message(body, p.base) || has_bytes(body, &p)))
        }
        // `BLEN(buf)`, `msgb_length(msg)`
        ExprKind::Call { args, .. } => {
            let of = args.first().and_then(|&a| place(body, a));
            args.len() == 1
                && body.callee(body.bare(e)).is_some_and(is_length_name)
                && of.is_some_and(|p| view.local(p.base).is_some() && (is_message(body, p.base) || has_bytes(body, &p)))
        }
        _ => false,
    };
    let is_small = |e: ExprId| match body.expr(body.bare(e)).kind {
        ExprKind::Number(n) => matches!(body.names.text(n), "0" | "1"),
        _ => false,
    };
    let base = |e: ExprId| place(body, body.bare(e)).map(|p| p.base);
    let apart = base(left).is_none() || base(left) != base(right);
    apart && (is_length(left) && !is_small(right) || is_length(right) && !is_small(left))
}

/// `buf`, `chop->input`: named like a byte buffer.
fn has_bytes(body: &Body, of: &Place) -> bool {
    const WORDS: [&str; 8] = ["buf", "buffer", "input", "output", "payload", "frame", "datagram", "data"];
    let fields = of.path.iter().filter_map(|step| match step {
        Step::Field(name) => Some(*name),
        _ => None,
    });
    // The last one is the length.
    let mut names: Vec<Symbol> = std::iter::once(of.base).chain(fields).collect();
    names.truncate(names.len().saturating_sub(1).max(1));
    names.iter().any(|&n| body.names.text(n).to_ascii_lowercase().split('_').any(|word| WORDS.contains(&word)))
}
