//! `append-past-end`: appending to an array without a limit.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "append-past-end",
    page: include_str!("../../../rules/append-past-end.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Append], words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    let subject = match defect.room {
        None if limit.is_empty() => {
            let message = format!("element after element is appended at `{what}`, and no condition here limits that");
            return Words { label: "may be past the end", message };
        }
        None => format!("bytes are written at `{what}`, which the function compares with `{limit}` elsewhere"),
        _ => format!("byte `{what}` of `{limit}` is written"),
    };
    Words { label: "may be past the end", message: format!("{subject}, {}", defect.reason()) }
}
