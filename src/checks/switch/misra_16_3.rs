//! `misra-16-3`: every section of a `switch` ends in an unconditional `break`.

use super::shape::{has_switch, is_unknown_macro, related, switches};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-3",
    page: include_str!("../../../rules/misra-16-3.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in switches(view) {
        for section in &switch.sections {
            let Some(&label) = section.labels.last() else { continue };
            let last = section.stmts.last().copied();
            let hidden = |s| is_unknown_macro(cx, body, s);
            if body.stmt(label).in_macro || last.is_some_and(|s| ends_in_break(body, s) || hidden(s)) {
                continue;
            }
            let message = "section of a `switch` that does not end in an unconditional `break`".to_owned();
            let mut finding = switch.finding(view, RULE.id, body.stmt(label).span, "the section begins here", message);
            finding.related.extend(last.map(|last| related(view, last, "its last statement")));
            out.push(finding);
        }
    }
}

/// The statement is a `break`, or a block whose last statement is one.
fn ends_in_break(body: &Body, mut last: StmtId) -> bool {
    while let StmtKind::Block(inner) = &body.stmt(last).kind {
        match inner.iter().rfind(|&&s| !matches!(body.stmt(s).kind, StmtKind::Empty)) {
            Some(&s) => last = s,
            None => return false,
        }
    }
    matches!(body.stmt(last).kind, StmtKind::Break)
}
