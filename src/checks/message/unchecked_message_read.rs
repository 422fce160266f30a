//! `unchecked-message-read`: a read of message bytes that no check proves to be there.

use super::{told, wants};
use crate::analysis::bounds::defects::Class;
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unchecked-message-read",
    page: include_str!("../../../rules/unchecked-message-read.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Read, Class::Overlay]));
}
