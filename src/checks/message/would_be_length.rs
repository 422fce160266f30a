//! `would-be-length`: what printing would have written is taken for what it wrote.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "would-be-length",
    page: include_str!("../../../rules/would-be-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::WouldBe], words));
}

fn words(defect: &Defect) -> Words {
    Words {
        label: "may be more than was written",
        message: format!(
            "`{}` is what printing would have written, not what it wrote, {}",
            defect.what,
            defect.reason()
        ),
    }
}
