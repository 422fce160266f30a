//! `unchecked-message-length`: a length, index or size out of a message that nothing keeps inside its buffer.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unchecked-message-length",
    page: include_str!("../../../rules/unchecked-message-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Destination, Class::Origin, Class::Index, Class::Allocation]));
}
