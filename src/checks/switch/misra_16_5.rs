//! `misra-16-5`: `default` is the first or the last label of its `switch`.

use super::shape::{has_switch, related, switches};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-5",
    page: include_str!("../../../rules/misra-16-5.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in switches(view) {
        let Some(default) = switch.default(body).filter(|&label| !body.stmt(label).in_macro) else { continue };
        let [first, .., last] = switch.labels[..] else { continue };
        if default != first && default != last {
            let message = "`default` is neither the first nor the last label of its `switch`".to_owned();
            let label = "labels stand before and after it";
            let mut finding = switch.finding(view, RULE.id, body.stmt(default).span, label, message);
            finding.related.push(related(view, first, "the first label"));
            finding.related.push(related(view, last, "the last label"));
            out.push(finding);
        }
    }
}
