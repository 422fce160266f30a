//! `unbounded-scan`: a string scanned without a width.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unbounded-scan",
    page: include_str!("../../../rules/unbounded-scan.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Scan]));
}
