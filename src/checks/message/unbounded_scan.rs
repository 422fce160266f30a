//! `unbounded-scan`: a string scanned without a width.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unbounded-scan",
    page: include_str!("../../../rules/unbounded-scan.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Scan], words));
}

fn words(defect: &Defect) -> Words {
    let message = match &*defect.limit {
        "" => "a string of any length is scanned, because its conversion has no width".into(),
        limit => format!("a string of any length is scanned into `{limit}` bytes, because its conversion has no width"),
    };
    Words { label: "a conversion without a width", message }
}
