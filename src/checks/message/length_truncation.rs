//! `length-truncation`: a length is truncated to fewer bits.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
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
    out.extend(told(view, RULE.id, &[Class::Truncation], words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    Words {
        label: "loses its high bits",
        message: format!("the length `{what}` is cut to {limit}; {}", defect.reason("it fits")),
    }
}
