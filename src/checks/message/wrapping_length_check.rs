//! `wrapping-length-check`: a bounds check whose sum may wrap.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "wrapping-length-check",
    page: include_str!("../../../rules/wrapping-length-check.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Wrapping], words));
}

fn words(defect: &Defect) -> Words {
    Words {
        label: "may wrap to a small number",
        message: format!("the sum `{}` may wrap to a small number, and then passes this check", defect.what),
    }
}
