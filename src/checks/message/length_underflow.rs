//! `length-underflow`: a difference of lengths that may be negative.

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
            message: "this unsigned difference is compared with zero, but it is never negative".into(),
        },
        (Class::Back, _) => Words {
            label: "may lie before the first",
            message: format!("the index `{what}` may be negative; {}", defect.reason("it is not")),
        },
        (_, "0") => Words {
            label: "may be below zero",
            message: format!("`{what}` may wrap below zero to a very large number; {}", defect.reason("it does not")),
        },
        _ => Words {
            label: "may be below zero",
            message: format!("`{limit}` is subtracted from `{what}`; {}", defect.reason("it is large enough")),
        },
    }
}
