//! `null-on-some-path`: a pointer that is null on some path to its use.

use super::apart::{is_apart, is_left_out};
use super::{asks_how_many, doubted, finding, pointer, used, used_nulls};
use crate::analysis::access::place;
use crate::analysis::nullness::miss::Doubt;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::nullness::{Origin, UseKind, bits};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Stmt, StmtId, StmtKind, UnaryOp};
use crate::report::{Confidence, Finding, Related};

pub const RULE: Rule = Rule {
    id: "null-on-some-path",
    page: include_str!("../../../rules/null-on-some-path.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// Limit on the statements of a branch that are examined.
const MAX_THEN: usize = 40;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for miss in used_nulls(view).filter(|m| m.used.known & bits::ANY_NULL != 0) {
        if is_for_the_switch(view, miss) {
            continue;
        }
        let why = match miss.used.origin {
            _ if miss.is_surely_null() => "it is null on every path that leads here",
            Origin::Null(_) => "it is still null on some path that leads here",
            _ => "the path on which a check found it null leads here, too",
        };
        let mut f = finding(view, RULE.id, miss, confidence(view, miss));
        f.message = format!("{} {}, but {why}", pointer(view, miss), used(miss).trim_end_matches(','));
        out.push(f);
    }
    let mut last: Option<StmtId> = None;
    for (miss, doubt) in doubted(view) {
        let (why, at, file, span) = match *doubt {
            Doubt::Late(test) => (
                "it is checked for null only afterwards",
                "checked here",
                view.unit.file,
                view.function.body.expr(test).span,
            ),
            Doubt::Elsewhere { test } => (
                "it is checked for null on another path only",
                "checked here",
                view.unit.file,
                view.function.body.expr(test).span,
            ),
            Doubt::Given { file, span } => ("a caller passes null", "null is passed here", file, span),
            Doubt::GivenPart { file, span, .. } => ("a caller passes what may be null", "passed here", file, span),
            Doubt::ErrorIgnored { error } => {
                ("it may be null after an error that nothing checks", "the error", view.unit.file, error)
            }
            Doubt::Part { .. } | Doubt::Guarded { .. } => continue,
        };
        let is_plain =
            miss.used.known & bits::FRESH != 0 && matches!(miss.used.kind, UseKind::Dereference | UseKind::Called);
        let confidence = match doubt {
            Doubt::Late(_) if is_plain && miss.seen_to => Confidence::Medium,
            _ if miss.seen_to => Confidence::Low,
            Doubt::Late(_) if is_one_of_many(&view.function.body, miss) => Confidence::Low,
            Doubt::Late(_) if is_plain => Confidence::High,
            // Code that leaves when it is null does more than choose what to print.
            Doubt::Late(test) if matches!(miss.used.kind, UseKind::Given { .. }) && miss.inside.is_none() => {
                match leaves(&view.function.body, *test) {
                    true => Confidence::Medium,
                    false => Confidence::Low,
                }
            }
            Doubt::Late(_) | Doubt::ErrorIgnored { .. } => Confidence::Medium,
            Doubt::Given { file, .. } if is_plain && *file == view.unit.file => Confidence::Medium,
            // Checks on another path only: 2 of 9 findings reviewed were right.
            _ => Confidence::Low,
        };
        // Of several pointers in one statement, one is enough.
        if matches!(doubt, Doubt::Elsewhere { .. }) && last == Some(miss.used.stmt) {
            continue;
        }
        last = Some(miss.used.stmt);
        let mut f = finding(view, RULE.id, miss, confidence);
        f.message = format!("{} {}, but {why}", pointer(view, miss), used(miss).trim_end_matches(','));
        f.related.push(Related { file, span, message: at.into() });
        out.push(f);
    }
}

/// A whole `switch` lies between the origin of the value and the use: what its branches fail to do is reported by other
/// rules.
fn is_for_the_switch(view: &View, miss: &Miss) -> bool {
    let body = &view.function.body;
    let from = match miss.used.origin {
        Origin::Null(from) | Origin::Call(from) | Origin::Asked(from) | Origin::Loaded(from) => Some(from),
        Origin::Parameter(_) | Origin::Stored { .. } => miss.asked.first().copied(),
    };
    let Some(from) = from else { return false };
    let (mut from, to) = (body.expr(from).span, body.expr(miss.used.expr).span);
    // A check after the `switch` shows that null is considered possible there.
    if !matches!(miss.used.origin, Origin::Null(_)) {
        let within = |at: u32| {
            let of = |s: &Stmt| matches!(s.kind, StmtKind::Switch { .. }) && s.span.end <= to.start;
            body.stmts.iter().any(|s| of(s) && s.span.contains(at))
        };
        let asked = miss.asked.iter().map(|&e| body.expr(e).span);
        let asked = asked.filter(|span| span.end <= to.start && !within(span.start));
        from = asked.chain([from]).max_by_key(|span| span.end).unwrap_or(from);
    }
    (0..body.stmts.len() as u32).map(StmtId).any(|id| {
        let span = body.stmt(id).span;
        // In a loop of its own, several iterations produce the value.
        let in_own_loop =
            || view.nesting().loop_around(body, id).is_some_and(|l| !view.nesting().is_inside(miss.used.stmt, l));
        from.end <= span.start
            && span.end <= to.start
            && matches!(body.stmt(id).kind, StmtKind::Switch { .. })
            && !in_own_loop()
            && (matches!(miss.used.origin, Origin::Null(_)) || speaks_of(body, id, miss))
    })
}

/// The pointer occurs in the statement.
fn speaks_of(body: &Body, at: StmtId, miss: &Miss) -> bool {
    let Some(pointer) = place(body, miss.used.expr) else { return true };
    let span = body.stmt(at).span;
    let within = body.exprs.iter().enumerate().filter(|(_, e)| span.start <= e.span.start && e.span.end <= span.end);
    within.into_iter().any(|(i, _)| place(body, ExprId(i as u32)).is_some_and(|p| pointer.covers(&p)))
}

/// `q->head`, where an earlier condition checked `q->count`.
fn is_one_of_many(body: &Body, miss: &Miss) -> bool {
    let Origin::Loaded(e) = miss.used.origin else { return false };
    let ExprKind::Member { base, .. } = body.expr(e).kind else { return false };
    place(body, base).is_some_and(|object| asks_how_many(body, &object, body.expr(e).span))
}

/// `if (a || b) { if (a && !b) …; else if (!a && b) …; else a->x; }`: several conditions checked this pointer together
/// with others, and the remaining case need not be what one of them leaves.
fn is_asked_with_others(body: &Body, miss: &Miss) -> bool {
    let is_compound =
        |cond: &ExprId| matches!(body.expr(*cond).kind, ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. });
    let before = body.expr(miss.used.expr).span.start;
    let compound = body.stmts.iter().filter_map(|s| s.kind.condition()).filter(is_compound);
    let asking = compound.filter(|&cond| {
        let span = body.expr(cond).span;
        span.end <= before && miss.asked.iter().any(|&e| span.contains(body.expr(e).span.start))
    });
    asking.count() >= 3
}

