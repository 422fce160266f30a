//! `append-past-end`: appending to an array without a limit.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "append-past-end",
    page: include_str!("../../../rules/append-past-end.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Append]));
}
