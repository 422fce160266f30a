//! `receive-result-as-length`: the result of a receive call is used as a length.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "receive-result-as-length",
    page: include_str!("../../../rules/receive-result-as-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::ReceiveResult], words));
}

fn words(defect: &Defect) -> Words {
    Words {
        label: "-1 if receiving failed",
        message: format!(
            "`{}`, the result of receiving, is used as a length; {}",
            defect.what,
            defect.reason("it is not -1")
        ),
    }
}
