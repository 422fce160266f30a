//! `misra-16-4`: every `switch` has a `default`.

use super::shape::{has_switch, switches};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misra-16-4",
    page: include_str!("../../../rules/misra-16-4.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in switches(view).iter().filter(|switch| switch.default(&view.function.body).is_none()) {
        let message = "`switch` without a `default`".to_owned();
        out.push(switch.finding(view, RULE.id, switch.keyword, "other values are passed over", message));
    }
}
