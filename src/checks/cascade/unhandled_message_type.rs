//! `unhandled-message-type`: a type of message that no case handles ends the program, or leaves a variable unset.

use crate::analysis::received::Received;
use crate::analysis::sections::sections;
use crate::checks::result::unfilled;
use crate::checks::result::unset::unset_locals;
use crate::checks::switch::handled::without_default;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unhandled-message-type",
    page: include_str!("../../../rules/unhandled-message-type.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

const OUTAGE: &str =
    "outage: a peer that sends a newer or a wrong type of message stops or confuses every process that reads it";

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    if view.source.is_test() || !body.stmts.iter().any(|s| matches!(s.kind, StmtKind::Switch { .. })) {
        return;
    }
    let received = Received::new(cx.program, view.function, &view.source.text);
    let over_message = |s: StmtId| match body.stmt(s).kind {
        StmtKind::Switch { cond, .. } => received.mentions(body, cond) && is_as_received(body, &received, cond),
        _ => false,
    };
    let switches: Vec<StmtId> = (0..body.stmts.len() as u32).map(StmtId).filter(|&s| over_message(s)).collect();
    out.extend(switches.iter().filter_map(|&switch| ends_program(cx, view, switch)));
    if switches.is_empty() || !without_default(cx, view).iter().any(|open| switches.contains(&open.switch.stmt)) {
        return;
    }
    for local in &unset_locals(view) {
        let Some(found) = unfilled::check(cx, view, local, RULE.id) else { continue };
        if !found.by_switch.is_some_and(|switch| switches.contains(&switch)) {
            continue;
        }
        let mut f = found.finding;
        let name = body.names.text(local.name);
        f.message =
            format!("`{name}` is read here, but a message type that the `switch` does not handle leaves it unset");
        f.notes.push(OUTAGE.into());
        out.push(f);
    }
}

/// The value itself, in whatever byte order, and not what some function makes of the message.
fn is_as_received(body: &Body, received: &Received, cond: ExprId) -> bool {
    let mut computed = false;
    body.walk(cond, &mut |e| {
        computed |= matches!(body.expr(e).kind, ExprKind::Call { .. }) && !received.is_read(e);
    });
    !computed
}

/// The `default` section ends in a call that never returns.
fn ends_program(cx: &Context, view: &View, switch: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let StmtKind::Switch { cond, .. } = body.stmt(switch).kind else { return None };
    let section = sections(body, switch).into_iter().find(|section| section.is_only_default(body))?;
    let expr = |&s: &StmtId| if let StmtKind::Expr(e) = body.stmt(s).kind { Some(e) } else { None };
    let call =
        section.stmts.iter().filter(|&&s| !body.stmt(s).in_macro).filter_map(expr).find(|&e| ends(cx, view, e))?;
    let name = body.callee(call)?;
    let span = body.expr(call).span;
    let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
    f.label = "ends the program".into();
    f.message = format!("`{name}` ends the program for a message type that no case handles");
    f.related.push(view.related(body.expr(cond).span, "comes from the message"));
    f.notes.push(OUTAGE.into());
    Some(f)
}

/// A call that never returns. Assertions are the business of `reachable-assert`.
fn ends(cx: &Context, view: &View, e: ExprId) -> bool {
    let (body, file) = (&view.function.body, view.unit.file);
    let Some(name) = body.callee(e) else { return false };
    let is_assertion = cx.program.model(name, file).is_some_and(|model| model.assert().is_some());
    !is_assertion && cx.noreturn.is_noreturn(cx.program, file, body, e)
}
