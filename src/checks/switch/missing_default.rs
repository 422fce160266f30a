//! `missing-default`: a `switch` over numbers or characters passes other values over.

use super::handled::{Handled, without_default};
use super::shape::{doubt, has_switch};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "missing-default",
    page: include_str!("../../../rules/missing-default.md"),
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for open in without_default(cx, view).iter().filter(|open| open.joins) {
        let unlikely = match open.handled {
            Handled::Enumeration(_) => continue,
            Handled::Unknown => Some("its labels are not defined here and may be all that there are"),
            Handled::Values if open.switch.sections.len() < 2 => Some("a single section: it may stand for an `if`"),
            Handled::Values => None,
        };
        let message = "`switch` without a `default`: other values are passed over".to_owned();
        let span = open.switch.keyword;
        let mut finding = open.switch.finding(view, RULE.id, span, "no label for other values", message);
        doubt(&mut finding, unlikely);
        out.push(finding);
    }
}
