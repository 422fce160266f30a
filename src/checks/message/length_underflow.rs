//! `length-underflow`: a difference of lengths that may be below zero.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "length-underflow",
    page: include_str!("../../../rules/length-underflow.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Underflow, Class::NeverNegative]));
}
