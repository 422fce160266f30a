//! `misra-16-6`: a `switch` has at least two sections.

use super::shape::{has_switch, switches};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-6",
    page: include_str!("../../../rules/misra-16-6.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in switches(view).iter().filter(|switch| switch.sections.len() < 2) {
        // Under other preprocessor conditions there may be more.
        if view.unit.scan.has_directive(view.function.body.stmt(switch.stmt).span) {
            continue;
        }
        let message = match switch.sections.len() {
            0 => "`switch` without a section",
            _ => "`switch` with a single section",
        };
        let label = "nothing to choose between";
        out.push(switch.finding(view, RULE.id, switch.keyword, label, message.to_owned()));
    }
}
