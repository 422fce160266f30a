//! `lost-at-switch-exit`: a section sets a result and breaks, and the code after the switch overwrites it before it is
//! read.

use super::circuit;
use super::exits::{Leaving, Switch};
use super::facts::folded;
use super::hints;
use super::names::is_error_word;
use crate::analysis::access::{Access, Act, place};
use crate::analysis::flow::{Flow, From, Go};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "lost-at-switch-exit",
    page: include_str!("../../../rules/lost-at-switch-exit.md"),
    yields_to: &["premature-break", "unset-after-switch"],
    words: &["switch"],
    wants: |candidate| hints::loses(candidate.outline()),
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in view.switches() {
        for exit in &switch.exits {
            if let Leaving::Jump(jump) = exit.how {
                let found = lost(view, view.flow(cx), switch, jump);
                out.extend(found.map(|f| Finding { circuit: Some(circuit::of_exit(view, switch, exit)), ..f }));
            }
        }
    }
}

fn lost(view: &View, flow: &Flow, switch: &Switch, jump: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let StmtKind::Block(all) = &body.stmt(view.nesting().parent(jump)?).kind else { return None };
    let at = all.iter().position(|&s| s == jump)?;
    let section = all[..at].iter().rposition(|&s| matches!(body.stmt(s).kind, StmtKind::Case(_))).map_or(0, |i| i + 1);
    for &s in all[section..at].iter().rev() {
        let StmtKind::Expr(e) = body.stmt(s).kind else { continue };
        let ExprKind::Assign { op: None, left, right } = body.expr(e).kind else { continue };
        let Some(set) = place(body, left).filter(|p| p.is_variable() && view.local(p.base).is_some()) else { continue };
        if !is_result(body, right) || body.stmt(s).in_macro {
            continue;
        }
        let Some(anew) = overwritten(view, flow, switch, s, set.base) else { continue };
        let value = |e: ExprId| folded(&view.reading.code, body.expr(e).span);
        let (was, now) = (value(right), anew.1.map(value).unwrap_or_default());
        if was == now {
            continue;
        }
        let name = body.names.text(set.base);
        let confidence = if is_error(body, right) { Confidence::High } else { Confidence::Medium };
        let whole = body.stmt(switch.at.stmt).span;
        let mut finding = view.finding(RULE.id, confidence, body.stmt(jump).span, whole);
        finding.label = "this goes on after the switch".into();
        finding.message = format!("`{name}` is set to `{was}`, but the code after the switch overwrites it unread");
        finding.related = vec![
            view.at(s, format!("`{name}` is set to `{was}` here")),
            view.at(anew.0, format!("`{name}` is overwritten before anything reads it")),
        ];
        return Some(finding);
    }
    None
}

/// The write after the switch that every path reaches before a read, and the value written.
fn overwritten(view: &View, flow: &Flow, switch: &Switch, s: StmtId, name: Symbol) -> Option<(StmtId, Option<ExprId>)> {
    let body = &view.function.body;
    let mut writes: Vec<(StmtId, Option<ExprId>)> = Vec::new();
    let mut other = false;
    let reached = flow.forward(
        &[From::Behind(s)],
        name,
        &mut |_, a: &Access| {
            match a.act {
                Act::Write if a.certain && a.place.is_variable() && a.value.is_some() => writes.push((a.stmt, a.value)),
                Act::Declare => {}
                _ => other = true,
            }
            Go::Stop
        },
        &mut |_, _| true,
    )?;
    let end = body.stmt(switch.at.stmt).span.end;
    let behind = writes.iter().all(|(s, _)| body.stmt(*s).span.start >= end);
    // A path that leaves the function without a write keeps the value.
    let leaves = reached.head(flow.cfg.exit);
    (!other && behind && !leaves).then(|| writes.into_iter().min_by_key(|(s, _)| body.stmt(*s).span.start)).flatten()
}

/// A status value: a named or numeric constant.
fn is_result(body: &Body, e: ExprId) -> bool {
    match body.expr(e).kind {
        ExprKind::Number(_) => true,
        ExprKind::Name(name) => {
            !body.names.text(name).bytes().any(|b| b.is_ascii_lowercase())
                || matches!(body.names.text(name), "true" | "false")
        }
        ExprKind::Unary { op: UnaryOp::Negate, operand } => is_result(body, operand),
        ExprKind::Cast { operand: inner, .. } => is_result(body, inner),
        _ => false,
    }
}

fn is_error(body: &Body, e: ExprId) -> bool {
    match body.expr(e).kind {
        ExprKind::Unary { op: UnaryOp::Negate, .. } => true,
        // The grammar takes the sign of `-1` as part of the number.
        ExprKind::Number(text) => body.names.text(text).starts_with('-'),
        ExprKind::Name(name) => {
            let name = body.names.text(name);
            is_error_word(name)
                || matches!(name, "FALSE" | "false" | "NULL")
                || (name.starts_with('E') && name.len() <= 8)
        }
        ExprKind::Cast { operand: inner, .. } => is_error(body, inner),
        _ => false,
    }
}
