//! `misra-16-2`: the labels of a `switch` are directly in its body.

use super::shape::{has_switch, related, switches};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-2",
    page: include_str!("../../../rules/misra-16-2.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in switches(view) {
        for &label in &switch.labels {
            let stmt = body.stmt(label);
            let holder = view.nesting().parent(label);
            let Some(holder) = holder.filter(|&holder| holder != switch.body && !stmt.in_macro) else { continue };
            let message = "label of a `switch` inside another statement of its body".to_owned();
            let mut finding = switch.finding(view, RULE.id, stmt.span, "control jumps in here", message);
            finding.related.push(related(view, holder, "the statement that it stands in"));
            out.push(finding);
        }
    }
}
