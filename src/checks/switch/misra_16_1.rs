//! `misra-16-1`: the body of a `switch` is a block that contains only sections.

use super::shape::{Switch, has_switch, is_unknown_macro, switches};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-1",
    page: include_str!("../../../rules/misra-16-1.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in switches(view) {
        if !switch.has_block(view) {
            let message = "the body of a `switch` is not a block".to_owned();
            out.push(switch.finding(view, RULE.id, switch.keyword, "one statement is its body", message));
            continue;
        }
        let mut before = before_labels(body, &switch).into_iter().take_while(|&s| !is_unknown_macro(cx, body, s));
        if let Some(first) = before.find(|&s| does_something(body, s)) {
            let message = format!("{} before the first label of its `switch`", kind(body, first));
            out.push(switch.finding(view, RULE.id, body.stmt(first).span, "no label leads here", message));
        }
        for section in &switch.sections {
            let direct = |s: &StmtId| is_declaration(body, *s) && view.nesting().parent(*s) == Some(switch.body);
            if let Some(first) = section.stmts.iter().copied().find(direct) {
                let message = "declaration in the body of a `switch` outside a block of its section".to_owned();
                let label = "in scope of all sections below";
                out.push(switch.finding(view, RULE.id, body.stmt(first).span, label, message));
            }
        }
    }
}

/// The statements that end before the first label.
fn before_labels(body: &Body, switch: &Switch) -> Vec<StmtId> {
    let first = switch.labels.first().map_or(u32::MAX, |&label| body.stmt(label).span.start);
    let mut before = Vec::new();
    body.inner(switch.body, &mut |s| before.push(s));
    before.retain(|&s| body.stmt(s).span.end <= first);
    before
}

fn does_something(body: &Body, s: StmtId) -> bool {
    let stmt = body.stmt(s);
    !matches!(stmt.kind, StmtKind::Empty | StmtKind::Label(_) | StmtKind::Case(_)) && !stmt.in_macro
}

fn is_declaration(body: &Body, s: StmtId) -> bool {
    matches!(body.stmt(s).kind, StmtKind::Decl(_)) && !body.stmt(s).in_macro
}

fn kind(body: &Body, s: StmtId) -> &'static str {
    if is_declaration(body, s) { "declaration" } else { "statement" }
}
