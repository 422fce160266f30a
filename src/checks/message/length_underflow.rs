//! `length-underflow`: a difference of lengths that may be below zero.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
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
    out.extend(told(view, RULE.id, &[Class::Underflow, Class::NeverNegative, Class::Back], words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    match (defect.class, &**limit) {
        (Class::NeverNegative, _) => Words {
            label: "never below zero",
            message: "a difference without a sign is compared with zero, below which it never is".into(),
        },
        (Class::Back, _) => Words {
            label: "may lie before the first",
            message: format!("the index `{what}` may be below zero, {}", defect.reason()),
        },
        (_, "0") => Words {
            label: "may be below zero",
            message: format!("`{what}` may be below zero and is then very large, {}", defect.reason()),
        },
        _ => Words {
            label: "may be below zero",
            message: format!("`{limit}` is taken from `{what}`, which may be less, {}", defect.reason()),
        },
    }
}
