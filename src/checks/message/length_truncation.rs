//! `length-truncation`: a length cut to fewer bits.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "length-truncation",
    page: include_str!("../../../rules/length-truncation.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Truncation]));
}
