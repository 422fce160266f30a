//! `unchecked-message-length`: a length, index or size from a message that no check keeps within its buffer.

use super::{Words, bytes, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unchecked-message-length",
    page: include_str!("../../../rules/unchecked-message-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let classes = [Class::Destination, Class::Origin, Class::Index, Class::Allocation];
    out.extend(told(view, RULE.id, &classes, words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    let (label, subject, sound) = match defect.class {
        Class::Index if limit.is_empty() => {
            return Words {
                label: "may lie outside the array",
                message: format!("`{what}` is used as an index without a check; another function checks it"),
            };
        }
        Class::Index => {
            let units = if defect.in_elements { "elements" } else { "bytes" };
            ("may lie outside the array", format!("`{what}` is an index into `{limit}` {units}"), "it is in range")
        }
        Class::Allocation => {
            ("as large as a peer wants", format!("memory of the size `{what}` is allocated"), "it is not too large")
        }
        Class::Origin => (
            "reads more than there may be",
            format!("{} read out of a buffer of `{limit}` bytes", bytes(what)),
            "there are so many",
        ),
        _ if limit.is_empty() => ("writes as much as the message says", format!("{} written", bytes(what)), "they fit"),
        _ => ("writes more than fits", format!("{} written to a buffer of `{limit}` bytes", bytes(what)), "they fit"),
    };
    Words { label, message: format!("{subject}; {}", defect.reason(sound)) }
}
