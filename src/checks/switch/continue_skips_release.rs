//! `continue-skips-release`: a `continue` inside a `switch` skips the release, after the switch, of what this loop
//! iteration acquired before it.

use super::exits::{Switch, loop_around};
use super::hints;
use super::names::{is_handing_over_name, is_releasing_name};
use crate::analysis::access::{Access, Act, Place, place};
use crate::analysis::cfg::Construct;
use crate::analysis::flow::{Flow, From, Go};
use crate::checks::{Context, Rule, View};
use crate::hir::{ExprKind, StmtId, StmtKind};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "continue-skips-release",
    page: include_str!("../../../rules/continue-skips-release.md"),
    yields_to: &[],
    words: &["switch"],
    wants: |candidate| hints::continues(candidate.outline()),
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in view.switches() {
        let Some(around) = loop_around(view, switch) else { continue };
        let mut continues: Vec<StmtId> = Vec::new();
        body.walk_stmts(switch.at.stmt, &mut |s| {
            let own = matches!(body.stmt(s).kind, StmtKind::Continue);
            if own && view.nesting().loop_around(body, s) == Some(around.stmt) {
                continues.push(s);
            }
        });
        if continues.is_empty() {
            continue;
        }
        let flow = view.flow(cx);
        for (release, resource) in released_behind(view, flow, switch, around) {
            let Some(acquired) = acquired(view, flow, switch, around, &resource) else { continue };
            for &jump in &continues {
                if skips(view, flow, switch, jump, &resource) {
                    out.push(finding(view, jump, acquired, release, &resource));
                }
            }
        }
    }
}

/// Calls after the switch, in the same loop iteration, that release a local variable, with the variable.
fn released_behind(view: &View, flow: &Flow, switch: &Switch, around: Construct) -> Vec<(StmtId, Place)> {
    let body = &view.function.body;
    let mut all: Vec<(StmtId, Place)> = Vec::new();
    let mut inner = switch.at.stmt;
    while inner != around.stmt {
        for &s in view.nesting().following(body, inner) {
            let StmtKind::Expr(e) = body.stmt(s).kind else { continue };
            let ExprKind::Call { args, .. } = &body.expr(e).kind else { continue };
            if !body.callee(e).is_some_and(is_releasing_name) {
                continue;
            }
            let Some(target) = args.iter().find_map(|&a| place(body, a)).filter(Place::is_variable) else { continue };
            let reached = flow.accesses.block_of(s).is_some_and(|b| view.cfg.is_reachable(b));
            if reached && !all.iter().any(|(_, p)| *p == target) {
                all.push((s, target));
            }
        }
        match view.nesting().parent(inner) {
            Some(outer) => inner = outer,
            None => break,
        }
    }
    all
}

/// The call before the switch that assigns the variable on every path of this iteration.
fn acquired(view: &View, flow: &Flow, switch: &Switch, around: Construct, resource: &Place) -> Option<StmtId> {
    let body = &view.function.body;
    let mut from = None;
    let mut releases = false;
    let reached = flow.forward(
        &[From::Head(around.head)],
        resource.base,
        &mut |_, a| {
            releases |= a.call.is_some_and(|call| body.callee(call).is_some_and(is_releasing_name));
            match a.act {
                Act::Write if a.place.is_variable() => {
                    from = from.or(Some((a.stmt, a.value)));
                    Go::Stop
                }
                _ => Go::On,
            }
        },
        &mut |_, edge| edge.to != around.head,
    )?;
    let (stmt, value) = from?;
    let value = body.bare(value?);
    let calls = matches!(body.expr(value).kind, ExprKind::Call { .. });
    let before = body.stmt(stmt).span.start < body.stmt(switch.at.stmt).span.start;
    let declared = view.local(resource.base).is_some_and(|l| !l.parameter);
    (calls && before && declared && !releases && !reached.end(switch.at.head)).then_some(stmt)
}

/// Between the switch and the `continue` the resource is neither released nor handed over, nor known to be null.
fn skips(view: &View, flow: &Flow, switch: &Switch, jump: StmtId, resource: &Place) -> bool {
    let body = &view.function.body;
    let Some(block) = flow.accesses.block_of(jump).filter(|b| view.cfg.is_reachable(*b)) else { return false };
    let section = switch.section(view, jump);
    let mut handed = false;
    let reached = flow.forward(
        &[From::End(switch.at.head)],
        resource.base,
        &mut |_, a: &Access| {
            if switch.section(view, a.stmt) != section {
                return Go::On;
            }
            let given = a.call.and_then(|call| body.callee(call));
            let goes = given.is_some_and(|name| is_releasing_name(name) || is_handing_over_name(name));
            let copied = a.act == Act::Read && a.place.is_variable() && a.call.is_none();
            if goes || copied || a.may_write() && a.place.is_variable() {
                handed = true;
                Go::Stop
            } else {
                Go::On
            }
        },
        &mut |_, edge| edge.to != switch.at.after,
    );
    reached.is_some_and(|r| r.head(block)) && !handed
}

fn finding(view: &View, jump: StmtId, acquired: StmtId, release: StmtId, resource: &Place) -> Finding {
    let body = &view.function.body;
    let name = body.names.text(resource.base);
    let span = body.stmt(jump).span;
    let mut finding = view.finding(RULE.id, Confidence::High, span, span);
    finding.label = "this begins the next round".into();
    finding.message = format!("this `continue` skips the release of `{name}` after the switch");
    finding.related = vec![
        view.at(acquired, format!("`{name}` is acquired here")),
        view.at(release, format!("`{name}` is released here, on the other paths")),
    ];
    finding
}
