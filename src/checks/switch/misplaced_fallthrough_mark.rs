//! `misplaced-fallthrough-mark`: a mark where nothing falls through.

use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misplaced-fallthrough-mark",
    page: include_str!("../../../rules/misplaced-fallthrough-mark.md"),
    words: &["switch", "case"],
    check,
};

fn check(_cx: &Context, _view: &View, _out: &mut Vec<Finding>) {}
