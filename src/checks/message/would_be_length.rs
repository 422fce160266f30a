//! `would-be-length`: the length that printing needed is taken for the length it wrote.

use super::{Words, told, wants};
use crate::analysis::access::{Place, Step, place};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind};
use crate::program::catalog::model::{Arg, Sink, SinkKind, Written};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "would-be-length",
    page: include_str!("../../../rules/would-be-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

/// Limit on the calls examined per function: each one searches the whole body.
const MAX_PRINTS: usize = 256;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let mut told = told(view, RULE.id, &[Class::WouldBe], words);
    let bounded = |name: &str| {
        let sink = cx.program.model(name, view.unit.file)?.sink()?;
        (sink.kind == SinkKind::FormatBounded && sink.ret == Some(Written::WouldBeLength)).then_some(sink)
    };
    let prints = view.function.body.calls().filter_map(|(call, name, _)| Some((call, bounded(name)?)));
    let stored: Vec<Finding> = prints
        .take(MAX_PRINTS)
        .filter_map(|(call, sink)| kept_beside(view, call, sink).or_else(|| lets_one_through(view, call, sink)))
        .collect();
    // At one place, keep the more specific finding.
    told.retain(|t| stored.iter().all(|f| f.span != t.span));
    out.extend(stored);
    out.extend(told);
}

/// `v.iov_base = line; v.iov_len = snprintf(line, sizeof(line), "%s", name);`: the length is stored beside the text,
/// for whoever sends or copies that many bytes, and is never compared with anything.
fn kept_beside(view: &View, call: ExprId, sink: &Sink) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
    let arg = |a: Option<Arg>| a.and_then(|a| a.index()).and_then(|i| args.get(i)).copied();
    let (dst, size, fmt) = (arg(sink.dst)?, arg(sink.size)?, arg(sink.fmt)?);
    // A computed size is as long as the text.
    let fixed = match body.expr(size).kind {
        ExprKind::Sizeof { .. } | ExprKind::Number(_) => true,
        ExprKind::Name(name) => !body.names.text(name).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    };
    let any_length = match body.expr(fmt).kind {
        ExprKind::String(text) => {
            let text = body.names.text(text);
            text.contains("%s") || text.contains("%.*s")
        }
        ExprKind::Name(_) => true,
        _ => false,
    };
    let buffer = place(body, dst).filter(|_| fixed && any_length)?;
    let kept_in = |to: &Place| {
        body.exprs.iter().find_map(|e| match e.kind {
            ExprKind::Assign { op: None, left, right } if place(body, right).as_ref() == Some(to) => Some(left),
            _ => None,
        })
    };
    // Where the length is first stored, and where it is kept beside the text.
    let first = kept_first(body, call)?;
    let is_member = |p: &Place| matches!(p.path.last(), Some(Step::Field(_)));
    let kept = if is_member(&first) { first.clone() } else { place(body, kept_in(&first)?).filter(is_member)? };
    let beside = |p: &Place| {
        is_member(p)
            && *p != kept
            && p.base == kept.base
            && p.path[..p.path.len() - 1] == kept.path[..kept.path.len() - 1]
    };
    let is_pair = beside(&buffer)
        || body.exprs.iter().any(|e| match e.kind {
            ExprKind::Assign { op: None, left, right } => {
                place(body, right).as_ref() == Some(&buffer) && place(body, left).is_some_and(|p| beside(&p))
            }
            _ => false,
        });
    let compared = body.exprs.iter().any(|e| match e.kind {
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right } => {
            let is_zero = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Number(n) if body.names.text(n) == "0");
            let is_it = |e: ExprId| place(body, e).is_some_and(|p| p == first || p == kept);
            let mut sizes_up = false;
            for side in [left, right] {
                body.walk(side, &mut |e| {
                    if let ExprKind::Sizeof { operand: Some(of), .. } = body.expr(e).kind {
                        sizes_up |= body.mentions(of, buffer.base);
                    }
                });
            }
            sizes_up || (is_it(left) && !is_zero(right)) || (is_it(right) && !is_zero(left))
        }
        _ => false,
    });
    if !is_pair || compared {
        return None;
    }
    let span = body.expr(call).span;
    let confidence = if view.source.is_test() { Confidence::Low } else { Confidence::Medium };
    let mut f = view.finding(RULE.id, confidence, span, span);
    f.label = "may be more than was written".into();
    let name = body.callee(call).unwrap_or_default();
    f.message =
        format!("`{name}` returns the length that it needed; it is kept as the length of the text without a check");
    Some(f)
}

/// `n = snprintf(buf, SIZE, ...); if (n > SIZE) return;`: a text of exactly that many bytes has lost its last one, to
/// make room for the NUL.
fn lets_one_through(view: &View, call: ExprId, sink: &Sink) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
    let size = *args.get(sink.size?.index()?)?;
    let code = |e: ExprId| view.reading.code.get(body.expr(body.bare(e)).span.range()).unwrap_or_default();
    let words = |e: ExprId| code(e).split_whitespace().collect::<String>();
    let room = words(size);
    // One less than the size: only a character is lost, and nothing is written past the end.
    if room.is_empty() || room.ends_with("-1") {
        return None;
    }
    let result = kept_first(body, call)?;
    let end = body.expr(call).span.end;
    let test = body.exprs.iter().filter(|e| e.span.start >= end).find(|e| {
        let ExprKind::Binary { op, left, right } = e.kind else { return false };
        let is = |number: ExprId, limit: ExprId| place(body, number).as_ref() == Some(&result) && words(limit) == room;
        match op {
            BinaryOp::Gt | BinaryOp::Le => is(left, right),
            BinaryOp::Lt | BinaryOp::Ge => is(right, left),
            _ => false,
        }
    })?;
    let set_anew = body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { left, .. } => {
            (end..test.span.start).contains(&e.span.start) && place(body, left).as_ref() == Some(&result)
        }
        _ => false,
    });
    // Another check asks for enough.
    let asked = body.exprs.iter().any(|e| match e.kind {
        ExprKind::Binary { op: BinaryOp::Ge | BinaryOp::Lt, left, right } => {
            e.span.start >= end && place(body, left).as_ref() == Some(&result) && words(right) == room
        }
        _ => false,
    });
    if set_anew || asked {
        return None;
    }
    let confidence = if view.source.is_test() { Confidence::Low } else { Confidence::Medium };
    let mut f = view.finding(RULE.id, confidence, test.span, test.span);
    f.label = "one too many".into();
    let name = body.callee(call).unwrap_or_default();
    f.message = format!(
        "`{name}` returns the length that it needed, without the NUL: this check passes a text that lost its last byte"
    );
    f.related.push(view.related(body.expr(call).span, "the number comes from here"));
    Some(f)
}

/// Where the result of a call is stored.
fn kept_first(body: &Body, call: ExprId) -> Option<Place> {
    let assigned = body.exprs.iter().find_map(|e| match e.kind {
        ExprKind::Assign { op: None, left, right } if body.bare(right) == call => place(body, left),
        _ => None,
    });
    let declared = || {
        body.stmts.iter().find_map(|s| match &s.kind {
            StmtKind::Decl(all) => {
                all.iter().find(|d| d.init == Some(call)).map(|d| Place { base: d.name, path: Vec::new() })
            }
            _ => None,
        })
    };
    assigned.or_else(declared)
}

fn words(defect: &Defect) -> Words {
    Words {
        label: "may be more than was written",
        message: format!(
            "`{}` is the length that printing needed, not what it wrote; {}",
            defect.what,
            defect.reason("the text was not cut off")
        ),
    }
}
