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
    out.extend(told(view, RULE.id, &[Class::Append, Class::Copied], words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    let subject = match defect.room {
        _ if defect.class == Class::Copied => {
            let message = format!("bytes are copied to `{what}` until a delimiter comes; nothing limits how many");
            return Words { label: "may be past the end", message };
        }
        None if limit.is_empty() => {
            let message = format!("elements are appended at `{what}`; nothing checks that there is room");
            return Words { label: "may be past the end", message };
        }
        None => format!("this writes at `{what}`, which the function compares with `{limit}` elsewhere"),
        _ if defect.in_elements => format!("this writes element `{what}` of an array of `{limit}`"),
        _ => format!("this writes byte `{what}` of a buffer of `{limit}` bytes"),
    };
    Words { label: "may be past the end", message: format!("{subject}; {}", defect.reason("there is room")) }
}
