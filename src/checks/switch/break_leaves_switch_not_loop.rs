//! `break-leaves-switch-not-loop`: a section gives up and breaks, but the `break` leaves only the `switch`: the
//! enclosing loop continues.

use super::circuit;
use super::destroyed::destroyed;
use super::early::{Branch, Early};
use super::exits::{Exit, Leaving, Switch, Telling, loop_around};
use super::hints;
use crate::analysis::constant;
use crate::analysis::flow::Flow;
use crate::checks::{Context, Rule, View};
use crate::hir::{StmtId, StmtKind};
use crate::report::{Confidence, Finding};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "break-leaves-switch-not-loop",
    page: include_str!("../../../rules/break-leaves-switch-not-loop.md"),
    yields_to: &["premature-break"],
    words: &["switch"],
    wants: |candidate| hints::goes_on(candidate.outline()),
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in view.switches() {
        let Some(around) = loop_around(view, switch) else { continue };
        let flow = view.flow(cx);
        let telling = switch.telling(view, flow);
        for exit in &switch.exits {
            let Leaving::Jump(jump) = exit.how else { continue };
            if !matches!(body.stmt(jump).kind, StmtKind::Break) {
                continue;
            }
            let found = goes_on(view, flow, switch, exit, telling, jump).or_else(|| idle(view, switch, jump));
            if let Some(mut finding) = found {
                finding.label = "this leaves only the switch".into();
                finding.circuit = Some(circuit::of_exit(view, switch, exit));
                finding.related.push(view.related(loop_word(view, around.stmt), "the loop that goes on"));
                out.push(finding);
            }
        }
    }
}

fn loop_word(view: &View, around: StmtId) -> Span {
    let body = &view.function.body;
    let word = match body.stmt(around).kind {
        StmtKind::While { .. } => "while",
        StmtKind::For { .. } => "for",
        _ => "do",
    };
    let whole = body.stmt(around).span;
    Span { end: (whole.start + word.len() as u32).min(whole.end), ..whole }
}

/// The loop continues and uses what the section destroyed.
fn goes_on(view: &View, flow: &Flow, switch: &Switch, exit: &Exit, telling: &Telling, jump: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let dead = destroyed(view, flow, switch, exit, telling)?;
    let confidence = if dead.plain { Confidence::High } else { Confidence::Low };
    let mut finding = view.finding(RULE.id, confidence, body.stmt(jump).span, body.stmt(switch.at.stmt).span);
    let used = dead.used.expr.map_or(body.stmt(dead.used.stmt).span, |e| body.expr(e).span);
    finding.message = format!("this `break` leaves the switch, not the loop, which goes on to use `{}`", dead.text);
    finding.related = vec![
        view.at(dead.by, format!("`{}` is destroyed here", dead.text)),
        view.related(used, format!("`{}` is used here", dead.text)),
    ];
    Some(finding)
}

/// A conditional `break` that does not change where control goes.
fn idle(view: &View, switch: &Switch, jump: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let nesting = view.nesting();
    let early = Early::new(view, switch, jump)?;
    let cond = early.condition(body)?;
    let alone = early.branch == Branch::Bare && early.sibling.is_none() && early.skipped.is_empty();
    if !alone || early.is_explained(view) || constant(body, cond).is_some() || body.stmt(jump).in_macro {
        return None;
    }
    // The end of the section also leads to the code after the switch.
    let ends = switch.exits.iter().filter(|e| e.section == Some(early.section)).any(|e| match e.how {
        Leaving::End => true,
        Leaving::Jump(other) => {
            other != jump && nesting.parent(other).is_some_and(|p| nesting.is_inside(early.innermost, p))
        }
        Leaving::NoCase => false,
    });
    let mut finding = view.finding(RULE.id, Confidence::Medium, body.stmt(jump).span, body.stmt(switch.at.stmt).span);
    finding.message =
        "this conditional `break` changes nothing: the section ends here anyway, and the loop goes on".into();
    ends.then_some(finding)
}
