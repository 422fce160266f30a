//! `signed-length`: a length that may be negative.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "signed-length",
    page: include_str!("../../../rules/signed-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Signed], words));
}

fn words(defect: &Defect) -> Words {
    Words {
        label: "may be negative",
        message: format!(
            "the length `{}` may be negative, and then counts as a very large one; {}",
            defect.what,
            defect.reason("it is not")
        ),
    }
}