/// `if (!p) return;`
fn leaves(body: &Body, test: ExprId) -> bool {
    let at = body.expr(test).span;
    body.stmts.iter().any(|s| {
        let StmtKind::If { cond, then, .. } = s.kind else { return false };
        let asks = body.expr(cond).span.contains(at.start);
        let is_null_there = matches!(
            body.expr(cond).kind,
            ExprKind::Unary { op: UnaryOp::Not, .. } | ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Eq, .. }
        );
        let mut goes = false;
        if asks && is_null_there {
            body.walk_first(then, MAX_THEN, &mut |s| {
                goes |= matches!(
                    body.stmt(s).kind,
                    StmtKind::Return(_) | StmtKind::Goto(_) | StmtKind::Break | StmtKind::Continue
                );
            });
        }
        goes
    })
}

/// `if (q || (p && p->a)) p->b`: the branch is also taken where only the other arm holds.
fn is_asked_in_one_arm(view: &View, miss: &Miss) -> bool {
    let body = &view.function.body;
    let Some(pointer) = place(body, miss.used.expr) else { return false };
    let innermost = view.nesting().around(miss.used.stmt).find_map(|s| match body.stmt(s).kind {
        StmtKind::If { cond, then, .. } => Some((s, cond, then)),
        _ => None,
    });
    // The condition of the `if` itself is evaluated before its branch.
    let Some((_, cond, then)) = innermost.filter(|(s, ..)| *s != miss.used.stmt) else { return false };
    let ExprKind::Binary { op: BinaryOp::Or, left, right } = body.expr(cond).kind else { return false };
    let mentions = |e: ExprId| {
        let mut found = false;
        body.walk(e, &mut |x| found |= place(body, x).is_some_and(|p| pointer.covers(&p)));
        found
    };
    let in_then = body.stmt(then).span.contains(body.expr(miss.used.expr).span.start);
    let asks = |e: ExprId| miss.asked.iter().any(|&t| body.expr(e).span.contains(body.expr(t).span.start));
    in_then && !mentions(left) && asks(right)
}

fn confidence(view: &View, miss: &Miss) -> Confidence {
    if miss.sometimes {
        return Confidence::Low;
    }
    if !miss.is_surely_null() && is_asked_with_others(&view.function.body, miss) {
        return Confidence::Low;
    }
    let here = miss.used.known & bits::NULL_HERE != 0;
    let is_mixed = miss.used.known & (bits::ANY_UNTESTED | bits::NULL | bits::USED | bits::STALE) != 0;
    let is_direct = matches!(miss.used.kind, UseKind::Dereference | UseKind::Called | UseKind::Library);
    // A pointer passed to an undefined `channel_get_name()` is dereferenced as well.
    let is_given = matches!(miss.used.kind, UseKind::Given { .. }) && miss.inside.is_none();
    let is_used = is_direct || is_given || miss.used.kind == UseKind::PartGiven;
    match miss.used.origin {
        // `p - q` ends up in a log and is harmless.
        _ if miss.used.kind == UseKind::Arithmetic => Confidence::Low,
        _ if miss.is_surely_null() && is_direct => Confidence::High,
        _ if miss.is_surely_null() && miss.used.kind != UseKind::Address => Confidence::Medium,
        // The paths merge right before the use: only the check itself lies between.
        Origin::Call(_) if here && !is_mixed && is_direct && !miss.used.one_of => Confidence::High,
        Origin::Call(_) | Origin::Asked(_) | Origin::Loaded(_) | Origin::Parameter(_) | Origin::Stored { .. }
            if here && !is_mixed && is_used && !miss.used.one_of =>
        {
            Confidence::Medium
        }
        Origin::Null(e) if is_direct && is_left_out(view, miss, e) => Confidence::Medium,
        Origin::Null(_) => Confidence::Low,
        _ if is_used && miss.used.known & bits::STALE == 0 && is_apart(view, miss) => Confidence::Medium,
        _ if is_direct && is_asked_in_one_arm(view, miss) => Confidence::Medium,
        _ => Confidence::Low,
    }
}
